"""The second evaluator itself: what the API does with a rule, by hand-made examples.

Each profile is named for what is special about it, and each test says whom a rule selects.
"""

from __future__ import annotations

from typing import Any

import pytest

from reference.calendar import instant
from reference.population import Event, Population, Profile
from reference.rule_evaluator import evaluate_rule, select_rule

Json = dict[str, Any]

# Wednesday, half past ten in the evening of 15 May in Tokyo.
NOW = instant("2024-05-15T22:30:00+09:00")


def population(*profiles: Profile) -> Population:
    return Population(profiles, NOW, "Asia/Tokyo")


def value(left: Json, operator: Json, **more: Any) -> Json:
    defaults = {"arrayMatching": None, "exclude": False}
    return {"type": "Value", "leftValue": left, "operator": operator, **defaults, **more}


def attribute(name: str, operator: Json, **more: Any) -> Json:
    return value({"name": name}, operator, **more)


def behavior(
    aggregation: Json,
    operator: Json,
    filter: Json | None = None,
    window: Json | None = None,
    **more: Any,
) -> Json:
    left = {"source": {"name": "purchases"}, "aggregation": aggregation, "filter": filter}
    if window is not None:
        left["window"] = {"type": "TimeSliding", "duration": window}
    return value(left, operator, **more)


def op(type: str, right: Any, negated: bool = False) -> Json:
    return {"type": type, "not": negated, "rightValue": right}


def one_of(type: str, *values: Any, negated: bool = False) -> Json:
    return {"type": type, "not": negated, "rightValues": list(values)}


def group(type: str, *conditions: Json, **more: Any) -> Json:
    return {"type": type, "conditions": list(conditions), **more}


def column(name: str, operator: Json, matching: Any = None) -> Json:
    return {"type": "Column", "column": name, "operator": operator, "arrayMatching": matching}


def those(condition: Json, of: Population) -> set[str]:
    return select_rule(group("And", group("And", condition)), of)


COUNT: Json = {"type": "Count", "groupingColumns": []}
NULL = {"type": "IsNull", "not": False, "rightValue": True}
NOT_NULL = {**NULL, "not": True}


def over(type: str, column: str, **more: Any) -> Json:
    return {"type": type, "column": column, **more}


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


# --- behaviors: blind to profiles without events ----------------------------------------


def bought(*amounts: int | None, **more: Any) -> dict[str, tuple[Event, ...]]:
    """Purchases of these amounts, a day apart."""
    return {
        "purchases": tuple(
            {"timestamp": index * 86_400, "amount": amount, **more}
            for index, amount in enumerate(amounts)
        )
    }


BUYERS = population(
    Profile("never"),
    Profile("emptied", events={"purchases": ()}),
    Profile("once", events=bought(10)),
    Profile("thrice", events=bought(10, 20, 30)),
    Profile("unpriced", events=bought(None)),
)
EVERYONE = {"never", "emptied", "once", "thrice", "unpriced"}
WITHOUT = {"never", "emptied"}


@pytest.mark.parametrize(
    ("operator", "selected"),
    [
        (op("Less", 3), {"once", "unpriced"}),
        (op("GreaterEqual", 3, True), {"once", "unpriced"}),
        (op("Equal", 0), set()),
        (op("LessEqual", 2), {"once", "unpriced"}),
        (op("Equal", 3, True), {"once", "unpriced"}),
        (op("GreaterEqual", 0), EVERYONE - WITHOUT),
        (NULL, set()),
        (NOT_NULL, EVERYONE - WITHOUT),
    ],
)
def test_a_count_never_sees_a_profile_without_events(operator: Json, selected: set[str]) -> None:
    assert those(behavior(COUNT, operator), BUYERS) == selected


def test_the_excluded_complement_does_see_it() -> None:
    fewer = behavior(COUNT, op("GreaterEqual", 3), exclude=True)
    assert those(fewer, BUYERS) == {"once", "unpriced"} | WITHOUT
    not_and_exclude = behavior(COUNT, op("GreaterEqual", 3, True), exclude=True)
    assert those(not_and_exclude, BUYERS) == {"thrice"} | WITHOUT


def test_only_events_that_the_filter_lets_through_count() -> None:
    dear = group("And", column("amount", op("Greater", 10)))
    assert those(behavior(COUNT, op("Less", 3), dear), BUYERS) == {"thrice"}
    cheap = group("And", column("amount", op("Greater", 10, True)))
    assert those(behavior(COUNT, op("GreaterEqual", 1), cheap), BUYERS) == EVERYONE - WITHOUT


@pytest.mark.parametrize("nothing", [None, {}, group("And"), group("And", group("And"))])
def test_an_empty_filter_lets_every_event_through(nothing: Json | None) -> None:
    assert those(behavior(COUNT, op("GreaterEqual", 1), nothing), BUYERS) == EVERYONE - WITHOUT


def test_filters_nest_and_have_quantifiers() -> None:
    events: tuple[Event, ...] = ({"sku": "x", "tags": ("a", "b")}, {"sku": "y", "tags": ()})
    one = population(Profile("p", events={"purchases": events}))
    found = group("Or", group("And", column("sku", op("Equal", "x")), column("tags", IS_A, "any")))
    assert those(behavior(COUNT, op("Equal", 1), found), one) == {"p"}
    only = group("And", column("tags", IS_A, "all"))
    assert those(behavior(COUNT, op("Equal", 1), only), one) == {"p"}


@pytest.mark.parametrize(
    ("kind", "operator", "selected"),
    [
        ("Sum", op("Equal", 60), {"thrice"}),
        ("Sum", op("Less", 20), {"once", "unpriced"}),
        ("Sum", op("Equal", 0), {"unpriced"}),
        ("Min", op("Equal", 10), {"once", "thrice"}),
        ("Max", op("Greater", 10, True), {"once", "unpriced"}),
        ("Average", op("Equal", 20), {"thrice"}),
        ("Average", NULL, set()),
    ],
)
def test_aggregates_of_null_are_zero(kind: str, operator: Json, selected: set[str]) -> None:
    assert those(behavior(over(kind, "amount"), operator), BUYERS) == selected


def test_first_and_last_leave_out_what_has_no_place_in_the_order() -> None:
    events: tuple[Event, ...] = (
        {"line": None, "sku": "unplaced"},
        {"line": 2, "sku": "last"},
        {"line": 1, "sku": None},
    )
    one = population(Profile("p", events={"purchases": events}), Profile("never"))
    first, last = (over(kind, "sku", orderColumn="line") for kind in ("First", "Last"))
    assert those(behavior(last, op("Equal", "last")), one) == {"p"}
    assert those(behavior(first, NULL), one) == {"p"}
    assert those(behavior(first, op("Equal", "x")), one) == set()
    assert those(behavior(first, op("Equal", "x", True)), one) == {"p"}
    unplaced = population(Profile("p", events={"purchases": events[:1]}))
    assert those(behavior(last, NULL), unplaced) == {"p"}


def test_count_distinct_leaves_out_nulls() -> None:
    skus = ("x", "x", "y", None)
    events = tuple({"sku": sku, "color": "red"} for sku in skus)
    one = population(Profile("p", events={"purchases": events}))
    distinct = {"type": "CountDistinct", "columns": ["sku", "color"]}
    assert those(behavior(distinct, op("Equal", 2)), one) == {"p"}
    unknown = {"type": "CountDistinct", "columns": ["sku", "size"]}
    assert those(behavior(unknown, op("Equal", 0)), one) == {"p"}


def test_with_grouping_columns_one_group_is_enough_and_nulls_are_a_group() -> None:
    orders = ("o1", "o1", "o2", None, None, None)
    events = tuple({"order_id": order} for order in orders)
    one = population(Profile("p", events={"purchases": events}), Profile("never"))
    grouped = {"type": "Count", "groupingColumns": ["order_id"]}
    for number in (1, 2, 3):
        assert those(behavior(grouped, op("Equal", number)), one) == {"p"}
    assert those(behavior(grouped, op("Greater", 3)), one) == set()
    assert those(behavior(grouped, op("Greater", 1), exclude=True), one) == {"never"}


def test_a_window_holds_what_happened_within_its_length_of_its_last_event() -> None:
    day = 86_400
    times = (0, day, day + 1)
    events = tuple({"timestamp": time} for time in times)
    one = population(Profile("p", events={"purchases": events}))

    def most(number: int, **window: int) -> set[str]:
        return those(behavior(COUNT, op("GreaterEqual", number), window=window), one)

    assert most(3, day=1, second=2) == {"p"}
    assert most(3, day=1, second=1) == set()
    assert most(2, second=2) == {"p"}
    assert most(2, second=1) == set()


# --- time ------------------------------------------------------------------------------


def moments(**times: str) -> Population:
    found = [Profile(name, {"at": instant(f"{time}+09:00")}) for name, time in times.items()]
    return population(*found, Profile("unknown", {"at": None}))


def selected_times(operator: Json, *times: str) -> list[str]:
    """Which of these Tokyo times an operator holds of."""
    of = moments(**{time: time for time in times})
    chosen = those(attribute("at", operator), of)
    return [time for time in times if time in chosen]


LAST = {"last": 3, "unit": "day"}
MIXED = {"last": {"day": 1, "hour": 12}, "unit": "hour"}
ROUNDED = {"last": {"day": 1, "hour": 12}, "unit": "day"}


@pytest.mark.parametrize(
    ("operator", "first", "after"),
    [
        ({"type": "TimeWithinPast", "value": "2", "unit": "day"}, "2024-05-13", "2024-05-15"),
        ({"type": "TimeWithinPast", "value": "1", "unit": "month"}, "2024-04-01", "2024-05-01"),
        ({"type": "TimeWithinPast", "value": "1", "unit": "week"}, "2024-05-06", "2024-05-13"),
        ({"type": "TimeWithinNext", "value": "2", "unit": "day"}, "2024-05-16", "2024-05-18"),
        (
            {"type": "TimeRange", "not": False, "from": {"unit": "quarter"}},
            "2024-01-01",
            "2024-04-01",
        ),
        ({"type": "TimeThis", "from": {"unit": "year"}}, "2024-01-01", "2025-01-01"),
        ({"type": "TimeNext", "from": {"unit": "hour"}}, "2024-05-15T23:00:00", "2024-05-16"),
        ({"type": "TimeToday"}, "2024-05-15", None),
        (op("Less", LAST), None, "2024-05-12"),
        (op("LessEqual", LAST), None, "2024-05-13"),
        (op("Greater", LAST), "2024-05-13", None),
        (op("GreaterEqual", LAST), "2024-05-12", None),
        (op("GreaterEqual", MIXED), "2024-05-14T10:00:00", None),
        (op("GreaterEqual", ROUNDED), "2024-05-13T12:00:00", None),
        (op("LessEqual", ROUNDED), None, "2024-05-14T12:00:00"),
        (op("Equal", {"timestamp": "2024-05-01"}), "2024-05-01", "2024-05-02"),
        (
            op("Equal", {"timestamp": "2024-05-01T10:00"}),
            "2024-05-01T10:00:00",
            "2024-05-01T10:01:00",
        ),
        (op("Less", {"timestamp": "2024-05-01"}), None, "2024-05-01"),
        (op("LessEqual", {"timestamp": "2024-05-01"}), None, "2024-05-02"),
        (op("Greater", {"timestamp": "2024-05-01T00:00:00Z"}), "2024-05-01T09:00:01", None),
        (op("GreaterEqual", {"timestamp": "2024-05-01"}), "2024-05-01", None),
        (
            {
                "type": "Between",
                "not": False,
                "minValue": LAST,
                "maxValue": {"timestamp": "2024-05-14"},
            },
            "2024-05-12",
            "2024-05-15",
        ),
        (
            {
                "type": "TimeRange",
                "not": False,
                "duration": {"day": 7},
                "from": {"last": 1, "unit": "month"},
                "reverse": False,
            },
            "2024-04-01",
            "2024-04-08",
        ),
        (
            {
                "type": "TimeRange",
                "not": False,
                "duration": {"day": 7},
                "from": {"last": 1, "unit": "month"},
                "reverse": True,
            },
            "2024-03-25",
            "2024-04-01",
        ),
        (
            {
                "type": "TimeInBetweenNext",
                "not": False,
                "from": {"next": 1, "unit": "day"},
                "to": {"next": {"week": 1, "day": 1}, "unit": "day"},
            },
            "2024-05-16",
            "2024-05-24",
        ),
    ],
)
def test_a_time_operator_names_a_stretch(
    operator: Json, first: str | None, after: str | None
) -> None:
    """From its first second to the one before it ends; in Tokyo, not in Greenwich."""
    names = {name: at for name, at in (("first", first), ("after", after)) if at is not None}
    times: dict[str, int] = {}
    for name, at in names.items():
        start = instant(f"{at}+09:00" if "T" in at else f"{at}T00:00:00+09:00")
        times |= {name: start, f"{name} - 1": start - 1}
    of = population(
        *[Profile(name, {"at": time}) for name, time in times.items()], Profile("unknown")
    )
    wanted = {name for name in times if name in ("first", "after - 1")}
    assert those(attribute("at", operator), of) == wanted
    negated = attribute("at", operator, exclude=True)
    assert those(negated, of) == {*times, "unknown"} - wanted


def test_a_negated_time_holds_of_a_missing_one() -> None:
    negated = op("Equal", {"timestamp": "2024-05-01"}, True)
    of = moments(on="2024-05-01T12:00:00", off="2024-05-02T00:00:00")
    assert those(attribute("at", negated), of) == {"off", "unknown"}


def test_a_timestamp_nobody_can_read_is_no_time() -> None:
    for text in ("yesterday", "2024-02-30"):
        assert selected_times(op("LessEqual", {"timestamp": text}), "2024-01-01T00:00:00") == []


def test_events_are_asked_for_their_time_too() -> None:
    events: tuple[Event, ...] = ({"timestamp": instant("2024-05-14T12:00:00+09:00")},)
    of = population(Profile("yesterday", events={"purchases": events}), Profile("never"))
    recent = {"type": "TimeWithinPast", "value": "1", "unit": "day"}
    within = group("And", column("timestamp", recent))
    assert those(behavior(COUNT, op("GreaterEqual", 1), within), of) == {"yesterday"}
    assert those(behavior(over("Max", "timestamp"), recent), of) == {"yesterday"}


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
    rest = behavior(COUNT, op("Less", 3), limit=limit, exclude=True)
    assert those(rest, VALUED) == {"p0", "p1", "p3", "p9"}
