"""What a plan says of changes: of exported events, by the name in source, and of locks."""

from __future__ import annotations

import msgspec
import pytest

from segdsl.diagnostics import Report
from segdsl.language import activations as a
from segdsl.language.values import ById, ByName, Number
from segdsl.workspace.kinds.deliveries.documents import about_secrets
from segdsl.workspace.kinds.deliveries.words import creation, sentences
from segdsl.workspace.kinds.templates.state import TemplateState, document_of
from segdsl.workspace.project.keys import CONNECTION, Ref

PURCHASES = a.BehaviorExport("behavior_purchases", "last", formatting="cols")


def words(old: a.BehaviorExport | None, new: a.BehaviorExport | None) -> list[str]:
    def delivery(behavior: a.BehaviorExport | None) -> a.Delivery:
        return a.Delivery(behaviors=() if behavior is None else (behavior,))

    return sentences(delivery(old), delivery(new), {})


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"strategy": "first"}, "chooses other events of purchases"),
        ({"formatting": "rows"}, "exports the events of purchases as rows"),
        ({"formatting": None}, "exports the events of purchases in the API's format"),
    ],
)
def test_what_changes_of_exported_events(change: dict[str, object], expected: str) -> None:
    assert words(PURCHASES, msgspec.structs.replace(PURCHASES, **change)) == [expected]


def test_events_that_come_and_go() -> None:
    assert words(None, PURCHASES) == ["now exports events of purchases"]
    assert words(PURCHASES, None) == ["no longer exports events of purchases"]
    other = msgspec.structs.replace(PURCHASES, behavior="events")
    assert words(None, other) == ["now exports events of events"]


def test_one_secret_or_several() -> None:
    one = "its setting `token` looks like a secret, which no file may hold"
    assert about_secrets(["token", "token"]) == one
    several = "its settings `token`, `note` look like secrets, which no file may hold"
    assert about_secrets(["token", "note"]) == several


def exporting(*names: str, every: bool = False, **more: object) -> a.Delivery:
    items = tuple(a.ExportColumn(a.ColumnSource(each), each) for each in names)
    columns = a.Columns(all=every, items=items) if names or every else None
    delivery = a.Delivery(connection=a.Connection(ById("11")), columns=columns)
    return msgspec.structs.replace(delivery, **more)


@pytest.mark.parametrize(
    ("delivery", "template", "expected"),
    [
        (exporting("email"), None, "“email” of X to “s3”, only by hand"),
        (exporting("email", "age"), None, "“email” and 1 more column of X to “s3”, only by hand"),
        (
            exporting("email", "a", "b", "c", schedule=a.Repeat("day")),
            None,
            "“email” and 3 more columns of X to “s3”, daily",
        ),
        (
            exporting("area", every=True, behaviors=(PURCHASES,)),
            None,
            "all attributes, 1 more column and events of purchases of X to “s3”, only by hand",
        ),
        (
            exporting(connection=None),
            "“Weekly”",
            "the columns of the template “Weekly” of X to the connection of the template “Weekly”, "
            "as its template says",
        ),
    ],
)
def test_what_a_new_activation_will_do(
    delivery: a.Delivery, template: str | None, expected: str
) -> None:
    names = {Ref(CONNECTION, "11"): ByName("s3")}
    assert creation(delivery, "X", template, names) == f"will export {expected}"


def template(*locks: a.Lock) -> TemplateState:
    columns = [a.ExportColumn(a.ColumnSource(each), each) for each in ("email", "age", "city")]
    entries = (a.Entry("x", Number("1")), a.Entry("y", Number("2")))
    delivery = a.Delivery(
        a.Connection(ById("3")), a.Columns(items=tuple(columns)), settings=a.MapSetting(entries)
    )
    made = a.ActivationTemplate("T", locks=locks, delivery=delivery)
    document = document_of(made, Report())
    assert document is not None
    return TemplateState((), "T", document)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ([], [a.Lock("settings", ("y",))], ["now locks settings (y)"]),
        (
            [a.Lock("columns", ("email", "age")), a.Lock("schedule")],
            [a.Lock("columns", ("age", "city")), a.Lock("sequence")],
            ["now locks columns (city), sequence", "no longer locks columns (email), schedule"],
        ),
        (
            [a.Lock("columns"), a.Lock("settings", ("x",))],
            [a.Lock("columns", ("age",)), a.Lock("settings")],
            ["now only locks columns (age)", "now locks all settings"],
        ),
    ],
)
def test_what_a_template_locks_now(
    before: list[a.Lock], after: list[a.Lock], said: list[str]
) -> None:
    assert template(*after).changes_in_words(template(*before), {}) == said
    assert template(*after).changes_from(template(*before)) == ("locks",)
