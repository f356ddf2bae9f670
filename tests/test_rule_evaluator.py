"""What the API does with a rule, by examples: nulls, arrays, references, groups, limits.

Each profile is named for what is special about it; each test says whom a rule selects.
"""

from __future__ import annotations

from typing import Any

import pytest

from reference.population import Profile
from reference.rule_evaluator import evaluate_rule, select_rule
from reference.rule_shapes import (
    COUNT,
    NOT_NULL,
    NOW,
    NULL,
    Json,
    attribute,
    behavior,
    bought,
    group,
    one_of,
    op,
    population,
    those,
    value,
)

# --- nulls ---------------------------------------------------------------------------

PEOPLE = population(
    Profile("japan", {"country": "JP", "age": 20}),
    Profile("us", {"country": "US", "age": 40}),
    Profile("unknown", {"country": None}),
)


def test_a_null_makes_the_plain_operator_false_and_the_negated_one_true() -> None:
    assert those(attribute("country", op("Equal", "JP")), PEOPLE) == {"japan"}
    assert those(attribute("country", op("Equal", "JP", True)), PEOPLE) == {"us", "unknown"}
    assert those(attribute("age", op("Less", 30)), PEOPLE) == {"japan"}
    assert those(attribute("age", op("Less", 30, True)), PEOPLE) == {"us", "unknown"}


def test_exclude_is_the_complement_and_undoes_a_not() -> None:
    plain = op("Equal", "JP")
    assert those(attribute("country", plain, exclude=True), PEOPLE) == {"us", "unknown"}
    both = attribute("country", op("Equal", "JP", True), exclude=True)
    assert those(both, PEOPLE) == {"japan"}


def test_is_null_is_true_of_a_null_whatever_its_right_value() -> None:
    assert those(attribute("country", NULL), PEOPLE) == {"unknown"}
    assert those(attribute("country", {**NULL, "rightValue": False}), PEOPLE) == {"unknown"}
    assert those(attribute("country", NOT_NULL), PEOPLE) == {"japan", "us"}


def test_values_of_two_kinds_are_never_equal() -> None:
    odd = population(
        Profile("true", {"x": True}), Profile("one", {"x": 1}), Profile("text", {"x": "1"})
    )
    assert those(attribute("x", op("Equal", 1)), odd) == {"one"}
    assert those(attribute("x", op("Equal", True)), odd) == {"true"}
    assert those(attribute("x", one_of("In", "1", 2)), odd) == {"text"}


@pytest.mark.parametrize(
    ("operator", "selected"),
    [
        (one_of("In", "a/x", "b"), {"ax"}),
        (one_of("Contain", "/", "."), {"ax", "dot"}),
        (one_of("Contain", "A"), set()),
        (one_of("Contain", "/", negated=True), {"dot", "unknown"}),
        (one_of("StartWith", "a/", "x"), {"ax"}),
        (one_of("EndWith", ".x", "/y"), {"dot"}),
        (op("Regexp", "^a.x$"), {"ax", "dot"}),
        (op("Regexp", "[.]"), {"dot"}),
        (op("Greater", "a/"), {"ax"}),
        (
            {"type": "Between", "not": False, "minValue": "a.x", "maxValue": "a/", "rightValue": 0},
            {"dot"},
        ),
        (
            {"type": "Between", "not": True, "minValue": "a.x", "maxValue": "b", "rightValue": 0},
            {"unknown"},
        ),
    ],
)
def test_operators_on_texts(operator: Json, selected: set[str]) -> None:
    texts = population(
        Profile("ax", {"x": "a/x"}), Profile("dot", {"x": "a.x"}), Profile("unknown")
    )
    assert those(attribute("x", operator), texts) == selected


def test_between_includes_both_ends() -> None:
    between = {"type": "Between", "not": False, "minValue": 20, "maxValue": 40, "rightValue": 0}
    assert those(attribute("age", between), PEOPLE) == {"japan", "us"}


def test_a_customer_group_attribute_is_not_the_attribute_of_that_name() -> None:
    both = population(
        Profile("p", {"size": 1}, {("household", "size"): 3}), Profile("q", {"size": 3})
    )
    left = {"name": "size", "customerGroup": "household"}
    assert those(value(left, op("Equal", 3)), both) == {"p"}


# --- arrays --------------------------------------------------------------------------

TAGS = population(
    Profile("a", {"tags": ("a",)}),
    Profile("ab", {"tags": ("a", "b")}),
    Profile("a-null", {"tags": ("a", None)}),
    Profile("empty", {"tags": ()}),
    Profile("unknown", {"tags": None}),
    Profile("scalar", {"tags": "a"}),
)
IS_A = op("Equal", "a")
IS_NOT_A = op("Equal", "a", True)


@pytest.mark.parametrize(
    ("matching", "operator", "selected"),
    [
        ("any", IS_A, {"a", "ab", "a-null"}),
        ("all", IS_A, {"a", "empty"}),
        ("any", IS_NOT_A, {"ab", "a-null"}),
        ("all", IS_NOT_A, {"empty"}),
        ({"atLeast": 2}, NOT_NULL, {"ab"}),
        ({"atMost": 1}, IS_A, {"a", "ab", "a-null", "empty"}),
        ({"exactly": 0}, IS_A, {"empty"}),
        ({"atLeast": 0}, IS_A, {"a", "ab", "a-null", "empty"}),
        ("any", NULL, {"a-null"}),
        (None, NULL, {"unknown"}),
        (None, IS_A, {"scalar"}),
    ],
)
def test_array_matching(matching: Any, operator: Json, selected: set[str]) -> None:
    assert those(attribute("tags", operator, arrayMatching=matching), TAGS) == selected
    excluded = attribute("tags", operator, arrayMatching=matching, exclude=True)
    everyone = {profile.id for profile in TAGS.profiles}
    assert those(excluded, TAGS) == everyone - selected


# --- references ------------------------------------------------------------------------


def test_memberships_are_looked_up_by_kind_and_id() -> None:
    of = population(
        Profile("in", memberships=frozenset({("segment", "7")})),
        Profile("stage", memberships=frozenset({("stage", "7")})),
        Profile("variant", memberships=frozenset({("variant", "7")})),
    )

    def reference(type: str, exclude: bool = False) -> set[str]:
        return those({"type": type, "id": "7", "exclude": exclude}, of)

    assert reference("Reference") == {"in"}
    assert reference("Reference", True) == {"stage", "variant"}
    assert reference("FunnelStageReference") == {"stage"}
    assert reference("AbTestVariantReference") == {"variant"}


def test_scores_are_between_two_grades_and_leave_out_the_converted() -> None:
    of = population(
        Profile("three", scores={"m": (3, False)}),
        Profile("five", scores={"m": (5, False)}),
        Profile("converted", scores={"m": (4, True)}),
        Profile("unscored"),
    )

    def scored(converted: bool) -> set[str]:
        grades = {"minGrade": 3, "maxGrade": 4, "includeConvertedCustomers": converted}
        return those({"type": "PredictiveScoreReference", "id": "m", **grades}, of)

    assert scored(False) == {"three"}
    assert scored(True) == {"three", "converted"}


def test_attributes_of_a_model_are_missing_where_it_says_nothing() -> None:
    of = population(
        Profile("champion", ml={("rfm", "m", "rfm_segment"): "Champions"}), Profile("none")
    )

    def asked(operator: Json) -> set[str]:
        left = {"attribute": "rfm_segment"}
        reference = {"id": "m", "solutionType": "rfm", "leftValue": left, "operator": operator}
        return those({"type": "MlAttributeReference", **reference}, of)

    assert asked(op("Equal", "Champions")) == {"champion"}
    assert asked(op("Equal", "Champions", True)) == {"none"}
    assert asked(NULL) == {"none"}


# --- what real rules leave out, and put beside -------------------------------------------


def test_what_real_rules_leave_out_is_as_if_it_said_nothing() -> None:
    """Observed: no `arrayMatching`, `exclude` or `not`, nulls, and `visibility` beside a name."""
    is_japan = {"type": "Equal", "rightValue": "JP"}
    loose = {"type": "Value", "leftValue": {"name": "country"}, "operator": is_japan}
    seen = {**loose, "leftValue": {"name": "country", "visibility": "clear"}}
    nulls = {**loose, "arrayMatching": None, "exclude": None, "limit": None}
    unsaid = {**loose, "operator": {**is_japan, "not": None}}
    for condition in (loose, seen, nulls, unsaid):
        assert those(condition, PEOPLE) == {"japan"}
    assert select_rule({**group("And", loose), "limit": None}, PEOPLE) == {"japan"}


def test_a_reference_includes_or_excludes() -> None:
    of = population(Profile("in", memberships=frozenset({("segment", "7")})), Profile("out"))
    reference = {"type": "Reference", "id": "7"}
    assert those(reference, of) == {"in"}
    assert those({**reference, "include": True}, of) == {"in"}
    assert those({**reference, "include": True, "exclude": False}, of) == {"in"}
    assert those({**reference, "exclude": True}, of) == {"out"}
    with pytest.raises(ValueError, match="include"):
        those({**reference, "include": False}, of)


def test_lengths_of_time_are_texts_or_numbers_and_may_be_negated() -> None:
    of = population(Profile("now", {"at": NOW}), Profile("unknown"))
    for length in ("1", 1):
        within = {"type": "TimeWithinNext", "value": length, "unit": "day"}
        assert those(attribute("at", within), of) == set()
        assert those(attribute("at", {**within, "not": True}), of) == {"now", "unknown"}


# --- groups ----------------------------------------------------------------------------

LETTERS = population(
    *[Profile(name, {"has": tuple(name)}) for name in ("a", "b", "c", "ab", "bc", "abc", "z")]
)


def has(letter: str) -> Json:
    return attribute("has", op("Equal", letter), arrayMatching="any")


@pytest.mark.parametrize(
    ("expr", "selected"),
    [
        ("A and (B or C)", {"ab", "abc"}),
        ("(C or B) and A", {"ab", "abc"}),
        ("A or B and C", {"a", "ab", "bc", "abc"}),
        ("(A or B) and C", {"bc", "abc"}),
        ("A and B or A and C", {"ab", "abc"}),
        ("((A)) and(B)and C", {"abc"}),
    ],
)
def test_composite_at_both_levels(expr: str, selected: set[str]) -> None:
    conditions = [has(letter) for letter in "abc"]
    inside = group("And", group("Composite", *conditions, expr=expr))
    assert select_rule(inside, LETTERS) == selected
    numbered = expr.replace("A", "1").replace("B", "2").replace("C", "3")
    above = group("Composite", *[group("Or", each) for each in conditions], expr=numbered)
    assert select_rule(above, LETTERS) == selected


@pytest.mark.parametrize(
    "expr", ["A", "A and D", "A and B C", "A and (B or C", "1 and 2 and 3", "A xor B", ""]
)
def test_an_expression_that_does_not_fit_is_an_error(expr: str) -> None:
    rule = group("And", group("Composite", *[has(letter) for letter in "abc"], expr=expr))
    with pytest.raises(ValueError, match=r"name|expression|closed"):
        select_rule(rule, LETTERS)


@pytest.mark.parametrize("rule", [None, {}, group("And"), group("And", group("And"))])
def test_an_empty_rule_is_everyone(rule: Json | None) -> None:
    assert select_rule(rule, PEOPLE) == {"japan", "us", "unknown"}
    assert evaluate_rule(rule, PEOPLE.profiles[2], PEOPLE)


def test_an_empty_or_means_nothing_anybody_states() -> None:
    with pytest.raises(ValueError, match="nobody says"):
        select_rule(group("Or"), PEOPLE)


def test_older_rules_nest_and_hold_conditions_anywhere() -> None:
    deep = group(
        "Or", has("z"), group("And", has("a"), group("Or", has("c"), group("And", has("b"))))
    )
    assert select_rule(deep, LETTERS) == {"z", "ab", "abc"}
    bare = {
        "type": "Value",
        "leftValue": {"name": "country"},
        "operator": {"type": "Equal", "rightValue": "JP"},
    }
    assert select_rule(group("And", bare), PEOPLE) == {"japan"}


# --- limits ----------------------------------------------------------------------------


def ordered(*columns: tuple[str, str], **limit: Any) -> Json:
    orders = [{"type": "Column", "column": name, "order": order} for name, order in columns]
    return {**limit, "orderColumns": orders}


VALUED = population(
    *[Profile(f"p{n}", {"ltv": n, "age": n % 2}, events=bought(*[1] * n)) for n in range(4)],
    Profile("p9", {"ltv": None}),
)


@pytest.mark.parametrize(
    ("limit", "selected"),
    [
        (ordered(("ltv", "descending"), type="Count", number=2), {"p3", "p2"}),
        (ordered(("ltv", "ascending"), type="Count", number=2), {"p0", "p1"}),
        (ordered(("ltv", "descending"), type="Count", number=9), {"p0", "p1", "p2", "p3", "p9"}),
        (ordered(("ltv", "ascending"), type="Percent", number=50), {"p0", "p1"}),
        (
            ordered(("age", "descending"), ("ltv", "ascending"), type="Count", number=3),
            {"p1", "p3", "p0"},
        ),
        ({"type": "Count", "number": 1}, {"p0"}),
        ({"type": "Count", "number": 0}, set()),
    ],
)
def test_a_limit_takes_the_top_missing_values_last(limit: Json, selected: set[str]) -> None:
    assert select_rule({**group("And"), "limit": limit}, VALUED) == selected


def test_a_condition_can_be_ordered_by_its_aggregate_and_then_excluded() -> None:
    limit = {
        "type": "Count",
        "number": 1,
        "orderColumns": [{"type": "Aggregation", "order": "descending"}],
    }
    assert those(behavior(COUNT, op("Less", 3), limit=limit), VALUED) == {"p2"}
    # Those without events have a count as well, and are the first from below.
    fewest = {**limit, "orderColumns": [{"type": "Aggregation", "order": "ascending"}]}
    assert those(behavior(COUNT, op("Less", 3), limit=fewest), VALUED) == {"p0"}
    distinct = {"type": "CountDistinct", "columns": ["timestamp"]}
    assert those(behavior(distinct, op("Less", 3), limit=fewest), VALUED) == {"p1"}
    rest = behavior(COUNT, op("Less", 3), limit=limit, exclude=True)
    assert those(rest, VALUED) == {"p0", "p1", "p3", "p9"}
