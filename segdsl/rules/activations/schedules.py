"""Schedules as fields of the API, and read back.

`repeatUnit` and its neighbours are the fields of today. A cron expression has a place only in the
deprecated ones: `scheduleType` with `scheduleOption`, which templates and answers have too, and
`cron`, which only requests of activations have. Which of the two a server reads is not described
(assumed: either), so that an activation sends both.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any, assert_never, cast

from segdsl.language import activations as a
from segdsl.language.syntax.schedule_builder import is_zone
from segdsl.language.values import Number
from segdsl.rules.activations.fields import FieldReader
from segdsl.rules.activations.old_schedules import OLD_FIELDS, read_old_schedule
from segdsl.rules.rule.document import shortened

Json = dict[str, Any]

FIELDS = (
    "repeatUnit",
    "repeatFrequency",
    "repeatSubFrequency",
    "startAt",
    "endOn",
    "timezone",
    *OLD_FIELDS,
)
_UNITS: tuple[a.RepeatUnit, ...] = ("minute", "hour", "day", "week", "month")
_TYPES = {
    "none": {"none", "once"},
    "minutes_interval": {"minute"},
    "hourly": {"hour"},
    "daily": {"day"},
    "weekly": {"week"},
    "monthly": {"month"},
    "cron": set[str](),
}
"""The values of `repeatUnit` that say the same as one of `scheduleType`."""
_START = r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2})(:\d{2})?(?:\.0+)?"


def encode_schedule(schedule: a.Schedule, *, has_end: bool, has_cron: bool) -> Json:
    """The fields of a schedule.

    `has_end` is whether the body has a field for the end, and `has_cron` whether for `cron`.
    """
    match schedule:
        case a.ByHand():
            return {"repeatUnit": "none"}
        case a.AfterJourney():
            return {"runAfterJourneyRefresh": True}
        case a.Once(start, timezone):
            return {"repeatUnit": "once", **_from(start, timezone)}
        case a.Cron(expression, timezone):
            encoded: Json = {"scheduleType": "cron", "scheduleOption": expression}
            if has_cron:
                encoded["cron"] = expression
            return encoded | _from(None, timezone)
        case a.Repeat(unit, frequency, weekdays, start, timezone, end):
            encoded = {"repeatUnit": unit}
            if unit == "minute" or frequency.text != "1":
                encoded["repeatFrequency"] = frequency
            if weekdays:
                numbers = sorted({a.WEEKDAYS.index(each) + 1 for each in weekdays})
                encoded["repeatSubFrequency"] = numbers
            encoded |= _from(start, timezone)
            if has_end and end is not None:
                encoded["endOn"] = end
            return encoded
        case _:
            assert_never(schedule)


_OLD_TYPES: dict[a.RepeatUnit, str] = {
    "minute": "minutes_interval",
    "hour": "hourly",
    "day": "daily",
    "week": "weekly",
    "month": "monthly",
}


def encode_old_schedule(schedule: a.Schedule) -> Json:
    """The deprecated fields that say the same; nothing where they cannot.

    Clients send them for activations of journeys: `daily` with `11:00:00` (observed; the options of
    the other types are those of digdag, see `old_schedules`). One that runs after its journey has
    `none` (documented).
    """
    match schedule:
        case a.Repeat("minute", frequency):
            return {"scheduleType": "minutes_interval", "scheduleOption": frequency.text}
        case a.Repeat(unit, Number("1"), weekdays, str() as start) if len(weekdays) < 2:
            local = datetime.fromisoformat(with_seconds(start))
            day = weekdays[0] if weekdays else a.WEEKDAYS[local.weekday()]
            time = local.strftime("%H:%M:%S")
            options: dict[a.RepeatUnit, str] = {
                "hour": local.strftime("%M:%S"),
                "day": time,
                "week": f"{day[:3]},{time}",
                "month": f"{local.day},{time}",
            }
            return {"scheduleType": _OLD_TYPES[unit], "scheduleOption": options[unit]}
        case a.ByHand() | a.AfterJourney():
            return {"scheduleType": "none"}
        case _:
            return {}


def cleared_schedule(*, has_end: bool) -> Json:
    """Every field of a schedule of today, without a value."""
    cleared: Json = {"repeatUnit": "none", "repeatFrequency": 1, "repeatSubFrequency": []}
    cleared["startAt"] = None
    return cleared | ({"endOn": None} if has_end else {})


def _from(start: str | None, timezone: str | None) -> Json:
    encoded: Json = {}
    if start is not None:
        encoded["startAt"] = with_seconds(start)
    if timezone is not None:
        encoded["timezone"] = timezone
    return encoded


def with_seconds(start: str) -> str:
    """A local time as the API has it: `2025-04-01T03:00:00`; a date alone is its midnight."""
    if len(start) == len("2025-04-01"):
        return f"{start}T00:00:00"
    return f"{start}:00" if len(start) == len("2025-04-01T03:00") else start


def read_schedule(data: Json, path: str, reader: FieldReader) -> a.Schedule | None:
    """The schedule of fields that have a value; None where there are none of them.

    What `repeatUnit` says counts, and the deprecated fields only where it is not there: servers
    answer both (described). Raises UnreadableError.
    """
    schedule = _read_schedule(data, path, reader)
    timezone = None if isinstance(schedule, a.ByHand | a.AfterJourney | None) else schedule.timezone
    if timezone is not None and not is_zone(timezone):
        reader.fail(
            f"{path}.timezone",
            f"`{shortened(timezone)}` is not a time zone",
            "time zones are named as in `Asia/Tokyo` and `UTC`",
        )
    return schedule


def _read_schedule(data: Json, path: str, reader: FieldReader) -> a.Schedule | None:
    timezone = reader.optional_text(data, "timezone", path, "a time zone")
    unit = None
    if "repeatUnit" in data:
        units = ("none", "once", *_UNITS)
        unit = reader.choice(data["repeatUnit"], f"{path}.repeatUnit", units, "`repeatUnit`")
    type = None
    if "scheduleType" in data:
        at = f"{path}.scheduleType"
        type = reader.choice(data["scheduleType"], at, _TYPES, "`scheduleType`")
    is_old = type == "cron" or data.get("cron") or (type is not None and unit is None)
    if is_old and unit in (None, "none"):
        return read_old_schedule(
            type or "cron", data, timezone, _start(data, path, reader), path, reader
        )
    if unit is None and "runAt" in data:
        reader.fail(f"{path}.runAt", "`runAt` says when, and nothing says how often")
    if unit is None:
        _refuse_parts_of_none(data, path, reader)
        return None
    if type is not None and unit not in _TYPES[type]:
        reader.fail(
            f"{path}.scheduleType",
            f"`scheduleType` is {type}, and `repeatUnit` is {unit}: they contradict each other",
            "remove `scheduleType`, which is deprecated",
        )
    if unit == "none":
        # The other fields say nothing then, whatever they hold.
        return a.ByHand()
    start = _start(data, path, reader)
    if unit == "once":
        return _once(data, start, timezone, path, reader)
    end = _end(data, path, reader)
    frequency = Number("1")
    if "repeatFrequency" in data:
        at = f"{path}.repeatFrequency"
        frequency = reader.whole_from(data["repeatFrequency"], at, "a frequency", 1)
    weekdays = _weekdays(data, unit, path, reader)
    return a.Repeat(cast(a.RepeatUnit, unit), frequency, weekdays, start, timezone, end)


def _refuse_parts_of_none(data: Json, path: str, reader: FieldReader) -> None:
    """No schedule: what only belongs to one is reported."""
    for key in ("repeatSubFrequency", "startAt", "endOn"):
        if data.get(key):
            reader.fail(f"{path}.{key}", f"`{key}` has no `repeatUnit` that says how often")


def _once(
    data: Json, start: str | None, timezone: str | None, path: str, reader: FieldReader
) -> a.Once:
    if start is None:
        reader.fail(f"{path}.startAt", "it runs once, and `startAt` does not say when")
    for key in ("endOn", "repeatSubFrequency"):
        if data.get(key):
            reader.fail(f"{path}.{key}", f"what runs once has no `{key}`")
    return a.Once(start, timezone)


def _start(data: Json, path: str, reader: FieldReader) -> str | None:
    if not data.get("startAt"):
        return None
    at = f"{path}.startAt"
    text = reader.text(data["startAt"], at, "a time")
    match = re.fullmatch(_START, text, re.ASCII)
    if match is None or not _is_time(match[0]):
        reader.fail(
            at,
            "`startAt` is a time without an offset, such as 2025-04-01T03:00:00",
            "`timezone` says where that is",
        )
    return with_seconds(match[1] + (match[2] or ""))


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text[:19])
    except ValueError:
        return False
    return True


def _end(data: Json, path: str, reader: FieldReader) -> str | None:
    if not data.get("endOn"):
        return None
    at = f"{path}.endOn"
    text = reader.text(data["endOn"], at, "a date")
    if not is_date(text):
        reader.fail(at, "`endOn` is a date, such as 2025-12-31")
    return text


def is_date(text: str) -> bool:
    """Whether this is a date of the calendar, as `2025-12-31`."""
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII) is None:
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _weekdays(data: Json, unit: str, path: str, reader: FieldReader) -> tuple[a.Weekday, ...]:
    at = f"{path}.repeatSubFrequency"
    listed = reader.items(data.get("repeatSubFrequency", []), at, "`repeatSubFrequency`")
    if listed and unit != "week":
        reader.fail(at, f"`repeatSubFrequency` is for weeks, and `repeatUnit` is {unit}")

    def day(value: Any, where: str) -> int:
        number = reader.whole_from(value, where, "a day of the week", 1)
        if number.value > len(a.WEEKDAYS):
            reader.fail(where, "a day of the week is from 1 (Monday) to 7 (Sunday)")
        return int(number.text)

    return tuple(a.WEEKDAYS[each - 1] for each in sorted(set(reader.each(listed, at, day))))
