"""Schedules of the API's deprecated fields: `scheduleType`, `scheduleOption`, `runAt` and `cron`.

They are read into a schedule of today where that says the same, and otherwise into a cron
expression. What `scheduleOption` holds is not described. The types are those of digdag, which runs
the workflows, and so are the options (assumed): `03:00:00` of a day, `30:00` of an hour,
`Sun,03:00:00` of a week, `1,03:00:00` of a month, the minutes of an interval. `runAt` is the time
of a day (assumed).
"""

from __future__ import annotations

import re
from typing import Any, NoReturn

from segdsl.language import activations as a
from segdsl.language.values import Number
from segdsl.rules.activations.fields import FieldReader
from segdsl.rules.rule.document import shortened

OLD_FIELDS = ("scheduleType", "scheduleOption", "runAt", "cron")
_TIME = r"(\d{1,2}):(\d{2})(?::00)?"
_OF_HOUR = r"(\d{1,2}):00"
_UNITS: dict[str, a.RepeatUnit] = {
    "hourly": "hour",
    "daily": "day",
    "weekly": "week",
    "monthly": "month",
}


def read_old_schedule(
    type: str,
    data: dict[str, Any],
    timezone: str | None,
    start: str | None,
    path: str,
    reader: FieldReader,
) -> a.Schedule:
    """The schedule of a `scheduleType`; `start` is its `startAt`. Raises UnreadableError."""

    def text(key: str) -> str:
        value = data.get(key, "")
        shown = value.text if isinstance(value, Number) else value
        return reader.text(shown, f"{path}.{key}", f"`{key}`").strip()

    option, run_at, cron = text("scheduleOption"), text("runAt"), text("cron")
    reading = _Old(reader, path, timezone, start)
    if type == "cron":
        return reading.cron(option, run_at, cron)
    if cron:
        reading.contradicts("cron", f"`scheduleType` is {type}, and not cron")
    if type == "none":
        return a.ByHand()
    if option and run_at and option != run_at:
        reading.contradicts("runAt", f"`scheduleOption` is `{shortened(option)}`")
    key = "scheduleOption" if option else "runAt"
    if type == "minutes_interval":
        return reading.minutes(key, option or run_at)
    if not option and not run_at:
        return a.Repeat(_UNITS[type], start=start, timezone=timezone)
    return reading.at_times(type, key, option or run_at)


class _Old:
    def __init__(
        self, reader: FieldReader, path: str, timezone: str | None, start: str | None
    ) -> None:
        self.reader = reader
        self.path = path
        self.timezone = timezone
        self.start = start

    def contradicts(self, key: str, why: str) -> NoReturn:
        self.reader.fail(f"{self.path}.{key}", f"`{key}` says something else: {why}")

    def unknown(self, key: str, value: str, type: str) -> NoReturn:
        self.reader.fail(
            f"{self.path}.{key}",
            f"when `{shortened(value)}` is for {type} is not known",
            "use `repeatUnit` and `startAt`: these fields are deprecated",
        )

    def cron(self, option: str, run_at: str, cron: str) -> a.Schedule:
        if run_at:
            self.contradicts("runAt", "it is scheduled by a cron expression")
        if option and cron and option != cron:
            self.contradicts("cron", f"`scheduleOption` is `{shortened(option)}`")
        if not option and not cron:
            self.reader.fail(f"{self.path}.scheduleOption", "a cron schedule needs its expression")
        return a.Cron(cron or option, self.timezone)

    def minutes(self, key: str, value: str) -> a.Schedule:
        if not value:
            self.reader.fail(f"{self.path}.scheduleOption", "an interval needs its minutes")
        if re.fullmatch(r"[1-9]\d{0,5}", value, re.ASCII) is None:
            self.unknown(key, value, "minutes_interval")
        return a.Repeat("minute", Number(value), start=self.start, timezone=self.timezone)

    def at_times(self, type: str, key: str, value: str) -> a.Schedule:
        """With a time that the modern fields say only beside a date: as cron, or from `startAt`."""
        fields = self._fields(type, value)
        if fields is None:
            self.unknown(key, value, type)
        minute, hour, day, weekday = fields
        if self.start is None:
            return a.Cron(f"{minute} {hour} {day} * {weekday}", self.timezone)
        if not self._agrees(minute, hour, day):
            self.contradicts(key, f"`startAt` is {self.start}")
        weekdays = (a.WEEKDAYS[(int(weekday) - 1) % 7],) if weekday != "*" else ()
        return a.Repeat(_UNITS[type], Number("1"), weekdays, self.start, self.timezone)

    def _fields(self, type: str, value: str) -> tuple[str, str, str, str] | None:
        """Minute, hour, day of the month and of the week, as cron has them."""
        before, comma, time = value.rpartition(",")
        if type == "hourly":
            match = re.fullmatch(_OF_HOUR, value, re.ASCII)
            if match is None or int(match[1]) > 59:
                return None
            return str(int(match[1])), "*", "*", "*"
        match = re.fullmatch(_TIME, time, re.ASCII)
        if match is None or int(match[1]) > 23 or int(match[2]) > 59:
            return None
        minute, hour = str(int(match[2])), str(int(match[1]))
        if type == "daily":
            return None if comma else (minute, hour, "*", "*")
        if type == "weekly":
            days = [each[:3].lower() for each in a.WEEKDAYS]
            return (
                (minute, hour, "*", str((days.index(name) + 1) % 7))
                if (name := before.strip().lower()) in days
                else None
            )
        is_day = re.fullmatch(r"[1-9]|[12]\d|3[01]", before, re.ASCII) is not None
        return (minute, hour, before, "*") if is_day else None

    def _agrees(self, minute: str, hour: str, day: str) -> bool:
        assert self.start is not None
        start_day, start_hour, start_minute = self.start[8:10], self.start[11:13], self.start[14:16]
        return (
            int(start_minute) == int(minute)
            and (hour == "*" or int(start_hour) == int(hour))
            and (day == "*" or int(start_day) == int(day))
        )
