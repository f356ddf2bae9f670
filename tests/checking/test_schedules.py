"""Schedules that never run, are over, or begin far ahead: the clock is always given."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segdsl.analysis.checking.schedules import (
    check_moments,
    check_schedule,
    moments_of,
    next_change,
)
from segdsl.diagnostics import Report
from segdsl.language import activations as a

NOW = datetime(2025, 4, 1, 12, tzinfo=UTC)


def said(schedule: a.Schedule) -> list[tuple[str, str]]:
    report = Report()
    check_schedule(schedule, report)
    return [(of.code.name, of.message) for of in report.diagnostics]


def said_at(schedule: a.Schedule, now: datetime = NOW) -> list[tuple[str, str]]:
    report = Report()
    found = moments_of(schedule)
    check_moments([] if found is None else [found], now, report)
    return [(of.code.name, of.message) for of in report.diagnostics]


@pytest.mark.parametrize(
    ("schedule", "found"),
    [
        (
            a.Repeat("day", start="2025-04-01T03:00:00", end="2025-03-31"),
            [("SEG237", "this schedule ends on 2025-03-31, before it starts on 2025-04-01")],
        ),
        # A Tuesday.
        (
            a.Repeat("week", weekdays=("Monday",), start="2025-04-01T03:00:00", end="2025-04-06"),
            [("SEG237", "there is no Monday from 2025-04-01 to 2025-04-06")],
        ),
        (
            a.Repeat(
                "week", weekdays=("Monday", "Sunday"), start="2025-04-01T03:00:00", end="2025-04-05"
            ),
            [("SEG237", "there is no Monday or Sunday from 2025-04-01 to 2025-04-05")],
        ),
        (a.Cron("0 0 30 2 *"), [("SEG237", "no Feb has a day 30")]),
        (a.Cron("0 0"), [("SEG238", "a cron expression has five fields, but this one has 2")]),
        (a.Repeat("day", start="2025-04-01T03:00:00", end="2025-04-01"), []),
        (a.Repeat("week", weekdays=("Tuesday",), start="2025-04-01T03:00", end="2025-04-01"), []),
        (a.Repeat("week", weekdays=("Monday",), start="2025-04-01T03:00", end="2025-04-07"), []),
        (a.Repeat("day", end="2025-04-01"), []),
        (a.Once("2025-04-01T03:00:00", "America/Los_Angeles"), []),
        (a.ByHand(), []),
    ],
)  # fmt: skip
def test_what_can_never_run(schedule: a.Schedule, found: list[tuple[str, str]]) -> None:
    assert said(schedule) == found


PAST = "this activation was to run once, at {}, which is in the past"
AHEAD = "this schedule starts at {}, more than 6 months ahead"


@pytest.mark.parametrize(
    ("schedule", "found"),
    [
        (a.Once("2025-04-01T11:59:00", "UTC"), ("SEG621", PAST.format("2025-04-01T11:59:00"))),
        (a.Once("2025-04-01T12:01:00", "UTC"), None),
        (a.Once("2025-04-01T20:59", "Asia/Tokyo"), ("SEG621", PAST.format("2025-04-01T20:59"))),
        (a.Once("2025-04-01T21:01:00", "Asia/Tokyo"), None),
        # Without a time zone it is over when it is over everywhere.
        (a.Once("2025-04-01T00:30:00"), None),
        (a.Once("2025-03-31T23:59:00"), ("SEG621", PAST.format("2025-03-31T23:59:00"))),
        (
            a.Repeat("day", end="2025-03-31", timezone="UTC"),
            ("SEG621", "this schedule ended on 2025-03-31"),
        ),
        (a.Repeat("day", end="2025-04-01", timezone="UTC"), None),
        # What began long ago goes on.
        (a.Repeat("day", start="2020-01-01T03:00:00", timezone="UTC"), None),
        (
            a.Repeat("day", start="2025-10-01T12:01:00", timezone="UTC"),
            ("SEG622", AHEAD.format("2025-10-01T12:01:00")),
        ),
        (a.Repeat("day", start="2025-10-01T12:00:00", timezone="UTC"), None),
        (
            a.Once("2026-01-01T00:00:00", "UTC"),
            ("SEG622", AHEAD.format("2026-01-01T00:00:00")),
        ),
        (a.Once("9999-12-31T23:59:00"), ("SEG622", AHEAD.format("9999-12-31T23:59:00"))),
        (a.Once("0001-01-01T00:00:00"), ("SEG621", PAST.format("0001-01-01T00:00:00"))),
        (a.Cron("0 3 * * *"), None),
        (a.ByHand(), None),
    ],
)
def test_what_is_over_and_what_is_far_ahead(
    schedule: a.Schedule, found: tuple[str, str] | None
) -> None:
    assert said_at(schedule) == ([] if found is None else [found])


@pytest.mark.parametrize(
    ("start", "near"),
    [
        ("2025-08-31T00:00:00", "2025-02-28"),
        ("2024-08-30T00:00:00", "2024-02-29"),
        ("2025-03-15T00:00:00", "2024-09-15"),
    ],
)
def test_six_months_end_on_a_day_that_is_there(start: str, near: str) -> None:
    found = moments_of(a.Once(start, "UTC"))
    assert found is not None
    assert found.near is not None
    assert found.near.date().isoformat() == near


_dates = st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1))
_zones = st.sampled_from([None, "UTC", "Asia/Tokyo", "America/New_York", "Nowhere"])
_schedules: st.SearchStrategy[a.Schedule] = st.one_of(
    st.builds(lambda at, zone: a.Once(at.isoformat(), zone), _dates, _zones),
    st.builds(
        lambda start, end, zone: a.Repeat(
            "day", start=start.isoformat(), end=end.date().isoformat(), timezone=zone
        ),
        _dates,
        _dates,
        _zones,
    ),
)


@given(st.lists(_schedules, max_size=4), _dates)
def test_nothing_else_is_reported_until_the_next_change(
    schedules: list[a.Schedule], at: datetime
) -> None:
    now = at.replace(tzinfo=UTC)
    moments = [found for each in schedules if (found := moments_of(each)) is not None]

    def reported(now: datetime) -> list[str]:
        report = Report()
        check_moments(moments, now, report)
        return [of.message for of in report.diagnostics]

    change = next_change(moments, now)
    if change is None:
        assert reported(now) == reported(now + timedelta(days=100_000))
        return
    assert now < change
    assert reported(now) == reported(change - timedelta(microseconds=1))
