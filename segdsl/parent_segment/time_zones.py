"""Names of time zones, as the IANA's database has them on this machine."""

from __future__ import annotations

from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones


@cache
def time_zones() -> frozenset[str]:
    """The names of all time zones; looking for their files takes a while."""
    return frozenset(available_timezones())


def is_time_zone(name: str) -> bool:
    """Whether it is the name of a time zone that this machine knows."""
    if name not in time_zones():
        return False
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return False
    return True
