"""What a build makes: tables with their columns, and where each comes from.

It is kept beside the tables, as JSON: what a console shows of a column is not in the database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec

from segdsl.language.values import ColumnType
from segdsl.parent_segment.model import Join, Table

Progress = Callable[[str, int, int], None]
"""Called before each table is built: its name, the number of tables that are built, and of all."""


class BuiltColumn(msgspec.Struct, frozen=True):
    """A column of a built table: `column` is what it is in the raw table `table`."""

    name: str
    label: str
    type: ColumnType
    table: Table
    column: str
    join: Join | None = None
    heading: str | None = None
    configured: bool = True
    """False for a column of the master table that came along (observed)."""


class BuiltTable(msgspec.Struct, frozen=True):
    """A built table without its column of profile ids; a behavior's `label` is its name."""

    name: str
    rows: int
    columns: tuple[BuiltColumn, ...]
    label: str | None = None
    table: Table | None = None
    join: Join | None = None


class Misfits(msgspec.Struct, frozen=True):
    """The number of values of a raw column that do not fit its type, and became null."""

    table: Table
    column: str
    type: ColumnType
    values: int


class Built(msgspec.Struct, frozen=True):
    """The tables of one build; `notes` say what was left out, for people."""

    population: int
    tables: tuple[BuiltTable, ...]
    misfits: tuple[Misfits, ...] = ()
    notes: tuple[str, ...] = ()

    def table(self, name: str) -> BuiltTable | None:
        return next((each for each in self.tables if each.name == name), None)

    @property
    def types(self) -> Mapping[str, Mapping[str, ColumnType]]:
        """The types of all columns, by table."""
        return types_of(self.tables)


def types_of(tables: Iterable[BuiltTable]) -> Mapping[str, Mapping[str, ColumnType]]:
    """The types of all columns, by table."""
    return {table.name: {column.name: column.type for column in table.columns} for table in tables}
