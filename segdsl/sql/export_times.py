"""Computes with times in exports: ISO 8601 moments, days of the week, days until now.

A moment is a struct of its wall clock time and its Unix seconds, as the offset that a string gives
decides what day of the week it is. Without an offset it is in the parent segment's time zone.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from segdsl.sql.calendar import SECONDS
from segdsl.sql.export_expressions import (
    call_of,
    cast,
    extracted,
    field,
    matches,
    part_of,
    try_cast,
    when,
)
from segdsl.sql.expressions import Node, integer, text

Step = Callable[[Node], Node]
"""Makes the next value of the one before it, which it may use several times."""

_BIGINT, _DOUBLE = exp.DType.BIGINT, exp.DType.DOUBLE
_HOUR, _SIXTY = "([01][0-9]|2[0-3])", "[0-5][0-9]"
_OFFSET = rf"(Z|[+-]{_HOUR}(:?{_SIXTY})?)"
_CLOCK = rf"{_HOUR}(:{_SIXTY}(:{_SIXTY}([.,][0-9]+)?)?)?"
_MOMENT = rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}(T{_CLOCK}{_OFFSET}?)?"
# From the second day of the year 1 to before the last day of 9999, in any time zone.
_CALENDAR = (-62_135_510_400, 253_402_214_400)
_WALL, _SECONDS = "wall", "seconds"


def elapsed_days(now: int) -> Step:
    """Whole days from the value to now, rounded towards 0: negative after now."""

    def days(value: Node) -> Node:
        # As doubles, so that no difference is too large.
        seconds = exp.Sub(this=_number(now), expression=cast(value, _DOUBLE))
        length = _number(SECONDS["day"])
        ratio = exp.Div(this=exp.Paren(this=seconds), expression=length)
        return try_cast(call_of("trunc", ratio), _BIGINT)

    return days


def _number(value: int) -> Node:
    return cast(integer(value), _DOUBLE)


def day_in(zone: str) -> Step:
    """1 Monday to 7 Sunday of Unix seconds in a time zone; null outside the calendar."""

    def day(value: Node) -> Node:
        moment = call_of("to_timestamp", call_of("floor", cast(value.copy(), _DOUBLE)))
        first, last = integer(_CALENDAR[0]), integer(_CALENDAR[1])
        is_in_calendar = exp.And(
            this=exp.GTE(this=value.copy(), expression=first),
            expression=exp.LT(this=value, expression=last),
        )
        return when(is_in_calendar, call_of("isodow", call_of("timezone", text(zone), moment)))

    return day


def day_of_moment(value: Node) -> Node:
    """1 Monday to 7 Sunday of a moment, on its own wall clock."""
    return call_of("isodow", part_of(value, _WALL))


def parsed_moment(zone: str) -> tuple[Step, ...]:
    """The steps to a wall clock time and the moment; a string of another form is missing."""

    def checked(value: Node) -> Node:
        as_text = cast(value, exp.DType.VARCHAR)
        return when(matches(as_text.copy(), _MOMENT), as_text)

    def moment(value: Node) -> Node:
        day = call_of("substring", value.copy(), integer(1), integer(10))
        clock = extracted(value.copy(), r"T([0-9:]+)", 1)
        hours = call_of("concat", day, text(" "), _padded(clock))
        wall = try_cast(hours, exp.DType.TIMESTAMP)
        offset = extracted(value, rf"T.*?{_OFFSET}$", 1)
        return call_of("struct_pack", field(_WALL, wall), field("offset", offset))

    def placed(value: Node) -> Node:
        wall, offset = part_of(value, _WALL), part_of(value, "offset")
        here = _epoch(call_of("timezone", text(zone), wall.copy()))
        there = exp.Sub(this=_epoch(wall.copy()), expression=_offset_seconds(offset.copy()))
        is_local = exp.EQ(this=offset, expression=text(""))
        seconds = exp.Case(ifs=[exp.If(this=is_local, true=here)], default=there)
        return call_of("struct_pack", field(_WALL, wall), field(_SECONDS, seconds))

    return checked, moment, placed


def _padded(clock: Node) -> Node:
    """A clock time with minutes: `07` becomes `07:00`, and none midnight."""
    none = exp.EQ(this=clock.copy(), expression=text(""))
    hour = exp.EQ(this=exp.Length(this=clock.copy()), expression=integer(2))
    return exp.Case(
        ifs=[
            exp.If(this=none, true=text("00:00")),
            exp.If(this=hour, true=call_of("concat", clock.copy(), text(":00"))),
        ],
        default=clock,
    )


def _offset_seconds(offset: Node) -> Node:
    """The seconds of `+09:00`, `-0330`, `+09` or `Z`."""
    hours = call_of("substring", offset.copy(), integer(2), integer(2))
    minutes = call_of("right", offset.copy(), integer(2))
    has_minutes = exp.GT(this=exp.Length(this=offset.copy()), expression=integer(3))
    size = exp.Add(
        this=exp.Mul(this=try_cast(hours, _BIGINT), expression=integer(3_600)),
        expression=exp.Case(
            ifs=[
                exp.If(
                    this=has_minutes,
                    true=exp.Mul(this=try_cast(minutes, _BIGINT), expression=integer(60)),
                )
            ],
            default=integer(0),
        ),
    )
    is_west = exp.EQ(this=call_of("left", offset.copy(), integer(1)), expression=text("-"))
    return exp.Case(
        ifs=[
            exp.If(this=exp.EQ(this=offset, expression=text("Z")), true=integer(0)),
            exp.If(this=is_west, true=exp.Neg(this=exp.Paren(this=size.copy()))),
        ],
        default=size,
    )


def _epoch(timestamp: Node) -> Node:
    return try_cast(call_of("floor", call_of("epoch", timestamp)), _BIGINT)


def seconds_of(value: Node) -> Node:
    return part_of(value, _SECONDS)
