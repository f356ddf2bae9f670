"""Lengths of time and moments in words, with their calendar reading.

Relative times are whole calendar units counted from the current one; the words in
parentheses say which units these are.
"""

from __future__ import annotations

from typing import Literal as OneOf

from segdsl.language import predicates as p
from segdsl.language.syntax import spelling
from segdsl.language.values import Date, Duration, Name, Number, Unit, Value

Which = OneOf["last", "this", "next"]

_NEIGHBOURS: dict[Unit, tuple[str, str, str]] = {"day": ("yesterday", "today", "tomorrow")}
_CALENDAR: dict[Which, tuple[int, str]] = {
    "last": (-1, "previous"),
    "this": (0, "current"),
    "next": (1, "next"),
}


def neighbour(step: int, unit: Unit) -> str:
    """`yesterday`, `this month`, `next week`; `step` is -1, 0 or 1."""
    words = _NEIGHBOURS.get(unit, (f"last {unit}", f"this {unit}", f"next {unit}"))
    return words[step + 1]


def calendar_unit(which: Which, unit: Unit) -> str:
    """`the previous calendar month`, `yesterday`."""
    step, word = _CALENDAR[which]
    return neighbour(step, unit) if unit in _NEIGHBOURS else f"the {word} calendar {unit}"


def whole_units(amount: Value, unit: Unit, side: str) -> str:
    """`the 30 whole days before today`; `side` is before or after."""
    now = neighbour(0, unit)
    match amount:
        case Number("0"):
            return "no time at all"
        case Number("1"):
            return f"the whole {unit} {side} {now}"
        case _:
            return f"the {spelling.value(amount)} whole {unit}s {side} {now}"


def past(duration: Duration) -> str:
    """The whole unit that lies a length of time ago: `the day 30 days ago`."""
    return _moment(duration, -1, "ago", "before")


def coming(duration: Duration) -> str:
    """The whole unit that lies a length of time ahead: `the day 3 days from now`."""
    return _moment(duration, 1, "from now", "after")


def _moment(duration: Duration, step: int, away: str, side: str) -> str:
    if len(duration.parts) == 1 and duration.rounded in (None, duration.parts[0].unit):
        (part,) = duration.parts
        match part.amount:
            case Number("0"):
                return neighbour(0, part.unit)
            case Number("1"):
                return neighbour(step, part.unit)
            case _:
                return f"the {part.unit} {spelling.duration(duration)} {away}"
    unit, length = duration.rounded or duration.smallest, spelling.duration(duration)
    return f"the {unit} that begins {length} {side} the start of {neighbour(0, unit)}"


def moment(of: p.Moment) -> str:
    """A moment as the whole unit that it stands for."""
    match of:
        case p.Ago(duration):
            return past(duration)
        case Date() | Name():
            return spelling.value(of)


def short(moment: p.Moment) -> str:
    """A moment as it was written, without how it is rounded."""
    match moment:
        case p.Ago(duration):
            return f"{spelling.duration(duration)} ago"
        case Date() | Name():
            return spelling.value(moment)
