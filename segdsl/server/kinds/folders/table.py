"""The table of folders: a tree of them for each parent segment."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

import msgspec

from segdsl.server.store.errors import (
    CycleError,
    ImmutableError,
    NameTakenError,
    NoSuchFolderError,
)
from segdsl.server.store.layouts import Layout, Layouts, Reference
from segdsl.server.store.store import Store

TABLE = "folders"
_TABLES = """
CREATE TABLE folders (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  audience TEXT NOT NULL,
  parent INTEGER REFERENCES folders (id),
  name TEXT NOT NULL,
  description TEXT,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX folder_names ON folders (audience, ifnull(parent, 0), name);
"""
_COLUMNS = "id, audience, parent, name, description, created, updated"
_INSIDE = """
WITH RECURSIVE above (id) AS (
  SELECT parent FROM folders WHERE id = ?1
  UNION SELECT parent FROM folders JOIN above ON folders.id = above.id
) SELECT 1 FROM above WHERE id = ?1
"""


def _upgrade_from_1(db: sqlite3.Connection, layouts: Layouts) -> None:
    """Version 1 counted folders and segments apart: a folder with a segment's id gets another.

    Segments keep their ids, as the files of a workspace may name them.
    """
    shared = db.execute("SELECT id FROM folders WHERE id IN (SELECT id FROM segments) ORDER BY id")
    for (id,) in shared.fetchall():
        layouts.renumber(db, TABLE, id, layouts.next_id(db))


LAYOUT = Layout(
    table=TABLE,
    version=2,
    tables=_TABLES,
    references=(Reference(TABLE, "parent", TABLE),),
    upgrades={1: _upgrade_from_1},
    may_be_renumbered=True,
    unreadable=("parent NOT IN (SELECT id FROM folders)",),
)


class Folder(msgspec.Struct, frozen=True):
    """A folder; the root folder of a parent segment has no `parent`. Times are Unix seconds."""

    id: int
    audience: str
    parent: int | None
    name: str
    description: str | None
    created: int
    updated: int


class FolderTable:
    """The folders of a store; each method is one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def root(self, audience: str, name: str, now: int) -> Folder:
        """The root folder of a parent segment, which is created the first time."""
        with self._store.write() as db:
            row = db.execute(
                f"SELECT {_COLUMNS} FROM folders WHERE audience = ? AND parent IS NULL", (audience,)
            ).fetchone()
            if row is not None:
                return Folder(*row)
            return self._insert(db, audience, None, name, None, now)

    def all(self, audience: str) -> list[Folder]:
        """All folders of a parent segment by id, its root first."""
        with self._store.read() as db:
            rows = db.execute(
                f"SELECT {_COLUMNS} FROM folders "
                "WHERE audience = ? ORDER BY parent IS NOT NULL, id",
                (audience,),
            )
            return [Folder(*row) for row in rows]

    def find(self, audience: str, id: int) -> Folder | None:
        with self._store.read() as db:
            return find_folder(db, audience, id)

    def create(
        self, audience: str, parent: int, name: str, description: str | None, now: int
    ) -> Folder:
        """Raises NameTakenError, NoSuchFolderError."""
        with self._store.write() as db:
            check_folder(db, audience, parent)
            return self._insert(db, audience, parent, name, description, now)

    def update(self, audience: str, id: int, changes: Mapping[str, Any], now: int) -> Folder | None:
        """Changes `name`, `description` or `parent`; None where the folder does not exist.

        Raises NameTakenError, NoSuchFolderError, CycleError, ImmutableError.
        """
        with self._store.write() as db:
            before = find_folder(db, audience, id)
            if before is None:
                return None
            after = msgspec.structs.replace(before, **changes, updated=now)
            if before.parent is None and (after.parent, after.name) != (None, before.name):
                raise ImmutableError
            if after.parent is not None:
                check_folder(db, audience, after.parent)
            _check_name(db, after)
            db.execute(
                "UPDATE folders SET name = ?, description = ?, parent = ?, updated = ? "
                "WHERE id = ?",
                (after.name, after.description, after.parent, now, id),
            )
            if db.execute(_INSIDE, (id,)).fetchone():
                raise CycleError
            return after

    def delete(self, audience: str, id: int) -> Folder | None:
        """Deletes an empty folder, and returns it; None where it does not exist.

        Raises ReferencedError for what is in it, and ImmutableError.
        """
        with self._store.write() as db:
            folder = find_folder(db, audience, id)
            if folder is None:
                return None
            if folder.parent is None:
                raise ImmutableError
            self._store.check_unreferenced(db, TABLE, id)
            db.execute("DELETE FROM folders WHERE id = ?", (id,))
            return folder

    def _insert(
        self,
        db: sqlite3.Connection,
        audience: str,
        parent: int | None,
        name: str,
        description: str | None,
        now: int,
    ) -> Folder:
        folder = Folder(self._store.new_id(db), audience, parent, name, description, now, now)
        _check_name(db, folder)
        db.execute(
            f"INSERT INTO folders ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",
            msgspec.structs.astuple(folder),
        )
        return folder


def find_folder(db: sqlite3.Connection, audience: str, id: int) -> Folder | None:
    row = db.execute(
        f"SELECT {_COLUMNS} FROM folders WHERE id = ? AND audience = ?", (id, audience)
    ).fetchone()
    return None if row is None else Folder(*row)


def check_folder(db: sqlite3.Connection, audience: str, id: int) -> None:
    """Raises NoSuchFolderError unless the folder exists, in which something should be put."""
    if find_folder(db, audience, id) is None:
        raise NoSuchFolderError


def _check_name(db: sqlite3.Connection, folder: Folder) -> None:
    other = db.execute(
        "SELECT id FROM folders WHERE audience = ? AND parent IS ? AND name = ? AND id <> ?",
        (folder.audience, folder.parent, folder.name, folder.id),
    ).fetchone()
    if other is not None:
        raise NameTakenError(other[0])
