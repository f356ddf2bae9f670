"""The schema file: it round-trips, sorted, with one line for each object."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quick import scaled
from segdsl.language.behaviors import table_of
from segdsl.language.values import ByName
from segdsl.schema.document import SchemaError, read_schema, write_schema
from segdsl.schema.ids import ambiguous_ids, ids_of
from segdsl.schema.model import (
    Behavior,
    Column,
    Connection,
    CustomerGroup,
    Funnel,
    Journey,
    Model,
    Schema,
    Segment,
    Stage,
    Template,
    User,
    Variant,
)

names = st.one_of(
    st.sampled_from(["a", "b c", 'quo"te', "dots.in.it", "日本", "a/b", "~1", "", "#"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
)
types = st.sampled_from(["string", "number", "timestamp", "date", "string_array", "boolean"])
ids = st.integers(1, 10_000).map(str)


def some(of: st.SearchStrategy[object], key: str) -> st.SearchStrategy[tuple[object, ...]]:
    """Several items with unique `key`."""
    unique = st.lists(of, max_size=4, unique_by=lambda each: getattr(each, key))
    return unique.map(tuple)


visibilities = st.none() | st.sampled_from(["clear", "pii", "non_pii", "blocked"])
columns = some(
    st.builds(Column, names, types, st.none(), st.none() | names, st.none(), visibilities)
    | st.builds(Column, names, st.none(), st.none(), st.none(), names.filter(bool), visibilities),
    "name",
)
plain_columns = some(st.builds(Column, names, types, st.none(), st.none() | names), "name")
folders = st.lists(names.filter(bool), min_size=1, max_size=3).map(tuple)
stages = some(st.builds(Stage, ids, names), "id")
schemas = st.builds(
    Schema,
    ids,
    names,
    st.just("Asia/Tokyo"),
    some(
        st.builds(
            Column, names, types, st.none() | names, st.none() | names, st.none(), visibilities
        ),
        "name",
    ),
    some(
        st.builds(Behavior, names.map(table_of) | names, columns, st.none() | names),
        "name",
    ),
    some(st.builds(CustomerGroup, names, plain_columns), "name"),
    st.lists(folders, max_size=3, unique=True).map(tuple),
    some(
        st.builds(
            Segment,
            ids,
            names,
            st.just(()) | folders,
            st.sampled_from(["batch", "realtime", "funnel_stage"]),
        ),
        "id",
    ),
    some(st.builds(Funnel, ids, names, stages, st.just(()) | folders), "id"),
    some(
        st.builds(Model, ids, names, st.sampled_from(["predictive", "rfm", "cltv"])),
        "id",
    ),
    some(st.builds(Variant, ids, names, names), "id"),
    templates=st.none() | some(st.builds(Template, ids, names, st.just(()) | folders), "id"),
    connections=st.none() | some(st.builds(Connection, ids, names, st.none() | names), "id"),
    users=st.none() | some(st.builds(User, ids, names), "id"),
    journeys=st.none() | some(st.builds(Journey, ids, names, stages, st.just(()) | folders), "id"),
)


def _staged(items: Iterable[Funnel | Journey]) -> set[Any]:
    return {(each.id, each.name, each.folder, frozenset(each.stages)) for each in items}


@settings(max_examples=scaled(500))
@given(schemas)
def test_a_schema_round_trips_in_any_order(schema: Schema) -> None:
    text = write_schema(schema)
    read = read_schema(text, "x")
    assert write_schema(read) == text
    shuffled = {
        field: tuple(random.Random(1).sample(value, len(value)))
        for field in schema.__struct_fields__
        if isinstance(value := getattr(schema, field), tuple)
    }
    assert write_schema(msgspec.structs.replace(schema, **shuffled)) == text
    for field in schema.__struct_fields__:
        here, there = getattr(schema, field), getattr(read, field)
        assert (here is None) == (there is None)
        nested = ("funnels", "journeys", "behaviors", "customer_groups")
        if isinstance(here, tuple) and field not in nested:
            assert set(here) == set(there)
    assert _staged(schema.funnels) == _staged(read.funnels)
    assert _staged(schema.journeys or ()) == _staged(read.journeys or ())
    assert {(each.name, each.label, frozenset(each.columns)) for each in schema.behaviors} == {
        (each.name, each.label, frozenset(each.columns)) for each in read.behaviors
    }


def test_an_added_item_adds_one_line() -> None:
    before = Schema("1", "Shop", attributes=(Column("a", "string"), Column("c", "number")))
    after = msgspec.structs.replace(before, attributes=(*before.attributes, Column("b", "date")))
    old, new = write_schema(before).splitlines(), write_schema(after).splitlines()
    assert [line for line in new if line not in old] == ['b = "date"']
    assert [line for line in old if line not in new] == []


PARENT = '[parent_segment]\nid = "1"\nname = "Shop"\ntimezone = "UTC"\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nonsense", "local.schema.toml is not a valid schema: expected `=` after the key"),
        ("<<<<<<< HEAD\n" + PARENT, "local.schema.toml:1:1"),
        ('[parent_segment]\nid = "1"\nname = "x"\n', "`timezone`"),
        (PARENT + "timzone = 3", "`timzone`"),
        ("folders = 3\n" + PARENT, "folders"),
        (PARENT + "[atributes]\n", "`atributes`"),
        (
            PARENT + '[attributes]\na = "string"\n[visibility.attributes]\na = "secret"\n',
            "`[visibility.attributes]` must be clear or pii or non_pii or blocked or unknown",
        ),
        (
            PARENT + '[visibility.attributes]\na = "pii"\n',
            "`a` in `[visibility.attributes]` is not an attribute or column in this file",
        ),
        (
            PARENT + '[visibility.columns.x]\na = "pii"\n',
            "`x` in `[visibility.columns]` is not the table of a behavior in this file",
        ),
        (
            PARENT + '[connection_types]\n7 = "s3"\n',
            "`7` in `[connection_types]` is not the id of a connection in this file",
        ),
        (
            PARENT + '[funnel_folders]\n7 = "A"\n',
            "`7` in `[funnel_folders]` is not the id of a funnel in this file",
        ),
        (PARENT + "[connections]\n7 = 3\n", "`7` in `[connections]` must be a string"),
        (PARENT + "[users]\n7 = 3\n", "`7` in `[users]` must be a string"),
        (PARENT + "[activation_templates]\n7 = 3\n", "`7` in `[activation_templates]`"),
        (PARENT + '[attributes]\na = "x"\na = "y"\n', "local.schema.toml:7:"),
        (
            PARENT + '[attributes]\na = "strng"',
            "`a` in `[attributes]` has the unknown type `strng`",
        ),
        (PARENT + '[attributes]\na = "strng"', "did you mean `string`?"),
        (PARENT + "[behaviors]\na = 3", "`a` in `[behaviors]` must be a table"),
        (PARENT + '[behaviors.b]\na = ["x"]', "`a` in `[behaviors.b]` must be a string"),
        (PARENT + "[segments]\n7 = 8", "`7` in `[segments]` must be a string"),
        (PARENT + '[headings]\nb = "Address"', "`b` in `[headings]` is not an attribute"),
        (
            PARENT + '[labels.attributes]\nb = "B"',
            "`b` in `[labels.attributes]` is not an attribute",
        ),
        (
            PARENT + '[labels.behaviors]\nb = "B"',
            "`b` in `[labels.behaviors]` is not the table of a",
        ),
        (PARENT + '[labels.columns.b]\nc = "C"', "`b` in `[labels.columns]` is not the table of a"),
        (
            PARENT + '[attributes]\na = "unknown"',
            "`a` in `[attributes]` has the unknown type `unknown`",
        ),
        (PARENT + '[kinds]\n7 = "realtime"', "`7` in `[kinds]` is not the id of a segment"),
        (
            PARENT + '[segments]\n7 = "A"\n[kinds]\n7 = "batch"',
            "`7` in `[kinds]` must be realtime or funnel_stage",
        ),
        (PARENT + '[stages.3]\n4 = "S"', "`3` in `[stages]` is not the id of a funnel"),
        ("a = " + "[" * 5_000, "too deeply nested"),
    ],
)
def test_errors_of_an_invalid_file_have_a_location(text: str, words: str) -> None:
    with pytest.raises(SchemaError, match=re.escape(words)) as told:
        read_schema(text, "local.schema.toml")
    assert "--> local.schema.toml" in str(told.value)
    assert str(told.value).endswith("run `segdsl schema pull` again")


def test_an_empty_schema() -> None:
    nothing = Schema("1", "Shop", "UTC")
    assert read_schema(write_schema(nothing), "x") == nothing
    assert write_schema(nothing).endswith("\n" + PARENT)


def test_the_file_is_readable() -> None:
    schema = Schema(
        "1",
        "Shop",
        "Asia/Tokyo",
        attributes=(Column("age", "number"), Column("a.b", "string", "Odd")),
        behaviors=(
            Behavior("behavior_views", (Column("url", "string"),)),
            Behavior("behavior_nothing"),
        ),
        customer_groups=(CustomerGroup("home", (Column("size", "number"),)),),
        folders=((), ("Loyalty", "A/B"), ("Loyalty",)),
        segments=(
            Segment("7", "Gold", ("Loyalty",), "realtime"),
            Segment("9", "Gold"),
            Segment("8", "Gold", ("Loyalty", "A/B")),
        ),
        funnels=(Funnel("2", "F", (Stage("5", "In"), Stage("4", "Out"))), Funnel("1", "F")),
        models=(Model("1", "M"), Model("1", "M", "rfm")),
        variants=(Variant("1", "B", "Mail"), Variant("2", "A", "Mail")),
    )
    text = write_schema(schema)
    assert text.partition("\n\n")[0].endswith(
        """
folders = [
    "Loyalty",
    "Loyalty/A~1B",
]"""
    )
    assert (
        text.partition("\n\n")[2]
        == """\
[parent_segment]
id = "1"
name = "Shop"
timezone = "Asia/Tokyo"

[attributes]
"a.b" = "string"
age = "number"

[headings]
"a.b" = "Odd"

[behaviors.nothing]

[behaviors.views]
url = "string"

[customer_groups.home]
size = "number"

[segments]
9 = "Gold"
7 = "Loyalty/Gold"
8 = "Loyalty/A~1B/Gold"

[kinds]
7 = "realtime"

[funnels]
1 = "F"
2 = "F"

[stages.1]

[stages.2]
5 = "In"
4 = "Out"

[models.predictive]
1 = "M"

[models.rfm]
1 = "M"

[variants.Mail]
2 = "A"
1 = "B"
"""
    )
    assert write_schema(read_schema(text, "x")) == text


def test_labels_tables_and_unknown_types_have_lines_of_their_own() -> None:
    schema = Schema(
        "1",
        "Shop",
        attributes=(
            Column("ltv", "number", label="Lifetime Value"),
            Column("raw", None, unknown_type="json"),
        ),
        behaviors=(
            Behavior("behavior_web", (Column("amt", "number", label="Amount"),), "Web orders"),
            Behavior("clicks", (Column("url", "string"),)),
        ),
    )
    text = write_schema(schema)
    assert (
        text.partition(PARENT)[2]
        == """
[attributes]
ltv = "number"
raw = "unknown (json)"

[behaviors.web]
amt = "number"

[tables.clicks]
url = "string"

[labels.attributes]
ltv = "Lifetime Value"

[labels.behaviors]
behavior_web = "Web orders"

[labels.columns.behavior_web]
amt = "Amount"
"""
    )
    assert read_schema(text, "x") == schema


def test_an_unknown_type_with_line_breaks_reads_back() -> None:
    odd = Column("raw", None, unknown_type="array<\n  struct<a: int>\n>")
    schema = Schema(
        "1",
        "Shop",
        attributes=(odd,),
        behaviors=(Behavior("behavior_web", (odd,)),),
        customer_groups=(CustomerGroup("home", (odd,)),),
    )
    assert read_schema(write_schema(schema), "x") == schema


def test_labels_of_the_attributes_of_customer_groups_are_kept() -> None:
    schema = Schema(
        "1",
        "Shop",
        customer_groups=(
            CustomerGroup("home", (Column("sz", "number", label="Size"), Column("zip", "string"))),
        ),
    )
    text = write_schema(schema)
    assert text.endswith('\n[labels.customer_groups.home]\nsz = "Size"\n')
    assert read_schema(text, "x") == schema
    for right, wrong in (
        ("customer_groups.home]\nsz", "customer_groups.office]\nsz"),
        ("sz", "size"),
    ):
        head, labels, rest = text.rpartition("[labels.")
        with pytest.raises(SchemaError, match=r"in `\[labels.customer_groups"):
            read_schema(head + labels + rest.replace(right, wrong), "x")


def test_an_ambiguous_name_has_no_id() -> None:
    schema = Schema(
        "1",
        "Shop",
        segments=(Segment("1", "A"), Segment("2", "A", ("F",)), Segment("3", "B")),
        funnels=(Funnel("1", "F", (Stage("4", "S"),)),),
    )
    assert ids_of(schema) == {
        ("segment", ByName("B")): "3",
        ("segment", ByName("A", "/")): "1",
        ("segment", ByName("A", "F")): "2",
        ("segment", ByName("B", "/")): "3",
        ("stage", ByName("S", "F")): "4",
        ("funnel", ByName("F")): "1",
        ("funnel", ByName("F", "/")): "1",
    }
    assert ("segment", ByName("B")) not in ids_of(schema, segments=False)
    assert ambiguous_ids(schema) == {("segment", ByName("A")): ["1", "2"]}
    assert ambiguous_ids(schema, segments=False) == {}


FUNNELS = (("F", "1"), ("G", "2"))


def test_what_activations_name_has_ids() -> None:
    schema = Schema(
        "1",
        "Shop",
        funnels=(Funnel("2", "F", (), ("A",)), Funnel("3", "F")),
        templates=(Template("400", "Weekly", ("A", "B")), Template("401", "Daily")),
        connections=(Connection("7", "s3"), Connection("8", "mail"), Connection("9", "mail")),
        users=(User("3", "a@example.com"),),
    )
    assert ids_of(schema) == {
        ("funnel", ByName("F", "A")): "2",
        ("funnel", ByName("F", "/")): "3",
        ("activation template", ByName("Weekly")): "400",
        ("activation template", ByName("Weekly", "A/B")): "400",
        ("activation template", ByName("Daily")): "401",
        ("activation template", ByName("Daily", "/")): "401",
        ("connection", ByName("s3")): "7",
        ("user", ByName("a@example.com")): "3",
    }
    assert ambiguous_ids(schema) == {
        ("funnel", ByName("F")): ["2", "3"],
        ("connection", ByName("mail")): ["8", "9"],
    }


OLDER = """
[attributes]
email = "string"

[behaviors.orders]
total = "number"

[funnels]
1 = "A/B"
"""


def test_an_older_file_does_not_know_what_it_has_not() -> None:
    schema = read_schema(PARENT + OLDER, "x")
    assert (schema.templates, schema.connections, schema.users) == (None, None, None)
    assert schema.attributes[0].visibility is None
    assert schema.behaviors[0].columns[0].visibility is None
    # A name is no path, as it was before folders were kept.
    assert schema.funnels == (Funnel("1", "A/B", ()),)
    written = write_schema(schema)
    for table in ("visibility", "connections", "users", "activation_templates"):
        assert f"[{table}" not in written
    assert read_schema(written, "x") == schema


def test_what_is_empty_is_known() -> None:
    column = Column("a", "string", visibility="clear")
    schema = Schema("1", "Shop", attributes=(column,), templates=(), connections=(), users=())
    text = write_schema(schema)
    assert text.splitlines()[-8:] == [
        "",
        "[visibility]",
        "",
        "[activation_templates]",
        "",
        "[connections]",
        "",
        "[users]",
    ]
    assert read_schema(text, "x") == schema


def test_a_file_has_what_activations_need() -> None:
    pii, seen = Column("email", "string", visibility="pii"), Column("a", "string")
    schema = Schema(
        "1",
        "Shop",
        attributes=(pii, msgspec.structs.replace(seen, visibility="clear"), Column("b", "date")),
        behaviors=(Behavior("behavior_orders", (msgspec.structs.replace(pii, name="c"),)),),
        funnels=(Funnel("2", "F", (), ("A", "B/C")),),
        templates=(Template("400", "Weekly", ("A",)),),
        connections=(Connection("7", "s3", "s3_v2"),),
        users=(User("3", "a@example.com"),),
    )
    text = write_schema(schema)
    for part in (
        '[visibility.attributes]\nb = "unknown"\nemail = "pii"\n',
        '[visibility.columns.behavior_orders]\nc = "pii"\n',
        '[funnel_folders]\n2 = "A/B~1C"\n',
        '[activation_templates]\n400 = "A/Weekly"\n',
        '[connections]\n7 = "s3"\n',
        '[connection_types]\n7 = "s3_v2"\n',
        '[users]\n3 = "a@example.com"\n',
    ):
        assert part in text


def test_names_with_different_parents_are_different() -> None:
    schema = Schema(
        "1",
        "Shop",
        funnels=(
            Funnel("1", "F", (Stage("4", "S"),)),
            Funnel("2", "G", (Stage("5", "S"), Stage("6", "S"))),
        ),
        models=(
            *(Model("1", "M"), Model("2", "M", "rfm"), Model("3", "N")),
            *(Model("4", "L", "cltv"), Model("5", "L", "cltv")),
        ),
        variants=(Variant("1", "A", "Mail"), Variant("2", "A", "Push")),
    )
    assert ids_of(schema) == {
        ("stage", ByName("S", "F")): "4",
        ("predictive model", ByName("M")): "1",
        ("rfm model", ByName("M")): "2",
        ("predictive model", ByName("N")): "3",
        ("variant", ByName("A", "Mail")): "1",
        ("variant", ByName("A", "Push")): "2",
        **{("funnel", ByName(name, each)): id for name, id in FUNNELS for each in (None, "/")},
    }
    assert ambiguous_ids(schema) == {
        ("stage", ByName("S", "G")): ["5", "6"],
        ("cltv model", ByName("L")): ["4", "5"],
    }


def test_journeys_have_a_line_each_and_ids_by_their_names() -> None:
    journeys = (
        Journey("12", "Welcome", (Stage("31", "First"), Stage("32", "Later")), ("A",)),
        Journey("13", "VIP", (Stage("33", "First"),)),
        Journey("14", "VIP"),
    )
    text = write_schema(Schema("1", "Shop", journeys=journeys))
    assert (
        '[journeys]\n13 = "VIP"\n14 = "VIP"\n12 = "A/Welcome"\n\n'
        '[journey_stages.13]\n33 = "First"\n\n[journey_stages.12]\n31 = "First"\n32 = "Later"\n'
    ) in text
    schema = read_schema(text, "x")
    ids = ids_of(schema)
    assert ids["journey", ByName("Welcome")] == "12"
    assert ids["journey stage", ByName("Later", "Welcome")] == "32"
    assert ("journey", ByName("VIP")) not in ids
    assert ambiguous_ids(schema)["journey", ByName("VIP")] == ["13", "14"]
    with pytest.raises(SchemaError, match=r"`99` in `.journey_stages.` is not the id of a journey"):
        read_schema(text.replace("journey_stages.13", "journey_stages.99"), "x")


def test_without_a_table_nothing_is_known_of_journeys() -> None:
    nothing = write_schema(Schema("1", "Shop"))
    assert read_schema(nothing, "x").journeys is None
    none = write_schema(Schema("1", "Shop", journeys=()))
    assert "[journeys]" in none
    assert read_schema(none, "x").journeys == ()
