"""Calendar arithmetic in a time zone, for both reference evaluators.

Times are Unix seconds going in and coming out. Days and longer units keep the wall clock
and clamp the day of the month; hours and shorter ones are fixed lengths. Weeks start on
Monday. A day starts with its first second, whatever the clock shows then; a time that the
clock skips is when it skips it. Nothing here knows what a condition is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import msgspec

from segdsl.language.values import UNITS, Unit

Parts = Iterable[tuple[int, Unit]]
Point = int | datetime
"""A time, or what the wall clock shows then, with no time zone."""
# No time is before the one or after the other.
EARLIEST, LATEST = -(10**15), 10**15

SECONDS: dict[Unit, int] = {
    "week": 604_800,
    "day": 86_400,
    "hour": 3_600,
    "minute": 60,
    "second": 1,
}
_MONTHS: dict[Unit, int] = {"year": 12, "quarter": 3, "month": 1}
_LITERAL = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2})(:\d{2})?(?:\.\d+)?)?(Z|[+-]\d{2}:\d{2})?", re.ASCII
)


class Calendar(msgspec.Struct, frozen=True):
    """One `now` in one time zone (an IANA name)."""

    now: int
    zone: str

    def seconds(self, point: Point) -> int:
        """The time of a point: the first at which the clock shows it, or skips it."""
        return point if isinstance(point, int) else _when(self.zone, point)

    def add(self, point: Point, number: int, unit: Unit) -> Point:
        """A point moved by a number of units, forwards or backwards."""
        return _add(self.zone, point, number, unit)

    def trunc(self, unit: Unit) -> int:
        """The start of the current unit."""
        return self.seconds(_trunc(self.zone, self.now, unit))

    def current(self, unit: Unit, shift: int = 0) -> int:
        """The start of the current unit, moved by a number of those units."""
        return self.seconds(self.add(_trunc(self.zone, self.now, unit), shift, unit))

    def moved(self, point: Point, parts: Parts, sign: int) -> Point:
        """A point moved by a length of several parts, the largest unit first."""
        for number, unit in sorted(parts, key=lambda part: UNITS.index(part[1])):
            point = self.add(point, sign * number, unit)
        return point

    def anchor(self, parts: Parts, unit: Unit) -> Point:
        """The moment a length ago, counted from the start of the current `unit`."""
        return self.moved(_trunc(self.zone, self.now, unit), parts, -1)

    def ahead(self, parts: Parts, unit: Unit) -> Point:
        """The moment a length from now, counted from the start of the current `unit`."""
        return self.moved(_trunc(self.zone, self.now, unit), parts, 1)

    def whole(self, point: Point, unit: Unit) -> tuple[int, int]:
        """The first second of the unit that begins at a point, and that of the next."""
        return self.seconds(point), self.seconds(self.add(point, 1, unit))

    def literal(self, text: str) -> tuple[int, int] | None:
        """First second of the day, minute or second a timestamp literal names, and of the next.

        None for a text that is no ISO timestamp. A time that the clock skips lasts for nothing.
        """
        return _literal(self.zone, text)


@cache
def _when(zone: str, wall: datetime) -> int:
    utc = int(wall.replace(tzinfo=UTC).timestamp())
    # No clock is a day away from UTC, and none is changed twice within two days.
    near = [_offset(zone, utc + days * 86_400) for days in (-1, 1)]
    times = sorted(utc - offset for offset in near)
    for time in times:
        if time + _offset(zone, time) == utc:
            return time
    # The clock skips it, at the time from which its offset is another.
    before, behind = times
    while behind - before > 1:
        middle = (before + behind) // 2
        if _offset(zone, middle) == near[0]:
            before = middle
        else:
            behind = middle
    return behind


def _offset(zone: str, time: int) -> int:
    try:
        offset = datetime.fromtimestamp(time, ZoneInfo(zone)).utcoffset()
    except (OverflowError, ValueError):
        return 0
    assert offset is not None
    return int(offset.total_seconds())


@cache
def _add(zone: str, point: Point, number: int, unit: Unit) -> Point:
    if isinstance(point, int) and not EARLIEST < point < LATEST:
        return point
    if unit in ("hour", "minute", "second"):
        time = point if isinstance(point, int) else _when(zone, point)
        return min(max(time + number * SECONDS[unit], EARLIEST), LATEST)
    if isinstance(point, int):
        local = datetime.fromtimestamp(point, ZoneInfo(zone)).replace(tzinfo=None, fold=0)
    else:
        local = point
    try:
        if unit in ("day", "week"):
            return local + timedelta(seconds=number * SECONDS[unit])
        months = local.year * 12 + local.month - 1 + number * _MONTHS[unit]
        first = local.replace(year=months // 12, month=months % 12 + 1, day=1)
        return first.replace(day=min(local.day, _last_day(first)))
    except (OverflowError, ValueError):
        return LATEST if number > 0 else EARLIEST


def _last_day(of: datetime) -> int:
    return ((of.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)).day


@cache
def _trunc(zone: str, time: int, unit: Unit) -> Point:
    local = datetime.fromtimestamp(time, ZoneInfo(zone)).replace(tzinfo=None, fold=0)
    if unit in ("hour", "minute", "second"):
        within = local.minute * 60 + local.second if unit == "hour" else local.second
        return time - (within if unit != "second" else 0)
    midnight = local.replace(hour=0, minute=0, second=0)
    if unit == "week":
        midnight -= timedelta(days=local.weekday())
    elif unit in _MONTHS:
        length = _MONTHS[unit]
        midnight = midnight.replace(month=(local.month - 1) // length * length + 1, day=1)
    return midnight


@cache
def _literal(zone: str, text: str) -> tuple[int, int] | None:
    found = _LITERAL.fullmatch(text)
    if found is None or (found[2] is None and found[4] is not None):
        return None
    day, minute, second, offset = found.groups()
    try:
        wall = datetime.fromisoformat(f"{day}T{minute or '00:00'}{second or ':00'}{offset or ''}")
    except ValueError:
        return None
    if minute is None:
        end = _add(zone, wall, 1, "day")
        return _when(zone, wall), end if isinstance(end, int) else _when(zone, end)
    length = 1 if second else 60
    if offset:
        start = (wall - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)
        return start, start + length
    start = _when(zone, wall)
    is_there = start + _offset(zone, start) == int(wall.replace(tzinfo=UTC).timestamp())
    return start, start + (length if is_there else 0)


def instant(text: str) -> int:
    """Unix seconds of an ISO text with an offset, as the tests write times down."""
    return int(datetime.fromisoformat(text).astimezone(UTC).timestamp())
