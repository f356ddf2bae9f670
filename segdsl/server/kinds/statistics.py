"""Statistics: counts over time, as the API answers them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from segdsl.server.errors import refuse
from segdsl.server.service import Call, Service


def daily(
    service: Service, call: Call, counts: Iterable[tuple[int, int]]
) -> list[list[int | bool]]:
    """The last count of each day from `from` to `to`, in the time zone of the parent segment.

    `counts` are Unix seconds and populations, the oldest first. Each answer also says that the day
    was counted: nothing here is imputed.
    """
    zone = ZoneInfo(service.data.parent.timezone)
    first = _date(call.query.get("from"), "from", date.min)
    last = _date(call.query.get("to"), "to", date.max)
    days = {datetime.fromtimestamp(at, zone).date(): (at, number) for at, number in counts}
    return [[at, number, True] for day, (at, number) in days.items() if first <= day <= last]


def _date(text: str | None, name: str, default: date) -> date:
    if text is None:
        return default
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise refuse(f"`{name}` must be a date such as 2024-01-31, not `{text}`") from None
