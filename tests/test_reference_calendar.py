"""Calendar arithmetic of the reference evaluators, at its edges."""

from __future__ import annotations

import pytest

from reference.calendar import Calendar, instant
from segdsl.language.values import Unit

TOKYO = Calendar(instant("2024-03-31T11:30:45+09:00"), "Asia/Tokyo")


@pytest.mark.parametrize(
    ("unit", "start"),
    [
        ("year", "2024-01-01T00:00:00"),
        ("quarter", "2024-01-01T00:00:00"),
        ("month", "2024-03-01T00:00:00"),
        ("week", "2024-03-25T00:00:00"),
        ("day", "2024-03-31T00:00:00"),
        ("hour", "2024-03-31T11:00:00"),
        ("minute", "2024-03-31T11:30:00"),
        ("second", "2024-03-31T11:30:45"),
    ],
)
def test_a_unit_starts_in_its_time_zone(unit: Unit, start: str) -> None:
    assert TOKYO.trunc(unit) == instant(f"{start}+09:00")


def test_the_same_moment_is_another_day_elsewhere() -> None:
    new_york = Calendar(TOKYO.now, "America/New_York")
    assert new_york.trunc("day") == instant("2024-03-30T00:00:00-04:00")


def test_a_week_starts_on_its_monday_even_on_monday() -> None:
    monday = Calendar(instant("2024-03-25T00:00:00+09:00"), "Asia/Tokyo")
    assert monday.trunc("week") == monday.now
    assert monday.current("week", -1) == instant("2024-03-18T00:00:00+09:00")


@pytest.mark.parametrize(
    ("number", "unit", "moved"),
    [
        (-1, "month", "2024-02-29T12:00:00"),
        (-13, "month", "2023-02-28T12:00:00"),
        (1, "month", "2024-04-30T12:00:00"),
        (-1, "quarter", "2023-12-31T12:00:00"),
        (1, "year", "2025-03-31T12:00:00"),
        (9, "month", "2024-12-31T12:00:00"),
        (10, "month", "2025-01-31T12:00:00"),
        (-1, "week", "2024-03-24T12:00:00"),
        (1, "day", "2024-04-01T12:00:00"),
        (-13, "hour", "2024-03-30T23:00:00"),
        (0, "month", "2024-03-31T12:00:00"),
    ],
)
def test_months_clamp_the_day(number: int, unit: Unit, moved: str) -> None:
    time = instant("2024-03-31T12:00:00+09:00")
    assert TOKYO.seconds(TOKYO.add(time, number, unit)) == instant(f"{moved}+09:00")


def test_a_year_from_a_leap_day_is_the_28th() -> None:
    leap = instant("2024-02-29T00:00:00+09:00")
    assert TOKYO.seconds(TOKYO.add(leap, 1, "year")) == instant("2025-02-28T00:00:00+09:00")


def test_the_day_the_clocks_change_has_23_or_25_hours() -> None:
    spring = Calendar(instant("2024-03-10T12:00:00-04:00"), "America/New_York")
    assert spring.trunc("day") == instant("2024-03-10T00:00:00-05:00")
    assert spring.current("day", 1) - spring.current("day") == 23 * 3600
    autumn = Calendar(instant("2024-11-03T12:00:00-05:00"), "America/New_York")
    assert autumn.current("day", 1) - autumn.current("day") == 25 * 3600


def test_hours_are_of_one_length_across_a_change_of_clocks() -> None:
    before = instant("2024-03-10T01:30:00-05:00")
    new_york = Calendar(before, "America/New_York")
    assert new_york.add(before, 1, "hour") == instant("2024-03-10T03:30:00-04:00")


def test_the_second_of_two_equal_hours_starts_where_the_first_ends() -> None:
    second = Calendar(instant("2024-11-03T01:30:00-05:00"), "America/New_York")
    assert second.trunc("hour") == instant("2024-11-03T01:00:00-05:00")
    assert second.trunc("day") == instant("2024-11-03T00:00:00-04:00")


def test_a_length_of_several_parts_moves_by_the_largest_first() -> None:
    # To 29 February first, and then a day back; the other way round it would be the 29th.
    ago = TOKYO.anchor([(1, "day"), (1, "month")], "day")
    assert TOKYO.seconds(ago) == instant("2024-02-28T00:00:00+09:00")
    ahead = TOKYO.ahead([(1, "month"), (1, "day")], "day")
    assert TOKYO.seconds(ahead) == instant("2024-05-01T00:00:00+09:00")


@pytest.mark.parametrize(
    ("text", "start", "seconds"),
    [
        ("2024-03-31", "2024-03-31T00:00:00+09:00", 86_400),
        ("2024-03-31T10:05", "2024-03-31T10:05:00+09:00", 60),
        ("2024-03-31T10:05:06", "2024-03-31T10:05:06+09:00", 1),
        ("2024-03-31T10:05:06.9", "2024-03-31T10:05:06+09:00", 1),
        ("2024-03-31T10:05Z", "2024-03-31T10:05:00+00:00", 60),
        ("2024-03-31T10:05:06-03:30", "2024-03-31T10:05:06-03:30", 1),
    ],
)
def test_a_literal_is_the_whole_of_what_it_names(text: str, start: str, seconds: int) -> None:
    assert TOKYO.literal(text) == (instant(start), instant(start) + seconds)


@pytest.mark.parametrize("text", ["yesterday", "", "2024-02-30", "2024-03-31T25:00", "2024-03-31Z"])
def test_other_texts_are_no_times(text: str) -> None:
    assert TOKYO.literal(text) is None
