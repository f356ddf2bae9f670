"""Calendar arithmetic in the time zone of the parent segment, relative to a fixed now.

Times are Unix seconds. Days and longer units move the wall clock and clamp the day of the month;
hours and shorter units have a fixed length; weeks begin on Monday (assumed). A day begins with
its first second, which is not always midnight: if the clock skips a time, whatever would begin
then begins at the skip. Does not know the predicates.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from segdsl.language.values import UNITS, Unit

Parts = Iterable[tuple[int, Unit]]
Point = int | datetime
"""A time, or a wall clock time, which the clock may skip."""

# Times outside the calendar: before the year 1, after the year 9999.
PAST, FUTURE = -(10**15), 10**15

SECONDS: dict[Unit, int] = {
    "week": 7 * 86_400,
    "day": 86_400,
    "hour": 3_600,
    "minute": 60,
    "second": 1,
}
_MONTHS: dict[Unit, int] = {"year": 12, "quarter": 3, "month": 1}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIMESTAMP = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2})(:\d{2})?(?:\.\d+)?(Z|[+-]\d{2}:\d{2})?)?", re.ASCII
)


class Calendar(msgspec.Struct, frozen=True):
    """One `now` in one time zone."""

    now: int
    zone: ZoneInfo

    def start(self, unit: Unit, shift: int = 0) -> int:
        """The start of the current unit, moved by a number of those units."""
        return self.time(self.add(self._start(unit), shift, unit))

    def ago(self, parts: Parts, unit: Unit) -> Point:
        """The time a duration ago, counted from the start of the current `unit`."""
        return self.shift(self._start(unit), parts, -1)

    def ahead(self, parts: Parts, unit: Unit) -> Point:
        """The time a duration from now, counted from the start of the current `unit`."""
        return self.shift(self._start(unit), parts, 1)

    def shift(self, point: Point, parts: Parts, sign: int) -> Point:
        """A point moved by a duration of several parts, the largest unit first."""
        for number, unit in sorted(parts, key=lambda part: UNITS.index(part[1])):
            point = self.add(point, sign * number, unit)
        return point

    def add(self, point: Point, number: int, unit: Unit) -> Point:
        """A point moved by a number of units, clamped to the ends of the calendar."""
        if isinstance(point, int) and not PAST < point < FUTURE:
            return point
        if unit in ("hour", "minute", "second"):
            return min(max(self.time(point) + number * SECONDS[unit], PAST), FUTURE)
        try:
            wall = self._wall(point) if isinstance(point, int) else point
            if unit in ("day", "week"):
                return wall + timedelta(seconds=number * SECONDS[unit])
            year, month = divmod(wall.year * 12 + wall.month - 1 + number * _MONTHS[unit], 12)
            first = wall.replace(year=year, month=month + 1, day=1)
            return first.replace(day=min(wall.day, _days(first)))
        except (ValueError, OverflowError):
            ahead = number > 0 or (number == 0 and isinstance(point, int) and point > 0)
            return FUTURE if ahead else PAST

    def time(self, point: Point) -> int:
        """The time of a point: the first time that the clock shows or skips it."""
        if isinstance(point, int):
            return point
        time = _seconds(point.replace(tzinfo=self.zone))
        if self._shows(time, point):
            return time
        # The skip lies between these two; find it by bisection.
        before, time = _seconds(point.replace(tzinfo=self.zone, fold=1)), time
        while time - before > 1:
            middle = (before + time) // 2
            if self._wall(middle) < point:
                before = middle
            else:
                time = middle
        return time

    def unit_bounds(self, text: str) -> tuple[int, int] | None:
        """The start of the day, minute or second that a timestamp names, and of the next one.

        None if the string is not an ISO 8601 timestamp or lies outside the calendar.
        """
        match = _TIMESTAMP.fullmatch(text)
        if match is None:
            return None
        day, minute, second, offset = match.groups()
        try:
            wall = datetime.fromisoformat(
                f"{day}T{minute or '00:00'}{second or ':00'}{offset or ''}"
            )
        except ValueError:
            return None
        if minute is None:
            return self.time(wall), self.time(self.add(wall, 1, "day"))
        length = 60 if second is None else 1
        if offset is not None:
            return _seconds(wall), _seconds(wall) + length
        start = self.time(wall)
        # A skipped time has no length, but there are times before and after it.
        return start, start + (length if self._shows(start, wall) else 0)

    def _start(self, unit: Unit) -> Point:
        wall = self._wall(self.now)
        if unit in ("hour", "minute", "second"):
            within = {"hour": wall.minute * 60 + wall.second, "minute": wall.second, "second": 0}
            return self.now - within[unit]
        midnight = wall.replace(hour=0, minute=0, second=0)
        if unit == "week":
            midnight -= timedelta(days=midnight.weekday())
        elif unit in _MONTHS:
            length = _MONTHS[unit]
            midnight = midnight.replace(month=(wall.month - 1) // length * length + 1, day=1)
        return midnight

    def _wall(self, time: int) -> datetime:
        """The wall clock time, without its time zone."""
        moment = _EPOCH + timedelta(seconds=time)
        return moment.astimezone(self.zone).replace(tzinfo=None, fold=0)

    def _shows(self, time: int, wall: datetime) -> bool:
        """Whether the wall clock shows this at a time."""
        try:
            return self._wall(time) == wall
        except (ValueError, OverflowError):
            # At the ends of the calendar no clock skips a time.
            return True


def _seconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(seconds=1)


def _days(first: datetime) -> int:
    """The number of days of the month that begins there."""
    return ((first + timedelta(days=31)).replace(day=1) - first).days
