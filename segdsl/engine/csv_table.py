"""A CSV file as a table in memory, with the types that its texts show.

RFC 4180 in UTF-8 with a header. An empty value is missing; `""` is an empty text, and
missing where the column is something else. What a column holds is decided by all its values.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

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
# What a BIGINT, or DuckDB's smaller exact decimals, can hold for sure.
_DIGITS = 18
_PLACES = 6
_MAX_LINE = 8_000_000
_FEW = 1_000
# Columns that one query looks at: the memory for each of them grows with their number.
COLUMNS_AT_ONCE = 16

_LINE = re.compile(r"CSV Error on Line: (\d+)")
_MISTAKES = {
    "Expected Number of Columns": "it has more or fewer values than the header has names",
    "not utf-8": "it is not UTF-8: save the file as UTF-8",
    "unterminated quote": "a quotation mark is not where one can be: in a value, double it",
    "Maximum line size": f"it is longer than {_MAX_LINE // 1_000_000} MB",
    "invalid state": "lines end in two different ways, or quotation marks are not in pairs",
}


class _Seen(msgspec.Struct, frozen=True):
    """What all values of a column that are not empty have in common."""

    values: int
    boolean: bool
    decimal: bool
    number: bool
    time: bool
    digits: int
    places: int

    @property
    def type(self) -> str:
        """DuckDB's type for them."""
        if not self.values:
            return "VARCHAR"
        if self.boolean:
            return "BOOLEAN"
        if self.decimal and self.digits + self.places <= _DIGITS and self.places <= _PLACES:
            return f"DECIMAL({_DIGITS},{self.places})" if self.places else "BIGINT"
        if self.number:
            return "DOUBLE"
        return "TIMESTAMP WITH TIME ZONE" if self.time else "VARCHAR"


def load_csv(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    table: str,
    texts: frozenset[str],
    *,
    plain: Path | None = None,
) -> list[Field]:
    """Makes the file a table and tells its columns; those named in `texts` stay texts.

    `table` is a name in SQL, and `plain` the path that DuckDB opens the file by (`PlainPaths`).
    Raises DataError.
    """
    names = header(path)
    shape = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
    raw = quoted("a file/as texts")  # no file has such a name
    try:
        connection.execute(
            f"CREATE TABLE {raw} AS SELECT * FROM read_csv({literal(str(plain or path))}, "
            f"auto_detect = false, columns = {{{shape}}}, header = true, delim = ',', "
            "quote = '\"', escape = '\"', comment = '', nullstr = '', strict_mode = true, "
            f"allow_quoted_nulls = false, compression = 'none', max_line_size = {_MAX_LINE})"
        )
        seen = _all_seen(connection, raw, names)
        fields = [
            Field(name, "VARCHAR" if name in texts else each.type)
            for name, each in zip(names, seen, strict=True)
        ]
        columns = ", ".join(map(_typed, fields))
        # No two columns have an expression in common, and DuckDB would compare each with each.
        connection.execute("SET disabled_optimizers = 'common_subexpressions'")
        connection.execute(f"CREATE TABLE {table} AS SELECT {columns} FROM {raw}")
        connection.execute("RESET disabled_optimizers")
        connection.execute(f"DROP TABLE {raw}")
    except duckdb.Error as error:
        raise DataError(f"{path} cannot be read as CSV: {_mistake(error)}") from error
    return fields


def header(path: Path) -> list[str]:
    """The names of the columns; raises DataError."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            names = next(csv.reader(file, strict=True), [])
    except OSError as error:
        raise DataError(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8: save the file as UTF-8") from error
    except csv.Error as error:
        raise DataError(f"{path}: its first line is no header of a CSV file: {error}") from error
    if not names:
        raise DataError(f"{path} is empty: its first line must name the columns")
    seen: set[str] = set()
    for name in names:
        if not name:
            raise DataError(f"{path}: a column has no name; give it one in the first line")
        if name.lower() in seen:
            raise DataError(
                f"{path}: two columns are named `{name}` (capitals make no difference); rename one"
            )
        seen.add(name.lower())
    return names


def _all_seen(connection: duckdb.DuckDBPyConnection, table: str, names: list[str]) -> list[_Seen]:
    found: list[_Seen] = []
    (size,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone() or (0,)
    for start in range(0, len(names), COLUMNS_AT_ONCE):
        group = names[start : start + COLUMNS_AT_ONCE]
        rows = f"(SELECT {', '.join(map(quoted, group))} FROM {table})"
        # Looking at each value in each way takes its time, so some rows rule out what they can.
        few = f"(FROM {rows} LIMIT {_FEW})"
        nothing_yet = [_Seen(0, True, True, True, True, 0, 0)] * len(group)
        seen = _seen(connection, few, group, nothing_yet)
        found += seen if size <= _FEW else _seen(connection, rows, group, seen)
    return found


def _seen(
    connection: duckdb.DuckDBPyConnection, rows: str, names: list[str], before: list[_Seen]
) -> list[_Seen]:
    """What some rows show, where those of `before` have not ruled it out."""
    measures = [
        measure
        for name, known in zip(names, before, strict=True)
        for measure in _measures(quoted(name), known)
    ]
    row = connection.execute(f"SELECT {', '.join(measures)} FROM {rows}").fetchone()
    assert row is not None
    width = len(row) // len(names)
    return [_Seen(*row[start : start + width]) for start in range(0, len(row), width)]


def _measures(column: str, before: _Seen) -> list[str]:
    """The aggregates that are the fields of `_Seen`, in their order."""
    value = f"nullif({column}, '')"
    finite = f"isfinite(TRY_CAST({value} AS DOUBLE))"
    known = f"TRY_CAST({value} AS TIMESTAMP WITH TIME ZONE) IS NOT NULL"

    def all_are(possible: bool, pattern: str, more: str = "true") -> str:
        if not possible:
            return "false"
        holds = f"regexp_full_match({value}, {literal(pattern)}) AND coalesce({more}, false)"
        # All of no values are whatever is asked: nothing is ruled out.
        return f"coalesce(bool_and({holds}) FILTER (WHERE {value} IS NOT NULL), true)"

    def longest(pattern: str) -> str:
        if not before.decimal:
            return "0"
        return f"coalesce(max(length(regexp_extract({value}, {literal(pattern)}, 1))), 0)"

    return [
        f"count({value})",
        all_are(before.boolean, _BOOLEAN),
        all_are(before.decimal, _DECIMAL),
        all_are(before.number, _NUMBER, finite),
        all_are(before.time, _TIME, known),
        longest("([0-9]+)"),
        longest("[.](.*)"),
    ]


def _typed(field: Field) -> str:
    column = quoted(field.name)
    if field.type == "VARCHAR":
        return column
    return f"CAST(nullif({column}, '') AS {field.type}) AS {column}"


def _mistake(error: duckdb.Error) -> str:
    """What DuckDB found, without its advice, which is about options nobody has here."""
    text = str(error)
    line = _LINE.search(text)
    where = f"line {line[1]}: " if line else ""
    for sign, words in _MISTAKES.items():
        if sign in text:
            return where + words
    return where + reason(error)
