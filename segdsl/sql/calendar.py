"""Calendar arithmetic in the time zone of the parent segment, from one fixed now.

Times are Unix seconds. Days and longer units move the wall clock and clamp the day of
the month; hours and shorter ones are fixed lengths; a week begins on Monday (assumed).
What a condition asks of a time is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from segdsl.values import UNITS, Unit

Parts = Iterable[tuple[int, Unit]]

# Times outside of the calendar: before the year 1, after the year 9999.
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
        return self.add(self._start(unit), shift, unit)

    def ago(self, parts: Parts, unit: Unit) -> int:
        """The moment a length ago, counted from the start of the current `unit`."""
        return self.moved(self._start(unit), parts, -1)

    def ahead(self, parts: Parts, unit: Unit) -> int:
        """The moment a length from now, counted from the start of the current `unit`."""
        return self.moved(self._start(unit), parts, 1)

    def moved(self, time: int, parts: Parts, sign: int) -> int:
        """A time moved by a length of several parts, the largest unit first."""
        for number, unit in sorted(parts, key=lambda part: UNITS.index(part[1])):
            time = self.add(time, sign * number, unit)
        return time

    def add(self, time: int, number: int, unit: Unit) -> int:
        """A time moved by a number of units; no further than to the ends of the calendar."""
        if not PAST < time < FUTURE:
            return time
        if unit in ("hour", "minute", "second"):
            return min(max(time + number * SECONDS[unit], PAST), FUTURE)
        try:
            local = self._wall(time)
            if unit in ("day", "week"):
                return self._instant(local + timedelta(seconds=number * SECONDS[unit]))
            year, month = divmod(local.year * 12 + local.month - 1 + number * _MONTHS[unit], 12)
            first = local.replace(year=year, month=month + 1, day=1)
            return self._instant(first.replace(day=min(local.day, _days(first))))
        except (ValueError, OverflowError):
            return FUTURE if number > 0 or (number == 0 and time > 0) else PAST

    def whole(self, text: str) -> tuple[int, int] | None:
        """First second of the day, minute or second that a timestamp names, and of the next.

        None for a text that is no ISO 8601 timestamp, or that is not in the calendar.
        """
        found = _TIMESTAMP.fullmatch(text)
        if found is None:
            return None
        day, minute, second, offset = found.groups()
        try:
            wall = datetime.fromisoformat(
                f"{day}T{minute or '00:00'}{second or ':00'}{offset or ''}"
            )
            start = self._instant(wall) if offset is None else _seconds(wall)
        except (ValueError, OverflowError):
            return None
        if minute is None:
            return start, self.add(start, 1, "day")
        return start, start + (60 if second is None else 1)

    def _start(self, unit: Unit) -> int:
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
        return self._instant(midnight)

    def _wall(self, time: int) -> datetime:
        """What the clock on the wall shows, without its time zone."""
        moment = _EPOCH + timedelta(seconds=time)
        return moment.astimezone(self.zone).replace(tzinfo=None, fold=0)

    def _instant(self, wall: datetime) -> int:
        """When the clock on the wall shows this: the first time, where it does twice."""
        return _seconds(wall.replace(tzinfo=self.zone))


def _seconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(seconds=1)


def _days(first: datetime) -> int:
    """How many days the month has that begins there."""
    return ((first + timedelta(days=31)).replace(day=1) - first).days
