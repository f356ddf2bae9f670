"""The tables of a store's file, and the upgrade of those that an older version made.

Everything here runs inside the caller's transaction.
"""

from __future__ import annotations

import contextlib
import sqlite3
from functools import cache

import msgspec

from segdsl.server.rule_texts import with_prefixed_sources

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


def check_application(db: sqlite3.Connection) -> bool:
    """Whether this program made a file; False for a new one.

    Raises DatabaseError for a file of another program. Nothing is written.
    """
    (version,) = db.execute("PRAGMA user_version").fetchone()
    (application,) = db.execute("PRAGMA application_id").fetchone()
    (tables,) = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if application == _APPLICATION:
        return True
    if version == 0 and application == 0 and tables == 0:
        return False
    raise sqlite3.DatabaseError("it is a database of another program")


def prepare(db: sqlite3.Connection) -> None:
    """Makes the tables in a new file, upgrades older ones, and checks all of them.

    Raises DatabaseError, which says what is wrong with the file.
    """
    if not check_application(db):
        _make_tables(db)
        db.execute(f"PRAGMA application_id = {_APPLICATION}")
    else:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        _check_pages(db)
        if version == 1:
            _upgrade_from_1(db)
        elif version != VERSION:
            raise sqlite3.DatabaseError(
                f"another version of segdsl made it (its layout is {version})"
            )
        _check_tables(db)
        _check_rows(db)
    db.execute(f"PRAGMA user_version = {VERSION}")


def _make_tables(db: sqlite3.Connection) -> None:
    for statement in _TABLES.split(";\n"):
        db.execute(statement)


# --- what may be wrong with a file -------------------------------------------------------


def _check_pages(db: sqlite3.Connection) -> None:
    """Refuses a file of which SQLite itself says that it is damaged."""
    (found,) = db.execute("PRAGMA integrity_check(1)").fetchone()
    if found != "ok":
        raise sqlite3.DatabaseError(f"it is damaged ({' '.join(str(found).split())})")


@cache
def _layout() -> frozenset[tuple[str, str]]:
    """The tables and indexes by name, each with the columns that it has."""
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        _make_tables(db)
        return _columns(db)


def _columns(db: sqlite3.Connection) -> frozenset[tuple[str, str]]:
    tables = db.execute(
        "SELECT found.name, info.name FROM sqlite_schema AS found, "
        "pragma_table_info(found.name) AS info WHERE found.type = 'table'"
    ).fetchall()
    indexes = db.execute("SELECT name, '' FROM sqlite_schema WHERE type = 'index'").fetchall()
    return frozenset([*tables, *indexes])


def _check_tables(db: sqlite3.Connection) -> None:
    missing = sorted(_layout() - _columns(db))
    if missing:
        name, column = missing[0]
        there = {table for table, _ in _columns(db)}
        what = f"`{name}`" if name not in there else f"the column `{column}` of `{name}`"
        raise sqlite3.DatabaseError(f"it is damaged ({what} is missing)")


_UNREADABLE = (
    ("segments", "kind NOT IN (0, 1)"),
    ("segments", "count_population NOT IN (0, 1) OR is_visible NOT IN (0, 1)"),
    ("segments", "folder NOT IN (SELECT id FROM folders)"),
    ("folders", "parent NOT IN (SELECT id FROM folders)"),
    ("queries", "NOT json_valid(content)"),
    ("queries", "status NOT IN ('running', 'success', 'error', 'killed')"),
)
"""What no row can be that this program wrote: a table, and a condition."""


def _check_rows(db: sqlite3.Connection) -> None:
    for table, condition in _UNREADABLE:
        key = "number" if table == "queries" else "id"
        found = db.execute(f"SELECT {key} FROM {table} WHERE {condition} LIMIT 1").fetchone()
        if found is not None:
            raise _unreadable(table, found[0])
    # SQLite reads no JSON that is nested more than a thousand times; a rule may be.
    for id, rule in db.execute(
        "SELECT id, rule FROM segments WHERE rule IS NOT NULL AND NOT json_valid(rule)"
    ):
        try:
            msgspec.json.decode(rule)
        except (msgspec.DecodeError, UnicodeError):
            raise _unreadable("segments", id) from None
        except RecursionError:
            continue


def _unreadable(table: str, key: int) -> sqlite3.DatabaseError:
    return sqlite3.DatabaseError(f"it is damaged (number {key} of `{table}` cannot be read)")


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
