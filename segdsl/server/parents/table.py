"""The tables of parent segments: what is configured, how runs ended, and what they built."""

from __future__ import annotations

import sqlite3
from typing import Literal as OneOf

import msgspec

from segdsl.engine.build import Built
from segdsl.errors import SegdslError
from segdsl.server.service import Json
from segdsl.server.store.errors import NameTakenError
from segdsl.server.store.layouts import IsAlive, Layout
from segdsl.server.store.store import Store

TABLE = "parent_segments"
_TABLES = """
CREATE TABLE parent_segments (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  configuration TEXT NOT NULL,
  last_part INTEGER NOT NULL,
  tables TEXT,
  built TEXT,
  refreshed INTEGER,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL
) STRICT;
CREATE TABLE parent_executions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  parent INTEGER NOT NULL REFERENCES parent_segments (id) ON DELETE CASCADE,
  owner TEXT NOT NULL,
  status TEXT NOT NULL,
  created INTEGER NOT NULL,
  finished INTEGER,
  message TEXT
) STRICT;
CREATE INDEX executions_of_parent ON parent_executions (parent);
CREATE UNIQUE INDEX one_execution ON parent_executions (parent) WHERE finished IS NULL;
CREATE TABLE parent_populations (
  parent INTEGER NOT NULL REFERENCES parent_segments (id) ON DELETE CASCADE,
  execution INTEGER NOT NULL,
  at INTEGER NOT NULL,
  population INTEGER NOT NULL,
  PRIMARY KEY (parent, execution)
) STRICT, WITHOUT ROWID;
"""
_COLUMNS = "id, configuration, last_part, tables, built, refreshed, created, updated"
_EXECUTION = "id, parent, status, created, finished, message"
RESTARTED = "the server was restarted while the tables were built: run it again"
KEPT_EXECUTIONS = 100
"""Executions that are kept of a parent segment."""

Status = OneOf["queued", "running", "success", "error", "canceled"]


def _recover(db: sqlite3.Connection, is_alive: IsAlive) -> None:
    """Ends the executions of servers that no longer run."""
    rows = db.execute("SELECT DISTINCT owner FROM parent_executions WHERE finished IS NULL")
    for (owner,) in rows.fetchall():
        if not is_alive(owner):
            db.execute(
                "UPDATE parent_executions SET status = 'error', finished = created, message = ? "
                "WHERE owner = ? AND finished IS NULL",
                (RESTARTED, owner),
            )


LAYOUT = Layout(
    table=TABLE,
    version=1,
    tables=_TABLES,
    unreadable=(
        "NOT json_valid(configuration) OR (built IS NOT NULL AND NOT json_valid(built))",
        "(built IS NULL) <> (tables IS NULL)",
    ),
    recover=_recover,
)


class Parent(msgspec.Struct, frozen=True):
    """A parent segment: what was posted, with the ids of its parts.

    `tables` is the name of the file with the current tables, and `built` what is in them; None
    before the first run. Times are Unix seconds.
    """

    id: int
    configuration: Json
    last_part: int
    tables: str | None
    built: Built | None
    refreshed: int | None
    created: int
    updated: int

    @property
    def name(self) -> str:
        name: str = self.configuration["name"]
        return name


class Execution(msgspec.Struct, frozen=True):
    """A run of a parent segment: how it stands, and why it failed."""

    id: int
    parent: int
    status: Status
    created: int
    finished: int | None
    message: str | None


class RunningError(SegdslError):
    """A run of the parent segment has not ended yet."""


class ParentTable:
    """The parent segments of a store; each method is one transaction."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def all(self) -> list[Parent]:
        with self.store.read() as db:
            rows = db.execute(f"SELECT {_COLUMNS} FROM parent_segments ORDER BY id")
            return [_parent(row) for row in rows]

    def find(self, id: int) -> Parent | None:
        with self.store.read() as db:
            return _find(db, id)

    def create(self, configuration: Json, last_part: int, now: int) -> Parent:
        """Raises NameTakenError."""
        with self.store.write() as db:
            _check_name(db, configuration["name"], None)
            made = db.execute(
                "INSERT INTO parent_segments (name, configuration, last_part, created, updated) "
                "VALUES (?, ?, ?, ?, ?)",
                (configuration["name"], _encoded(configuration), last_part, now, now),
            )
            assert made.lastrowid is not None
            return _existing(db, made.lastrowid)

    def update(
        self, before: Parent, configuration: Json, last_part: int, now: int
    ) -> Parent | None:
        """Replaces what is configured; None if it changed in the meantime, or is gone.

        Raises NameTakenError.
        """
        with self.store.write() as db:
            current = _find(db, before.id)
            if current is None or current.configuration != before.configuration:
                return None
            _check_name(db, configuration["name"], before.id)
            db.execute(
                "UPDATE parent_segments SET name = ?, configuration = ?, last_part = ?, "
                "updated = ? WHERE id = ?",
                (configuration["name"], _encoded(configuration), last_part, now, before.id),
            )
            return _existing(db, before.id)

    def delete(self, id: int) -> Parent | None:
        """Deletes and returns a parent segment with its executions; None where there is none."""
        with self.store.write() as db:
            parent = _find(db, id)
            db.execute("DELETE FROM parent_segments WHERE id = ?", (id,))
            return parent

    # --- executions ------------------------------------------------------------------------

    def executions(self, parent: int) -> list[Execution]:
        """The executions of a parent segment, the newest first."""
        with self.store.read() as db:
            rows = db.execute(
                f"SELECT {_EXECUTION} FROM parent_executions WHERE parent = ? ORDER BY id DESC",
                (parent,),
            )
            return [Execution(*row) for row in rows]

    def start(self, parent: int, now: int) -> Execution:
        """Queues an execution that this server runs; raises RunningError while another runs."""
        with self.store.write() as db:
            running = db.execute(
                "SELECT 1 FROM parent_executions WHERE parent = ? AND finished IS NULL", (parent,)
            ).fetchone()
            if running is not None:
                raise RunningError
            made = db.execute(
                "INSERT INTO parent_executions (parent, owner, status, created) "
                "VALUES (?, ?, 'queued', ?)",
                (parent, self.store.owner, now),
            )
            db.execute(
                "DELETE FROM parent_executions WHERE parent = ?1 AND id NOT IN (SELECT id FROM "
                "parent_executions WHERE parent = ?1 ORDER BY id DESC LIMIT ?2)",
                (parent, KEPT_EXECUTIONS),
            )
            row = db.execute(
                f"SELECT {_EXECUTION} FROM parent_executions WHERE id = ?", (made.lastrowid,)
            ).fetchone()
            return Execution(*row)

    def begin(self, id: int) -> bool:
        """Whether a queued execution runs now: its parent segment may have been deleted."""
        with self.store.write() as db:
            changed = db.execute(
                "UPDATE parent_executions SET status = 'running' "
                "WHERE id = ? AND status = 'queued'",
                (id,),
            )
            return changed.rowcount == 1

    def fail(self, id: int, status: Status, message: str, now: int) -> None:
        with self.store.write() as db:
            _end(db, id, status, message, now)

    def succeed(self, execution: Execution, tables: str, built: Built, now: int) -> bool:
        """Makes the tables of an execution the current ones; False if it is gone."""
        with self.store.write() as db:
            if not _end(db, execution.id, "success", "; ".join(built.notes) or None, now):
                return False
            db.execute(
                "UPDATE parent_segments SET tables = ?, built = ?, refreshed = ? WHERE id = ?",
                (tables, msgspec.json.encode(built).decode(), now, execution.parent),
            )
            db.execute(
                "INSERT INTO parent_populations VALUES (?, ?, ?, ?)",
                (execution.parent, execution.id, now, built.population),
            )
            return True

    def populations(self, parent: int) -> list[tuple[int, int]]:
        """The time and the population of each run that ended well, the oldest first."""
        with self.store.read() as db:
            rows = db.execute(
                "SELECT at, population FROM parent_populations WHERE parent = ? ORDER BY execution",
                (parent,),
            )
            return [(at, population) for at, population in rows]

    def used_files(self) -> tuple[set[str], set[int]]:
        """The files with current tables, and the executions that may have others."""
        with self.store.read() as db:
            files = db.execute("SELECT tables FROM parent_segments WHERE tables IS NOT NULL")
            used = {name for (name,) in files}
            running = db.execute("SELECT id FROM parent_executions WHERE finished IS NULL")
            return used, {id for (id,) in running}


def _end(db: sqlite3.Connection, id: int, status: Status, message: str | None, now: int) -> bool:
    changed = db.execute(
        "UPDATE parent_executions SET status = ?, finished = ?, message = ? "
        "WHERE id = ? AND finished IS NULL",
        (status, now, message, id),
    )
    return changed.rowcount == 1


def _check_name(db: sqlite3.Connection, name: str, id: int | None) -> None:
    """Two parent segments cannot have one name (assumed: clients look them up by name)."""
    row = db.execute(
        "SELECT id FROM parent_segments WHERE name = ? AND id IS NOT ?", (name, id)
    ).fetchone()
    if row is not None:
        raise NameTakenError(row[0])


def _encoded(configuration: Json) -> str:
    return msgspec.json.encode(configuration).decode()


def _find(db: sqlite3.Connection, id: int) -> Parent | None:
    row = db.execute(f"SELECT {_COLUMNS} FROM parent_segments WHERE id = ?", (id,)).fetchone()
    return None if row is None else _parent(row)


def _existing(db: sqlite3.Connection, id: int) -> Parent:
    parent = _find(db, id)
    assert parent is not None, "it was written a moment ago"
    return parent


def _parent(row: tuple[int, str, int, str | None, str | None, int | None, int, int]) -> Parent:
    id, configuration, last_part, tables, built, refreshed, created, updated = row
    return Parent(
        id,
        msgspec.json.decode(configuration),
        last_part,
        tables,
        None if built is None else msgspec.json.decode(built, type=Built),
        refreshed,
        created,
        updated,
    )
