"""Evaluates time predicates to half-open intervals of Unix seconds.

Computed here and not by the engine, so that all engines agree and no row needs a date function.
"""

from __future__ import annotations

from typing import assert_never
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from segdsl.language import predicates as p
from segdsl.language.values import Date, Duration, Name, Number, Unit, Value
from segdsl.sql.calendar import FUTURE, PAST, SECONDS, Calendar
from segdsl.sql.context import Context, SqlError

Interval = tuple[int, int]
NEVER: Interval = (0, 0)


def calendar_of(context: Context) -> Calendar:
    """The calendar of a context.

    Raises SqlError for an unknown time zone or a time outside the calendar.
    """
    try:
        calendar = Calendar(context.now, ZoneInfo(context.zone))
    except (ZoneInfoNotFoundError, ValueError):
        raise SqlError(
            f"unknown time zone `{context.zone}`", "use an IANA name such as Asia/Tokyo"
        ) from None
    try:
        calendar.start("year")
    except (ValueError, OverflowError):
        raise SqlError(f"the time {context.now} is outside the supported calendar") from None
    return calendar


def interval(predicate: p.TimePredicate, calendar: Calendar) -> Interval:
    """The times that satisfy a predicate; PAST and FUTURE mean unbounded."""
    match predicate:
        case p.Within("past", amount, unit):
            return calendar.start(unit, -whole_number(amount)), calendar.start(unit)
        case p.Within(_, amount, unit):
            return calendar.start(unit, 1), calendar.start(unit, 1 + whole_number(amount))
        case p.InUnit("last", unit):
            return calendar.start(unit, -1), calendar.start(unit)
        case p.InUnit("this", unit):
            return calendar.start(unit), calendar.start(unit, 1)
        case p.InUnit(_, unit):
            return calendar.start(unit, 1), calendar.start(unit, 2)
        case p.Today():
            return calendar.start("day"), FUTURE
        case p.TimeCompare(relation, moment):
            whole = _moment(moment, calendar)
            return NEVER if whole is None else _compare(relation, whole)
        case p.TimeBetween(low, high):
            first, last = _moment(low, calendar), _moment(high, calendar)
            return NEVER if first is None or last is None else (first[0], last[1])
        case p.TimeRange(length, start, reverse):
            point = calendar.ago(_parts(start), _unit(start))
            begin = calendar.time(point)
            end = calendar.time(calendar.shift(point, _parts(length), -1 if reverse else 1))
            return (end, begin) if reverse else (begin, end)
        case p.BetweenNext(low, high):
            near = calendar.ahead(_parts(low), _unit(low))
            far = calendar.add(calendar.ahead(_parts(high), _unit(high)), 1, _unit(high))
            return calendar.time(near), calendar.time(far)
        case _:
            assert_never(predicate)


def length_of(window: Duration) -> int:
    """The length of a window in seconds.

    Raises SqlError for a unit without a fixed length.
    """
    total = 0
    for part in window.parts:
        if part.unit not in SECONDS:
            raise SqlError(
                f"a window of {part.unit}s has no fixed length",
                "use weeks, days, hours, minutes or seconds",
            )
        total += whole_number(part.amount) * SECONDS[part.unit]
    return total


def whole_number(value: Value | None) -> int:
    """The integer in a condition, such as a number of units or elements.

    Raises SqlError for anything else, which the resolver excludes.
    """
    if isinstance(value, Number) and value.is_bounded and value.value == int(value.value):
        return int(value.value)
    raise SqlError("an integer is required here")


def _moment(moment: p.Moment, calendar: Calendar) -> Interval | None:
    """The whole unit that a moment names."""
    match moment:
        case p.Ago(duration):
            start = calendar.ago(_parts(duration), _unit(duration))
            end = calendar.add(start, 1, _unit(duration))
            return calendar.time(start), calendar.time(end)
        case Date(text):
            return calendar.unit_bounds(text)
        case Name(name):
            raise SqlError(f"the parameter `{name}` has no value")
        case _:
            assert_never(moment)


def _compare(relation: p.Relation, whole: Interval) -> Interval:
    start, end = whole
    match relation:
        case "=":
            return start, end
        case "<":
            return PAST, start
        case "<=":
            return PAST, end
        case ">":
            return end, FUTURE
        case ">=":
            return start, FUTURE
        case _:
            assert_never(relation)


def _parts(duration: Duration) -> list[tuple[int, Unit]]:
    return [(whole_number(part.amount), part.unit) for part in duration.parts]


def _unit(duration: Duration) -> Unit:
    return duration.rounded or duration.smallest
