"""When an activation runs, as answers say it: in the fields of today and in the deprecated ones."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal as OneOf
from zoneinfo import ZoneInfo

from segdsl.server.kinds.activations.request_models import (
    TYPE_OF_UNIT,
    UNIT_OF_TYPE,
    Delivery,
    RepeatUnit,
    ScheduleType,
    day,
    local_time,
)
from segdsl.server.kinds.activations.table import Execution

RunStatus = OneOf["scheduled", "success", "error", "running", "waiting"]
ScheduleStatus = OneOf["active", "scheduled", "inactive", "none"]


def repeat_unit(delivery: Delivery) -> RepeatUnit | None:
    """The unit, by `scheduleType` too; None for a cron expression, which no unit says."""
    if delivery.repeat_unit is not None:
        return delivery.repeat_unit
    if delivery.schedule_type is None:
        return "none"
    return UNIT_OF_TYPE.get(delivery.schedule_type)


def schedule_type(delivery: Delivery) -> ScheduleType:
    """The deprecated type of the same schedule."""
    if delivery.schedule_type is not None:
        return delivery.schedule_type
    return TYPE_OF_UNIT[delivery.repeat_unit or "none"]


def schedule_option(delivery: Delivery) -> str | None:
    """What stands beside the deprecated type; of a cron, its expression."""
    return delivery.schedule_option or delivery.cron


def schedule_status(delivery: Delivery, zone: str, now: int) -> ScheduleStatus:
    """Whether runs are to come by the schedule, are coming, or have ended."""
    if repeat_unit(delivery) == "none":
        return "none"
    time = datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo(delivery.timezone or zone))
    local = time.replace(tzinfo=None)
    end = day(delivery.end_on or "")
    if end is not None and end < local.date():
        return "inactive"
    start = local_time(delivery.start_at or "")
    if start is not None and start > local:
        return "scheduled"
    return "inactive" if repeat_unit(delivery) == "once" else "active"


def run_status(last: Execution | None, delivery: Delivery, zone: str, now: int) -> RunStatus | None:
    """The state of the last run; `scheduled` where there was none, but one is to come."""
    if last is None:
        is_scheduled = schedule_status(delivery, zone, now) == "scheduled"
        return "scheduled" if is_scheduled else None
    return "waiting" if last.status == "queued" else last.status
