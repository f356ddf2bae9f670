"""Calendar arithmetic in a time zone, for both reference evaluators.

Times are Unix seconds going in and coming out. Days and longer units keep the wall clock
and clamp the day of the month; hours and shorter ones are fixed lengths. Weeks start on
Monday. Nothing here knows what a condition is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import msgspec

from segdsl.values import UNITS, Unit

Parts = Iterable[tuple[int, Unit]]

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

    def add(self, time: int, number: int, unit: Unit) -> int:
        """`time` moved by a number of units, forwards or backwards."""
        return _add(self.zone, time, number, unit)

    def trunc(self, unit: Unit) -> int:
        """The start of the current unit."""
        return _trunc(self.zone, self.now, unit)

    def current(self, unit: Unit, shift: int = 0) -> int:
        """The start of the current unit, moved by a number of those units."""
        return self.add(self.trunc(unit), shift, unit)

    def moved(self, time: int, parts: Parts, sign: int) -> int:
        """`time` moved by a length of several parts, the largest unit first."""
        for number, unit in sorted(parts, key=lambda part: UNITS.index(part[1])):
            time = self.add(time, sign * number, unit)
        return time

    def anchor(self, parts: Parts, unit: Unit) -> int:
        """The moment a length ago, counted from the start of the current `unit`."""
        return self.moved(self.trunc(unit), parts, -1)

    def ahead(self, parts: Parts, unit: Unit) -> int:
        """The moment a length from now, counted from the start of the current `unit`."""
        return self.moved(self.trunc(unit), parts, 1)

    def literal(self, text: str) -> tuple[int, int] | None:
        """First second of the day, minute or second a timestamp literal names, and of the next.

        None for a text that is no ISO timestamp, or names a time that does not exist.
        """
        return _literal(self.zone, text)


@cache
def _add(zone: str, time: int, number: int, unit: Unit) -> int:
    if unit in ("hour", "minute", "second"):
        return time + number * SECONDS[unit]
    local = datetime.fromtimestamp(time, ZoneInfo(zone)).replace(fold=0)
    # Arithmetic on a zoned datetime moves its wall clock, which is what days mean.
    if unit in ("day", "week"):
        return int((local + timedelta(seconds=number * SECONDS[unit])).timestamp())
    months = local.year * 12 + local.month - 1 + number * _MONTHS[unit]
    first = local.replace(year=months // 12, month=months % 12 + 1, day=1)
    return int(first.replace(day=min(local.day, _last_day(first))).timestamp())


def _last_day(of: datetime) -> int:
    return ((of.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)).day


@cache
def _trunc(zone: str, time: int, unit: Unit) -> int:
    local = datetime.fromtimestamp(time, ZoneInfo(zone))
    if unit in ("hour", "minute", "second"):
        within = local.minute * 60 + local.second if unit == "hour" else local.second
        return time - (within if unit != "second" else 0)
    midnight = local.replace(hour=0, minute=0, second=0, fold=0)
    if unit == "week":
        midnight -= timedelta(days=local.weekday())
    elif unit in _MONTHS:
        length = _MONTHS[unit]
        midnight = midnight.replace(month=(local.month - 1) // length * length + 1, day=1)
    return int(midnight.timestamp())


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
    start = int((wall if offset else wall.replace(tzinfo=ZoneInfo(zone))).timestamp())
    if minute is None:
        return start, _add(zone, start, 1, "day")
    return start, start + (1 if second else 60)


def instant(text: str) -> int:
    """Unix seconds of an ISO text with an offset, as the tests write times down."""
    return int(datetime.fromisoformat(text).astimezone(UTC).timestamp())
