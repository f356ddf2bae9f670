"""Cron expressions: what is wrong with one, and whether it ever runs.

The fields are those of the vendor's schedules (documented): minute, hour, day of the month, month,
day of the week, each with lists, ranges, steps and names. Where both days are given, the one that
runs more often counts (documented), so only a day of the month that stands alone can be impossible.
"""

from __future__ import annotations

import re

import msgspec

from segdsl.language.syntax.spelling import string

WORDS = frozenset({"@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually"})
"""What may stand for a whole expression."""

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_DAYS_OF_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
"""The most days that a month can have, from January."""
_PART = re.compile(r"(?:\*|(\w+)(?:-(\w+))?)(?:/(\w+))?", re.ASCII)


class _Field(msgspec.Struct, frozen=True):
    what: str
    low: int
    high: int
    names: tuple[str, ...] = ()

    def number(self, text: str) -> int | None:
        """The value that a text stands for; None where there is none."""
        if text.lower() in self.names:
            return self.names.index(text.lower()) + self.low
        if not text.isdigit() or len(text) > 4:
            return None
        found = int(text)
        return found if self.low <= found <= self.high else None


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of the month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of the week", 0, 7, _WEEKDAYS),
)
_DAY, _MONTH, _WEEKDAY = 2, 3, 4


class Fault(msgspec.Struct, frozen=True):
    """What is wrong with an expression, and what to do; `never` says that it is valid."""

    message: str
    help: str
    never: bool = False


def fault(expression: str) -> Fault | None:
    """What is wrong with a cron expression, or None."""
    text = expression.strip()
    if text.startswith("@"):
        if text.lower() in WORDS:
            return None
        words = ", ".join(f"`{each}`" for each in sorted(WORDS))
        return Fault(f"{string(text)} is not a schedule", f"write five fields, or one of {words}")
    fields = text.split()
    if len(fields) != len(_FIELDS):
        return Fault(
            f"a cron expression has five fields, but this one has {len(fields)}",
            "write minute, hour, day of the month, month and day of the week: `0 3 * * *` is every "
            "day at 3:00",
        )
    values: list[frozenset[int]] = []
    for field, part in zip(_FIELDS, fields, strict=True):
        found = _values(field, part)
        if isinstance(found, Fault):
            return found
        values.append(found)
    if not _is_every(fields[_DAY]) and _is_every(fields[_WEEKDAY]):
        days, months = values[_DAY], values[_MONTH]
        if not any(day <= _DAYS_OF_MONTH[month - 1] for month in months for day in days):
            return Fault(
                f"no {_month_names(months)} has a day {min(days)}",
                "choose a day that the month has",
                never=True,
            )
    return None


def _is_every(text: str) -> bool:
    return text == "*"


def _values(field: _Field, text: str) -> frozenset[int] | Fault:
    """The values that a field allows."""
    values: set[int] = set()
    for part in text.split(","):
        match = _PART.fullmatch(part)
        if match is None:
            return _invalid(field, part)
        first, last, step = match.groups()
        low = field.low if first is None else field.number(first)
        # A single value with a step goes on to the end.
        high = (
            field.high
            if first is None or (last is None and step is not None)
            else low
            if last is None
            else field.number(last)
        )
        width = 1 if step is None else int(step) if step.isdigit() and len(step) < 5 else 0
        if low is None or high is None or width == 0:
            return _invalid(field, part)
        if low > high:
            return Fault(
                f"the range {string(part)} of the {field.what} ends before it begins",
                "put the smaller value first, or list the values",
            )
        values.update(range(low, high + 1, width))
    return frozenset(values)


def _invalid(field: _Field, part: str) -> Fault:
    also = f", or {', '.join(field.names)}" if field.names else ""
    return Fault(
        f"{string(part)} is not a valid {field.what} of a cron expression",
        f"a {field.what} is from {field.low} to {field.high}{also}; lists (`1,2`), ranges (`1-5`) "
        "and steps (`*/2`) may be used",
    )


def _month_names(months: frozenset[int]) -> str:
    names = [_MONTHS[each - 1].capitalize() for each in sorted(months)]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
