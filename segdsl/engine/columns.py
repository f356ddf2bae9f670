"""A column of a file as a column of a table: its type, and the SQL that reads it.

Numbers, texts, booleans and lists of them stay what they are, but a number that is not finite
is missing, in lists too; every date and time becomes Unix seconds. What a condition cannot ask
about is an error, not left out in silence.
"""

from __future__ import annotations

import re
from typing import assert_never

import msgspec

from segdsl.engine.errors import DataError
from segdsl.engine.tables import TIME_COLUMNS, is_behavior
from segdsl.language.values import ColumnType
from segdsl.sql.catalog import Column

_WHOLE = re.compile(r"U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)")
_FLOATING = re.compile(r"FLOAT|DOUBLE")
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
_TEXT = re.compile(r"VARCHAR|UUID|JSON|ENUM\(.*\)", re.DOTALL)
_TIME = re.compile(r"DATE|TIMESTAMP(_S|_MS|_NS)?|TIMESTAMP WITH TIME ZONE")
_LIST = re.compile(r"(.*)\[\d*\]", re.DOTALL)
# A column in which no value was ever seen, as data frames write it.
_NOTHING = '"NULL"'
# Wider ones than this DuckDB cannot compare with a number of many decimal places.
_EXACT_DIGITS = 18


class Field(msgspec.Struct, frozen=True):
    """A column as DuckDB finds it in a file or table."""

    name: str
    type: str


class Reading(msgspec.Struct, frozen=True):
    """A column of a table and the SQL expression that reads it from the field."""

    column: Column
    sql: str


def quoted(name: str) -> str:
    """A name in DuckDB's SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text in DuckDB's SQL."""
    return "'" + text.replace("'", "''") + "'"


def reading(table: str, field: Field, declared: ColumnType | None, place: str) -> Reading:
    """How a field is read, as the type it is declared to have or its own.

    `place` is where the table is, for the reader of a DataError.
    """
    sql = quoted(field.name)
    if field.type == _NOTHING:
        sql, field = f"CAST({sql} AS VARCHAR)", Field(field.name, "VARCHAR")
    type = declared or _own_type(table, field)
    made = None if type is None else _as(type, field.type, sql)
    if type is None:
        raise DataError(
            f"{place}: the column `{field.name}` is of the type {field.type}, which no condition "
            "can ask about; leave it out, or make it text, a number, a time or a list"
        )
    if made is None:
        raise DataError(
            f"{place}: the column `{field.name}` is declared as {type}, but holds {field.type}; "
            "correct the declaration or the column"
        )
    return Reading(Column(field.name, type, _places(type, field.type)), made)


def _places(type: ColumnType, own: str) -> int | None:
    """How many decimal places a number of DuckDB's type `own` keeps when it is read."""
    if type != "number":
        return None
    if (decimal := _DECIMAL.fullmatch(own)) is not None:
        return int(decimal[2]) if int(decimal[1]) <= _EXACT_DIGITS else None
    return 0 if _WHOLE.fullmatch(own) and not own.endswith("HUGEINT") else None


def _own_type(table: str, field: Field) -> ColumnType | None:
    if is_behavior(table) and field.name in TIME_COLUMNS and _is_number(field.type):
        return "timestamp"
    if (of := _element(field.type)) is not None:
        if _is_number(of):
            return "number_array"
        return "string_array" if _TEXT.fullmatch(of) else None
    if _is_number(field.type):
        return "number"
    if _TEXT.fullmatch(field.type):
        return "string"
    if _TIME.fullmatch(field.type):
        return "timestamp"
    return "boolean" if field.type == "BOOLEAN" else None


def _is_number(type: str) -> bool:
    return any(each.fullmatch(type) for each in (_WHOLE, _FLOATING, _DECIMAL))


def _element(type: str) -> str | None:
    found = _LIST.fullmatch(type)
    return found[1] if found else None


def _as(type: ColumnType, own: str, sql: str) -> str | None:
    """The SQL that makes a value of DuckDB's type `own` one of ours; None: it cannot be."""
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
    scalar = _is_number(own) or _TEXT.fullmatch(own) or _TIME.fullmatch(own) or own == "BOOLEAN"
    return f"CAST({sql} AS VARCHAR)" if scalar else None


def _as_number(own: str, sql: str) -> str | None:
    if _FLOATING.fullmatch(own):
        return _finite(sql)
    if (decimal := _DECIMAL.fullmatch(own)) is not None:
        return sql if int(decimal[1]) <= _EXACT_DIGITS else f"CAST({sql} AS DOUBLE)"
    if _WHOLE.fullmatch(own):
        return f"CAST({sql} AS DOUBLE)" if own.endswith("HUGEINT") else sql
    return _finite(f"CAST({sql} AS DOUBLE)") if own == "VARCHAR" else None


def _finite(sql: str) -> str:
    """The number, or null for NaN and the infinities.

    NaN is how data frames write a missing number; DuckDB would hold it for the largest. Of
    infinities it would make one: where it adds one to its opposite.
    """
    return f"CASE WHEN isfinite({sql}) THEN {sql} END"


def _as_boolean(own: str, sql: str) -> str | None:
    if own == "BOOLEAN":
        return sql
    return f"CAST({sql} AS BOOLEAN)" if own == "VARCHAR" or _WHOLE.fullmatch(own) else None


def _as_seconds(own: str, sql: str) -> str | None:
    """A time without an offset is one of the session's time zone, which is the parent segment's.

    Of an hour that the clock shows twice it is the second; parts of a second are dropped.
    """
    if _TIME.fullmatch(own) or own == "VARCHAR":
        return f"CAST(floor(epoch(CAST({sql} AS TIMESTAMP WITH TIME ZONE))) AS BIGINT)"
    if own == "BIGINT":
        return sql
    # What is no time, such as NaN, is missing.
    return f"TRY_CAST(floor({sql}) AS BIGINT)" if _is_number(own) else None


def _as_array(type: ColumnType, own: str, sql: str) -> str | None:
    wanted = "VARCHAR" if type == "string_array" else "DOUBLE"
    if own in ("VARCHAR", "JSON"):
        return _finite_all(type, f"from_json_strict({sql}, '[\"{wanted}\"]')")
    of = _element(own)
    if of is None or not (_is_number(of) or (wanted == "VARCHAR" and _TEXT.fullmatch(of))):
        return None
    made = sql if own == f"{wanted}[]" else f"CAST({sql} AS {wanted}[])"
    return _finite_all(type, made) if _FLOATING.fullmatch(of) else made


def _finite_all(type: ColumnType, sql: str) -> str:
    """The array, with null for each element that is no finite number, as outside of arrays."""
    if type != "number_array":
        return sql
    element = quoted("an element")
    return f"[{_finite(element)} FOR {element} IN {sql}]"
