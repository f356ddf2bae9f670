"""Schedules of a parent segment: the API's `scheduleType` and `scheduleOption`, and words.

What `scheduleOption` holds is not described, but for `00:00` as an example. The types are those of
digdag, which runs the workflows, and so are the options (assumed): `30:00` of an hour,
`Sun,03:00` of a week, `1,03:00` of a month, the minutes of an interval, a cron expression. What
is written in no such way is kept as it is (`OtherSchedule`).
"""

from __future__ import annotations

import re
from typing import assert_never

from segdsl.errors import InputError
from segdsl.language.activations import WEEKDAYS
from segdsl.parent_segment import model as m

INTERVAL = "15 minutes"
"""How an interval of minutes is written."""
_INTERVAL = re.compile(r"([1-9]\d{0,5}) minutes?", re.ASCII)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CRON_FIELDS = ((0, 59, ()), (0, 23, ()), (1, 31, ()), (1, 12, _MONTHS), (0, 7, _DAYS))
"""The least and the largest number of each field of a cron expression, and its names."""
_CRON_PART = re.compile(
    r"(?P<first>\*|[0-9]{1,2}|[A-Za-z]{3})(?:-(?P<last>[0-9]{1,2}|[A-Za-z]{3}))?(?:/[1-9][0-9]?)?"
)
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::00)?", re.ASCII)
_OF_HOUR = re.compile(r"(\d{1,2})(?::00)?", re.ASCII)


class ScheduleError(InputError):
    """A schedule that the API cannot have; its text says what to write instead."""


def is_cron(text: str) -> bool:
    """Whether a text is a cron expression: five fields, with numbers that such a field can have.

    Names of months and days, steps, ranges and lists are allowed, as in `*/5 8-18 * * Mon,Thu`.
    """
    fields = text.split()
    return len(fields) == len(_CRON_FIELDS) and all(
        all(_is_cron_part(part, *of) for part in field.split(","))
        for field, of in zip(fields, _CRON_FIELDS, strict=True)
    )


def _is_cron_part(part: str, least: int, most: int, names: tuple[str, ...]) -> bool:
    match = _CRON_PART.fullmatch(part)
    if match is None:
        return False
    return all(
        least <= int(each) <= most if each.isdecimal() else each.lower() in names
        for each in (match["first"], match["last"])
        if each is not None and each != "*"
    )


def interval_of(text: str) -> int | None:
    """The minutes of `15 minutes`; None for any other text."""
    match = _INTERVAL.fullmatch(text)
    return None if match is None else int(match[1])


def read_schedule(type: str | None, option: str | None) -> m.Schedule | None:
    """The schedule of these two values of an answer; None where there is no type."""
    if type is None:
        return None
    kept = m.OtherSchedule(type, option)
    text = (option or "").strip()
    match type:
        case "none":
            return m.Never() if not text else kept
        case "cron":
            return m.Cron(option) if option is not None and is_cron(option) else kept
        case "minutes_interval":
            return m.EveryMinutes(int(text)) if re.fullmatch(r"[1-9]\d{0,5}", text) else kept
        case "hourly":
            match = _OF_HOUR.fullmatch(text or "0")
            return m.Hourly(int(match[1])) if match and int(match[1]) < 60 else kept
        case "daily":
            at = _time(text or "0:00")
            return kept if at is None else m.Daily(at)
        case "weekly" | "monthly":
            return _of_days(type, text) or kept
        case _:
            return kept


def _of_days(type: str, text: str) -> m.Schedule | None:
    day, _, time = text.rpartition(",")
    at = _time(time.strip())
    if at is None:
        return None
    if type == "monthly":
        is_day = re.fullmatch(r"[1-9]|[12]\d|3[01]", day.strip(), re.ASCII)
        return m.Monthly((int(day),), at) if is_day else None
    weekday = next((each for each in WEEKDAYS if each[:3].lower() == day.strip().lower()), None)
    return None if weekday is None else m.Weekly((weekday,), at)


def _time(text: str) -> str | None:
    match = _TIME.fullmatch(text)
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        return None
    return f"{int(match[1]):02}:{match[2]}"


def api_schedule(schedule: m.Schedule) -> tuple[str, str | None]:
    """The `scheduleType` and the `scheduleOption`; raises ScheduleError."""
    match schedule:
        case m.Never():
            return "none", None
        case m.EveryMinutes(minutes):
            return "minutes_interval", str(minutes)
        case m.Hourly(minute):
            return "hourly", f"{minute:02}:00"
        case m.Daily(at):
            return "daily", at
        case m.Weekly((weekday,), at):
            return "weekly", f"{weekday[:3]},{at}"
        case m.Weekly(weekdays, at):
            numbers = ",".join(str((WEEKDAYS.index(each) + 1) % 7) for each in weekdays)
            raise ScheduleError(_one_day("week", f"{_cron_time(at)} * * {numbers}"))
        case m.Monthly((day,), at):
            return "monthly", f"{day},{at}"
        case m.Monthly(days, at):
            expression = f"{_cron_time(at)} {','.join(map(str, days))} * *"
            raise ScheduleError(_one_day("month", expression))
        case m.Cron(expression):
            return "cron", expression
        case m.OtherSchedule(type, option):
            return type, option
        case _:
            assert_never(schedule)


def _cron_time(at: str) -> str:
    hour, minute = at.split(":")
    return f"{int(minute)} {int(hour)}"


def _one_day(unit: str, cron: str) -> str:
    return (
        f"a schedule of the server has one day of the {unit}; for several write "
        f'`schedule = {{ cron = "{cron}" }}`'
    )


def in_words(schedule: m.Schedule | None) -> str:
    """The schedule in words, such as `every day at 03:00`."""
    match schedule:
        case None:
            return "not said"
        case m.Never():
            return "never"
        case m.EveryMinutes(minutes):
            return "every minute" if minutes == 1 else f"every {minutes} minutes"
        case m.Hourly(minute):
            return f"every hour at minute {minute}"
        case m.Daily(at):
            return f"every day at {at}"
        case m.Weekly(weekdays, at):
            return f"every week on {', '.join(weekdays)} at {at}"
        case m.Monthly(days, at):
            return f"every month on day {', '.join(map(str, days))} at {at}"
        case m.Cron(expression):
            return f"cron {expression}"
        case m.OtherSchedule(type, option):
            return f"{type} {option}" if option else type
        case _:
            assert_never(schedule)
