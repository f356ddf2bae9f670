"""Runs a query on rows that are in memory, such as sampled profiles of an API.

Values are those of JSON. A column with a value that does not fit its type is one of unknown type:
no value is dropped.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import duckdb
import msgspec
from sqlglot import exp

from segdsl.engine.columns import quoted
from segdsl.engine.errors import QueryFailed, reason
from segdsl.engine.query import Result, plain
from segdsl.language.values import ColumnType
from segdsl.sql import render
from segdsl.sql.catalog import PROFILE_ID, Column, Table

_MAX_BIGINT = 2**63
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",
    "enable_external_access": "false",
}


class MemoryTable(msgspec.Struct, frozen=True):
    """A table with its rows; `names` and DuckDB's `types` are of each value of a row, in order."""

    table: Table
    names: tuple[str, ...]
    types: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


def memory_table(
    name: str,
    columns: Sequence[tuple[str, ColumnType | None]],
    rows: Iterable[Sequence[Any]],
) -> MemoryTable:
    """A table of rows that have the profile's id and then a value for each of the columns.

    The type of a column is None if it is unknown.
    """
    by_column = list(zip(*rows, strict=True)) or [()] * (len(columns) + 1)
    typed: list[Column] = []
    types: list[str] = ["VARCHAR"]
    values: list[Sequence[Any]] = [list(map(_as_text, by_column[0]))]
    for (column, type), raw in zip(columns, by_column[1:], strict=True):
        fitting = None if type is None else _fitting(type, raw)
        if type is None or fitting is None:
            types.append("VARCHAR")
            values.append([None if each is None else _as_text(each) for each in raw])
            continue
        own, converted = fitting
        typed.append(Column(column, type, 0 if type == "number" and own == "BIGINT" else None))
        types.append(own)
        values.append(converted)
    known = {each.name for each in typed}
    untyped = frozenset(column for column, _ in columns if column not in known)
    names = (PROFILE_ID, *(column for column, _ in columns))
    table = Table(name, tuple(typed), untyped)
    return MemoryTable(table, names, tuple(types), tuple(zip(*values, strict=True)))


def query_rows(tables: Iterable[MemoryTable], query: exp.Expr) -> Result:
    """The result of a query on tables; raises QueryFailed."""
    sql = render(query, "duckdb", pretty=False)
    try:
        with duckdb.connect(":memory:", config=_CONFIG) as connection:
            for each in tables:
                _create(connection, each)
            cursor = connection.execute(sql)
            names = tuple(str(column[0]) for column in cursor.description or ())
            rows = tuple(tuple(map(plain, row)) for row in cursor.fetchall())
    except (duckdb.Error, MemoryError) as error:
        raise QueryFailed(f"the query failed: {reason(error)}") from error
    return Result(names, rows)


def _create(connection: duckdb.DuckDBPyConnection, table: MemoryTable) -> None:
    name = quoted(table.table.name)
    pairs = zip(table.names, table.types, strict=True)
    columns = ", ".join(f"{quoted(column)} {type}" for column, type in pairs)
    connection.execute(f"CREATE TABLE {name} ({columns})")
    if table.rows:
        places = ", ".join("?" * len(table.names))
        connection.executemany(f"INSERT INTO {name} VALUES ({places})", table.rows)


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _fitting(type: ColumnType, raw: Sequence[Any]) -> tuple[str, list[Any]] | None:
    """DuckDB's type for values, and the values; None if one of them does not fit."""
    fits, own = _FITS[type]
    if own.endswith("[]") or own == "BOOLEAN":
        raw = [_from_json(each) for each in raw]
    if not all(each is None or fits(each) for each in raw):
        return None
    if own == "DOUBLE" and all(each is None or _is_integer(each) for each in raw):
        own = "BIGINT"
    return own, list(raw)


def _from_json(value: Any) -> Any:
    """An array or a boolean, which an API may also write as JSON in a string."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _is_integer(value: Any) -> bool:
    is_integer = isinstance(value, int) and not isinstance(value, bool)
    return is_integer and -_MAX_BIGINT <= value < _MAX_BIGINT


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_list(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: (
        isinstance(value, list) and all(each is None or fits(each) for each in value)
    )


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


_FITS: dict[ColumnType, tuple[Callable[[Any], bool], str]] = {
    "string": (_is_text, "VARCHAR"),
    "number": (_is_number, "DOUBLE"),
    "timestamp": (_is_integer, "BIGINT"),
    "date": (_is_integer, "BIGINT"),
    "boolean": (lambda value: isinstance(value, bool), "BOOLEAN"),
    "string_array": (_is_list(_is_text), "VARCHAR[]"),
    "number_array": (_is_list(_is_number), "DOUBLE[]"),
}
