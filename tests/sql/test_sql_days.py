"""Days that do not begin at midnight, and a skipped day: each second belongs to one day.

The clocks of some places are put forward at midnight, those of Toronto once before it, and Samoa
left a day out. Both reference evaluators, our SQL and the data of the engine agree on all of them.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from reference.calendar import Calendar as ReferenceCalendar
from reference.calendar import instant
from reference.evaluator import interval as reference_interval
from reference.evaluator import select
from reference.population import Population, Profile
from reference.rule_evaluator import select_rule
from segdsl.dialects import DIALECTS
from segdsl.engine import open_data
from segdsl.language import predicates as p
from segdsl.language.values import Date, Duration, Number, Part
from segdsl.sql import Context, selection
from segdsl.sql.calendar import FUTURE, PAST, Calendar
from segdsl.sql.times import interval
from sql_world import context_of, world
from support import rule_of, segment_of

DAYS: list[tuple[str, str, str, str]] = [
    # Where, which day, its first second, and that of the next day.
    ("Africa/Cairo", "2024-04-26", "2024-04-26T01:00:00+03:00", "2024-04-27T00:00:00+03:00"),
    ("America/Sao_Paulo", "2018-11-04", "2018-11-04T01:00:00-02:00", "2018-11-05T00:00:00-02:00"),
    ("Asia/Beirut", "2024-03-31", "2024-03-31T01:00:00+03:00", "2024-04-01T00:00:00+03:00"),
    ("America/Asuncion", "2023-10-01", "2023-10-01T01:00:00-03:00", "2023-10-02T00:00:00-03:00"),
    # From 23:30 to half past midnight.
    ("America/Toronto", "1919-03-31", "1919-03-31T00:30:00-04:00", "1919-04-01T00:00:00-04:00"),
    # 31 December begins where the 29th ends.
    ("Pacific/Apia", "2011-12-30", "2011-12-31T00:00:00+14:00", "2011-12-31T00:00:00+14:00"),
    ("Pacific/Kwajalein", "1993-08-21", "1993-08-22T00:00:00+12:00", "1993-08-22T00:00:00+12:00"),
    # Midnight is defined twice: the day begins with the first.
    ("America/St_Johns", "2006-10-29", "2006-10-29T00:00:00-02:30", "2006-10-30T00:00:00-03:30"),
    ("America/Havana", "2023-11-05", "2023-11-05T00:00:00-04:00", "2023-11-06T00:00:00-05:00"),
]


def both(predicate: p.Predicate, now: int, zone: str) -> tuple[float, float]:
    """The times that a predicate holds of, on which our SQL and the reference must agree."""
    assert isinstance(predicate, p.TimeCompare | p.TimeBetween | p.Within | p.InUnit | p.TimeRange)
    expected = reference_interval(predicate, ReferenceCalendar(now, zone))
    assert expected is not None
    bounded = max(expected[0], PAST), min(expected[1], FUTURE)
    assert interval(predicate, Calendar(now, ZoneInfo(zone))) == bounded
    return bounded


def ago(days: int) -> p.Ago:
    return p.Ago(Duration((Part(Number(str(days)), "day"),)))


@pytest.mark.parametrize(("zone", "day", "begin", "end"), DAYS)
def test_a_day_lasts_until_the_first_second_of_the_next(
    zone: str, day: str, begin: str, end: str
) -> None:
    whole = instant(begin), instant(end)
    after, before = (str(date.fromisoformat(day) + timedelta(days=each)) for each in (1, -1))
    assert both(p.TimeCompare("=", Date(day)), 0, zone) == whole
    assert both(p.TimeCompare("=", Date(before)), 0, zone)[1] == whole[0]
    assert both(p.TimeCompare("=", Date(after)), 0, zone)[0] == whole[1]
    assert both(p.TimeBetween(Date(before), Date(after)), 0, zone)[0] < whole[0]
    for days in range(4):
        # So many days later, at noon.
        later = date.fromisoformat(day) + timedelta(days=days)
        now = int(ReferenceCalendar(0, zone).literal(f"{later}T12:00:00")[0])  # type: ignore[index]
        if whole[0] == whole[1] and days == 0:
            continue
        assert both(p.TimeCompare("=", ago(days)), now, zone) == whole
        assert both(p.TimeBetween(ago(days), ago(days)), now, zone) == whole
        assert both(p.TimeCompare("<", ago(days)), now, zone)[1] == whole[0]
        assert both(p.TimeCompare(">", ago(days)), now, zone)[0] == whole[1]
        assert both(p.Within("past", Number(str(days)), "day"), now, zone)[0] == whole[0]
        length = Duration((Part(Number("1"), "day"),))
        start = Duration((Part(Number(str(days)), "day"),))
        assert both(p.TimeRange(length, start, reverse=False), now, zone) == whole
        assert both(p.TimeRange(length, start, reverse=True), now, zone)[1] == whole[0]
    at_noon = instant(begin) + 43_200
    if whole[0] < whole[1]:
        assert both(p.InUnit("this", "day"), at_noon, zone) == whole
        assert both(p.InUnit("next", "day"), at_noon, zone)[0] == whole[1]
        assert both(p.InUnit("last", "day"), at_noon, zone)[1] == whole[0]
        assert both(p.InUnit("last", "day"), whole[0], zone)[1] == whole[0]
        assert both(p.InUnit("last", "day"), whole[1], zone) == whole


def test_a_skipped_time_is_the_moment_of_the_skip() -> None:
    skip = instant("2024-04-26T01:00:00+03:00")
    for text in ("2024-04-26T00:00", "2024-04-26T00:30", "2024-04-26T00:59:59"):
        assert both(p.TimeCompare("=", Date(text)), 0, "Africa/Cairo") == (skip, skip)
        assert both(p.TimeCompare("<", Date(text)), 0, "Africa/Cairo")[1] == skip
        assert both(p.TimeCompare(">", Date(text)), 0, "Africa/Cairo")[0] == skip
    shown = both(p.TimeCompare("=", Date("2024-04-26T01:00")), 0, "Africa/Cairo")
    assert shown == (skip, skip + 60)


def test_months_and_years_that_begin_at_a_skip() -> None:
    """The day is 1 October in Paraguay."""
    now = instant("2023-10-15T12:00:00-03:00")
    first = instant("2023-10-01T01:00:00-03:00")
    for unit in ("month", "quarter"):
        assert both(p.InUnit("this", unit), now, "America/Asuncion")[0] == first
        assert both(p.InUnit("last", unit), now, "America/Asuncion")[1] == first
        november = both(p.InUnit("last", unit), now + 90 * 86_400, "America/Asuncion")
        assert november[0] in (first, instant("2023-12-01T00:00:00-03:00"))


@pytest.mark.parametrize(("zone", "day", "begin", "end"), DAYS)
def test_profiles_selected_around_a_skipped_day(zone: str, day: str, begin: str, end: str) -> None:
    """By the language's meaning, by the API's rule, by DuckDB, and by each dialect's text."""
    edges = sorted({instant(begin) + 1_800 * each for each in range(-3, 4)})
    edges += [each for each in (instant(end) - 1, instant(end)) if each not in edges]
    people = tuple(Profile(f"p{edge}", {"last_visit": edge}) for edge in edges)
    population = Population(people, instant(end) + 200_000, zone)
    world().hold(population)
    expected = {f"p{edge}" for edge in edges if instant(begin) <= edge < instant(end)}
    where = f"last_visit on {day}"
    segment, context = segment_of(where), context_of(population, world().catalog)
    assert select(segment.condition, None, population) == expected
    assert select_rule(rule_of(where), population) == expected
    query = selection(segment, context)
    assert world().ids(query) == expected
    for dialect in DIALECTS:
        assert world().ids_through(query, dialect) == expected, dialect


@pytest.mark.parametrize("day", ["2024-04-25", "2024-04-26", "2024-04-27"])
def test_dates_in_data_and_in_conditions_agree(tmp_path: Path, day: str) -> None:
    (tmp_path / "parent_segment.toml").write_text('timezone = "Africa/Cairo"')
    (tmp_path / "customers.csv").write_text(f"cdp_customer_id,joined,other\np,{day},2020-01-01\n")
    with open_data(tmp_path) as data:
        for asked in ("2024-04-25", "2024-04-26", "2024-04-27"):
            context = Context(1_714_500_000, "Africa/Cairo", data.catalog)
            query = selection(segment_of(f"joined on {asked}"), context)
            assert len(data.start(query).wait().rows) == (day == asked)
