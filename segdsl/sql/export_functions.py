"""Applies the functions of an exported column, as Trino's functions of those names do.

A function is one or more steps, and a step one expression of the value before it. Each step is a
SELECT over the last, so that an expression may use its value twice without growing exponentially.
The expressions are DuckDB's. What an engine refuses at run time, such as a division by zero, is a
missing value here; a function of a value of the wrong kind is an error, as it is in Trino.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Literal as OneOf
from typing import assert_never

import msgspec
from sqlglot import exp

from segdsl.language.activations import FUNCTIONS, Call, Function, If
from segdsl.language.values import Number, Text
from segdsl.sql.calendar import SECONDS
from segdsl.sql.context import Context, SqlError
from segdsl.sql.expressions import (
    Node,
    all_of,
    false,
    integer,
    is_not_null,
    is_null,
    negated,
    text,
)
from segdsl.sql.numbers import compared, double
from segdsl.sql.times import whole_number

ExportKind = OneOf[
    "integer", "number", "string", "boolean", "strings", "numbers", "moment", "unknown"
]
"""The kind of a value on its way: `integer` is a number without decimal places, also a time in Unix
seconds; `moment` is the result of `from_iso8601_timestamp`, which knows its own wall clock."""
Step = Callable[[Node], Node]

_DOUBLE = exp.DType.DOUBLE
_BIGINT = exp.DType.BIGINT
_MAX_BIGINT = 2**63
# The highest number of a group in DuckDB; and lengths and places beyond it mean the same.
_MAX_GROUP = 9
_MAX_LENGTH = 2**31 - 1
_NUMBER = r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*"
_HOUR, _SIXTY = "([01][0-9]|2[0-3])", "[0-5][0-9]"
_OFFSET = rf"(Z|[+-]{_HOUR}(:?{_SIXTY})?)"
_CLOCK = rf"{_HOUR}(:{_SIXTY}(:{_SIXTY}([.,][0-9]+)?)?)?"
_MOMENT = rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}(T{_CLOCK}{_OFFSET}?)?"
# From the second day of the year 1 to before the last day of 9999, in any time zone.
_CALENDAR = (-62_135_510_400, 253_402_214_400)
_WALL, _SECONDS = "wall", "seconds"
_CONTENTS: dict[ExportKind, str] = {
    "integer": "a number",
    "number": "a number",
    "string": "a string",
    "boolean": "a boolean",
    "strings": "an array",
    "numbers": "an array",
    "moment": "a time",
    "unknown": "a value of an unknown type",
}
IP_FUNCTIONS = frozenset(name for name in FUNCTIONS if name.startswith("td_ip_"))
"""The functions that need the vendor's database of IP addresses: their result is null here."""


class Applied(msgspec.Struct, frozen=True):
    """The steps of one function, and the kind of its result."""

    steps: tuple[Step, ...]
    kind: ExportKind


def apply(function: Function, kind: ExportKind, context: Context, title: str) -> Applied:
    """The steps of a function on a value of a kind; `title` is the column's name in messages.

    Raises SqlError if the function cannot be applied to the kind, or an argument is out of range.
    """
    match function:
        case If():
            return _if(function, kind, title)
        case Call():
            return _call(_Call(function, kind, context, title))
        case _:
            assert_never(function)


def finish(kind: ExportKind) -> tuple[Step, ...]:
    """The steps that make a value one that is exported: a moment becomes Unix seconds."""
    return (_seconds,) if kind == "moment" else ()


class _Call(msgspec.Struct, frozen=True):
    """A call with what it is applied to."""

    call: Call
    kind: ExportKind
    context: Context
    title: str

    def number(self, at: int) -> Decimal:
        """The argument at a place, a number."""
        argument = self.call.arguments[at]
        if not isinstance(argument, Number):
            raise SqlError(f"`{self.call.function}` of `{self.title}` requires a number")
        if not argument.is_bounded:
            raise SqlError(f"a number of `{self.title}` has too many digits")
        return argument.value

    def whole(self, at: int, *, default: int | None = None) -> int | None:
        """The argument at a place, an integer within 32 bits, or the default without one."""
        if at >= len(self.call.arguments):
            return default
        self.number(at)
        argument = self.call.arguments[at]
        assert isinstance(argument, Number)
        try:
            value = whole_number(argument)
        except SqlError:
            raise SqlError(
                f"`{self.call.function}` of `{self.title}` requires an integer, not {argument.text}"
            ) from None
        return min(max(value, -_MAX_LENGTH), _MAX_LENGTH)

    def text(self, at: int, *, default: str = "") -> str:
        """The argument at a place, a string, or the default without one."""
        if at >= len(self.call.arguments):
            return default
        argument = self.call.arguments[at]
        if not isinstance(argument, Text):
            raise SqlError(f"`{self.call.function}` of `{self.title}` requires a string")
        return argument.value

    def require(self, *kinds: ExportKind, help: str) -> None:
        """Raises SqlError unless the value may be of one of the kinds."""
        if self.kind not in (*kinds, "unknown"):
            raise SqlError(
                f"`{self.call.function}` cannot be applied to `{self.title}`: it is "
                f"{_CONTENTS[self.kind]}",
                help,
            )


def _call(call: _Call) -> Applied:
    match call.call.function:
        case "add" | "subtract" | "multiply" | "divide":
            return _arithmetic(call)
        case "ln":
            before = _as_number(call)
            return Applied((*before, _logarithm, _finite), "number")
        case "replace":
            call.require("string", help=_TO_STRING)
            return Applied(_replace(call), "string")
        case "substr":
            call.require("string", help=_TO_STRING)
            return Applied(_substr(call), "string")
        case "regexp_extract":
            call.require("string", help=_TO_STRING)
            return Applied(_regexp_extract(call), "string")
        case "from_iso8601_timestamp":
            call.require("string", help="the value of a time is Unix seconds already")
            return Applied(_parse_moment(call.context.zone), "moment")
        case "day_of_week":
            return Applied(_day_of_week(call), "integer")
        case "elapsed_days":
            return Applied((*_as_time(call), _elapsed(call.context.now)), "integer")
        case "cast_as_quantitative":
            return _quantitative(call)
        case "cast_as_categorical":
            return _categorical(call)
        case "cast_as_categorical_array":
            return _categorical_array(call)
        case name if name in IP_FUNCTIONS:
            return Applied((lambda value: _cast(exp.Null(), exp.DType.VARCHAR),), "string")
        case name:
            raise SqlError(f"unknown function `{name}` of `{call.title}`")


_TO_STRING = 'convert it first, as in `cast_as_categorical("")`'
_TO_NUMBER = "convert it first, as in `cast_as_quantitative(0)`"
_TO_MOMENT = "convert it first with `from_iso8601_timestamp()`"


# --- numbers -----------------------------------------------------------------------------


def _as_number(call: _Call) -> tuple[Step, ...]:
    """The steps to a double."""
    call.require("integer", "number", "moment", help=_TO_NUMBER)
    if call.kind == "unknown":
        return (lambda value: _try_cast(value, _DOUBLE),)
    return (*finish(call.kind), lambda value: _cast(value, _DOUBLE))


def _arithmetic(call: _Call) -> Applied:
    number = call.number(0)
    name = call.call.function
    is_whole = number == number.to_integral_value() and abs(number) < _MAX_BIGINT
    if is_whole and name != "divide" and call.kind in ("integer", "moment"):
        whole = int(number)
        operator = {"add": exp.Add, "subtract": exp.Sub, "multiply": exp.Mul}[name]
        # A result beyond 64 bits is missing.
        return Applied(
            (
                *finish(call.kind),
                lambda value: _try(
                    operator(this=_try_cast(value, _BIGINT), expression=integer(whole))
                ),
            ),
            "integer",
        )
    operand = _literal(number, call.title)
    operators: dict[str, type[exp.Binary]] = {
        "add": exp.Add,
        "subtract": exp.Sub,
        "multiply": exp.Mul,
        "divide": exp.Div,
    }
    return Applied(
        (
            *_as_number(call),
            lambda value: operators[name](this=value, expression=operand.copy()),
            _finite,
        ),
        "number",
    )


def _literal(number: Decimal, title: str) -> Node:
    """A double literal."""
    value = float(number)
    if value in (float("inf"), float("-inf")):
        raise SqlError(f"a number of `{title}` is too large")
    literal = exp.Literal(this=double(abs(value)), is_string=False)
    return exp.Neg(this=literal) if value < 0 else literal


def _finite(value: Node) -> Node:
    return _when(_call_of("isfinite", value.copy()), value)


def _logarithm(value: Node) -> Node:
    positive = exp.GT(this=value.copy(), expression=integer(0))
    return _when(positive, exp.Ln(this=value))


def _quantitative(call: _Call) -> Applied:
    """The number, or the default where there is none or it is not a number."""
    call.require(
        "integer", "number", "string", "boolean", "moment", help="arrays have several values"
    )
    default = call.number(0)
    is_whole = default == default.to_integral_value() and abs(default) < _MAX_BIGINT
    if call.kind in ("integer", "moment") and is_whole:
        whole = integer(int(default))
        return Applied(
            (*finish(call.kind), lambda value: _or_else(_cast(value, _BIGINT), whole.copy())),
            "integer",
        )
    literal = _literal(default, call.title)
    if call.kind in ("integer", "number", "moment", "boolean"):
        steps: tuple[Step, ...] = (*finish(call.kind), lambda value: _cast(value, _DOUBLE))
    else:
        steps = (
            lambda value: _cast(value, exp.DType.VARCHAR),
            lambda value: _when(_matches(value.copy(), _NUMBER), _try_cast(value, _DOUBLE)),
        )
    return Applied((*steps, _finite, lambda value: _or_else(value, literal.copy())), "number")


# --- strings -----------------------------------------------------------------------------


def _categorical(call: _Call) -> Applied:
    """The value as a string, or the default where there is none."""
    call.require(
        "integer", "number", "string", "boolean", "moment", help="arrays have several values"
    )
    default = text(call.text(0))
    return Applied((*_to_text(call.kind), lambda value: _or_else(value, default.copy())), "string")


def _to_text(kind: ExportKind) -> tuple[Step, ...]:
    """The steps to a string; a decimal is written as the double that it is in Treasure Data."""
    if kind == "string":
        return ()
    if kind == "number":
        return (lambda value: _cast(_cast(value, _DOUBLE), exp.DType.VARCHAR),)
    return (*finish(kind), lambda value: _cast(value, exp.DType.VARCHAR))


def _categorical_array(call: _Call) -> Applied:
    """The array as one of strings; a single value becomes an array of one."""
    array = exp.DataType.build("array<varchar>")
    if call.kind == "strings":
        return Applied((), "strings")
    if call.kind == "numbers":
        return Applied((lambda value: exp.Cast(this=value, to=array.copy()),), "strings")

    def single(value: Node) -> Node:
        return _when(is_not_null(value.copy()), exp.Array(expressions=[value]))

    return Applied((*_to_text(call.kind), single), "strings")


def _replace(call: _Call) -> tuple[Step, ...]:
    search, replacement = call.text(0), call.text(1)
    if search:
        return (lambda value: _call_of("replace", value, text(search), text(replacement)),)
    # An empty string is found before each character and at the end; not so by DuckDB's function.
    escaped = replacement.replace("\\", "\\\\")
    return (lambda value: _call_of("regexp_replace", value, text(""), text(escaped), text("g")),)


def _substr(call: _Call) -> tuple[Step, ...]:
    """Places count from 1, or from the end if they are negative; beyond the ends is nothing."""
    start, length = call.whole(0), call.whole(1)
    assert start is not None
    if start == 0 or (length is not None and length <= 0):
        return (lambda value: _when(is_not_null(value), text("")),)
    arguments = [integer(start)] if length is None else [integer(start), integer(length)]

    def part(value: Node) -> Node:
        return _call_of("substring", value, *(each.copy() for each in arguments))

    if start > 0:
        return (part,)

    def within(value: Node) -> Node:
        is_short = exp.LT(this=exp.Length(this=value.copy()), expression=integer(-start))
        return exp.Case(ifs=[exp.If(this=is_short, true=text(""))], default=part(value))

    return (within,)


def _regexp_extract(call: _Call) -> tuple[Step, ...]:
    pattern, group = call.text(0), call.whole(1, default=0)
    assert group is not None
    groups = _groups(pattern)
    if group < 0 or group > _MAX_GROUP or (groups is not None and group > groups):
        raise SqlError(
            f"`regexp_extract` of `{call.title}` requires one of the pattern's groups, not {group}",
            f"the groups are 0, the whole match, to {_MAX_GROUP}",
        )

    def extract(value: Node) -> Node:
        part = _call_of("regexp_extract", value, text(pattern), integer(group))
        return _when(_call_of("regexp_matches", value.copy(), text(pattern)), part)

    return (extract,)


def _groups(pattern: str) -> int | None:
    """The number of a pattern's groups; None if Python does not know its syntax."""
    try:
        return re.compile(pattern).groups
    except (re.error, OverflowError, RecursionError):
        return None


# --- times -------------------------------------------------------------------------------


def _as_time(call: _Call) -> tuple[Step, ...]:
    """The steps to Unix seconds."""
    call.require("integer", "number", "moment", help=_TO_MOMENT)
    if call.kind == "unknown":
        return (lambda value: _try_cast(value, _DOUBLE),)
    return finish(call.kind)


def _elapsed(now: int) -> Step:
    """Whole days from the value to now, rounded towards 0: negative after now."""

    def days(value: Node) -> Node:
        seconds = exp.Sub(this=_literal(Decimal(now), ""), expression=_cast(value, _DOUBLE))
        length = _literal(Decimal(SECONDS["day"]), "")
        ratio = exp.Div(this=exp.Paren(this=seconds), expression=length)
        return _try_cast(_call_of("trunc", ratio), _BIGINT)

    return days


def _day_of_week(call: _Call) -> tuple[Step, ...]:
    """1 Monday to 7 Sunday, on the value's own wall clock or in the parent segment's time zone."""
    if call.kind == "moment":
        return (lambda value: _call_of("isodow", _part(value, _WALL)),)
    zone = call.context.zone

    def day(value: Node) -> Node:
        moment = _call_of("to_timestamp", _call_of("floor", _cast(value.copy(), _DOUBLE)))
        first, last = integer(_CALENDAR[0]), integer(_CALENDAR[1])
        is_in_calendar = exp.And(
            this=exp.GTE(this=value.copy(), expression=first),
            expression=exp.LT(this=value, expression=last),
        )
        return _when(is_in_calendar, _call_of("isodow", _call_of("timezone", text(zone), moment)))

    return (*_as_time(call), day)


def _parse_moment(zone: str) -> tuple[Step, ...]:
    """The steps to a wall clock time and the moment; a string of another form is missing."""

    def checked(value: Node) -> Node:
        as_text = _cast(value, exp.DType.VARCHAR)
        return _when(_matches(as_text.copy(), _MOMENT), as_text)

    def moment(value: Node) -> Node:
        day = _call_of("substring", value.copy(), integer(1), integer(10))
        clock = _extracted(value.copy(), r"T([0-9:]+)", 1)
        hours = _call_of("concat", day, text(" "), _padded(clock))
        wall = _try_cast(hours, exp.DType.TIMESTAMP)
        offset = _extracted(value, rf"T.*?{_OFFSET}$", 1)
        return _call_of("struct_pack", _field(_WALL, wall), _field("offset", offset))

    def placed(value: Node) -> Node:
        wall, offset = _part(value, _WALL), _part(value, "offset")
        here = _epoch(_call_of("timezone", text(zone), wall.copy()))
        there = exp.Sub(this=_epoch(wall.copy()), expression=_offset_seconds(offset.copy()))
        is_local = exp.EQ(this=offset, expression=text(""))
        seconds = exp.Case(ifs=[exp.If(this=is_local, true=here)], default=there)
        return _call_of("struct_pack", _field(_WALL, wall), _field(_SECONDS, seconds))

    return checked, moment, placed


def _padded(clock: Node) -> Node:
    """A clock time with minutes: `07` becomes `07:00`, and none midnight."""
    none = exp.EQ(this=clock.copy(), expression=text(""))
    hour = exp.EQ(this=exp.Length(this=clock.copy()), expression=integer(2))
    return exp.Case(
        ifs=[
            exp.If(this=none, true=text("00:00")),
            exp.If(this=hour, true=_call_of("concat", clock.copy(), text(":00"))),
        ],
        default=clock,
    )


def _offset_seconds(offset: Node) -> Node:
    """The seconds of `+09:00`, `-0330`, `+09` or `Z`."""
    hours = _call_of("substring", offset.copy(), integer(2), integer(2))
    minutes = _call_of("right", offset.copy(), integer(2))
    has_minutes = exp.GT(this=exp.Length(this=offset.copy()), expression=integer(3))
    size = exp.Add(
        this=exp.Mul(this=_try_cast(hours, _BIGINT), expression=integer(3_600)),
        expression=exp.Case(
            ifs=[
                exp.If(
                    this=has_minutes,
                    true=exp.Mul(this=_try_cast(minutes, _BIGINT), expression=integer(60)),
                )
            ],
            default=integer(0),
        ),
    )
    is_west = exp.EQ(this=_call_of("left", offset.copy(), integer(1)), expression=text("-"))
    return exp.Case(
        ifs=[
            exp.If(this=exp.EQ(this=offset, expression=text("Z")), true=integer(0)),
            exp.If(this=is_west, true=exp.Neg(this=exp.Paren(this=size.copy()))),
        ],
        default=size,
    )


def _epoch(timestamp: Node) -> Node:
    return _try_cast(_call_of("floor", _call_of("epoch", timestamp)), _BIGINT)


def _seconds(value: Node) -> Node:
    return _part(value, _SECONDS)


# --- a case ------------------------------------------------------------------------------


def _if(condition: If, kind: ExportKind, title: str) -> Applied:
    results = [condition.then, condition.otherwise]
    present = [each for each in results if each is not None]
    if any(not each.is_bounded for each in present):
        raise SqlError(f"a number of `{title}` has too many digits")
    is_whole = all(
        each.value == each.value.to_integral_value() and abs(each.value) < _MAX_BIGINT
        for each in present
    )

    def result(number: Number | None) -> Node:
        if number is None:
            return _cast(exp.Null(), _BIGINT if is_whole else _DOUBLE)
        return integer(int(number.value)) if is_whole else _literal(number.value, title)

    before, holds = _condition(condition, kind, title)
    chosen = [result(each) for each in results]

    def case(value: Node) -> Node:
        return exp.Case(
            ifs=[exp.If(this=holds(value), true=chosen[0].copy())], default=chosen[1].copy()
        )

    return Applied((*before, case), "integer" if is_whole else "number")


def _condition(condition: If, kind: ExportKind, title: str) -> tuple[tuple[Step, ...], Step]:
    """The steps before a case, and its condition, which is false or null of a missing value."""
    match condition.operator:
        case "is null":
            return (), is_null
        case "is not null":
            return (), is_not_null
        case _:
            pass
    number = condition.value
    if number is None:
        # Nothing compares with null.
        return (), lambda value: false()
    if kind not in ("integer", "number", "moment", "unknown"):
        raise SqlError(
            f"`when {condition.operator} {number.text}` cannot be applied to `{title}`: it is "
            f"{_CONTENTS[kind]}",
            _TO_NUMBER,
        )
    places = 0 if kind in ("integer", "moment") else None
    before = finish(kind)
    if kind == "unknown":
        before = (lambda value: _try_cast(value, _DOUBLE),)
    match condition.operator:
        case "!=":
            return before, lambda value: all_of(
                [is_not_null(value.copy()), negated(compared(value, "=", number, places))]
            )
        case ">" | ">=" | "<" | "<=" | "=" as relation:
            return before, lambda value: compared(value, relation, number, places)
        case _:
            assert_never(condition.operator)


# --- expressions -------------------------------------------------------------------------


def _call_of(name: str, *arguments: Node) -> Node:
    return exp.Anonymous(this=name, expressions=list(arguments))


def _cast(value: Node, type: exp.DType) -> Node:
    return exp.Cast(this=value, to=exp.DataType(this=type))


def _try_cast(value: Node, type: exp.DType) -> Node:
    return exp.TryCast(this=value, to=exp.DataType(this=type))


def _try(value: Node) -> Node:
    """The value, or null where it cannot be computed."""
    return _call_of("try", value)


def _when(condition: Node, value: Node) -> Node:
    return exp.Case(ifs=[exp.If(this=condition, true=value)])


def _or_else(value: Node, default: Node) -> Node:
    return exp.Coalesce(this=value, expressions=[default])


def _matches(value: Node, pattern: str) -> Node:
    return _call_of("regexp_full_match", value, text(pattern))


def _extracted(value: Node, pattern: str, group: int) -> Node:
    return _call_of("regexp_extract", value, text(pattern), integer(group))


def _field(name: str, value: Node) -> Node:
    return exp.PropertyEQ(this=exp.Identifier(this=name, quoted=False), expression=value)


def _part(value: Node, name: str) -> Node:
    return _call_of("struct_extract", value.copy(), text(name))
