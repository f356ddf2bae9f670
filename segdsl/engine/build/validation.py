"""Measures raw tables for a configuration, and says what of it is a mistake.

What a build would refuse, a table or a column that is missing, is an error here, with everything
else that can still be measured.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal as OneOf
from typing import assert_never

import duckdb
import msgspec
from sqlglot import exp

from segdsl.diagnostics.places import counted
from segdsl.diagnostics.suggest import did_you_mean
from segdsl.engine.build.casts import cast
from segdsl.engine.build.measures import Asked, Measure, asked, parts_of, table_in_database
from segdsl.engine.build.run import DEFAULT_ZONE, opened_tables
from segdsl.engine.build.sources import RawFiles, RawTable, reading_error
from segdsl.engine.columns import quoted
from segdsl.engine.csv_table import Connection
from segdsl.engine.errors import DataError
from segdsl.parent_segment import matrix
from segdsl.parent_segment.model import Configuration, ConfiguredGroup, Join, Table
from segdsl.sql import render
from segdsl.sql.expressions import identifier

LOW_MATCH = 0.5
"""The part of rows that should at least find a row in another table (assumed)."""

Severity = OneOf["error", "warning"]


class Measured(msgspec.Struct, frozen=True):
    """A measure with its result: `value` of `total`."""

    measure: Measure
    value: int
    total: int

    @property
    def severity(self) -> Severity | None:
        """Whether the result is a mistake: a join or a filter that finds nothing is an error."""
        match self.measure.kind:
            case "filter":
                return "error" if self.value == 0 else None
            case "match":
                if self.total == 0 or self.value / self.total >= LOW_MATCH:
                    return None
                return "warning" if self.value else "error"
            case "null keys" | "duplicate keys" | "misfits":
                return "warning" if self.value else None
            case _:
                assert_never(self.measure.kind)


class Missing(msgspec.Struct, frozen=True):
    """A table or a column that is configured, and not there; or of a type that cannot be read."""

    table: Table
    column: str | None
    message: str


class Validation(msgspec.Struct, frozen=True):
    """What was found out about raw tables."""

    missing: tuple[Missing, ...]
    measured: tuple[Measured, ...]

    @property
    def errors(self) -> int:
        return len(self.missing) + self._number("error")

    @property
    def warnings(self) -> int:
        return self._number("warning")

    def _number(self, severity: Severity) -> int:
        return sum(each.severity == severity for each in self.measured)


def validate(folder: Path, configuration: Configuration) -> Validation:
    """Measures the raw tables of a folder; raises DataError for a file that cannot be read."""
    files = RawFiles(folder)
    names = matrix.table_names(configuration)
    missing = [_missing_table(files, each) for each in names if files.find(each) is None]
    there = tuple(each for each in names if files.find(each) is not None)
    measured: list[Measured] = []
    with opened_tables(files, there, configuration.timezone or DEFAULT_ZONE) as opened:
        connection, tables = opened
        missing += list(_missing_columns(configuration, tables))
        for table in tables.values():
            name = quoted(str(table.file.table))
            connection.execute(f"CREATE VIEW {name} AS SELECT * FROM {table.source}")
        gone = {(each.table, each.column) for each in missing}
        for each in asked(configuration, _view, "duckdb"):
            # Misfits are counted as the build counts them.
            if each.measure.kind != "misfits" and _is_there(each, gone, configuration):
                measured.append(_measure(connection, each, tables))
        measured += _misfits(connection, configuration, tables, gone)
    return Validation(tuple(missing), tuple(measured))


def measures_sql(configuration: Configuration, dialect: str) -> str:
    """The measures as one statement each, for a warehouse; every one says what it measures."""
    return "\n\n".join(
        f"-- {line_of(each.measure)}\n{render(each.query, dialect)};"
        for each in asked(configuration, table_in_database, dialect)
    )


def line_of(measure: Measure) -> str:
    """What is measured, in one line."""
    table, column = f"{measure.table}", measure.column
    match measure.kind:
        case "filter":
            return f"{table}: rows that the filters keep" if column else f"{table}: rows"
        case "null keys":
            return f"{table}.{column}: rows without a key"
        case "duplicate keys":
            return f"{table}.{column}: rows whose key another row has"
        case "match" if measure.of == measure.table:
            return f"{table}.{column}: events that belong to a profile"
        case "match":
            return f"{table}.{column}: rows that have one in {measure.of}"
        case "misfits":
            return f"{table}.{column}: values that are no {measure.type}"
        case _:
            assert_never(measure.kind)


# --- what is missing -----------------------------------------------------------------------


def _missing_table(files: RawFiles, table: Table) -> Missing:
    try:
        files.need(table)
    except DataError as error:
        return Missing(table, None, str(error))
    raise AssertionError("it was looked up a moment ago")


def _missing_columns(
    configuration: Configuration, tables: dict[Table, RawTable]
) -> Iterator[Missing]:
    found: set[tuple[Table, str]] = set()
    for table, column in _columns(configuration):
        raw = tables.get(table)
        if raw is None or raw.field(column) is not None or (table, column) in found:
            continue
        found.add((table, column))
        help = did_you_mean(column, raw.columns) or f"existing columns: {', '.join(raw.columns)}"
        yield Missing(table, column, f"`{table}` has no column `{column}`; {help}")


def _columns(configuration: Configuration) -> Iterator[tuple[Table, str]]:
    """Every column that is read, with its table."""
    master = configuration.master.table
    for each in configuration.master.filters:
        yield master, each.column
    holders: list[Configuration | ConfiguredGroup] = [configuration, *configuration.groups]
    for of in holders:
        base = of.table if isinstance(of, ConfiguredGroup) else master
        if isinstance(of, ConfiguredGroup):
            yield from _joined(master, of.join, of.table)
        for attributes in of.attributes:
            yield from _joined(base, attributes.join, attributes.table)
        for behavior in of.behaviors:
            yield from _joined(base, behavior.join, behavior.table)
    for part in parts_of(configuration):
        yield from ((part.table, column.column) for column in part.columns)


def _joined(base: Table, join: Join | None, table: Table) -> Iterator[tuple[Table, str]]:
    if join is not None:
        yield base, join.master
        yield table, join.column


def _is_there(
    asked: Asked, gone: set[tuple[Table, str | None]], configuration: Configuration
) -> bool:
    """Whether a query names only tables and columns that are there."""
    names = {str(table): table for table in matrix.table_names(configuration)}
    tables = [names[each.name] for each in asked.query.find_all(exp.Table)]
    if any((table, None) in gone for table in tables):
        return False
    columns = {each.name for each in asked.query.find_all(exp.Column)}
    return not any((table, column) in gone for table in tables for column in columns)


# --- measuring -----------------------------------------------------------------------------


def _view(table: Table) -> exp.Table:
    return exp.Table(this=identifier(str(table)))


def _measure(connection: Connection, asked: Asked, tables: dict[Table, RawTable]) -> Measured:
    try:
        row = connection.execute(render(asked.query, "duckdb", pretty=False)).fetchone()
    except duckdb.Error as error:
        raise reading_error(tables[asked.measure.table], error) from error
    value, total = row
    return Measured(asked.measure, int(value), int(total))


def _misfits(
    connection: Connection,
    configuration: Configuration,
    tables: dict[Table, RawTable],
    gone: set[tuple[Table, str | None]],
) -> Iterable[Measured]:
    """The values that do not fit, as the build counts them; also of arrays."""
    for asked_one in _typed(configuration):
        table, column, type = asked_one.table, asked_one.column, asked_one.type
        if (table, None) in gone or (table, column) in gone or type is None:
            continue
        raw = tables[table]
        field = raw.field(column)
        assert field is not None, "a missing column was reported"
        misfits = cast(field, type).misfits
        if misfits is None:
            continue
        try:
            row = connection.execute(
                f"SELECT count(*) FILTER (WHERE {misfits}), "
                f"count(nullif(CAST({quoted(column)} AS VARCHAR), '')) FROM {raw.source}"
            ).fetchone()
        except duckdb.Error as error:
            raise reading_error(raw, error) from error
        yield Measured(asked_one, int(row[0]), int(row[1]))


def _typed(configuration: Configuration) -> Iterator[Measure]:
    """A measure of misfits for each configured column, each once."""
    measures = (
        Measure("misfits", part.table, column.column, None, column.type)
        for part in parts_of(configuration)
        for column in part.columns
    )
    yield from dict.fromkeys(measures)


def problem_of(measured: Measured) -> str | None:
    """What is wrong with a result, as a sentence; None where nothing is."""
    if measured.severity is None:
        return None
    measure, value = measured.measure, measured.value
    where = f"`{measure.table}`"
    match measure.kind:
        case "filter":
            return f"{where} has no row that the filters keep: nobody is in the parent segment"
        case "null keys":
            rows = f"{where}: {counted(value, 'row')} without `{measure.column}` "
            return f"{rows}never {'matches' if value == 1 else 'match'}"
        case "duplicate keys":
            return (
                f"{where}: {counted(value, 'row')} with a `{measure.column}` that another row has"
            )
        case "match":
            share = f"{value:,} of {measured.total:,}"
            if measure.of == measure.table:
                return f"{where}: only {share} events belong to a profile"
            return f"`{measure.of}`: only {share} rows of {where} have a row there"
        case "misfits":
            return (
                f"{where}: {counted(value, 'value')} of `{measure.column}` "
                f"{'is' if value == 1 else 'are'} no {measure.type}, and "
                f"{'becomes' if value == 1 else 'become'} null"
            )
        case _:
            assert_never(measure.kind)
