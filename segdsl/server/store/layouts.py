"""The tables of kinds: what each kind keeps in a store, and how its rows refer to others.

A `Layout` is one kind's part of a store; `Layouts` are all parts of one store together. With them
the store allocates ids and finds what refers to a row, without knowing any kind.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property

import msgspec

from segdsl.server.store.errors import Referrers

RECORD = """
CREATE TABLE kinds (
  name TEXT PRIMARY KEY,
  version INTEGER NOT NULL
) STRICT, WITHOUT ROWID
"""
"""The table that records which layouts a file has, and in which version."""

IsAlive = Callable[[str], bool]


class Reference(msgspec.Struct, frozen=True):
    """A column that holds ids of rows of the table `target`.

    It is in `table`: a kind's own table, or another one, whose column `owner` holds the id of the
    row that refers. What is referred to cannot be deleted, except by its own row.
    """

    table: str
    column: str
    target: str
    owner: str = "id"


class Layout(msgspec.Struct, frozen=True):
    """What one kind keeps in a store.

    `table` is the name of its main table, and of the layout. `tables` are the SQL statements that
    create everything, each ended by `;` and a line break. `upgrades` change the tables from the
    version that is their key to the next; a version without one changes nothing.

    `key` is the primary key of the main table. Where it is `id`, the table has a `name` too, its
    ids are declared AUTOINCREMENT, and no other table that shares ids has or had one of them.
    `more_ids` are further tables of the kind with such ids, such as the parts of a thing. Rows of a
    kind that `may_be_renumbered` get another id where theirs is reserved.

    `unreadable` are tables with conditions that no row written by this program fulfils; `check`
    looks for damage that SQL cannot see, and returns the key of a damaged row. `recover` runs
    whenever a store is opened, to end what servers that no longer run have begun.
    """

    table: str
    version: int
    tables: str
    references: tuple[Reference, ...] = ()
    upgrades: Mapping[int, Callable[[sqlite3.Connection, Layouts], None]] = {}
    key: str = "id"
    more_ids: tuple[str, ...] = ()
    may_be_renumbered: bool = False
    unreadable: tuple[str, ...] = ()
    check: Callable[[sqlite3.Connection], int | None] | None = None
    recover: Callable[[sqlite3.Connection, IsAlive], None] | None = None

    @property
    def id_tables(self) -> tuple[str, ...]:
        """The tables whose ids no other kind has."""
        return (self.table, *self.more_ids) if self.key == "id" else self.more_ids

    def create(self, db: sqlite3.Connection) -> None:
        """Creates the tables in a file that has none of them."""
        for statement in self.tables.split(";\n"):
            if statement.strip():
                db.execute(statement)


class Layouts:
    """The layouts of one store, those that others refer to first."""

    def __init__(self, layouts: Iterable[Layout]) -> None:
        self._layouts = {layout.table: layout for layout in layouts}

    def __iter__(self) -> Iterator[Layout]:
        return iter(self._layouts.values())

    def __contains__(self, table: str) -> bool:
        return table in self._layouts

    @property
    def references(self) -> Iterator[tuple[Layout, Reference]]:
        """Every reference, with the layout that has it."""
        for layout in self:
            for reference in layout.references:
                yield layout, reference

    @cached_property
    def columns(self) -> frozenset[tuple[str, str]]:
        """The columns that a store has, as `columns_of` lists them."""
        with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
            db.execute(RECORD)
            for layout in self:
                layout.create(db)
            return columns_of(db)

    # --- ids -----------------------------------------------------------------------------

    def next_id(self, db: sqlite3.Connection) -> int:
        """An id that no row of the kinds' `id_tables` has or had.

        SQLite remembers the highest id of each table, also after a delete.
        """
        tables = [table for layout in self for table in layout.id_tables]
        marks = ", ".join("?" * len(tables))
        (last,) = db.execute(
            f"SELECT ifnull(max(seq), 0) FROM sqlite_sequence WHERE name IN ({marks})", tables
        ).fetchone()
        id: int = last + 1
        return id

    def renumber(self, db: sqlite3.Connection, table: str, old: int, new: int) -> None:
        """Gives a row another id, also where others refer to it."""
        db.execute("PRAGMA defer_foreign_keys = ON")
        db.execute(f"UPDATE {table} SET id = ? WHERE id = ?", (new, old))
        for _, reference in self.references:
            if reference.target == table:
                column = reference.column
                db.execute(
                    f"UPDATE {reference.table} SET {column} = ? WHERE {column} = ?", (new, old)
                )
        db.execute("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?", (new, table))

    # --- references ----------------------------------------------------------------------

    def referrers(self, db: sqlite3.Connection, table: str, id: int) -> tuple[Referrers, ...]:
        """What refers to a row, other than itself: by kind, its own kind last."""
        rows_of: dict[str, set[tuple[int, str]]] = {}
        for layout, reference in self.references:
            if reference.target == table:
                owners = (
                    f"SELECT {reference.owner} FROM {reference.table} WHERE {reference.column} = ?"
                )
                rows = db.execute(
                    f"SELECT id, name FROM {layout.table} WHERE id IN ({owners})", (id,)
                ).fetchall()
                own = layout.table == table
                rows_of.setdefault(layout.table, set()).update(
                    row for row in rows if not (own and row[0] == id)
                )
        ordered = sorted(rows_of, key=lambda name: name == table)
        return tuple(
            Referrers(name, tuple(sorted(rows_of[name]))) for name in ordered if rows_of[name]
        )


def columns_of(db: sqlite3.Connection) -> frozenset[tuple[str, str]]:
    """The tables and indexes of a file by name: each table with a column, each index with ``."""
    tables = db.execute(
        "SELECT item.name, info.name FROM sqlite_schema AS item, "
        "pragma_table_info(item.name) AS info WHERE item.type = 'table'"
    ).fetchall()
    indexes = db.execute("SELECT name, '' FROM sqlite_schema WHERE type = 'index'").fetchall()
    return frozenset([*tables, *indexes])
