"""Loads a CSV file into a table in memory and infers the types of its columns.

RFC 4180 in UTF-8 with a header. An empty value is missing; `""` is an empty string, or missing
if the column has another type. The type of a column is inferred from all its values.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

import duckdb
import msgspec

from segdsl.engine.columns import Field, literal, quoted
from segdsl.engine.errors import DataError, reason

_BOOLEAN = "(?i:true|false)"
# No leading zeros and no plus: 0123 is a code, not a number.
_DECIMAL = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?"
_NUMBER = rf"{_DECIMAL}([eE][+-]?[0-9]+)?"
_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK = r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}:?[0-9]{2})?"
_TIME = f"{_DATE}([T ]{_CLOCK})?"
# Limits of BIGINT and of DuckDB's smaller exact decimals.
_DIGITS = 18
_PLACES = 6
_MAX_LINE = 8_000_000
_SAMPLE_ROWS = 1_000
# Columns per query: the memory for each column grows with their number.
COLUMNS_AT_ONCE = 16

_LINE = re.compile(r"CSV Error on Line: (\d+)")
_ERROR_MESSAGES = {
    "Expected Number of Columns": "the number of values differs from that of the header",
    "not utf-8": "it is not UTF-8: save the file as UTF-8",
    "unterminated quote": "unexpected quotation mark: double it inside a value",
    "Maximum line size": f"the line is longer than {_MAX_LINE // 1_000_000} MB",
    "invalid state": "mixed line endings, or unpaired quotation marks",
}


class Rows(Protocol):
    """The result of a statement."""

    def fetchone(self) -> Any: ...
    def fetchall(self) -> list[Any]: ...


class Connection(Protocol):
    """What executes statements: a connection of DuckDB, or something like it."""

    def execute(self, query: str, /) -> Rows: ...


class _ColumnProfile(msgspec.Struct, frozen=True):
    """The common properties of a column's values that are not empty."""

    values: int
    boolean: bool
    decimal: bool
    number: bool
    time: bool
    digits: int
    places: int

    @property
    def type(self) -> str:
        """The DuckDB type for the values."""
        if not self.values:
            return "VARCHAR"
        if self.boolean:
            return "BOOLEAN"
        if self.decimal and self.digits + self.places <= _DIGITS and self.places <= _PLACES:
            return f"DECIMAL({_DIGITS},{self.places})" if self.places else "BIGINT"
        if self.number:
            return "DOUBLE"
        return "TIMESTAMP WITH TIME ZONE" if self.time else "VARCHAR"


_UNRESTRICTED = _ColumnProfile(0, True, True, True, True, 0, 0)
"""Of no values: they may be of any type."""


def load_csv(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    table: str,
    string_columns: frozenset[str],
    *,
    plain: Path | None = None,
) -> list[Field]:
    """Loads a file into a table and returns its columns; `string_columns` are not converted.

    `table` is a quoted name; `plain` is the path by which DuckDB opens the file (`PlainPaths`).
    Raises DataError.
    """
    names = header(path)
    raw = quoted("a file/as texts")  # no file has such a name
    try:
        connection.execute(
            f"CREATE TABLE {raw} AS SELECT * FROM {csv_source(plain or path, names)}"
        )
        profiles = column_profiles(connection, raw, names)
        fields = [
            Field(name, "VARCHAR" if name in string_columns else each.type)
            for name, each in zip(names, profiles, strict=True)
        ]
        columns = ", ".join(map(_cast_column, fields))
        # No two columns share an expression, but DuckDB would compare all pairs of them.
        connection.execute("SET disabled_optimizers = 'common_subexpressions'")
        connection.execute(f"CREATE TABLE {table} AS SELECT {columns} FROM {raw}")
        connection.execute("RESET disabled_optimizers")
        connection.execute(f"DROP TABLE {raw}")
    except duckdb.Error as error:
        raise DataError(f"{path} cannot be read as CSV: {csv_error(error)}") from error
    return fields


def csv_source(path: Path, names: Iterable[str]) -> str:
    """The FROM clause that reads a file with these columns as strings."""
    shape = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
    return (
        f"read_csv({literal(str(path))}, "
        f"auto_detect = false, columns = {{{shape}}}, header = true, delim = ',', "
        "quote = '\"', escape = '\"', comment = '', nullstr = '', strict_mode = true, "
        f"allow_quoted_nulls = false, compression = 'none', max_line_size = {_MAX_LINE})"
    )


def header(path: Path) -> list[str]:
    """Reads the names of the columns; raises DataError."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            names = next(csv.reader(file, strict=True), [])
    except OSError as error:
        raise DataError(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8: save the file as UTF-8") from error
    except csv.Error as error:
        raise DataError(f"{path}: the first line is not a valid CSV header: {error}") from error
    if not names:
        raise DataError(f"{path} is empty: the first line must name the columns")
    known_names: set[str] = set()
    for name in names:
        if not name:
            raise DataError(f"{path}: a column has no name; add it in the first line")
        if name.lower() in known_names:
            raise DataError(f"{path}: two columns are named `{name}` (case is ignored); rename one")
        known_names.add(name.lower())
    return names


def column_profiles(connection: Connection, table: str, names: list[str]) -> list[_ColumnProfile]:
    """What the values of columns have in common, for each column of a FROM clause."""
    profiles: list[_ColumnProfile] = []
    (size,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone() or (0,)
    for start in range(0, len(names), COLUMNS_AT_ONCE):
        group = names[start : start + COLUMNS_AT_ONCE]
        rows = f"(SELECT {', '.join(map(quoted, group))} FROM {table})"
        # Testing all values for all types is slow, so the first rows rule out some types.
        sample = _profile_first_rows(connection, rows, group)
        profiles += (
            sample if size <= _SAMPLE_ROWS else _profile_columns(connection, rows, group, sample)
        )
    return profiles


def _profile_first_rows(
    connection: Connection, rows: str, names: list[str]
) -> list[_ColumnProfile]:
    """Profiles columns by their first rows.

    All columns are one here: compiling the patterns for each takes longer than matching them.
    """
    values = ", ".join(map(quoted, names))
    found = connection.execute(
        f"SELECT number, {', '.join(_measures('value', _UNRESTRICTED))} "
        f"FROM (SELECT unnest([{values}]) AS value, unnest(range({len(names)})) AS number "
        f"FROM (FROM {rows} LIMIT {_SAMPLE_ROWS})) GROUP BY number"
    ).fetchall()
    profiles = {number: _ColumnProfile(*measures) for number, *measures in found}
    return [profiles.get(number, _UNRESTRICTED) for number in range(len(names))]


def _profile_columns(
    connection: Connection,
    rows: str,
    names: list[str],
    previous: list[_ColumnProfile],
) -> list[_ColumnProfile]:
    """Profiles columns, without the tests that previous rows have ruled out."""
    measures = [
        measure
        for name, profile in zip(names, previous, strict=True)
        for measure in _measures(quoted(name), profile)
    ]
    row = connection.execute(f"SELECT {', '.join(measures)} FROM {rows}").fetchone()
    assert row is not None
    width = len(row) // len(names)
    return [_ColumnProfile(*row[start : start + width]) for start in range(0, len(row), width)]


def _measures(column: str, previous: _ColumnProfile) -> list[str]:
    """The aggregates for the fields of `_ColumnProfile`, in order."""
    value = f"nullif({column}, '')"
    finite = f"isfinite(TRY_CAST({value} AS DOUBLE))"
    is_time = f"TRY_CAST({value} AS TIMESTAMP WITH TIME ZONE) IS NOT NULL"

    def all_are(possible: bool, pattern: str, condition: str = "true") -> str:
        if not possible:
            return "false"
        holds = f"regexp_full_match({value}, {literal(pattern)}) AND coalesce({condition}, false)"
        # Without values the test is true: nothing is ruled out.
        return f"coalesce(bool_and({holds}) FILTER (WHERE {value} IS NOT NULL), true)"

    def max_length(pattern: str) -> str:
        if not previous.decimal:
            return "0"
        return f"coalesce(max(length(regexp_extract({value}, {literal(pattern)}, 1))), 0)"

    return [
        f"count({value})",
        all_are(previous.boolean, _BOOLEAN),
        all_are(previous.decimal, _DECIMAL),
        all_are(previous.number, _NUMBER, finite),
        all_are(previous.time, _TIME, is_time),
        max_length("([0-9]+)"),
        max_length("[.](.*)"),
    ]


def _cast_column(field: Field) -> str:
    column = quoted(field.name)
    if field.type == "VARCHAR":
        return column
    return f"CAST(nullif({column}, '') AS {field.type}) AS {column}"


def csv_error(error: duckdb.Error) -> str:
    """The message for an error of DuckDB, without its advice on options of `read_csv`."""
    text = str(error)
    line = _LINE.search(text)
    where = f"line {line[1]}: " if line else ""
    for pattern, message in _ERROR_MESSAGES.items():
        if pattern in text:
            return where + message
    return where + reason(error)
