"""Parts of a rule without an effect, or with another, are refused; a `not` keeps its meaning."""

from __future__ import annotations

import json
from typing import Any

import pytest

from segdsl import compile_text
from segdsl.diagnostics import Code, Report
from segdsl.rules.decompile import decompile
from support import rule_of

Json = dict[str, Any]
AT_LEAST_2 = {"type": "GreaterEqual", "not": False, "rightValue": 2}


def value(left: Json, operator: Json, matching: Any = None, **more: Any) -> Json:
    return {
        "type": "Value",
        "leftValue": left,
        "operator": operator,
        "arrayMatching": matching,
        "exclude": False,
        **more,
    }


def events(aggregation: Json, filter: Any = None) -> Json:
    return {"source": {"name": "behavior_p"}, "aggregation": aggregation, "filter": filter}


def read(*conditions: Json, **more: Any) -> tuple[str | None, list[tuple[Code, str | None]]]:
    """The `where` that a rule becomes, and what was found with its path."""
    report = Report()
    rule = {"type": "And", "conditions": list(conditions), **more}
    text = decompile(json.dumps(rule), "x.json", report)
    where = None if text is None else " ".join(text.partition("where")[2].split())
    return where, [(of.code, of.path) for of in report.diagnostics]


MATCHINGS = ("any", "all", {"atLeast": 1}, {"atMost": 0}, {"exactly": 2})


@pytest.mark.parametrize("matching", MATCHINGS)
@pytest.mark.parametrize(
    "aggregation",
    [
        {"type": "Count"},
        {"type": "Count", "groupingColumns": ["order_id"]},
        {"type": "CountDistinct", "columns": ["sku"]},
        {"type": "Sum", "column": "amount"},
        {"type": "Sum", "column": "amount", "groupingColumns": ["order_id"]},
        {"type": "Average", "column": "amount"},
    ],
)
def test_one_number_has_no_elements(aggregation: Json, matching: Any) -> None:
    """It was read as `any of count(…)`, which holds of nobody."""
    where, found = read(value(events(aggregation), AT_LEAST_2, matching))
    assert (where, found) == (None, [(Code.SEG402, "$.conditions[0].arrayMatching")])
    assert read(value(events(aggregation), AT_LEAST_2))[1] == []


@pytest.mark.parametrize("function", ["sum", "average"])
@pytest.mark.parametrize("how", ["any of", "every one of", "at least 2 of", "exactly 0 of"])
def test_nor_has_it_in_source(function: str, how: str) -> None:
    for inside in ("p.amount", "some p.amount", "p.amount by order_id over 3 days"):
        compiled = compile_text(f'segment "x" where {how} {function}({inside}) >= 2')
        assert (compiled.segments, compiled.codes) == ((), ["SEG213"])


def test_what_can_be_a_list_of_elements_may_be_asked_for_them() -> None:
    """The first and last value of a column of lists, and its least and greatest."""
    for aggregation in (
        {"type": "First", "column": "tags", "orderColumn": "timestamp"},
        {"type": "Last", "column": "tags", "orderColumn": "timestamp"},
        {"type": "Max", "column": "tags"},
    ):
        operator = {"type": "Equal", "not": False, "rightValue": "x"}
        where, found = read(value(events(aggregation), operator, "any"))
        assert found == []
        assert where is not None
        assert where.startswith("any of ")


def test_only_a_composite_has_an_expression() -> None:
    one = value({"name": "a"}, AT_LEAST_2)
    assert read(one, one, expr="A or B") == (None, [(Code.SEG402, "$.expr")])
    assert read({"type": "Or", "conditions": [one, one], "expr": "A and B"}) == (
        None,
        [(Code.SEG402, "$.conditions[0].expr")],
    )
    assert read(one, one, expr=None)[1] == read(one, one, expr="")[1] == []


def test_the_values_of_all_events_have_no_groups() -> None:
    distinct = {"type": "CountDistinct", "columns": ["sku"]}
    assert read(value(events({**distinct, "groupingColumns": []}), AT_LEAST_2)) == read(
        value(events(distinct), AT_LEAST_2)
    )
    where, found = read(value(events({**distinct, "groupingColumns": ["a"]}), AT_LEAST_2))
    path = "$.conditions[0].leftValue.aggregation.groupingColumns"
    assert (where, found) == (None, [(Code.SEG402, path)])


# --- `not` ---------------------------------------------------------------------------

AGO = {"last": 7, "unit": "day"}
TIMES: tuple[tuple[Json, str], ...] = (
    ({"type": "TimeWithinPast", "unit": "day", "value": "7"}, "not within past 7 days"),
    ({"type": "TimeWithinNext", "unit": "day", "value": "7"}, "not within next 7 days"),
    ({"type": "TimeThis", "from": {"unit": "month"}}, "not in this month"),
    ({"type": "TimeNext", "from": {"unit": "week"}}, "not in next week"),
    ({"type": "TimeRange", "from": {"unit": "year"}}, "not in last year"),
    ({"type": "TimeToday"}, "is not today"),
    (
        {
            "type": "TimeInBetweenNext",
            "from": {"next": 1, "unit": "day"},
            "to": {"next": 3, "unit": "day"},
        },
        "not between 1 and 3 days from now",
    ),
    ({"type": "Less", "rightValue": AGO}, "not more than 7 days ago"),
    ({"type": "LessEqual", "rightValue": AGO}, "not at least 7 days ago"),
    ({"type": "Greater", "rightValue": AGO}, "not less than 7 days ago"),
    ({"type": "GreaterEqual", "rightValue": AGO}, "not at most 7 days ago"),
    ({"type": "Less", "rightValue": {"timestamp": "2024-01-01"}}, "not before 2024-01-01"),
    ({"type": "Equal", "rightValue": {"timestamp": "2024-01-01"}}, "not on 2024-01-01"),
)


@pytest.mark.parametrize(("operator", "said"), TIMES)
def test_a_not_of_a_time_is_the_complement(operator: Json, said: str) -> None:
    where, found = read(value({"name": "seen"}, {**operator, "not": True}))
    assert (where, found) == (f"seen {said}", [])
    # `exclude` is the complement of the complement.
    where, found = read(value({"name": "seen"}, {**operator, "not": True}, exclude=True))
    assert found == []
    assert where == f"seen {said}".replace("is not today", "is today").replace(" not ", " ")
    # It comes back as it was.
    assert read(rule_of(f"seen {said}")["conditions"][0])[0] == f"seen {said}"


def column(operator: Json, matching: Any = None) -> Json:
    inside = {"type": "Column", "column": "paid", "operator": operator, "arrayMatching": matching}
    return value(events({"type": "Count"}, {"type": "And", "conditions": [inside]}), AT_LEAST_2)


@pytest.mark.parametrize(
    ("operator", "said"),
    [
        (TIMES[0][0], "paid not for 7 days from 7 days ago"),
        (TIMES[2][0], "paid not for 1 month from 0 months ago"),
        (TIMES[5][0], "paid not at most 0 days ago"),
        (TIMES[7][0], "paid at most 7 days ago or paid is null"),
        (TIMES[8][0], "paid less than 7 days ago or paid is null"),
        (TIMES[9][0], "paid at least 7 days ago or paid is null"),
        (TIMES[10][0], "paid not at most 7 days ago"),
        (TIMES[11][0], "paid on or after 2024-01-01 or paid is null"),
        (TIMES[12][0], "paid not on 2024-01-01"),
    ],
)
def test_in_a_filter_it_is_what_says_the_same(operator: Json, said: str) -> None:
    where, found = read(column({**operator, "not": True}))
    assert (where, found) == (f"count(p where {said}) >= 2", [])


@pytest.mark.parametrize("operator", [TIMES[1][0], TIMES[3][0], TIMES[6][0]])
def test_what_nothing_says_is_refused_and_never_dropped(operator: Json) -> None:
    for condition in (
        column({**operator, "not": True}),
        column({**operator, "not": True}, "any"),
        value({"name": "seen"}, {**operator, "not": True}, "all"),
        value(events({"type": "Max", "column": "paid"}), {**operator, "not": True}),
    ):
        where, [(code, path)] = read(condition)
        assert (where, code) == (None, Code.SEG402)
        assert path is not None
        assert path.endswith("operator.not")


def test_a_text_that_is_no_date_has_no_opposite() -> None:
    operator = {"type": "Less", "not": True, "rightValue": {"timestamp": "soon"}}
    assert read(column(operator))[0] is None
