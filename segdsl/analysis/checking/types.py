"""Which comparison fits which type of column: one table, and what is said where none does.

What does not fit never holds (see “As SQL” in the reference), so it is an error and not a
matter of taste. Times are kept as Unix seconds (observed), and so are dates here, so a `number`
column takes what a `timestamp` or a `date` takes, and the other way round.
"""

from __future__ import annotations

from segdsl.language.predicates import Between, Compare, ComparedKind, In, Predicate
from segdsl.language.values import ColumnType

SCALARS: tuple[ColumnType, ...] = ("string", "number", "timestamp", "date", "boolean")
ELEMENTS: dict[ColumnType, ColumnType] = {"string_array": "string", "number_array": "number"}

FITS: dict[ColumnType, frozenset[ComparedKind]] = {
    "string": frozenset({"text", "null"}),
    "number": frozenset({"number", "time", "null"}),
    "timestamp": frozenset({"number", "time", "null"}),
    "date": frozenset({"number", "time", "null"}),
    "boolean": frozenset({"boolean", "null"}),
}
"""What an unquantified test of a scalar column may ask; the rows of arrays are their elements'."""


def compares_values(predicate: Predicate) -> bool:
    """Whether a predicate is about the values that are written in it, not about an operator."""
    return isinstance(predicate, Compare | Between | In)


_ADVICE: dict[tuple[ColumnType, ComparedKind], str] = {
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


def advice(type: ColumnType, kinds: frozenset[ComparedKind]) -> str | None:
    """What to write instead."""
    for kind in sorted(kinds):
        if (type, kind) in _ADVICE:
            return _ADVICE[type, kind]
    return None


DESCRIBED: dict[ComparedKind, str] = {
    "number": "numbers",
    "text": "text",
    "boolean": "true and false",
    "order of booleans": "true and false by size",
    "time": "times",
    "null": "nothing",
}
