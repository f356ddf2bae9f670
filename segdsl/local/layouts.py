"""The tables of a store's file, and the upgrade of those that an older version made.

Everything here runs inside the caller's transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from typing import Any

import msgspec

from segdsl.behaviors import PREFIX, table_of

VERSION = 2
_APPLICATION = 0x5E6D51
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
CREATE TABLE segments (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  audience TEXT NOT NULL,
  name TEXT NOT NULL,
  folder INTEGER NOT NULL REFERENCES folders (id),
  description TEXT,
  kind INTEGER NOT NULL,
  rule TEXT,
  count_population INTEGER NOT NULL,
  population INTEGER,
  revision INTEGER NOT NULL,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  is_visible INTEGER NOT NULL DEFAULT 1,
  UNIQUE (folder, name)
) STRICT;
CREATE TABLE segment_references (
  segment INTEGER NOT NULL REFERENCES segments (id) ON DELETE CASCADE,
  target INTEGER NOT NULL REFERENCES segments (id),
  PRIMARY KEY (segment, target)
) STRICT, WITHOUT ROWID;
CREATE INDEX references_of_target ON segment_references (target);
CREATE TABLE populations (
  segment INTEGER NOT NULL REFERENCES segments (id) ON DELETE CASCADE,
  at INTEGER NOT NULL,
  population INTEGER NOT NULL,
  PRIMARY KEY (segment, at)
) STRICT, WITHOUT ROWID;
CREATE TABLE queries (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  owner TEXT NOT NULL,
  content TEXT NOT NULL,
  status TEXT NOT NULL,
  count INTEGER,
  error TEXT
) STRICT;
CREATE INDEX running_queries ON queries (owner) WHERE status = 'running';
"""


def prepare(db: sqlite3.Connection) -> None:
    """Makes the tables in a new file and upgrades older ones; raises DatabaseError."""
    (version,) = db.execute("PRAGMA user_version").fetchone()
    (application,) = db.execute("PRAGMA application_id").fetchone()
    (tables,) = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if version == 0 and application == 0 and tables == 0:
        for statement in _TABLES.split(";\n"):
            db.execute(statement)
        db.execute(f"PRAGMA application_id = {_APPLICATION}")
    elif application != _APPLICATION:
        raise sqlite3.DatabaseError("it is a database of another program")
    elif version == 1:
        _upgrade_from_1(db)
    elif version != VERSION:
        raise sqlite3.DatabaseError(f"another version of segdsl made it (its layout is {version})")
    db.execute(f"PRAGMA user_version = {VERSION}")


# --- ids ---------------------------------------------------------------------------------


def next_id(db: sqlite3.Connection) -> int:
    """An id that no folder and no segment has or had.

    SQLite remembers the highest id of each table, also after a delete.
    """
    (last,) = db.execute(
        "SELECT ifnull(max(seq), 0) FROM sqlite_sequence WHERE name IN ('folders', 'segments')"
    ).fetchone()
    id: int = last + 1
    return id


def renumber_folder(db: sqlite3.Connection, old: int, new: int) -> None:
    """Gives a folder another id, also where it is referred to."""
    db.execute("PRAGMA defer_foreign_keys = ON")
    db.execute("UPDATE folders SET id = ? WHERE id = ?", (new, old))
    db.execute("UPDATE folders SET parent = ? WHERE parent = ?", (new, old))
    db.execute("UPDATE segments SET folder = ? WHERE folder = ?", (new, old))
    db.execute("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'folders'", (new,))


# --- layout 1 ----------------------------------------------------------------------------


def _upgrade_from_1(db: sqlite3.Connection) -> None:
    """Layout 1 hid no segments, counted folders and segments apart, and had short names.

    Segments keep their ids, as the files of a workspace may name them. In rules, a behavior
    was named without the prefix of its table.
    """
    db.execute("ALTER TABLE segments ADD COLUMN is_visible INTEGER NOT NULL DEFAULT 1")
    equal = db.execute("SELECT id FROM folders WHERE id IN (SELECT id FROM segments) ORDER BY id")
    for (id,) in equal.fetchall():
        renumber_folder(db, id, next_id(db))
    for id, rule in db.execute("SELECT id, rule FROM segments WHERE rule IS NOT NULL").fetchall():
        upgraded = with_prefixed_sources(rule)
        if upgraded != rule:
            db.execute("UPDATE segments SET rule = ? WHERE id = ?", (upgraded, id))


def with_prefixed_sources(rule: str) -> str:
    """A rule's JSON in which the source of every behavior is its table; numbers keep their text."""

    def number(text: str) -> msgspec.Raw:
        return msgspec.Raw(text.encode())

    plain = json.loads(rule, parse_int=number, parse_float=number)
    short = [each for each in _sources(plain) if not each["name"].startswith(PREFIX)]
    for source in short:
        source["name"] = table_of(source["name"])
    return msgspec.json.encode(plain).decode() if short else rule


def _sources(value: Any) -> Iterator[dict[str, Any]]:
    """Every source that has a name, wherever it is."""
    match value:
        case {"source": {"name": str()} as source}:
            yield source
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _sources(each)
