"""Creates the tables of a new store, upgrades those of an older version, and checks all of them.

A file records the version of each kind's layout in its table `kinds`. Kinds that a file does not
have yet are added; a file with a kind or a version that this program does not know is refused.
Files of the versions 1 and 2 have no record: they have the kinds of `_FIRST`.

Everything here runs inside the caller's transaction.
"""

from __future__ import annotations

import sqlite3

from segdsl.server.store.layouts import RECORD, Layouts, columns_of

VERSION = 3
"""The version of a file that this program writes; 1 and 2 had no record of layouts."""
_APPLICATION = 0x5E6D51
_FIRST = ("folders", "segments", "queries")
"""The layouts of a file of version 1 or 2, each in the version of the file."""


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


def prepare(db: sqlite3.Connection, layouts: Layouts) -> None:
    """Creates, upgrades and checks the tables of a store.

    Raises DatabaseError, whose text says what is wrong with the file.
    """
    is_old = check_application(db)
    if is_old:
        _check_pages(db)
    recorded = _recorded(db) if is_old else {}
    _check_known(recorded, layouts)
    for layout in layouts:
        if layout.table not in recorded:
            layout.create(db)
    is_upgraded = False
    for layout in layouts:
        for version in range(recorded.get(layout.table, layout.version), layout.version):
            is_upgraded = True
            if version in layout.upgrades:
                layout.upgrades[version](db, layouts)
    _record(db, layouts)
    if is_old:
        _check_tables(db, layouts)
        _check_rows(db, layouts)
    if is_upgraded:
        _check_references(db)


def _recorded(db: sqlite3.Connection) -> dict[str, int]:
    """The versions of the layouts that a file has."""
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version in (1, 2):
        return dict.fromkeys(_FIRST, version)
    if version != VERSION:
        raise sqlite3.DatabaseError(f"another version of segdsl made it (its layout is {version})")
    if ("kinds", "version") not in columns_of(db):
        raise sqlite3.DatabaseError("it is damaged (`kinds` is missing)")
    return dict(db.execute("SELECT name, version FROM kinds").fetchall())


def _check_known(recorded: dict[str, int], layouts: Layouts) -> None:
    for name in recorded:
        if name not in layouts:
            raise sqlite3.DatabaseError(f"another version of segdsl made it (it has `{name}`)")
    for layout in layouts:
        version = recorded.get(layout.table, layout.version)
        if not 1 <= version <= layout.version:
            raise sqlite3.DatabaseError(
                f"another version of segdsl made it (its layout of `{layout.table}` is {version})"
            )


def _record(db: sqlite3.Connection, layouts: Layouts) -> None:
    if ("kinds", "version") not in columns_of(db):
        db.execute(RECORD)
    versions = [(layout.table, layout.version) for layout in layouts]
    db.executemany("INSERT OR REPLACE INTO kinds (name, version) VALUES (?, ?)", versions)
    db.execute(f"PRAGMA application_id = {_APPLICATION}")
    db.execute(f"PRAGMA user_version = {VERSION}")


# --- damage ------------------------------------------------------------------------------


def _check_pages(db: sqlite3.Connection) -> None:
    """Refuses a file that SQLite itself reports as damaged."""
    (result,) = db.execute("PRAGMA integrity_check(1)").fetchone()
    if result != "ok":
        raise sqlite3.DatabaseError(f"it is damaged ({' '.join(str(result).split())})")


def _check_tables(db: sqlite3.Connection, layouts: Layouts) -> None:
    there = columns_of(db)
    missing = sorted(layouts.columns - there)
    if missing:
        name, column = missing[0]
        is_whole = name not in {table for table, _ in there}
        what = f"`{name}`" if is_whole else f"the column `{column}` of `{name}`"
        raise sqlite3.DatabaseError(f"it is damaged ({what} is missing)")


def _check_rows(db: sqlite3.Connection, layouts: Layouts) -> None:
    for layout in layouts:
        table, key = layout.table, layout.key
        for condition in layout.unreadable:
            row = db.execute(f"SELECT {key} FROM {table} WHERE {condition} LIMIT 1").fetchone()
            if row is not None:
                raise _unreadable(table, row[0])
        damaged = None if layout.check is None else layout.check(db)
        if damaged is not None:
            raise _unreadable(table, damaged)


def _check_references(db: sqlite3.Connection) -> None:
    """Refuses a file whose rows refer to rows that it does not have, after an upgrade."""
    row = db.execute("PRAGMA foreign_key_check").fetchone()
    if row is not None:
        table, _, target, _ = row
        raise sqlite3.DatabaseError(f"it is damaged (`{table}` refers to nothing in `{target}`)")


def _unreadable(table: str, key: int) -> sqlite3.DatabaseError:
    return sqlite3.DatabaseError(f"it is damaged (number {key} of `{table}` cannot be read)")
