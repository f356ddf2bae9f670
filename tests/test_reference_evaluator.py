"""The reference evaluator, rule by rule: what each condition means for a profile."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quick import scaled
from reference.calendar import instant
from reference.evaluator import evaluate, select
from reference.population import Event, Population, Profile, Value
from segdsl.language import predicates as p
from segdsl.language.condition import tree as c
from segdsl.language.syntax.tree import Function
from segdsl.language.values import (
    Boolean,
    ById,
    Date,
    Duration,
    Limit,
    Number,
    Order,
    Part,
    Text,
    Unit,
)
from strategies.conditions import conditions
from strategies.populations import populations

NOW = instant("2024-03-31T11:30:45+09:00")  # a Sunday
DAY = 86_400


def number(of: int) -> Number:
    return Number(str(of))


def length(amount: int, unit: Unit) -> Duration:
    return Duration((Part(number(amount), unit),))


def holds(condition: c.Condition, profile: Profile) -> bool:
    return evaluate(condition, profile, Population((profile,), NOW, "Asia/Tokyo"))


def asked(value: Value, predicate: p.Predicate, **how: c.Quantifier | bool) -> bool:
    """Whether a test of an attribute with this value holds."""
    quantifier, negated = how.get("quantifier"), how.get("negated", False)
    assert not isinstance(quantifier, bool)
    test = c.Test(c.Attribute("x"), predicate, bool(negated), quantifier)
    return holds(test, Profile("p", {"x": value}))


def bought(*events: Event) -> Profile:
    timed = ({"timestamp": NOW - at * DAY, **event} for at, event in enumerate(events))
    return Profile("p", events={"behavior_purchases": tuple(timed)})


def aggregate(
    function: Function,
    column: str | None = None,
    *,
    some: bool = False,
    order: str | None = None,
    grouping: tuple[str, ...] = (),
    window: Duration | None = None,
    filter: c.Condition | None = None,
) -> c.Aggregate:
    columns = () if column is None else (column,)
    return c.Aggregate(
        function, "behavior_purchases", columns, some, order, grouping, window, filter
    )


def more(of: int) -> p.Compare:
    return p.Compare(">", number(of))


def less(of: int) -> p.Compare:
    return p.Compare("<", number(of))


def equal(of: int | str) -> p.Compare:
    return p.Compare("=", Text(of) if isinstance(of, str) else number(of))


# --- values ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "predicate"),
    [
        ("JP", equal("JP")),
        (5, equal(5)),
        (5, p.Compare("=", Number("5.0"))),
        (5, more(4)),
        ("b", p.Compare(">=", Text("a"))),
        (True, p.Compare("=", Boolean(True))),
        (18, p.Between(number(18), number(65))),
        (65, p.Between(number(18), number(65))),
        ("US", p.In((Text("JP"), Text("US")))),
        ("/pricing/x", p.Like("contains", (Text("y"), Text("/pri")))),
        ("abc", p.Like("starts with", (Text("ab"),))),
        ("abc", p.Like("ends with", (Text("bc"),))),
        ("xJPx", p.Matches(Text("J."))),
        (None, p.IsNull()),
    ],
)
def test_a_predicate_holds(value: Value, predicate: p.Predicate) -> None:
    assert asked(value, predicate)


@pytest.mark.parametrize(
    ("value", "predicate"),
    [
        ("jp", equal("JP")),
        (4, more(4)),
        (66, p.Between(number(18), number(65))),
        ("CA", p.In((Text("JP"), Text("US")))),
        ("ABC", p.Like("contains", (Text("b"),))),
        ("JP", p.Matches(Text("^P"))),
        ("", p.IsNull()),
        ((), p.IsNull()),
        ("5", equal(5)),
        (1, p.Compare("=", Boolean(True))),
        (True, equal(1)),
        (("JP",), equal("JP")),
        ("2024-03-31", p.Today()),
    ],
)
def test_a_predicate_does_not_hold(value: Value, predicate: p.Predicate) -> None:
    assert not asked(value, predicate)


def test_a_missing_value_makes_a_condition_false_and_its_not_true() -> None:
    for predicate in (equal("JP"), more(0), p.Today(), p.Like("contains", (Text(""),))):
        assert not asked(None, predicate)
        assert holds(c.Not(c.Test(c.Attribute("x"), predicate)), Profile("p"))


def test_and_or_not_and_rule_sets_are_the_usual_ones() -> None:
    yes, no = c.Everyone(), c.Not(c.Everyone())
    profile = Profile("p")
    assert holds(c.And((yes, yes)), profile)
    assert not holds(c.And((yes, no)), profile)
    assert holds(c.Or((no, yes)), profile)
    assert not holds(c.Or((no, no)), profile)
    assert holds(c.RuleSet("Reachable", yes), profile)
    assert not holds(c.RuleSet(None, no), profile)


def test_an_attribute_of_a_group_is_looked_up_in_the_group() -> None:
    test = c.Test(c.GroupAttribute("household", "size"), more(3))
    assert holds(test, Profile("p", groups={("household", "size"): 4}))
    assert not holds(test, Profile("p", {"size": 4}))


# --- arrays ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "value", "expected"),
    [
        (c.Quantifier("any"), ("a", "b"), True),
        (c.Quantifier("any"), ("b",), False),
        (c.Quantifier("any"), (), False),
        (c.Quantifier("any"), None, False),
        (c.Quantifier("any"), "a", False),
        (c.Quantifier("every"), ("a", "a"), True),
        (c.Quantifier("every"), ("a", "b"), False),
        (c.Quantifier("every"), ("a", None), False),
        (c.Quantifier("every"), (), True),
        (c.Quantifier("every"), None, False),
        (c.Quantifier("at least", number(2)), ("a", "b", "a"), True),
        (c.Quantifier("at least", number(2)), ("a", "b"), False),
        (c.Quantifier("at least", number(0)), (), True),
        (c.Quantifier("at most", number(1)), ("a", "b"), True),
        (c.Quantifier("at most", number(1)), ("a", "a"), False),
        (c.Quantifier("at most", number(1)), None, False),
        (c.Quantifier("exactly", number(1)), ("a", None), True),
        (c.Quantifier("exactly", number(0)), (), True),
        (c.Quantifier("exactly", number(0)), None, False),
    ],
)
def test_a_quantifier_counts_the_elements_that_match(
    how: c.Quantifier, value: Value, expected: bool
) -> None:
    assert asked(value, equal("a"), quantifier=how) is expected


def test_a_negation_at_the_elements_is_the_complement_on_each_of_them() -> None:
    every, some = c.Quantifier("every"), c.Quantifier("any")
    assert asked(("b", None), equal("a"), quantifier=every, negated=True)
    assert not asked(("a", "b"), equal("a"), quantifier=every, negated=True)
    assert asked(("a", "b"), equal("a"), quantifier=some, negated=True)
    assert not asked(None, equal("a"), quantifier=some, negated=True)


def test_null_is_asked_of_the_whole_array_or_of_its_elements() -> None:
    assert not asked((None,), p.IsNull())
    assert asked((None, "a"), p.IsNull(), quantifier=c.Quantifier("any"))
    assert not asked((None, "a"), p.IsNull(), quantifier=c.Quantifier("every"))


# --- aggregates --------------------------------------------------------------------------

NOBODY = Profile("p")


@pytest.mark.parametrize(
    ("subject", "value"),
    [
        (aggregate("count"), 4),
        (aggregate("count distinct", "sku"), 3),
        (aggregate("sum", "amount"), 8),
        (aggregate("min", "amount"), 1),
        (aggregate("max", "amount"), 4),
        (aggregate("first", "sku", order="timestamp"), "a"),
        (aggregate("last", "sku", order="timestamp"), "b"),
        (aggregate("first", "sku", order="amount"), "b"),
        (aggregate("count", filter=c.Test(c.Attribute("sku"), equal("a"))), 2),
        (aggregate("count", filter=c.Not(c.Test(c.Attribute("sku"), equal("a")))), 2),
    ],
)
def test_an_aggregate_has_a_value(subject: c.Aggregate, value: int | str) -> None:
    profile = bought(
        {"sku": "b", "amount": 1},
        {"sku": "a", "amount": 4},
        {"sku": None, "amount": None},
        {"sku": "a", "amount": 3},
    )
    assert holds(c.Test(subject, equal(value)), profile)


def test_an_average_is_exact() -> None:
    profile = bought({"amount": 1}, {"amount": 2}, {"amount": None})
    assert holds(c.Test(aggregate("average", "amount"), p.Compare("=", Number("1.5"))), profile)


def test_a_missing_value_is_one_value_to_count_distinct() -> None:
    skus, both = (
        c.Aggregate("count distinct", "behavior_purchases", ("sku", "color")[:n]) for n in (1, 2)
    )
    assert holds(c.Test(skus, equal(2)), bought({"sku": None}, {"sku": "a"}, {"sku": None}))
    nothing = bought({"sku": None, "color": None}, {})
    assert holds(c.Test(skus, equal(1)), nothing)
    assert holds(c.Test(both, equal(1)), nothing)
    rows: list[Event] = [
        {"sku": "a", "color": "red"},
        {"sku": "a", "color": "red"},
        {"sku": "a", "color": "blue"},
        {"sku": "a", "color": None},
        {"sku": None, "color": None},
    ]
    assert holds(c.Test(both, equal(4)), bought(*rows))


def test_nulls_are_counted_among_the_events_of_a_filter_a_group_and_a_window() -> None:
    profile = bought({"sku": None, "order": "1"}, {"sku": "a", "order": "1"}, {"order": "2"})
    unknown = c.Test(c.Attribute("sku"), p.IsNull())
    assert holds(c.Test(aggregate("count distinct", "sku", filter=unknown), equal(1)), profile)
    grouped = aggregate("count distinct", "sku", grouping=("order",))
    assert holds(c.Test(grouped, equal(2)), profile)
    assert not holds(c.Test(grouped, more(2)), profile)
    two_days = aggregate("count distinct", "sku", window=length(2, "day"))
    assert holds(c.Test(two_days, equal(2)), profile)
    assert not holds(c.Test(two_days, less(1)), profile)


def test_a_count_of_no_events_is_zero() -> None:
    for subject in (aggregate("count"), aggregate("count distinct", "sku")):
        assert holds(c.Test(subject, equal(0)), NOBODY)
        assert holds(c.Test(subject, less(3)), NOBODY)
        assert not holds(c.Test(subject, more(0)), NOBODY)
    nothing = aggregate("count", filter=c.Test(c.Attribute("sku"), equal("z")))
    assert holds(c.Test(nothing, equal(0)), bought({"sku": "a"}))
    none = aggregate("count distinct", "sku", filter=c.Test(c.Attribute("sku"), equal("z")))
    assert holds(c.Test(none, equal(0)), bought({"sku": "a"}, {"sku": None}))


@pytest.mark.parametrize("function", ["sum", "min", "max", "average"])
def test_other_aggregates_of_no_events_are_missing_and_of_nulls_are_zero(
    function: Function,
) -> None:
    test = c.Test(aggregate(function, "amount"), less(5))
    assert not holds(test, NOBODY)
    assert holds(c.Not(test), NOBODY)
    assert holds(test, bought({"amount": None}))


def test_the_first_value_may_be_missing_though_there_are_events() -> None:
    first = aggregate("first", "sku", order="timestamp", some=True)
    blank = bought({"sku": "a"}, {"sku": None})
    assert not holds(c.Test(first, equal("a")), blank)
    assert holds(c.Test(first, p.IsNull()), blank)
    assert holds(c.Test(first, equal("a"), True), blank)
    assert not holds(c.Test(first, p.IsNull()), NOBODY)


def test_an_event_without_the_column_of_the_order_is_neither_first_nor_last() -> None:
    profile = bought({"sku": "a", "line": None}, {"sku": "b", "line": 1}, {"sku": "c", "line": 2})
    assert holds(c.Test(aggregate("first", "sku", order="line"), equal("b")), profile)
    assert holds(c.Test(aggregate("last", "sku", order="line"), equal("c")), profile)
    unordered = bought({"sku": "a", "line": None})
    assert not holds(c.Test(aggregate("last", "sku", order="line"), equal("a")), unordered)


def test_the_elements_of_the_last_array_are_asked() -> None:
    last = aggregate("last", "tags", order="timestamp")
    test = c.Test(last, equal("a"), quantifier=c.Quantifier("any"))
    assert holds(test, bought({"tags": ("a", "b")}, {"tags": ()}))
    assert not holds(test, bought({"tags": ()}, {"tags": ("a", "b")}))


def test_some_asks_for_an_event() -> None:
    few = c.Test(aggregate("count", some=True), less(3))
    assert not holds(few, NOBODY)
    assert holds(few, bought({}))
    not_many = c.Test(aggregate("count", some=True), p.Compare(">=", number(3)), True)
    assert not holds(not_many, NOBODY)
    assert holds(not_many, bought({}, {}))
    assert not holds(not_many, bought({}, {}, {}))


def test_with_a_grouping_one_group_must_match() -> None:
    orders = bought({"order": "1", "amount": 3}, {"order": None, "amount": 3}, {"order": None})
    assert holds(c.Test(aggregate("count", grouping=("order",)), equal(2)), orders)
    assert holds(c.Test(aggregate("count", grouping=("order",)), equal(1)), orders)
    assert not holds(c.Test(aggregate("count", grouping=("order",)), equal(3)), orders)
    assert holds(c.Test(aggregate("sum", "amount", grouping=("order",)), equal(3)), orders)
    assert not holds(c.Test(aggregate("count", grouping=("order",)), more(0)), NOBODY)


def test_a_window_ends_with_an_event_and_leaves_out_its_own_first_second() -> None:
    two_days = aggregate("count", window=length(2, "day"))
    profile = bought({}, {}, {})
    assert holds(c.Test(two_days, equal(2)), profile)
    assert not holds(c.Test(two_days, equal(3)), profile)
    more_time = Duration((Part(number(2), "day"), Part(number(1), "second")))
    assert holds(c.Test(aggregate("count", window=more_time), equal(3)), profile)
    assert not holds(c.Test(two_days, more(0)), NOBODY)


def test_a_window_is_within_a_group() -> None:
    daily = aggregate("count", grouping=("order",), window=length(3, "day"))
    assert not holds(c.Test(daily, more(1)), bought({"order": "1"}, {"order": "2"}))
    assert holds(c.Test(daily, more(1)), bought({"order": "1"}, {"order": "1"}))


# --- times -------------------------------------------------------------------------------


def at(text: str) -> Date:
    return Date(text)


def ago(amount: int, unit: Unit) -> p.Ago:
    return p.Ago(length(amount, unit))


MIXED = Duration((Part(number(1), "month"), Part(number(1), "day")))


@pytest.mark.parametrize(
    ("predicate", "start", "end"),
    [
        (p.Within("past", number(3), "day"), "2024-03-28", "2024-03-31"),
        (p.Within("past", number(1), "month"), "2024-02-01", "2024-03-01"),
        (p.Within("past", number(2), "hour"), "2024-03-31T09:00", "2024-03-31T11:00"),
        (p.Within("next", number(3), "day"), "2024-04-01", "2024-04-04"),
        (p.Within("next", number(1), "week"), "2024-04-01", "2024-04-08"),
        (p.InUnit("last", "month"), "2024-02-01", "2024-03-01"),
        (p.InUnit("this", "quarter"), "2024-01-01", "2024-04-01"),
        (p.InUnit("next", "week"), "2024-04-01", "2024-04-08"),
        (p.InUnit("last", "year"), "2023-01-01", "2024-01-01"),
        (p.Today(), "2024-03-31", None),
        (p.TimeCompare("<", ago(3, "day")), None, "2024-03-28"),
        (p.TimeCompare("<=", ago(3, "day")), None, "2024-03-29"),
        (p.TimeCompare(">", ago(3, "day")), "2024-03-29", None),
        (p.TimeCompare(">=", ago(3, "day")), "2024-03-28", None),
        (p.TimeCompare(">=", p.Ago(MIXED)), "2024-02-28", None),
        (p.TimeCompare(">", p.Ago(MIXED)), "2024-02-29", None),
        (p.TimeCompare(">=", p.Ago(Duration(MIXED.parts, "month"))), "2024-01-31", None),
        (p.TimeCompare("=", at("2024-03-10")), "2024-03-10", "2024-03-11"),
        (p.TimeCompare("<", at("2024-03-10")), None, "2024-03-10"),
        (p.TimeCompare("<=", at("2024-03-10")), None, "2024-03-11"),
        (p.TimeCompare(">", at("2024-03-10")), "2024-03-11", None),
        (p.TimeCompare(">=", at("2024-03-10")), "2024-03-10", None),
        (p.TimeCompare("=", at("2024-03-10T10:00")), "2024-03-10T10:00", "2024-03-10T10:01"),
        (p.TimeCompare("=", at("2024-03-10T01:00Z")), "2024-03-10T10:00", "2024-03-10T10:01"),
        (p.TimeBetween(ago(7, "day"), ago(3, "day")), "2024-03-24", "2024-03-29"),
        (p.TimeBetween(at("2024-03-10"), ago(1, "month")), "2024-03-10", "2024-03-01"),
        (p.TimeRange(length(7, "day"), length(1, "month"), False), "2024-02-01", "2024-02-08"),
        (p.TimeRange(length(7, "day"), length(1, "month"), True), "2024-01-25", "2024-02-01"),
        (p.BetweenNext(length(3, "day"), length(7, "day")), "2024-04-03", "2024-04-08"),
        (p.BetweenNext(length(0, "day"), length(1, "month")), "2024-03-31", "2024-05-01"),
    ],
)
def test_a_time_predicate_holds_from_its_first_second_up_to_its_last(
    predicate: p.Predicate, start: str | None, end: str | None
) -> None:
    first = instant(_full(start or "2000-01-01"))
    last = instant(_full(end or "2050-01-01"))
    empty = last <= first
    assert asked(first, predicate) is not empty
    assert asked(last - 1, predicate) is not empty
    assert asked(first - 1, predicate) is (start is None)
    assert asked(last, predicate) is (end is None)


def _full(text: str) -> str:
    return f"{text}+09:00" if "T" in text else f"{text}T00:00+09:00"


@pytest.mark.parametrize("relation", ["=", "<", "<=", ">", ">="])
def test_a_text_that_is_no_time_compares_with_none(relation: p.Relation) -> None:
    assert not asked(NOW, p.TimeCompare(relation, at("yesterday")))
    assert not asked(NOW, p.TimeBetween(at("yesterday"), at("2050-01-01")))


# --- references --------------------------------------------------------------------------


def test_a_membership_is_of_its_kind_and_id() -> None:
    member = Profile("p", memberships=frozenset({("segment", "1")}))
    assert holds(c.Membership("segment", ById("1")), member)
    assert not holds(c.Membership("segment", ById("2")), member)
    assert not holds(c.Membership("stage", ById("1")), member)


def test_a_score_includes_both_grades_and_the_converted_only_where_asked() -> None:
    score = c.Score(ById("1"), number(3), number(5))
    with_converted = c.Score(ById("1"), number(3), number(5), True)
    for grade, expected in ((2, False), (3, True), (5, True), (6, False)):
        assert holds(score, Profile("p", scores={"1": (grade, False)})) is expected
    assert not holds(score, Profile("p", scores={"1": (4, True)}))
    assert holds(with_converted, Profile("p", scores={"1": (4, True)}))
    assert not holds(with_converted, Profile("p", scores={"2": (4, True)}))


def test_an_attribute_of_a_model_is_missing_where_there_is_none() -> None:
    test = c.Test(c.MlAttribute("rfm", ById("1"), "rfm_segment"), equal("Champions"))
    assert holds(test, Profile("p", ml={("rfm", "1", "rfm_segment"): "Champions"}))
    assert not holds(test, Profile("p", ml={("rfm", "2", "rfm_segment"): "Champions"}))
    assert holds(c.Not(test), Profile("p"))


# --- limits ------------------------------------------------------------------------------

RICH = Profile("a", {"ltv": 3}, events={"behavior_purchases": ({"timestamp": 1},)})
RICHER = Profile(
    "b", {"ltv": 5}, events={"behavior_purchases": ({"timestamp": 1}, {"timestamp": 2, "sku": "x"})}
)
UNKNOWN, UNKNOWN_TOO = Profile("c"), Profile("d")
EACH = Population((UNKNOWN_TOO, RICH, UNKNOWN, RICHER), NOW, "Asia/Tokyo")


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (Limit(number(1), False, (Order("ltv", True),)), "b"),
        (Limit(number(1), False, (Order("ltv", False),)), "a"),
        (Limit(number(3), False, (Order("ltv", True),)), "abc"),
        (Limit(number(0), False, (Order("ltv", True),)), ""),
        (Limit(number(9), False, ()), "abcd"),
        (Limit(number(50), True, (Order("ltv", True),)), "ab"),
        (Limit(Number("74.9"), True, (Order("ltv", True),)), "ab"),
    ],
)
def test_a_limit_keeps_the_first_with_nulls_last_and_then_by_id(
    limit: Limit, expected: str
) -> None:
    assert select(c.Everyone(), limit, EACH) == set(expected)


def test_a_limited_condition_is_the_top_of_those_it_holds_for() -> None:
    counted = c.Test(aggregate("count", some=True), more(0))
    top = c.Limited(counted, Limit(number(1), False, (Order(None, True),)))
    assert select(top, None, EACH) == {"b"}
    assert select(c.Not(top), None, EACH) == {"a", "c", "d"}
    few = c.Test(aggregate("count distinct", "sku"), less(9))
    for descending, expected in ((True, {"b", "a"}), (False, {"c", "d"})):
        limit = Limit(number(2), False, (Order(None, descending),))
        assert select(c.Limited(few, limit), None, EACH) == expected
    without = c.Limited(
        c.Not(c.Test(c.Attribute("ltv"), equal(5))), Limit(number(2), False, (Order("ltv", True),))
    )
    assert select(without, None, EACH) == {"a", "c"}


# --- for all conditions ------------------------------------------------------------------


@pytest.mark.slow(quick=True)
@settings(max_examples=scaled(500))
@given(conditions(), populations())
def test_not_is_the_exact_complement(condition: c.Condition, population: Population) -> None:
    everyone = {profile.id for profile in population.profiles}
    there = select(condition, None, population)
    assert select(c.Not(condition), None, population) == everyone - there
    assert select(c.Not(c.Not(condition)), None, population) == there


@pytest.mark.slow(quick=True)
@settings(max_examples=scaled(500))
@given(conditions(allow_limits=True), populations(), st.randoms(use_true_random=False))
def test_the_order_of_and_and_or_does_not_matter(
    condition: c.Condition, population: Population, chance: random.Random
) -> None:
    there = select(condition, None, population)
    assert select(_shuffled(condition, chance), None, population) == there


def _shuffled(condition: c.Condition, chance: random.Random) -> c.Condition:
    match condition:
        case c.And(children) | c.Or(children):
            mixed = [_shuffled(child, chance) for child in children]
            chance.shuffle(mixed)
            return type(condition)(tuple(mixed))
        case c.Not(child):
            return c.Not(_shuffled(child, chance))
        case c.RuleSet(label, child):
            return c.RuleSet(label, _shuffled(child, chance))
        case _:
            return condition
