"""Applies the functions of an exported column, as Trino's functions of those names do.

A function is one or more steps, and a step one expression of the value before it. Each step is a
SELECT over the last, so that an expression may use its value twice without growing exponentially.
The expressions are DuckDB's. What an engine refuses at run time, such as a division by zero, is a
missing value here; a function of a value of the wrong kind is an error, as it is in Trino.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Literal as OneOf
from typing import assert_never

import msgspec
from sqlglot import exp

from segdsl.language.activations import FUNCTIONS, Call, Function, If
from segdsl.language.values import Number, Text
from segdsl.sql.context import Context, SqlError
from segdsl.sql.export_expressions import call_of, cast, matches, or_else, try_, try_cast, when
from segdsl.sql.export_times import (
    Step,
    day_in,
    day_of_moment,
    elapsed_days,
    parsed_moment,
    seconds_of,
)
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

_DOUBLE = exp.DType.DOUBLE
_BIGINT = exp.DType.BIGINT
_MAX_BIGINT = 2**63
# The highest number of a group in DuckDB, and a length that no string has.
_MAX_GROUP = 9
_MAX_LENGTH = 2**31 - 1
_NUMBER = r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*"
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
    return (seconds_of,) if kind == "moment" else ()


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
            return Applied(parsed_moment(call.context.zone), "moment")
        case "day_of_week":
            return Applied(_day_of_week(call), "integer")
        case "elapsed_days":
            return Applied((*_as_time(call), elapsed_days(call.context.now)), "integer")
        case "cast_as_quantitative":
            return _quantitative(call)
        case "cast_as_categorical":
            return _categorical(call)
        case "cast_as_categorical_array":
            return _categorical_array(call)
        case name if name in IP_FUNCTIONS:
            return Applied((lambda value: cast(exp.Null(), exp.DType.VARCHAR),), "string")
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
        return (lambda value: try_cast(value, _DOUBLE),)
    return (*finish(call.kind), lambda value: cast(value, _DOUBLE))


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
                lambda value: try_(
                    operator(this=try_cast(value, _BIGINT), expression=integer(whole))
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
    return when(call_of("isfinite", value.copy()), value)


def _logarithm(value: Node) -> Node:
    positive = exp.GT(this=value.copy(), expression=integer(0))
    return when(positive, exp.Ln(this=value))


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
            (*finish(call.kind), lambda value: or_else(cast(value, _BIGINT), whole.copy())),
            "integer",
        )
    literal = _literal(default, call.title)
    if call.kind in ("integer", "number", "moment", "boolean"):
        steps: tuple[Step, ...] = (*finish(call.kind), lambda value: cast(value, _DOUBLE))
    else:
        steps = (
            lambda value: cast(value, exp.DType.VARCHAR),
            lambda value: when(matches(value.copy(), _NUMBER), try_cast(value, _DOUBLE)),
        )
    return Applied((*steps, _finite, lambda value: or_else(value, literal.copy())), "number")


# --- strings -----------------------------------------------------------------------------


def _categorical(call: _Call) -> Applied:
    """The value as a string, or the default where there is none."""
    call.require(
        "integer", "number", "string", "boolean", "moment", help="arrays have several values"
    )
    default = text(call.text(0))
    return Applied((*_to_text(call.kind), lambda value: or_else(value, default.copy())), "string")


def _to_text(kind: ExportKind) -> tuple[Step, ...]:
    """The steps to a string; a decimal is written as the double that it is in Treasure Data."""
    if kind == "string":
        return ()
    if kind == "number":
        return (lambda value: cast(cast(value, _DOUBLE), exp.DType.VARCHAR),)
    return (*finish(kind), lambda value: cast(value, exp.DType.VARCHAR))


def _categorical_array(call: _Call) -> Applied:
    """The array as one of strings; a single value becomes an array of one."""
    array = exp.DataType.build("array<varchar>")
    if call.kind == "strings":
        return Applied((), "strings")
    if call.kind == "numbers":
        return Applied((lambda value: exp.Cast(this=value, to=array.copy()),), "strings")

    def single(value: Node) -> Node:
        return when(is_not_null(value.copy()), exp.Array(expressions=[value]))

    return Applied((*_to_text(call.kind), single), "strings")


def _replace(call: _Call) -> tuple[Step, ...]:
    search, replacement = call.text(0), call.text(1)
    if search:
        return (lambda value: call_of("replace", value, text(search), text(replacement)),)
    # An empty string is found before each character and at the end; not so by DuckDB's function.
    escaped = replacement.replace("\\", "\\\\")
    return (lambda value: call_of("regexp_replace", value, text(""), text(escaped), text("g")),)


def _substr(call: _Call) -> tuple[Step, ...]:
    """Places count from 1, or from the end if they are negative; beyond the ends is nothing."""
    start, length = call.whole(0), call.whole(1)
    assert start is not None
    if start == 0 or (length is not None and length <= 0):
        return (lambda value: when(is_not_null(value), text("")),)
    arguments = [integer(start)] if length is None else [integer(start), integer(length)]

    def part(value: Node) -> Node:
        return call_of("substring", value, *(each.copy() for each in arguments))

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
        part = call_of("regexp_extract", value, text(pattern), integer(group))
        return when(call_of("regexp_matches", value.copy(), text(pattern)), part)

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
        return (lambda value: try_cast(value, _DOUBLE),)
    return finish(call.kind)


def _day_of_week(call: _Call) -> tuple[Step, ...]:
    """1 Monday to 7 Sunday, on the value's own wall clock or in the parent segment's time zone."""
    if call.kind == "moment":
        return (day_of_moment,)
    return (*_as_time(call), day_in(call.context.zone))


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
            return cast(exp.Null(), _BIGINT if is_whole else _DOUBLE)
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
        # A moment of a missing value is a struct of nulls, which is not null itself.
        case "is null":
            return finish(kind), is_null
        case "is not null":
            return finish(kind), is_not_null
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
        before = (lambda value: try_cast(value, _DOUBLE),)
    match condition.operator:
        case "!=":
            return before, lambda value: all_of(
                [is_not_null(value.copy()), negated(compared(value, "=", number, places))]
            )
        case ">" | ">=" | "<" | "<=" | "=" as relation:
            return before, lambda value: compared(value, relation, number, places)
        case _:
            assert_never(condition.operator)
