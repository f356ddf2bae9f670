"""The table of segments, with the segments that their rules refer to and their populations."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

import msgspec

from segdsl.errors import SegdslError
from segdsl.server.kinds.folders.table import check_folder
from segdsl.server.rule_texts import with_prefixed_sources
from segdsl.server.store.errors import CycleError, NameTakenError
from segdsl.server.store.layouts import Layout, Layouts, Reference
from segdsl.server.store.store import Store

TABLE = "segments"
BATCH, REALTIME = 0, 1

_TABLES = """
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
"""
_COLUMNS = (
    "id, audience, name, folder, description, kind, rule, count_population, population, "
    "revision, created, updated, is_visible, "
    "(SELECT group_concat(segment) FROM segment_references "
    "WHERE target = segments.id AND segment <> target)"
)
_REACHES = """
WITH RECURSIVE reached (id) AS (
  SELECT target FROM segment_references WHERE segment = ?1
  UNION SELECT target FROM segment_references JOIN reached ON segment = reached.id
) SELECT 1 FROM reached WHERE id = ?1
"""


def _upgrade_from_1(db: sqlite3.Connection, layouts: Layouts) -> None:
    """Version 1 hid no segments, and its rules named behaviors without the prefix of tables."""
    db.execute("ALTER TABLE segments ADD COLUMN is_visible INTEGER NOT NULL DEFAULT 1")
    for id, rule in db.execute("SELECT id, rule FROM segments WHERE rule IS NOT NULL").fetchall():
        upgraded = with_prefixed_sources(rule)
        if upgraded != rule:
            db.execute("UPDATE segments SET rule = ? WHERE id = ?", (upgraded, id))


def _unreadable_rule(db: sqlite3.Connection) -> int | None:
    """The id of a segment whose rule is not JSON.

    SQLite reads no JSON that is nested more than a thousand times; a rule may be.
    """
    for id, rule in db.execute(
        "SELECT id, rule FROM segments WHERE rule IS NOT NULL AND NOT json_valid(rule)"
    ):
        try:
            msgspec.json.decode(rule)
        except (msgspec.DecodeError, UnicodeError):
            return int(id)
        except RecursionError:
            continue
    return None


LAYOUT = Layout(
    table=TABLE,
    version=2,
    tables=_TABLES,
    references=(
        Reference(TABLE, "folder", "folders"),
        Reference("segment_references", "target", TABLE, owner="segment"),
    ),
    upgrades={1: _upgrade_from_1},
    unreadable=(
        "kind NOT IN (0, 1)",
        "count_population NOT IN (0, 1) OR is_visible NOT IN (0, 1)",
        "folder NOT IN (SELECT id FROM folders)",
    ),
    check=_unreadable_rule,
)


class NoSuchSegmentError(SegdslError):
    """A segment that a rule refers to does not exist; `id` is its id."""

    def __init__(self, id: int) -> None:
        self.id = id
        super().__init__(str(id))


class SegmentContent(msgspec.Struct, frozen=True):
    """What a client defines of a segment. `rule` is its JSON text as it was sent, or None.

    `refers_to` are the ids of the segments that the rule refers to. A segment that is not visible
    is hidden in the console (observed).
    """

    name: str
    folder: int
    description: str | None = None
    kind: int = BATCH
    rule: str | None = None
    count_population: bool = False
    refers_to: tuple[int, ...] = ()
    is_visible: bool = True


class Segment(msgspec.Struct, frozen=True):
    """A segment; its `revision` grows with every change of the rule. Times are Unix seconds.

    `referenced_by` are the ids of the segments that refer to it, in order.
    """

    id: int
    audience: str
    name: str
    folder: int
    description: str | None
    kind: int
    rule: str | None
    count_population: bool
    population: int | None
    revision: int
    created: int
    updated: int
    is_visible: bool = True
    referenced_by: tuple[int, ...] = ()

    @property
    def is_realtime(self) -> bool:
        return self.kind == REALTIME


class SegmentTable:
    """The segments of a store; each method is one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def all(self, audience: str, folder: int | None = None) -> list[Segment]:
        """All segments by id, or those of one folder."""
        with self._store.read() as db:
            rows = db.execute(
                f"SELECT {_COLUMNS} FROM segments "
                "WHERE audience = ?1 AND folder = ifnull(?2, folder) ORDER BY id",
                (audience, folder),
            )
            return [_segment_of(row) for row in rows]

    def find(self, audience: str, id: int) -> Segment | None:
        with self._store.read() as db:
            return _find(db, audience, id)

    def create(self, audience: str, content: SegmentContent, now: int) -> Segment:
        """Raises NameTakenError, NoSuchFolderError, NoSuchSegmentError."""
        with self._store.write() as db:
            _check(db, audience, content, None)
            id = self._store.new_id(db)
            db.execute(
                "INSERT INTO segments (id, audience, name, folder, description, kind, rule, "
                "count_population, is_visible, revision, created, updated) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?)",
                (id, audience, *_values(content), now, now),
            )
            _insert_references(db, id, content.refers_to)
            return _existing(db, audience, id)

    def update(self, audience: str, id: int, content: SegmentContent, now: int) -> Segment | None:
        """Replaces everything but the id and `created`; None where the segment does not exist.

        A changed rule has no population yet. Raises NameTakenError, NoSuchFolderError,
        NoSuchSegmentError, CycleError.
        """
        with self._store.write() as db:
            before = _find(db, audience, id)
            if before is None:
                return None
            _check(db, audience, content, id)
            is_same = before.rule == content.rule
            population = before.population if is_same else None
            revision = before.revision + (0 if is_same else 1)
            db.execute(
                "UPDATE segments SET name = ?, folder = ?, description = ?, kind = ?, rule = ?, "
                "count_population = ?, is_visible = ?, population = ?, revision = ?, updated = ? "
                "WHERE id = ?",
                (*_values(content), population, revision, now, id),
            )
            db.execute("DELETE FROM segment_references WHERE segment = ?", (id,))
            _insert_references(db, id, content.refers_to)
            if db.execute(_REACHES, (id,)).fetchone():
                raise CycleError
            return _existing(db, audience, id)

    def delete(self, audience: str, id: int) -> Segment | None:
        """Deletes and returns a segment; None where it does not exist. Raises ReferencedError."""
        with self._store.write() as db:
            segment = _find(db, audience, id)
            if segment is None:
                return None
            self._store.check_unreferenced(db, TABLE, id)
            db.execute("DELETE FROM segments WHERE id = ?", (id,))
            return segment

    # --- populations -----------------------------------------------------------------------

    def set_population(self, id: int, revision: int, population: int, now: int) -> None:
        """Stores a count, unless the rule has changed since that revision."""
        with self._store.write() as db:
            updated = db.execute(
                "UPDATE segments SET population = ? WHERE id = ? AND revision = ?",
                (population, id, revision),
            )
            if updated.rowcount:
                db.execute(
                    "INSERT OR REPLACE INTO populations VALUES (?, ?, ?)", (id, now, population)
                )

    def populations(self, id: int) -> list[tuple[int, int]]:
        """Every stored count of a segment: its time and the population, the oldest first."""
        with self._store.read() as db:
            rows = db.execute(
                "SELECT at, population FROM populations WHERE segment = ? ORDER BY at", (id,)
            )
            return [(at, population) for at, population in rows]


# --- rows --------------------------------------------------------------------------------


def _values(content: SegmentContent) -> tuple[Any, ...]:
    return (
        content.name,
        content.folder,
        content.description,
        content.kind,
        content.rule,
        content.count_population,
        content.is_visible,
    )


def _segment_of(row: tuple[Any, ...]) -> Segment:
    *columns, is_visible, referrers = row
    segment = Segment(*columns)
    return msgspec.structs.replace(
        segment,
        count_population=bool(segment.count_population),
        is_visible=bool(is_visible),
        referenced_by=() if referrers is None else tuple(sorted(map(int, referrers.split(",")))),
    )


def _find(db: sqlite3.Connection, audience: str, id: int) -> Segment | None:
    row = db.execute(
        f"SELECT {_COLUMNS} FROM segments WHERE id = ? AND audience = ?", (id, audience)
    ).fetchone()
    return None if row is None else _segment_of(row)


def _existing(db: sqlite3.Connection, audience: str, id: int) -> Segment:
    segment = _find(db, audience, id)
    assert segment is not None, "it was written in this transaction"
    return segment


def _check(db: sqlite3.Connection, audience: str, content: SegmentContent, id: int | None) -> None:
    check_folder(db, audience, content.folder)
    other = db.execute(
        "SELECT id FROM segments WHERE folder = ? AND name = ? AND id IS NOT ?",
        (content.folder, content.name, id),
    ).fetchone()
    if other is not None:
        raise NameTakenError(other[0])
    for target in content.refers_to:
        if _find(db, audience, target) is None:
            raise NoSuchSegmentError(target)


def _insert_references(db: sqlite3.Connection, id: int, targets: Iterable[int]) -> None:
    db.executemany(
        "INSERT INTO segment_references VALUES (?, ?)", [(id, target) for target in set(targets)]
    )
