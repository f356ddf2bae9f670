"""Views that read the columns of raw tables which a build needs, each as its type.

Where DuckDB's type of a column of strings depends on its values, they are looked at first, in one
scan of each table; the values that do not fit are counted in the same scan.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count

import msgspec

from segdsl.diagnostics.suggest import did_you_mean
from segdsl.engine.build.casts import Cast, cast
from segdsl.engine.build.model import Misfits
from segdsl.engine.build.sources import RawTable
from segdsl.engine.columns import Field, convert, infer_type, literal, quoted
from segdsl.engine.csv_table import Connection, column_profiles
from segdsl.engine.errors import DataError
from segdsl.language.values import ColumnType
from segdsl.parent_segment.model import Filter, Table


class Reading(msgspec.Struct, frozen=True):
    """A column as its type, in DuckDB's SQL."""

    column: str
    type: ColumnType
    sql: str


def need_column(table: RawTable, name: str) -> Field:
    """The field of a column; raises DataError."""
    field = table.field(name)
    if field is None:
        names = table.columns
        help = did_you_mean(name, names) or f"existing columns: {', '.join(names)}"
        raise DataError(f"{table.file.path} has no column `{name}`; {help}")
    return field


def key(table: RawTable, name: str, other: Field) -> str:
    """A join key in DuckDB's SQL; keys of different types are compared as strings (assumed)."""
    field = need_column(table, name)
    column = quoted(field.name)
    return column if field.type == other.type else f"CAST({column} AS VARCHAR)"


def filter_condition(table: RawTable, filters: Iterable[Filter]) -> str:
    """The rows that the filters keep: texts are compared with values as strings (assumed)."""
    conditions = []
    for each in filters:
        field = need_column(table, each.column)
        values = ", ".join(map(literal, each.values))
        text = f"CAST({quoted(field.name)} AS VARCHAR)"
        conditions.append(f"{text} IN ({values})" if values else "false")
    return " AND ".join(conditions) or "true"


class Reader:
    """Reads columns as their types, and counts the values that do not fit."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._numbers = count(1)
        self._misfits: dict[tuple[Table, str, ColumnType], int] = {}
        self.notes: list[str] = []

    @property
    def misfits(self) -> tuple[Misfits, ...]:
        """The columns with values that do not fit."""
        return tuple(Misfits(*column, values) for column, values in self._misfits.items())

    def columns(
        self, table: RawTable, wanted: Iterable[tuple[str, ColumnType]], where: str = "true"
    ) -> tuple[Reading, ...]:
        """The columns as configured types, for the rows that fulfil a condition."""
        casts: dict[tuple[str, ColumnType], Cast] = {}
        pairs = list(wanted)
        for name, type in pairs:
            field = need_column(table, name)
            casts[name, type] = self._cast(table, field, type)
        whole = self._measure(table, casts, where)
        readings = []
        for name, type in pairs:
            each = casts[name, type]
            sql = each.whole if (name, type) in whole else each.value
            assert sql is not None
            readings.append(Reading(name, type, sql))
        return tuple(readings)

    def _cast(self, table: RawTable, field: Field, type: ColumnType) -> Cast:
        made = cast(field, type)
        if made.value is None:
            raise DataError(
                f"{table.file.path}: the column `{field.name}` is configured as {type}, but has "
                f"{field.type}; correct the type or the column"
            )
        return made

    def _measure(
        self, table: RawTable, casts: dict[tuple[str, ColumnType], Cast], where: str
    ) -> set[tuple[str, ColumnType]]:
        """Counts misfits; returns the columns of numbers that are all integers."""
        wanted = [
            (*column, each.misfits, each.integral)
            for column, each in casts.items()
            if each.misfits is not None
        ]
        if not wanted:
            return set()
        measures = [
            part
            for _, _, misfits, integral in wanted
            for part in (f"count(*) FILTER (WHERE {misfits})", integral or "false")
        ]
        found = self._connection.execute(
            f"SELECT {', '.join(measures)} FROM {table.source} WHERE {where}"
        ).fetchone()
        whole = set()
        for (name, type, _, _), misfits, integral in zip(
            wanted, found[::2], found[1::2], strict=True
        ):
            assert isinstance(misfits, int)
            if misfits:
                self._misfits[table.file.table, name, type] = misfits
            # Without any value nothing says that they are integers.
            if integral:
                whole.add((name, type))
        return whole

    def inferred(self, table: RawTable, names: Iterable[str]) -> tuple[Reading, ...]:
        """Columns of which no type is configured, as the types that their values have."""
        wanted = list(names)
        own = {name: need_column(table, name).type for name in wanted}
        if table.file.format == "csv":
            profiles = column_profiles(self._connection, table.source, wanted)
            own = {name: each.type for name, each in zip(wanted, profiles, strict=True)}
        readings = []
        for name in wanted:
            column = quoted(name)
            if own[name] == '"NULL"':
                column, own[name] = f"CAST({column} AS VARCHAR)", "VARCHAR"
            elif table.file.format == "csv" and own[name] != "VARCHAR":
                column = f"CAST(nullif({column}, '') AS {own[name]})"
            type = infer_type(table.file.table.name, Field(name, own[name]))
            sql = None if type is None else convert(type, own[name], column)
            if type is None or sql is None:
                self.notes.append(
                    f"the column `{name}` of `{table.file.table}` is left out: its type "
                    f"{own[name]} is unsupported"
                )
                continue
            readings.append(Reading(name, type, sql))
        return tuple(readings)

    def view(self, table: RawTable, columns: dict[str, str], where: str = "true") -> str:
        """Creates a view of a raw table with these columns, by name, and returns its name."""
        name = f"{next(self._numbers)} {table.file.table}"
        listed = ", ".join(f"{sql} AS {quoted(column)}" for column, sql in columns.items())
        self._connection.execute(
            f"CREATE VIEW {quoted(name)} AS SELECT {listed} FROM {table.source} WHERE {where}"
        )
        return name
