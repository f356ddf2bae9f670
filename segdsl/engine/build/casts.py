"""Casts a column of a raw table to its configured type: a value that does not fit becomes null.

Strings are read as DuckDB reads them: `7`, `-1.5`, `1e3` are numbers; `true`, `yes`, `1` are
booleans; a time is an ISO 8601 date or time, or a whole number of Unix seconds; an array is a JSON
array. An empty string is missing, except in a column of strings. Numbers that are not finite are
missing. Numbers of a string column are doubles (documented), or integers if all of them are.
"""

from __future__ import annotations

from typing import assert_never

import msgspec

from segdsl.engine.columns import Field, convert, duckdb_type, quoted
from segdsl.language.values import ColumnType

_EXACT = 2**53
"""Up to here a double has every integer."""


class Cast(msgspec.Struct, frozen=True):
    """A column as its type, in DuckDB's SQL.

    `integral`, of a column of strings that should be numbers, says whether all are integers;
    `whole` is then the same as an integer. `misfits` is true for a value that does not fit; None
    if every value fits. Without a `value`, a column of this kind cannot have the type.
    """

    value: str | None
    misfits: str | None = None
    whole: str | None = None
    integral: str | None = None


def cast(field: Field, type: ColumnType) -> Cast:
    """How a column is read as a type."""
    column = quoted(field.name)
    if field.type == '"NULL"':
        return Cast(f"CAST(NULL AS {duckdb_type(type)})")
    if field.type not in ("VARCHAR", "JSON"):
        value = convert(type, field.type, column)
        lossy = type in ("timestamp", "date") and field.type not in ("BIGINT", "INTEGER")
        return Cast(value, _misfits(column, value) if value is not None and lossy else None)
    if type == "string":
        return Cast(convert(type, field.type, column))
    text = f"nullif({column if field.type == 'VARCHAR' else f'CAST({column} AS VARCHAR)'}, '')"
    value = _from_text(type, text)
    if type != "number":
        return Cast(value, _misfits(text, value))
    double = f"TRY_CAST({text} AS DOUBLE)"
    return Cast(
        value,
        # Infinities are missing, as in other columns of numbers.
        _misfits(text, double),
        f"CAST({double} AS BIGINT)",
        f"bool_and({double} IS NULL OR ({double} = trunc({double}) AND abs({double}) < {_EXACT}))",
    )


def _misfits(text: str, value: str) -> str:
    return f"{text} IS NOT NULL AND ({value}) IS NULL"


def _from_text(type: ColumnType, text: str) -> str:
    match type:
        case "string":
            return text
        case "number":
            double = f"TRY_CAST({text} AS DOUBLE)"
            return f"CASE WHEN isfinite({double}) THEN {double} END"
        case "boolean":
            return f"TRY_CAST({text} AS BOOLEAN)"
        case "timestamp" | "date":
            time = f"TRY_CAST({text} AS TIMESTAMP WITH TIME ZONE)"
            number = f"TRY_CAST({text} AS BIGINT)"
            return f"coalesce({number}, TRY_CAST(floor(epoch({time})) AS BIGINT))"
        case "string_array":
            return f"TRY(from_json_strict({text}, '[\"VARCHAR\"]'))"
        case "number_array":
            return f"TRY(from_json_strict({text}, '[\"DOUBLE\"]'))"
        case _:
            assert_never(type)
