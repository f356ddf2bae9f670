"""Maps a column of a file to a column of a table: its type and the SQL that reads it.

Numbers, strings, booleans and lists of them keep their values, except that a number that is not
finite is missing, also in lists; dates and times become Unix seconds. A column of another type is
an error and is not skipped silently.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import assert_never

import msgspec

from segdsl.engine.errors import DataError
from segdsl.engine.tables import TIME_COLUMNS, is_behavior
from segdsl.language.values import ColumnType
from segdsl.sql.catalog import Column

_INTEGER = re.compile(r"U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)")
_FLOATING = re.compile(r"FLOAT|DOUBLE")
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
_STRING = re.compile(r"VARCHAR|UUID|JSON|ENUM\(.*\)", re.DOTALL)
_TIME = re.compile(r"DATE|TIMESTAMP(_S|_MS|_NS)?|TIMESTAMP WITH TIME ZONE")
_LIST = re.compile(r"(.*)\[\d*\]", re.DOTALL)
# The type of a column without any value, as data frames write it.
_NULL_TYPE = '"NULL"'
# DuckDB cannot compare wider decimals with a number of many decimal places.
_EXACT_DIGITS = 18


class Field(msgspec.Struct, frozen=True):
    """A column of a file or table with its DuckDB type."""

    name: str
    type: str


class ColumnReading(msgspec.Struct, frozen=True):
    """A column of a table and the SQL expression that reads it from the field."""

    column: Column
    sql: str


def quoted(name: str) -> str:
    """A quoted name in DuckDB's SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A string literal in DuckDB's SQL."""
    return "'" + text.replace("'", "''") + "'"


def duckdb_type(type: ColumnType) -> str:
    """DuckDB's type for values of a type."""
    match type:
        case "string":
            return "VARCHAR"
        case "number":
            return "DOUBLE"
        case "boolean":
            return "BOOLEAN"
        case "timestamp" | "date":
            return "BIGINT"
        case "string_array":
            return "VARCHAR[]"
        case "number_array":
            return "DOUBLE[]"
        case _:
            assert_never(type)


def parquet_source(path: Path) -> str:
    """The FROM clause that reads a Parquet file."""
    return f"read_parquet({literal(str(path))}, hive_partitioning = false, binary_as_string = true)"


def read_column(
    table: str, field: Field, declared: ColumnType | None, location: str
) -> ColumnReading:
    """Maps a field to its declared or its inferred type; raises DataError.

    `location` is that of the table, for the message.
    """
    sql = quoted(field.name)
    if field.type == _NULL_TYPE:
        sql, field = f"CAST({sql} AS VARCHAR)", Field(field.name, "VARCHAR")
    type = declared or infer_type(table, field)
    expression = None if type is None else convert(type, field.type, sql)
    if type is None:
        raise DataError(
            f"{location}: the column `{field.name}` has the unsupported type {field.type}; remove "
            "it, or convert it to a string, a number, a time or a list"
        )
    if expression is None:
        raise DataError(
            f"{location}: the column `{field.name}` is declared as {type}, but has {field.type}; "
            "correct the declaration or the column"
        )
    return ColumnReading(Column(field.name, type, _places(type, field.type)), expression)


def _places(type: ColumnType, own: str) -> int | None:
    """The decimal places of a number of DuckDB's type `own`; None if unknown or a double."""
    if type != "number":
        return None
    if (decimal := _DECIMAL.fullmatch(own)) is not None:
        return int(decimal[2]) if int(decimal[1]) <= _EXACT_DIGITS else None
    return 0 if _INTEGER.fullmatch(own) and not own.endswith("HUGEINT") else None


def infer_type(table: str, field: Field) -> ColumnType | None:
    if is_behavior(table) and field.name in TIME_COLUMNS and _is_number(field.type):
        return "timestamp"
    if (element := _element(field.type)) is not None:
        if _is_number(element):
            return "number_array"
        return "string_array" if _STRING.fullmatch(element) else None
    if _is_number(field.type):
        return "number"
    if _STRING.fullmatch(field.type):
        return "string"
    if _TIME.fullmatch(field.type):
        return "timestamp"
    return "boolean" if field.type == "BOOLEAN" else None


def _is_number(type: str) -> bool:
    return any(each.fullmatch(type) for each in (_INTEGER, _FLOATING, _DECIMAL))


def _element(type: str) -> str | None:
    match = _LIST.fullmatch(type)
    return match[1] if match else None


def convert(type: ColumnType, own: str, sql: str) -> str | None:
    """The SQL that converts a value of DuckDB's type `own`; None if that is impossible."""
    match type:
        case "string":
            return _as_text(own, sql)
        case "number":
            return _as_number(own, sql)
        case "boolean":
            return _as_boolean(own, sql)
        case "timestamp" | "date":
            return _as_seconds(own, sql)
        case "string_array" | "number_array":
            return _as_array(type, own, sql)
        case _:
            assert_never(type)


def _as_text(own: str, sql: str) -> str | None:
    if own == "VARCHAR":
        return sql
    scalar = _is_number(own) or _STRING.fullmatch(own) or _TIME.fullmatch(own) or own == "BOOLEAN"
    return f"CAST({sql} AS VARCHAR)" if scalar else None


def _as_number(own: str, sql: str) -> str | None:
    if _FLOATING.fullmatch(own):
        return _finite(sql)
    if (decimal := _DECIMAL.fullmatch(own)) is not None:
        return sql if int(decimal[1]) <= _EXACT_DIGITS else f"CAST({sql} AS DOUBLE)"
    if _INTEGER.fullmatch(own):
        return f"CAST({sql} AS DOUBLE)" if own.endswith("HUGEINT") else sql
    return _finite(f"CAST({sql} AS DOUBLE)") if own == "VARCHAR" else None


def _finite(sql: str) -> str:
    """The number, or null for NaN and the infinities.

    Data frames write NaN for a missing number, but DuckDB orders it as the largest. The sum of
    opposite infinities is NaN, too.
    """
    return f"CASE WHEN isfinite({sql}) THEN {sql} END"


def _as_boolean(own: str, sql: str) -> str | None:
    if own == "BOOLEAN":
        return sql
    return f"CAST({sql} AS BOOLEAN)" if own == "VARCHAR" or _INTEGER.fullmatch(own) else None


def _as_seconds(own: str, sql: str) -> str | None:
    """Converts to Unix seconds, truncated; times without an offset are in the session's time zone.

    That is the parent segment's zone. In an hour that the clock shows twice, it is the second one.
    """
    if _TIME.fullmatch(own) or own == "VARCHAR":
        return f"CAST(floor(epoch(CAST({sql} AS TIMESTAMP WITH TIME ZONE))) AS BIGINT)"
    if own == "BIGINT":
        return sql
    # An invalid time, such as NaN, is missing.
    return f"TRY_CAST(floor({sql}) AS BIGINT)" if _is_number(own) else None


def _as_array(type: ColumnType, own: str, sql: str) -> str | None:
    element_type = "VARCHAR" if type == "string_array" else "DOUBLE"
    if own in ("VARCHAR", "JSON"):
        return _finite_all(type, f"from_json_strict({sql}, '[\"{element_type}\"]')")
    element = _element(own)
    if element is None or not (
        _is_number(element) or (element_type == "VARCHAR" and _STRING.fullmatch(element))
    ):
        return None
    array = sql if own == f"{element_type}[]" else f"CAST({sql} AS {element_type}[])"
    return _finite_all(type, array) if _FLOATING.fullmatch(element) else array


def _finite_all(type: ColumnType, sql: str) -> str:
    """The array with null for each number that is not finite."""
    if type != "number_array":
        return sql
    element = quoted("an element")
    return f"[{_finite(element)} FOR {element} IN {sql}]"
