"""Strict servers refuse what the description refuses, and name the place."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from contract import referee, rule_errors
from local_api import JAPAN, Api, equal, rule, with_api
from quick import scaled
from segdsl.server.errors import ApiError
from segdsl.server.queries.rules import read_text
from strategies.wild_rules import wild_rules


def problems(value: Any) -> list[str]:
    """The places and messages of the problems."""
    try:
        read_text(json.dumps(value), "$.rule", strict=True)
    except ApiError as error:
        return [each.text for each in error.problems]
    return []


# --- against the referee -----------------------------------------------------------------

# What the referee must not be asked about: the API takes older rules of any depth, which
# the description has no place for.
_GROUPS = ("And", "Or", "Composite")


def is_two_levels(value: Any) -> bool:
    """Whether rule sets contain no groups, and the rule no bare conditions."""
    if not isinstance(value, dict) or not isinstance(value.get("conditions"), list):
        return True
    sets = [each for each in value["conditions"] if isinstance(each, dict)]
    if any(each.get("type") not in _GROUPS for each in sets):
        return False
    inner = [part for each in sets for part in _listed(each)]
    return not any(isinstance(part, dict) and part.get("type") in _GROUPS for part in inner)


def _listed(value: dict[str, Any]) -> list[Any]:
    conditions = value.get("conditions")
    return conditions if isinstance(conditions, list) else []


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container in a document with each of its keys or indices."""
    if isinstance(value, dict):
        return [(value, key) for key in value] + [
            each for inner in value.values() for each in places(inner)
        ]
    if isinstance(value, list):
        pairs: list[tuple[Any, Any]] = [(value, index) for index in range(len(value))]
        return pairs + [each for inner in value for each in places(inner)]
    return []


_OTHERS: list[Any] = [None, True, False, 0, 1, -1, 2.5, "", "x", "7", [], {}, [1], ["x"], {"x": 1}]
_WORDS: list[Any] = [
    "And", "Or", "Value", "Column", "Equal", "GreaterEqual", "Between", "In", "IsNull", "TimeRange",
    "TimeWithinPast", "Count", "Sum", "First", "Reference", "day", "any", "Percent", "ascending",
]  # fmt: skip
_KEYS = ["not", "exclude", "rightValue", "arrayMatching", "limit", "expr", "unit", "columns", "x"]


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """A rule that the description allows, with one to three changes anywhere in it."""
    value = json.loads(draw(wild_rules()))
    for _ in range(draw(st.sampled_from([1, 1, 1, 2, 3]))):
        pairs = places(value)
        if not pairs:
            break
        container, key = pairs[draw(st.integers(0, len(pairs) - 1))]
        how = draw(st.sampled_from(["drop", "null", "replace", "word", "add", "swap"]))
        if how == "drop":
            del container[key]
            continue
        if how == "add" and isinstance(container, dict):
            key = draw(st.sampled_from(_KEYS))
        other: Any = draw(st.sampled_from(_WORDS if how == "word" else _OTHERS))
        if how == "swap":
            holder, at = pairs[draw(st.integers(0, len(pairs) - 1))]
            other = holder[at]
        container[key] = None if how == "null" else copy.deepcopy(other)
    return value


@given(mutated())
@settings(max_examples=scaled(400))
def test_rules_that_the_description_refuses_are_refused(value: Any) -> None:
    referee()
    if is_two_levels(value) and rule_errors(value):
        assert problems(value), value


@given(wild_rules())
@settings(max_examples=scaled(300))
@example('{"type": "And", "conditions": []}')
def test_rules_that_the_description_allows_are_read(text: str) -> None:
    plain, _ = read_text(text, "$.rule", strict=True)
    assert isinstance(plain, dict)


# --- by example --------------------------------------------------------------------------


def changed(**changes: Any) -> Any:
    """A rule of one condition with other values for some keys; `...` removes a key."""
    condition = equal("country", "JP")
    for name, value in changes.items():
        at = condition["operator"] if name in ("type", "not", "rightValue") else condition
        if value is ...:
            del at[name]
        else:
            at[name] = value
    return rule(condition)


_CONDITION = "$.rule.conditions[0].conditions[0]"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (changed(arrayMatching=...), f"{_CONDITION}: a Value condition needs `arrayMatching`"),
        (
            changed(exclude=...),
            f"{_CONDITION}: a Value condition needs `exclude`, a boolean",
        ),
        (
            changed(exclude="no"),
            f"{_CONDITION}.exclude: `exclude` is a boolean, and this is a text",
        ),
        (
            changed(**{"not": ...}),
            f"{_CONDITION}.operator: Equal needs `not`, a boolean",
        ),
        (changed(rightValue=...), f"{_CONDITION}.operator: Equal needs `rightValue`"),
        (changed(limit=None), f"{_CONDITION}.limit: `limit` is null: leave it out instead"),
        (
            changed(type="Equals"),
            f"{_CONDITION}.operator.type: the type of an operator cannot be “Equals”; "
            "did you mean `Equal`?",
        ),
        (
            changed(type="IsNull", rightValue=...),
            f"{_CONDITION}.operator: IsNull needs `rightValue`: a string, a number or a boolean",
        ),
        (
            rule({"type": "Reference", "id": 5, "exclude": False}),
            f"{_CONDITION}.id: an id is a string",
        ),
        (
            rule({"type": "Reference", "id": "5"}),
            f"{_CONDITION}: Reference needs `exclude`, a boolean",
        ),
    ],
    ids=lambda value: value.rpartition(": ")[2] if isinstance(value, str) else "",
)
def test_a_refusal_names_its_place(wrong: Any, said: str) -> None:
    assert problems(wrong) == [said]


def test_all_problems_are_reported_at_once() -> None:
    wrong = rule(equal("a", [1]), equal("b", 1), equal("c", [2]))
    assert [each.partition(": ")[0] for each in problems(wrong)] == [
        "$.rule.conditions[0].conditions[0].operator.rightValue",
        "$.rule.conditions[0].conditions[2].operator.rightValue",
    ]


def test_older_rules_of_any_depth_are_accepted() -> None:
    inner = {"type": "Or", "conditions": [equal("a", 1), equal("b", 2)]}
    assert problems({"type": "And", "conditions": [equal("c", 3), inner]}) == []
    for _ in range(100):
        inner = {"type": "And", "conditions": [inner, equal("d", 4)]}
    assert problems(inner) == []


def test_extreme_depth_is_refused() -> None:
    for depth in (250, 5_000, 200_000):
        text = '{"type": "And", "conditions": [' * depth + "]}" * depth
        with pytest.raises(ApiError) as raised:
            read_text(text, "$.rule", strict=True)
        assert raised.value.status == 400


def test_repeated_keys_and_invalid_numbers() -> None:
    for text in ('{"type": "And", "type": "Or", "conditions": []}', '{"a": NaN}', '{"a": 1e99999}'):
        with pytest.raises(ApiError):
            read_text(text, "$.rule", strict=True)


# --- what the data has -------------------------------------------------------------------


def about(aggregation: Any, behavior: str = "behavior_purchases", filter: Any = None) -> Any:
    """A condition on a behavior."""
    left = {"source": {"name": behavior}, "aggregation": aggregation, "filter": filter}
    return {**equal("x", 1), "leftValue": left}


COUNT = {"type": "Count", "groupingColumns": []}
_COLUMN = {
    "type": "Column",
    "column": "catgory",
    "operator": {"type": "Equal", "not": False, "rightValue": "Books"},
    "arrayMatching": None,
}


@with_api
async def test_unknown_names_are_refused(api: Api) -> None:
    at = "$.rule.conditions[0].conditions[0]"
    cases: list[tuple[Any, str]] = [
        (
            equal("contry", "JP"),
            f"{at}.leftValue.name: there is no attribute `contry`: did you mean `country`?",
        ),
        (
            {**equal("x", 1), "leftValue": {"name": "membrs", "customerGroup": "household"}},
            f"{at}.leftValue.name: there is no column of `customer_group_household` `membrs`: "
            "did you mean `members`?",
        ),
        (
            {**equal("x", 1), "leftValue": {"name": "members", "customerGroup": "family"}},
            f"{at}.leftValue.customerGroup: there is no customer group `family`",
        ),
        (
            about(COUNT, "purchase"),
            f"{at}.leftValue.source.name: there is no behavior `purchase`: "
            "did you mean `behavior_purchases`?",
        ),
        (
            about(COUNT, "purchases"),
            f"{at}.leftValue.source.name: there is no behavior `purchases`: "
            "did you mean `behavior_purchases`?",
        ),
        (
            about(COUNT, "Online Purchases"),
            f"{at}.leftValue.source.name: there is no behavior `Online Purchases`: "
            "did you mean `behavior_purchases`?",
        ),
        (
            equal("Lifetime Value", 1),
            f"{at}.leftValue.name: there is no attribute `Lifetime Value`: did you mean `ltv`?",
        ),
        (
            about({"type": "Sum", "column": "amount payd"}),
            f"{at}.leftValue.aggregation.column: there is no column of `behavior_purchases` "
            "`amount payd`: did you mean `amount`?",
        ),
        (
            about({"type": "Sum", "column": "amout"}),
            f"{at}.leftValue.aggregation.column: there is no column of `behavior_purchases` "
            "`amout`: did you mean `amount`?",
        ),
        (
            about({"type": "CountDistinct", "columns": ["category", "zzz"]}),
            f"{at}.leftValue.aggregation.columns[1]: there is no column of "
            "`behavior_purchases` `zzz`",
        ),
        (
            about({"type": "Count", "groupingColumns": ["zzz"]}),
            f"{at}.leftValue.aggregation.groupingColumns[0]: there is no column of "
            "`behavior_purchases` `zzz`",
        ),
        (
            about({"type": "First", "column": "amount", "orderColumn": "zzz"}),
            f"{at}.leftValue.aggregation.orderColumn: there is no column of "
            "`behavior_purchases` `zzz`",
        ),
        (
            about(COUNT, filter={"type": "And", "conditions": [_COLUMN]}),
            f"{at}.leftValue.filter.conditions[0].column: there is no column of "
            "`behavior_purchases` `catgory`: did you mean `category`?",
        ),
    ]
    for condition, said in cases:
        body = {"name": "x", "rule": rule(condition)}
        wrong = await api.ask("POST", "/audiences/7/segments", body, status=400)
        assert wrong == {"errors": {"base": [said]}}
        for path in ("queries", "query"):
            body = {"rule": rule(condition)}
            wrong = await api.ask("POST", f"/audiences/7/segments/{path}", body, status=400)
            assert wrong == {"errors": {"base": [said]}}


@with_api
async def test_limits_order_by_known_attributes(api: Api) -> None:
    def limited(column: str) -> Any:
        order = {"type": "Column", "column": column, "order": "descending"}
        return {**JAPAN, "limit": {"type": "Count", "number": 2, "orderColumns": [order]}}

    assert await api.count(limited("ltv")) == 2
    body = {"rule": limited("lvt")}
    wrong = await api.ask("POST", "/audiences/7/segments/queries", body, status=400)
    [said] = wrong["errors"]["base"]
    assert said.startswith("$.rule.limit.orderColumns[0].column: there is no attribute")


@with_api
async def test_places_under_entities_are_json_pointers(api: Api) -> None:
    body = {
        "attributes": {"name": "x", "rule": rule(equal("contry", 1))},
        "relationships": {"parentFolder": {"data": {"id": "1", "type": "folder-segment"}}},
    }
    [error] = (await api.ask("POST", "/entities/segments", body, status=400))["errors"]
    assert error["source"]["pointer"] == (
        "/attributes/rule/conditions/0/conditions/0/leftValue/name"
    )
    broken = rule(equal("age", 1))
    broken["conditions"][0].update(type="Composite", expr="A and")
    body["attributes"]["rule"] = broken
    [error] = (await api.ask("POST", "/entities/segments", body, status=400))["errors"]
    assert error["meta"]["validationCode"] == "COMPOSITE_CONDITION_SYNTAX_ERROR"
    assert error["source"]["pointer"] == "/attributes/rule/conditions/0/expr"


def among(behavior: str, column: dict[str, Any]) -> dict[str, Any]:
    """More than one event of a behavior that passes a test of a column."""
    inside = {"type": "Column", "arrayMatching": None, **column}
    left = {
        "source": {"name": behavior},
        "aggregation": {"type": "Count", "groupingColumns": []},
        "filter": {"type": "And", "conditions": [inside]},
    }
    return {**equal("", 1), "leftValue": left}


@with_api
async def test_what_a_realtime_segment_cannot_contain(api: Api) -> None:
    id = (await api.create("Japan"))["id"]
    past = {"type": "TimeWithinPast", "unit": "day", "value": "7"}
    for condition in (
        {"type": "Reference", "id": id, "exclude": False},
        {**equal("last_visit", 1), "operator": past},
        {**equal("tags", "a"), "arrayMatching": "any"},
        {**equal("tags", "a"), "operator": {"type": "IsNull", "not": False, "rightValue": True}},
        among("behavior_purchases", {"column": "timestamp", "operator": past}),
    ):
        body = {"name": "x", "rule": rule(condition), "kind": 1}
        wrong = await api.ask("POST", "/audiences/7/segments", body, status=400)
        assert "a realtime segment" in wrong["errors"]["base"][0]
        await api.ask("POST", "/audiences/7/segments/queries", {"rule": rule(condition)})


@with_api
async def test_keys_with_half_surrogate_pairs(api: Api) -> None:
    body = '{"name": "x", "rule": {"type": "And", "conditions": [], "\\ud800": 1}}'
    response = await api.send("POST", "/audiences/7/segments", body)
    assert response.status_code == 400
