"""Times of sampled values as a person reads them. Machine forms keep the Unix seconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def shown_time(value: object, zone: str) -> object:
    """Unix seconds as ISO 8601 text in a time zone, such as `2024-10-01T09:00:00+09:00`.

    What is no whole number, or no time of the calendar, stays as it is.
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        return value
    try:
        return (_EPOCH + timedelta(seconds=value)).astimezone(ZoneInfo(zone)).isoformat()
    except (OverflowError, ValueError, ZoneInfoNotFoundError):
        return value
