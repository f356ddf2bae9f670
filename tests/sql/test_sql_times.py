"""Time predicates give the same intervals as the reference, in every time zone.

What no calendar reaches is no error: there is just no bound on that side.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference.calendar import Calendar as ReferenceCalendar
from reference.evaluator import ALWAYS
from reference.evaluator import interval as reference_interval
from segdsl.language import predicates as p
from segdsl.language.condition import tree as c
from segdsl.language.predicates import TimePredicate
from segdsl.language.values import UNITS, Date, Duration, Number, Part, Unit
from segdsl.sql import Context, SqlError, selection
from segdsl.sql.calendar import FUTURE, PAST, Calendar
from segdsl.sql.times import interval
from strategies.conditions import time_predicates
from support import nodes, rule_of, segment_of

# Half hours, a midnight that is not there, a day that is not there, and one before 1900.
ZONES = (
    "UTC",
    "Asia/Tokyo",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "Pacific/Apia",
    "Asia/Kathmandu",
    "Africa/Cairo",
    "Asia/Beirut",
    "America/St_Johns",
    "Atlantic/Azores",
)
NOWS = st.one_of(
    st.integers(0, 4_000_000_000),
    # Around changes of clocks, and the day that Samoa left out.
    st.builds(
        int.__add__,
        st.sampled_from(
            [
                *(1_710_054_000, 1_730_613_600, 1_325_239_200, 1_540_695_600),
                # Cairo, Beirut, Newfoundland and the Azores.
                *(1_714_082_400, 1_711_836_000, 1_143_340_260, 1_711_846_800),
            ]
        ),
        st.integers(-200_000, 200_000),
    ),
)


@pytest.mark.slow(quick=True)
@given(time_predicates, NOWS, st.sampled_from(ZONES))
def test_intervals_equal_the_reference(of: p.Predicate, now: int, zone: str) -> None:
    assert isinstance(
        of,
        p.TimeCompare | p.TimeBetween | p.Within | p.InUnit | p.Today | p.TimeRange | p.BetweenNext,
    )
    expected = reference_interval(of, ReferenceCalendar(now, zone))
    start, end = interval(of, Calendar(now, ZoneInfo(zone)))
    if expected is None or expected[0] >= expected[1]:
        assert start >= end
        return
    assert (start, end) == (max(expected[0], PAST), min(expected[1], FUTURE))
    assert ALWAYS not in (start, end)


@given(st.sampled_from(UNITS), st.integers(0, 10**30), st.booleans(), st.sampled_from(ZONES))
def test_no_duration_is_too_long(unit: Unit, amount: int, ahead: bool, zone: str) -> None:
    calendar = Calendar(1_700_000_000, ZoneInfo(zone))
    length = Duration((Part(Number(str(amount)), unit),))
    past = p.Within("next" if ahead else "past", Number(str(amount)), unit)
    start, end = interval(past, calendar)
    assert PAST <= start <= end <= FUTURE
    start, end = interval(p.TimeCompare("=", p.Ago(length)), calendar)
    assert PAST <= start <= end <= FUTURE


def test_times_outside_the_calendar_are_unbounded() -> None:
    calendar = Calendar(1_700_000_000, ZoneInfo("Asia/Tokyo"))
    day = calendar.start("day")
    assert interval(p.Within("past", Number("9999"), "year"), calendar)[0] == PAST
    assert interval(p.Within("past", Number("99999999"), "day"), calendar) == (PAST, day)
    assert interval(p.Within("next", Number("9999"), "quarter"), calendar)[1] < FUTURE
    assert interval(p.Within("next", Number("99999"), "quarter"), calendar)[1] == FUTURE
    assert calendar.add(PAST, 5, "day") == PAST
    assert calendar.add(FUTURE, -5, "second") == FUTURE


FAR = (
    "99999 years",
    "999999 quarters",
    "99999999 days",
    "99999999999999 weeks",
    "9" * 30 + " hours",
)


@pytest.mark.parametrize("length", FAR)
def test_windows_outside_the_calendar_equal_the_reference(length: str) -> None:
    """They end where the calendar does, and every stage takes them."""
    amount, unit = length.split()
    where = [
        f"visit within past {length}",
        f"visit within next {length}",
        f"visit more than {length} ago",
        f"visit at most {length} ago",
        f"visit between {length} and 1 day ago",
        f"visit between 1 and {amount} {unit} from now",
        f"visit for {length} from 1 day ago",
        f"visit for {length} from 1 day ago reverse",
        f"visit for 1 day from {length} ago",
        f"visit not between {length} and 1 day ago",
    ]
    now = 1_700_000_000
    for text in where:
        (test,) = (node for node in nodes(segment_of(text).condition) if isinstance(node, c.Test))
        assert isinstance(test.predicate, TimePredicate)
        expected = reference_interval(test.predicate, ReferenceCalendar(now, "Asia/Tokyo"))
        assert expected is not None
        start, end = interval(test.predicate, Calendar(now, ZoneInfo("Asia/Tokyo")))
        bounded = max(expected[0], PAST), min(expected[1], FUTURE)
        assert (start, end) == bounded or (start >= end and bounded[0] >= bounded[1]), text
        assert rule_of(text), "it compiles"


@pytest.mark.parametrize(
    "text",
    ["2024-02-30", "2024-1-1", "24-01-01", "2024-01-01Z", "2024-01-01T25:00", "soon", "",
     "2024-01-01 12:30", "2024-01-01T12:30:00+25:00", "0000-01-01", "２０２４-01-01"],
)  # fmt: skip
def test_an_invalid_time_compares_with_nothing(text: str) -> None:
    calendar = Calendar(1_700_000_000, ZoneInfo("UTC"))
    for relation in ("=", "<", "<=", ">", ">="):
        start, end = interval(p.TimeCompare(relation, Date(text)), calendar)
        assert start >= end
    assert ReferenceCalendar(1_700_000_000, "UTC").literal(text) is None


def test_an_unknown_time_zone_is_an_error() -> None:
    with pytest.raises(SqlError, match="unknown time zone `Asia/Tokio`"):
        selection(segment_of("visit is today"), Context(0, "Asia/Tokio"))
    with pytest.raises(SqlError, match="unknown time zone"):
        selection(segment_of("visit is today"), Context(0, "../etc"))
    with pytest.raises(SqlError, match="outside the supported calendar"):
        selection(segment_of("visit is today"), Context(10**18, "UTC"))
