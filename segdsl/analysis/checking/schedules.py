"""Schedules: those that can never run, those that are over, and those that begin far ahead.

Whether a schedule can run at all is in its text; whether it is over depends on when that is asked.
`check_schedule` looks at the first, and `check_moments` at the second, for a given time. Where the
text names no time zone, a schedule is over when it is over everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import cache
from typing import assert_never
from zoneinfo import ZoneInfo, available_timezones

import msgspec

from segdsl.analysis.checking.cron import fault
from segdsl.diagnostics import Code, Report
from segdsl.language import activations as a
from segdsl.language.condition.tree import Segment
from segdsl.language.journeys import Journey, WaitUntilDate, walk_steps
from segdsl.source import Span

MONTHS_AHEAD = 6
"""Months that a schedule may begin ahead in the console (documented)."""
# Where on Earth a day begins first and ends last.
_FIRST_ZONE, _LAST_ZONE = timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))


def check_schedule(schedule: a.Schedule, report: Report) -> None:
    """Reports a schedule that can never run; the parser reports a time zone that is not known."""
    match schedule:
        case a.Repeat():
            _check_repeat(schedule, report)
        case a.Cron():
            wrong = fault(schedule.expression)
            if wrong is not None:
                code = Code.SEG237 if wrong.never else Code.SEG238
                report.add(code, schedule.span, wrong.message, help=wrong.help)
        case a.Once() | a.ByHand() | a.AfterJourney():
            pass
        case _:
            assert_never(schedule)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _check_repeat(schedule: a.Repeat, report: Report) -> None:
    start, end = _local(schedule.start), _date(schedule.end)
    if start is None or end is None:
        return
    if end < start.date():
        report.add(
            Code.SEG237,
            schedule.span,
            f"this schedule ends on {end.isoformat()}, before it starts on "
            f"{start.date().isoformat()}",
            help="put the later date behind `until`",
        )
        return
    first = _first_weekday(start.date(), schedule.weekdays)
    if first is not None and end < first:
        listed = " or ".join(schedule.weekdays)
        report.add(
            Code.SEG237,
            schedule.span,
            f"there is no {listed} from {start.date().isoformat()} to {end.isoformat()}",
            help=f"the first one is on {first.isoformat()}: end later, or add a day",
        )


def _first_weekday(start: date, weekdays: tuple[a.Weekday, ...]) -> date | None:
    """The first day from a date on that is one of some weekdays; None without any."""
    if not weekdays:
        return None
    numbers = {a.WEEKDAYS.index(each) for each in weekdays}
    days = (start + timedelta(days=number) for number in range(7))
    return next(each for each in days if each.weekday() in numbers)


# --- when it is asked ----------------------------------------------------------------


class Moments(msgspec.Struct, frozen=True):
    """When a schedule is over, when its start is no longer far ahead, and where it stands.

    Both are times of UTC; None where there is no such time. `end` and `start` are as written.
    `wait` is a wait of a journey until a date, which ends as a schedule does.
    """

    span: Span
    over: datetime | None = None
    near: datetime | None = None
    end: str = ""
    start: str = ""
    once: bool = False
    wait: bool = False


def moments_of(schedule: a.Schedule | None) -> Moments | None:
    """The moments of a schedule; None where the time it is asked does not matter."""
    match schedule:
        case a.Once():
            start = _local(schedule.start)
            found = Moments(
                schedule.span,
                _in_utc(start, schedule.timezone, _LAST_ZONE),
                _months_before(_in_utc(start, schedule.timezone, _FIRST_ZONE)),
                start=schedule.start,
                once=True,
            )
        case a.Repeat():
            end, start = _date(schedule.end), _local(schedule.start)
            found = Moments(
                schedule.span,
                _in_utc(_day_after(end), schedule.timezone, _LAST_ZONE),
                _months_before(_in_utc(start, schedule.timezone, _FIRST_ZONE)),
                end=schedule.end or "",
                start=schedule.start or "",
            )
        case a.Cron() | a.ByHand() | a.AfterJourney() | None:
            return None
        case _:
            assert_never(schedule)
    return None if found.over is None and found.near is None else found


def moments_of_waits(journey: Journey[Segment]) -> Iterator[Moments]:
    """The moments of the waits until a date."""
    for stage in journey.stages:
        for step in walk_steps(stage.steps):
            if isinstance(step, WaitUntilDate):
                over = _in_utc(_day_after(_date(step.date)), step.timezone, _LAST_ZONE)
                if over is not None:
                    yield Moments(step.span, over, end=step.date, wait=True)


def check_moments(moments: Iterable[Moments], now: datetime, report: Report) -> None:
    """Reports schedules that are over, and those that begin far ahead of `now`, an aware time."""
    for each in moments:
        if each.over is not None and each.over <= now:
            if each.wait:
                report.add(
                    Code.SEG633,
                    each.span,
                    f"this waits until {each.end}, which is in the past: profiles go on at once",
                    help="set a date that is still to come, or remove the wait",
                )
                continue
            if each.once:
                message = f"this activation was to run once, at {each.start}, which is in the past"
                help = "set a time that is still to come, or write `by hand`"
            else:
                message = f"this schedule ended on {each.end}"
                help = "end it later, write `by hand`, or delete the activation"
            report.add(Code.SEG621, each.span, message, help=help)
        elif each.near is not None and now < each.near:
            report.add(
                Code.SEG622,
                each.span,
                f"this schedule starts at {each.start}, more than {MONTHS_AHEAD} months ahead",
                help=f"the console allows a start of up to {MONTHS_AHEAD} months ahead",
            )


def next_change(moments: Iterable[Moments], now: datetime) -> datetime | None:
    """The next time at which `check_moments` reports something else; None for never."""
    later = [
        time
        for each in moments
        for time in (each.over, each.near)
        if time is not None and time > now
    ]
    return min(later, default=None)


def _in_utc(local: datetime | None, zone: str | None, default_zone: tzinfo) -> datetime | None:
    """A local time in UTC; `default_zone` is the time zone where none is named that is known."""
    if local is None:
        return None
    known = ZoneInfo(zone) if zone is not None and zone in _zones() else default_zone
    try:
        return local.replace(tzinfo=known).astimezone(UTC)
    except OverflowError:
        return None


def _day_after(day: date | None) -> datetime | None:
    if day is None:
        return None
    try:
        return datetime.combine(day + timedelta(days=1), time())
    except OverflowError:
        return None


def _months_before(moment: datetime | None) -> datetime | None:
    """The same day and time `MONTHS_AHEAD` before, or the last day of that month."""
    if moment is None:
        return None
    months = moment.year * 12 + moment.month - 1 - MONTHS_AHEAD
    year, month = divmod(months, 12)
    for day in range(moment.day, 27, -1):
        try:
            return moment.replace(year=year, month=month + 1, day=day)
        except ValueError:
            continue
    try:
        return moment.replace(year=year, month=month + 1)
    except ValueError:
        return None


def _local(text: str | None) -> datetime | None:
    """A local time; None where it is no time of the calendar, which is reported elsewhere."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if found.tzinfo is not None else found


def _date(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        return None
