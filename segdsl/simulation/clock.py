"""The moments at which journeys are evaluated."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from segdsl.simulation.errors import SimulationError

MAX_DAYS = 3_660


class Evaluation(msgspec.Struct, frozen=True):
    """One evaluation: its number from 1, its moment in Unix seconds, and the parent's time zone."""

    number: int
    now: int
    zone: str

    def date(self, zone: str | None = None) -> date:
        """The date at this moment in a time zone, by default the parent segment's."""
        return datetime.fromtimestamp(self.now, UTC).astimezone(_zone(zone or self.zone)).date()

    @property
    def day(self) -> int:
        """The ordinal of the date in the parent segment's time zone."""
        return self.date().toordinal()


def daily(start: datetime, days: int, zone: str) -> Iterator[Evaluation]:
    """An evaluation a day at the same time of the day, from `start`, a local time without offset.

    A time that the clock skips is the same distance behind the skip. Raises SimulationError for an
    unknown time zone, and for days that are not from 1 to 3660 or after the calendar's end.
    """
    if not 1 <= days <= MAX_DAYS:
        raise SimulationError(f"cannot simulate {days} days: give a number from 1 to {MAX_DAYS}")
    place = _zone(zone)
    for number in range(days):
        try:
            moment = (start + timedelta(days=number)).replace(tzinfo=place).timestamp()
        except (OverflowError, ValueError):
            raise SimulationError(
                f"{start.date()} and {days} days are beyond the calendar: give an earlier date"
            ) from None
        yield Evaluation(number + 1, int(moment), zone)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise SimulationError(f"unknown time zone `{name}`: use one such as Asia/Tokyo") from None
