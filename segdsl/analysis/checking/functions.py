"""Which function of an exported column takes which type, and the type that it gives.

A function runs in the engine of the parent segment, which refuses a value of another type, so what
does not fit is an error. Times are kept as Unix seconds (observed), so what takes a number takes a
`timestamp` or a `date`, as in conditions. A type that is not known may fit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, assert_never

from segdsl.analysis.checking.patterns import fault, groups_of
from segdsl.diagnostics import Code, Report
from segdsl.language import activations as a
from segdsl.language.values import ColumnType, Number, Text

_ANY: frozenset[ColumnType] = frozenset(
    {"string", "number", "timestamp", "date", "string_array", "number_array", "boolean"}
)
_TEXTS: frozenset[ColumnType] = frozenset({"string"})
_NUMBERS: frozenset[ColumnType] = frozenset({"number", "timestamp", "date"})


class _Type(NamedTuple):
    takes: frozenset[ColumnType]
    gives: ColumnType


_ARITHMETIC = _Type(_NUMBERS, "number")
_OF_TEXT = _Type(_TEXTS, "string")

TYPES: Mapping[str, _Type] = {
    "add": _ARITHMETIC,
    "subtract": _ARITHMETIC,
    "multiply": _ARITHMETIC,
    "divide": _ARITHMETIC,
    "ln": _ARITHMETIC,
    "replace": _OF_TEXT,
    "substr": _OF_TEXT,
    "regexp_extract": _OF_TEXT,
    "day_of_week": _Type(_NUMBERS, "number"),
    "elapsed_days": _Type(_NUMBERS, "number"),
    "from_iso8601_timestamp": _Type(_TEXTS, "timestamp"),
    "td_ip_to_least_specific_subdivision_name": _OF_TEXT,
    "td_ip_to_country_name": _OF_TEXT,
    "td_ip_to_city_name": _OF_TEXT,
    "td_ip_to_connection_type": _OF_TEXT,
    "td_ip_to_domain": _OF_TEXT,
    "cast_as_quantitative": _Type(_ANY, "number"),
    "cast_as_categorical": _Type(_ANY, "string"),
    "cast_as_categorical_array": _Type(_ANY, "string_array"),
}
"""What the functions take and give (assumed from their names and the engine's functions)."""

_WHOLE = {"start", "length", "group"}


def check_functions(
    functions: Iterable[a.Function], type: ColumnType | None, what: str, report: Report
) -> None:
    """Reports functions that do not fit; `type` is that of the column that `what` names."""
    for function in functions:
        match function:
            case a.Call():
                known = TYPES.get(function.function)
                if known is None:
                    # The resolver reports a function that is not there.
                    return
                if type is not None and type not in known.takes:
                    report.add(
                        Code.SEG516,
                        function.span,
                        f"`{function.function}` takes {_listed(known.takes)}, but {what} is of "
                        f"type {type}",
                        help=_advice(known),
                    )
                    return
                type, what = known.gives, f"the result of `{function.function}`"
            case a.If():
                compares = function.operator not in ("is null", "is not null")
                if compares and type is not None and type not in _NUMBERS:
                    report.add(
                        Code.SEG516,
                        function.span,
                        f"`when` compares with a number, but {what} is of type {type}",
                        help="convert it first: `cast_as_quantitative(0)`",
                    )
                    return
                type, what = "number", "the result of `when`"
            case _:
                assert_never(function)


def result_type(functions: Iterable[a.Function], type: ColumnType | None) -> ColumnType | None:
    """The type of what functions make of a column of a type; None where it is not known."""
    for function in functions:
        match function:
            case a.Call():
                known = TYPES.get(function.function)
                type = None if known is None else known.gives
            case a.If():
                type = "number"
            case _:
                assert_never(function)
    return type


def _listed(types: frozenset[ColumnType]) -> str:
    return "a string" if types == _TEXTS else "a number or a time"


def _advice(function: _Type) -> str:
    if function.takes == _TEXTS:
        return 'convert it first: `cast_as_categorical("")`'
    return "convert it first: `cast_as_quantitative(0)`"


def check_arguments(functions: Iterable[a.Function], report: Report) -> None:
    """Reports arguments that no run takes, whatever the type of the column."""
    for function in functions:
        if isinstance(function, a.If):
            continue
        signature = a.FUNCTIONS.get(function.function)
        if signature is None:
            continue
        for (key, _), value in zip(signature.arguments, function.arguments, strict=False):
            wrong = _argument_fault(function.function, key, value)
            if wrong is not None:
                report.add(wrong[0], function.span, wrong[1], help=wrong[2])
        _check_group(function, report)


def _check_group(function: a.Call, report: Report) -> None:
    """Reports a group that the pattern of `regexp_extract` does not have."""
    match function.arguments:
        case (Text(pattern), Number() as group) if function.function == "regexp_extract":
            groups = groups_of(pattern)
            if groups is not None and group.is_bounded and group.value > groups:
                report.add(
                    Code.SEG507,
                    function.span,
                    f"the pattern of `{function.function}` has no group {group.text}",
                    help="put parentheses around the part to extract"
                    if groups == 0
                    else f"the groups of the pattern are 1 to {groups}; 0 is the whole match",
                )


def _argument_fault(
    function: str, key: str, value: Number | Text
) -> tuple[Code, str, str | None] | None:
    match value:
        case Text(text) if key == "pattern":
            wrong = fault(text)
            return None if wrong is None else (Code.SEG509, *wrong)
        case Text():
            return None
        case Number():
            if function == "divide" and value.is_bounded and value.value == 0:
                return Code.SEG507, "`divide` by 0 has no result", "divide by another number"
            if key not in _WHOLE:
                return None
            least = 0 if key in ("group", "length") else 1
            negative = key == "start"
            if not value.is_bounded or value.value != value.value.to_integral_value():
                what = f"the {key} of `{function}` is a whole number, not {value.text}"
                return Code.SEG507, what, "write it without a fraction"
            if value.value < least and not (negative and value.value < 0):
                what = f"the {key} of `{function}` cannot be {value.text}"
                help = "characters count from 1" if key == "start" else f"it is at least {least}"
                return Code.SEG507, what, help
            return None
        case _:
            assert_never(value)
