"""Which comparison fits which type of column: one table, and what is said where none does.

What does not fit never holds (see “As SQL” in the reference), so it is an error and not a
matter of taste. Times are kept as Unix seconds (observed), and so are dates here, so a `number`
column takes what a `timestamp` or a `date` takes, and the other way round.
"""

from __future__ import annotations

from typing import Literal as OneOf
from typing import assert_never

from segdsl.language import predicates as p
from segdsl.language.values import Boolean, ColumnType, Date, Name, Number, Text, Value

Asked = OneOf["number", "text", "boolean", "order of booleans", "time", "null"]
"""What a comparison is with; `null` is `is null`, which fits all."""

SCALARS: tuple[ColumnType, ...] = ("string", "number", "timestamp", "date", "boolean")
ELEMENTS: dict[ColumnType, ColumnType] = {"string_array": "string", "number_array": "number"}

FITS: dict[ColumnType, frozenset[Asked]] = {
    "string": frozenset({"text", "null"}),
    "number": frozenset({"number", "time", "null"}),
    "timestamp": frozenset({"number", "time", "null"}),
    "date": frozenset({"number", "time", "null"}),
    "boolean": frozenset({"boolean", "null"}),
}
"""What an unquantified test of a scalar column may ask; the rows of arrays are their elements'."""


_NULL: frozenset[Asked] = frozenset({"null"})
_TEXT: frozenset[Asked] = frozenset({"text"})
_TIME: frozenset[Asked] = frozenset({"time"})
_NUMBER: frozenset[Asked] = frozenset({"number"})


def asked(predicate: p.Predicate) -> frozenset[Asked]:
    """What a predicate compares with: mostly one, several where its values are of two kinds."""
    match predicate:
        case p.IsNull():
            return _NULL
        case p.Compare(relation, Boolean()) if relation != "=":
            return frozenset({"order of booleans"})
        case p.Compare(_, value):
            return _kinds(value)
        case p.Between(low, high):
            return _kinds(low) | _kinds(high)
        case p.In(values):
            return frozenset().union(*map(_kinds, values))
        case p.Like() | p.Matches():
            return _TEXT
        case (
            p.TimeCompare()
            | p.TimeBetween()
            | p.Within()
            | p.InUnit()
            | p.Today()
            | p.TimeRange()
            | p.BetweenNext()
        ):
            return _TIME
        case _:
            assert_never(predicate)


def _kinds(value: Value) -> frozenset[Asked]:
    match value:
        case Number():
            return _NUMBER
        case Text() | Date():
            return _TEXT
        case Boolean():
            return frozenset({"boolean"})
        case Name():
            return frozenset()
        case _:
            assert_never(value)


def compares_values(predicate: p.Predicate) -> bool:
    """Whether a predicate is about the values that are written in it, not about an operator."""
    return isinstance(predicate, p.Compare | p.Between | p.In)


_ADVICE: dict[tuple[ColumnType, Asked], str] = {
    ("string", "number"): "put the value in quotes",
    ("string", "boolean"): "put the value in quotes",
    ("number", "text"): "write the number without quotes",
    ("number", "boolean"): "compare it with a number",
    ("timestamp", "text"): "write `before 2024-01-31`, `after …`, or `within past 30 days`",
    ("date", "text"): "write `before 2024-01-31`, `after …`, or `within past 30 days`",
    ("boolean", "text"): "write `is true` or `is false`",
    ("boolean", "number"): "write `is true` or `is false`",
    ("boolean", "order of booleans"): "write `is true` or `is false`",
}


def advice(type: ColumnType, kinds: frozenset[Asked]) -> str | None:
    """What to write instead."""
    for kind in sorted(kinds):
        if (type, kind) in _ADVICE:
            return _ADVICE[type, kind]
    return None


DESCRIBED: dict[Asked, str] = {
    "number": "numbers",
    "text": "text",
    "boolean": "true and false",
    "order of booleans": "true and false by size",
    "time": "times",
    "null": "nothing",
}
