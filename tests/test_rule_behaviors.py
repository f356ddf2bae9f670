"""What the API does with a rule, by examples: events, and times.

A bare count of no matching events is 0; to every other aggregation a profile without a
matching event is not there.
"""

from __future__ import annotations

from typing import Any

import pytest

from reference.calendar import instant
from reference.population import Event, Population, Profile
from reference.rule_shapes import (
    COUNT,
    NOT_NULL,
    NULL,
    Json,
    attribute,
    behavior,
    bought,
    column,
    group,
    one_of,
    op,
    over,
    population,
    those,
)

# --- behaviors, and profiles without events --------------------------------------------


BUYERS = population(
    Profile("never"),
    Profile("emptied", events={"behavior_purchases": ()}),
    Profile("once", events=bought(10)),
    Profile("thrice", events=bought(10, 20, 30)),
    Profile("unpriced", events=bought(None)),
)
EVERYONE = {"never", "emptied", "once", "thrice", "unpriced"}
WITHOUT = {"never", "emptied"}


@pytest.mark.parametrize("count", [COUNT, {"type": "Count"}, {**COUNT, "groupingColumns": None}])
@pytest.mark.parametrize(
    ("operator", "selected"),
    [
        (op("Less", 3), EVERYONE - {"thrice"}),
        (op("GreaterEqual", 3, True), EVERYONE - {"thrice"}),
        (op("Equal", 0), WITHOUT),
        (op("Equal", 0, True), EVERYONE - WITHOUT),
        (op("Greater", 0), EVERYONE - WITHOUT),
        (op("LessEqual", 2), EVERYONE - {"thrice"}),
        (op("Equal", 3, True), EVERYONE - {"thrice"}),
        (op("GreaterEqual", 0), EVERYONE),
        (op("Less", 0), set()),
        (one_of("In", 0, 3), WITHOUT | {"thrice"}),
        (NULL, set()),
        (NOT_NULL, EVERYONE),
    ],
)
def test_a_bare_count_of_no_events_is_zero(count: Json, operator: Json, selected: set[str]) -> None:
    assert those(behavior(count, operator), BUYERS) == selected
    assert those(behavior(count, operator, exclude=True), BUYERS) == EVERYONE - selected


@pytest.mark.parametrize(
    ("aggregation", "window"),
    [
        ({"type": "Count", "groupingColumns": ["amount"]}, None),
        (COUNT, {"day": 2}),
        ({"type": "Count"}, {"day": 2}),
        ({"type": "CountDistinct", "columns": ["amount"]}, None),
        (over("Sum", "amount"), None),
        (over("Max", "timestamp"), None),
        (over("First", "timestamp", orderColumn="timestamp"), None),
    ],
)
def test_every_other_aggregation_never_sees_a_profile_without_events(
    aggregation: Json, window: Json | None
) -> None:
    for operator in (op("Less", 10**9), op("Greater", 10**9, True), NOT_NULL):
        found = those(behavior(aggregation, operator, window=window), BUYERS)
        assert found == EVERYONE - WITHOUT
        excluded = behavior(aggregation, operator, window=window, exclude=True)
        assert those(excluded, BUYERS) == WITHOUT


def test_only_events_that_the_filter_lets_through_count() -> None:
    dear = group("And", column("amount", op("Greater", 10)))
    assert those(behavior(COUNT, op("Greater", 1), dear), BUYERS) == {"thrice"}
    assert those(behavior(COUNT, op("Equal", 0), dear), BUYERS) == EVERYONE - {"thrice"}
    distinct = {"type": "CountDistinct", "columns": ["amount"]}
    assert those(behavior(distinct, op("Less", 3), dear), BUYERS) == {"thrice"}
    cheap = group("And", column("amount", op("Greater", 10, True)))
    assert those(behavior(COUNT, op("GreaterEqual", 1), cheap), BUYERS) == EVERYONE - WITHOUT


@pytest.mark.parametrize("nothing", [None, {}, group("And"), group("And", group("And"))])
def test_an_empty_filter_lets_every_event_through(nothing: Json | None) -> None:
    assert those(behavior(COUNT, op("GreaterEqual", 1), nothing), BUYERS) == EVERYONE - WITHOUT


def test_filters_nest_and_have_quantifiers() -> None:
    events: tuple[Event, ...] = ({"sku": "x", "tags": ("a", "b")}, {"sku": "y", "tags": ()})
    one = population(Profile("p", events={"behavior_purchases": events}))
    is_a = op("Equal", "a")
    found = group("Or", group("And", column("sku", op("Equal", "x")), column("tags", is_a, "any")))
    assert those(behavior(COUNT, op("Equal", 1), found), one) == {"p"}
    only = group("And", column("tags", is_a, "all"))
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
    one = population(Profile("p", events={"behavior_purchases": events}), Profile("never"))
    first, last = (over(kind, "sku", orderColumn="line") for kind in ("First", "Last"))
    assert those(behavior(last, op("Equal", "last")), one) == {"p"}
    assert those(behavior(first, NULL), one) == {"p"}
    assert those(behavior(first, op("Equal", "x")), one) == set()
    assert those(behavior(first, op("Equal", "x", True)), one) == {"p"}
    unplaced = population(Profile("p", events={"behavior_purchases": events[:1]}))
    assert those(behavior(last, NULL), unplaced) == {"p"}


def test_count_distinct_counts_nulls() -> None:
    skus = ("x", "x", "y", None, None)
    events: tuple[Event, ...] = tuple({"sku": sku, "color": "red"} for sku in skus)
    of = population(
        Profile("some", events={"behavior_purchases": events}),
        Profile("blank", events={"behavior_purchases": ({}, {"sku": None})}),
        Profile("never"),
    )

    def asked(operator: Json, *columns: str, **more: Any) -> set[str]:
        return those(behavior({"type": "CountDistinct", "columns": columns}, operator, **more), of)

    assert asked(op("Equal", 3), "sku") == {"some"}
    assert asked(op("Equal", 3), "sku", "color") == {"some"}
    assert asked(op("Equal", 3), "sku", "size") == {"some"}
    assert asked(op("Equal", 1), "sku") == {"blank"}
    assert asked(op("Equal", 1), "size") == {"some", "blank"}
    assert asked(op("Equal", 1), "sku", "color", "size") == {"blank"}
    assert asked(op("Equal", 0), "sku") == set()
    unknown = group("And", column("sku", NULL))
    assert asked(op("Equal", 1), "sku", filter=unknown) == {"some", "blank"}


def test_with_grouping_columns_one_group_is_enough_and_nulls_are_a_group() -> None:
    orders = ("o1", "o1", "o2", None, None, None)
    events = tuple({"order_id": order} for order in orders)
    one = population(Profile("p", events={"behavior_purchases": events}), Profile("never"))
    grouped = {"type": "Count", "groupingColumns": ["order_id"]}
    for number in (1, 2, 3):
        assert those(behavior(grouped, op("Equal", number)), one) == {"p"}
    assert those(behavior(grouped, op("Greater", 3)), one) == set()
    assert those(behavior(grouped, op("Greater", 1), exclude=True), one) == {"never"}


def test_a_window_holds_what_happened_within_its_length_of_its_last_event() -> None:
    day = 86_400
    times = (0, day, day + 1)
    events = tuple({"timestamp": time} for time in times)
    one = population(Profile("p", events={"behavior_purchases": events}))

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
        asked = attribute("at", op("LessEqual", {"timestamp": text}))
        assert those(asked, moments(then="2024-01-01T00:00:00")) == set()


def test_events_are_asked_for_their_time_too() -> None:
    events: tuple[Event, ...] = ({"timestamp": instant("2024-05-14T12:00:00+09:00")},)
    of = population(Profile("yesterday", events={"behavior_purchases": events}), Profile("never"))
    recent = {"type": "TimeWithinPast", "value": "1", "unit": "day"}
    within = group("And", column("timestamp", recent))
    assert those(behavior(COUNT, op("GreaterEqual", 1), within), of) == {"yesterday"}
    assert those(behavior(over("Max", "timestamp"), recent), of) == {"yesterday"}
