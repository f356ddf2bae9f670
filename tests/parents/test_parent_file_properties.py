"""Configurations written and read again: as files, and as the API's JSON."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from contract import referee
from segdsl.language.values import ColumnType
from segdsl.parent_segment import model as m
from segdsl.parent_segment.bodies import create_body, is_confirmed, replace_body, settings_body
from segdsl.parent_segment.changes import changes
from segdsl.parent_segment.file import TYPES, parse_configuration
from segdsl.parent_segment.flat import type_text
from segdsl.parent_segment.reading import read
from segdsl.parent_segment.settings import settings_of
from segdsl.parent_segment.writing import write_configuration
from strategies.parent_segments import configurations

FEW = 25
"""Writing TOML and keeping its form takes long."""
OTHER = """\
# Above all.
id = "7"

[labels.customers] # of the console
ltv = "Lifetime Value"

[attributes.Old]  # goes
table = "a.b"
join = { k = "k" }

[master] # the profiles
table = "a.b"

[types.customers]
age = "number"
"""


@settings(max_examples=FEW)
@given(configurations)
def test_a_file_says_what_was_written(configuration: m.Configuration) -> None:
    text = write_configuration("", configuration, "x.toml")
    found = parse_configuration(text)
    assert found is not None
    assert changes(found, configuration) == ()
    assert changes(configuration, found) == ()
    assert write_configuration(text, configuration, "x.toml") == text


@settings(max_examples=FEW)
@given(configurations, configurations)
def test_a_file_takes_another_configuration(one: m.Configuration, two: m.Configuration) -> None:
    text = write_configuration("", one, "x.toml")
    found = parse_configuration(write_configuration(text, two, "x.toml"))
    assert found is not None
    assert changes(found, two) == ()


@settings(max_examples=FEW)
@given(configurations)
def test_what_else_a_file_holds_stays(configuration: m.Configuration) -> None:
    text = write_configuration(OTHER.replace("# Above", 'name = "x"\n# Above'), configuration, "x")
    for line in ("# Above all.", "[labels.customers] # of the console", "[types.customers]"):
        assert line in text
    assert "# the profiles" in text
    assert "[attributes.Old]" not in text or "Old" in {e.key for e in configuration.attributes}


@settings(max_examples=FEW)
@given(configurations)
def test_a_created_parent_segment_is_read_as_it_was_sent(configuration: m.Configuration) -> None:
    body = create_body(configuration)
    there = read(body)
    assert there.unreadable == ()
    assert changes(there.configuration, configuration) == ()
    assert is_confirmed(body, configuration, None)


@settings(max_examples=FEW)
@given(configurations, configurations)
def test_a_replacement_has_all_that_is_wanted(one: m.Configuration, two: m.Configuration) -> None:
    body = replace_body(two, read(create_body(one)))
    assert changes(read(body).configuration, two) == ()


@settings(max_examples=FEW)
@given(configurations)
def test_the_description_accepts_every_body(configuration: m.Configuration) -> None:
    api = referee()
    known = _with_known_types(configuration)
    body = create_body(known)
    assert api.request("POST", "/audiences", body) == []
    replaced = replace_body(known, read({**body, "id": "12"}))
    assert api.request("PUT", "/audiences/{audienceId}", replaced) == []
    body = settings_body(known, settings_of(known))
    assert "master" not in body
    assert api.request("PUT", "/audiences/{audienceId}", body) == []


def _with_known_types(configuration: m.Configuration) -> m.Configuration:
    """Without what only answers have: types and schedules that are not described."""
    import msgspec

    def column(each: m.ConfiguredColumn) -> m.ConfiguredColumn:
        known: ColumnType = each.type or "string"
        return msgspec.structs.replace(each, type=known, unknown_type=None)

    def tables(of: tuple[m.AttributeTable, ...]) -> tuple[m.AttributeTable, ...]:
        return tuple(
            msgspec.structs.replace(each, columns=tuple(map(column, each.columns))) for each in of
        )

    def behaviors(of: tuple[m.ConfiguredBehavior, ...]) -> tuple[m.ConfiguredBehavior, ...]:
        return tuple(
            msgspec.structs.replace(each, columns=tuple(map(column, each.columns))) for each in of
        )

    def group(each: m.ConfiguredGroup) -> m.ConfiguredGroup:
        return msgspec.structs.replace(
            each,
            # The name becomes a table's (described).
            name="household",
            attributes=tables(each.attributes),
            behaviors=behaviors(each.behaviors),
        )

    found = msgspec.structs.replace(
        configuration,
        attributes=tables(configuration.attributes),
        behaviors=behaviors(configuration.behaviors),
        groups=tuple(map(group, configuration.groups)),
    )
    assert all(type_text(c) in TYPES for each in found.attributes for c in each.columns)
    return found


@settings(max_examples=FEW)
@given(st.data(), configurations)
def test_what_is_changed_is_named(data: st.DataObject, configuration: m.Configuration) -> None:
    """Each attribute that is taken away is in the changes, and none besides."""
    import msgspec

    if not configuration.attributes:
        return
    at = data.draw(st.integers(0, len(configuration.attributes) - 1))
    gone = configuration.attributes[at]
    rest = tuple(each for each in configuration.attributes if each is not gone)
    without = msgspec.structs.replace(configuration, attributes=rest)
    found = changes(configuration, without)
    removed = [each for each in found if each.part == "attribute" and each.action == "remove"]
    assert sorted(each.name for each in removed) == sorted(each.name for each in gone.columns)
    assert {each.action for each in found if each.part == "attribute"} == {"remove"}
