"""The tables of journeys: bundles of versions, and the stages of each version.

A version refers to the segments that are its rules, and to the journeys that it jumps to: neither
can be deleted while it does.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from segdsl.errors import SegdslError
from segdsl.server.kinds.folders.table import check_folder
from segdsl.server.kinds.journeys.activation_table import TABLES as ACTIVATION_TABLES
from segdsl.server.kinds.journeys.model import (
    Bundle,
    Content,
    Criteria,
    Journey,
    Stage,
    StageContent,
    jumps,
    named_segments,
)
from segdsl.server.kinds.journeys.run_table import TABLES as RUN_TABLES
from segdsl.server.kinds.journeys.run_table import recover
from segdsl.server.store.errors import NameTakenError, ReferencedError, Referrers
from segdsl.server.store.layouts import Layout, Reference
from segdsl.server.store.store import Store

TABLE, STAGES, BUNDLES = "journeys", "journey_stages", "journey_bundles"
_TABLES = """
CREATE TABLE journey_bundles (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  audience TEXT NOT NULL,
  name TEXT NOT NULL,
  folder INTEGER NOT NULL REFERENCES folders (id),
  description TEXT,
  latest INTEGER NOT NULL,
  last_version INTEGER NOT NULL,
  UNIQUE (folder, name)
) STRICT;
CREATE TABLE journeys (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  audience TEXT NOT NULL,
  bundle INTEGER NOT NULL REFERENCES journey_bundles (id),
  version INTEGER NOT NULL,
  folder INTEGER NOT NULL REFERENCES folders (id),
  name TEXT NOT NULL,
  description TEXT,
  state TEXT NOT NULL,
  reentry TEXT NOT NULL,
  goal TEXT,
  launched INTEGER,
  paused INTEGER,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  UNIQUE (bundle, version)
) STRICT;
CREATE TABLE journey_stages (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  journey INTEGER NOT NULL REFERENCES journeys (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  name TEXT NOT NULL,
  content TEXT NOT NULL
) STRICT;
CREATE INDEX stages_of_journey ON journey_stages (journey);
CREATE TABLE journey_segments (
  journey INTEGER NOT NULL REFERENCES journeys (id) ON DELETE CASCADE,
  segment INTEGER NOT NULL REFERENCES segments (id),
  PRIMARY KEY (journey, segment)
) STRICT, WITHOUT ROWID;
CREATE INDEX journeys_of_segment ON journey_segments (segment);
CREATE TABLE journey_jumps (
  journey INTEGER NOT NULL REFERENCES journeys (id) ON DELETE CASCADE,
  target INTEGER NOT NULL REFERENCES journeys (id),
  stage INTEGER NOT NULL,
  PRIMARY KEY (journey, target, stage)
) STRICT, WITHOUT ROWID;
CREATE INDEX jumps_to_journey ON journey_jumps (target);
"""
_COLUMNS = (
    "id, audience, bundle, version, folder, name, description, state, reentry, goal, "
    "launched, paused, created, updated"
)
_BUNDLE = "id, audience, name, folder, description, latest, last_version"

LAYOUT = Layout(
    table=TABLE,
    version=1,
    tables=_TABLES + ACTIVATION_TABLES + RUN_TABLES,
    references=(
        Reference(TABLE, "folder", "folders"),
        Reference("journey_segments", "segment", "segments", owner="journey"),
        Reference("journey_jumps", "target", TABLE, owner="journey"),
    ),
    more_ids=(BUNDLES, STAGES, "journey_activations", "journey_syndications"),
    unreadable=(
        "state NOT IN ('draft', 'simulation', 'launched')",
        "goal IS NOT NULL AND NOT json_valid(goal)",
        "bundle NOT IN (SELECT id FROM journey_bundles)",
        "id IN (SELECT journey FROM journey_stages WHERE NOT json_valid(content))",
        "id IN (SELECT journey FROM journey_activations WHERE NOT json_valid(content))",
    ),
    recover=recover,
)


class NoSuchStageError(SegdslError):
    """A stage that a journey should keep is not one of its stages; `position` is its place."""

    def __init__(self, position: int) -> None:
        self.position = position
        super().__init__(str(position))


Settle = Callable[[sqlite3.Connection, Journey], Content]
"""Completes a journey that was just created, in the same transaction, with the ids it got."""


class JourneyTable:
    """The journeys of a store; each method is one transaction, unless it takes one."""

    def __init__(self, store: Store) -> None:
        self._store = store

    # --- lookups ---------------------------------------------------------------------------

    def all(self, audience: str) -> list[Journey]:
        """All versions of all journeys by id."""
        with self._store.read() as db:
            rows = db.execute(
                f"SELECT {_COLUMNS} FROM journeys WHERE audience = ? ORDER BY id", (audience,)
            ).fetchall()
            return [_journey(db, row) for row in rows]

    def find(self, audience: str, id: int) -> Journey | None:
        with self._store.read() as db:
            return _find(db, audience, id)

    def bundle(self, audience: str, id: int) -> Bundle | None:
        with self._store.read() as db:
            return find_bundle(db, audience, id)

    def bundles(self, audience: str) -> dict[int, Bundle]:
        """All bundles by their ids."""
        with self._store.read() as db:
            rows = db.execute(
                f"SELECT {_BUNDLE} FROM journey_bundles WHERE audience = ? ORDER BY id", (audience,)
            )
            return {row[0]: Bundle(*row) for row in rows}

    def versions(self, bundle: int) -> list[Journey]:
        """The versions of a bundle in their order."""
        with self._store.read() as db:
            rows = db.execute(
                f"SELECT {_COLUMNS} FROM journeys WHERE bundle = ? ORDER BY version", (bundle,)
            ).fetchall()
            return [_journey(db, row) for row in rows]

    # --- changes ---------------------------------------------------------------------------

    def create(
        self,
        audience: str,
        content: Content,
        folder: int,
        now: int,
        *,
        bundle: Bundle | None = None,
        description: str | None = None,
        settle: Settle | None = None,
    ) -> Journey:
        """Creates the first version of a new bundle, or the next one of a bundle.

        `description` is that of a new bundle. Raises NameTakenError, NoSuchFolderError, and what
        `settle` raises.
        """
        with self._store.write() as db:
            if bundle is None:
                check_folder(db, audience, folder)
                _check_name(db, content.name, folder, None)
                owner, version = self._store.new_id(db), 1
                db.execute(
                    f"INSERT INTO journey_bundles ({_BUNDLE}) VALUES (?, ?, ?, ?, ?, 0, 0)",
                    (owner, audience, content.name, folder, description),
                )
            else:
                again = find_bundle(db, audience, bundle.id)
                assert again is not None, "the caller has looked it up"
                owner, version, folder = again.id, again.last_version + 1, again.folder
            id = self._store.new_id(db)
            launched = now if content.state == "launched" else None
            db.execute(
                f"INSERT INTO journeys ({_COLUMNS}) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?, ?)",
                (id, audience, owner, version, folder, *_values(content), launched, now, now),
            )
            self._write_stages(db, id, content.stages)
            db.execute(
                "UPDATE journey_bundles SET latest = ?, last_version = ? WHERE id = ?",
                (id, version, owner),
            )
            journey = _existing(db, audience, id)
            if settle is not None:
                content = settle(db, journey)
                db.execute(
                    "UPDATE journeys SET name = ?, description = ?, state = ?, reentry = ?, "
                    "goal = ? WHERE id = ?",
                    (*_values(content), id),
                )
                self._write_stages(db, id, content.stages)
                journey = _existing(db, audience, id)
            _write_links(db, journey)
            return journey

    def update(
        self, audience: str, id: int, content: Content, now: int, *, launched: int | None
    ) -> Journey | None:
        """Replaces what a client defines; None where the journey does not exist.

        Stages that the content leaves out are deleted. Raises NoSuchStageError, and
        ReferencedError where another journey jumps to a stage that would be deleted.
        """
        with self._store.write() as db:
            before = _find(db, audience, id)
            if before is None:
                return None
            known = {stage.id for stage in before.stages}
            for position, stage in enumerate(content.stages):
                if stage.id is not None and stage.id not in known:
                    raise NoSuchStageError(position)
            removed = known - {stage.id for stage in content.stages}
            _check_unjumped(db, id, removed)
            db.execute(
                "UPDATE journeys SET name = ?, description = ?, state = ?, reentry = ?, goal = ?, "
                "launched = ?, updated = ? WHERE id = ?",
                (*_values(content), launched, now, id),
            )
            db.executemany("DELETE FROM journey_stages WHERE id = ?", [(each,) for each in removed])
            self._write_stages(db, id, content.stages)
            journey = _existing(db, audience, id)
            _write_links(db, journey)
            return journey

    def set_paused(self, audience: str, id: int, at: int | None, now: int) -> Journey | None:
        with self._store.write() as db:
            db.execute("UPDATE journeys SET paused = ?, updated = ? WHERE id = ?", (at, now, id))
            return _find(db, audience, id)

    def update_bundle(self, bundle: Bundle) -> None:
        """Raises NameTakenError, NoSuchFolderError."""
        with self._store.write() as db:
            check_folder(db, bundle.audience, bundle.folder)
            _check_name(db, bundle.name, bundle.folder, bundle.id)
            db.execute(
                "UPDATE journey_bundles SET name = ?, folder = ?, description = ?, latest = ? "
                "WHERE id = ?",
                (bundle.name, bundle.folder, bundle.description, bundle.latest, bundle.id),
            )
            db.execute(
                "UPDATE journeys SET folder = ? WHERE bundle = ?", (bundle.folder, bundle.id)
            )

    def delete(
        self,
        audience: str,
        ids: Iterable[int],
        settle: Callable[[sqlite3.Connection, list[int]], None],
    ) -> None:
        """Deletes versions together, and bundles that have none left.

        `settle` gets the segments that no other journey refers to. Raises ReferencedError where
        others refer to the journeys, and what `settle` raises.
        """
        gone = list(ids)
        with self._store.write() as db:
            _check_unreferenced(self._store, db, gone)
            marks = ", ".join("?" * len(gone))
            segments = db.execute(
                f"SELECT DISTINCT segment FROM journey_segments WHERE journey IN ({marks})", gone
            ).fetchall()
            owners = db.execute(
                f"SELECT DISTINCT bundle FROM journeys WHERE id IN ({marks})", gone
            ).fetchall()
            for table in ("journey_jumps", "journey_segments"):
                db.execute(f"DELETE FROM {table} WHERE journey IN ({marks})", gone)
            db.execute(f"DELETE FROM journeys WHERE id IN ({marks})", gone)
            for (bundle,) in owners:
                _settle_bundle(db, bundle)
            kept = {row[0] for row in db.execute("SELECT segment FROM journey_segments")}
            settle(db, [segment for (segment,) in segments if segment not in kept])

    def _write_stages(self, db: sqlite3.Connection, journey: int, stages: Iterable[Stage]) -> None:
        for position, stage in enumerate(stages):
            text = msgspec.json.encode(stage.content).decode()
            if stage.id is None:
                db.execute(
                    "INSERT INTO journey_stages (id, journey, position, name, content) "
                    "VALUES (?, ?, ?, ?, ?)",
                    (self._store.new_id(db), journey, position, stage.name, text),
                )
            else:
                db.execute(
                    "UPDATE journey_stages SET position = ?, name = ?, content = ? WHERE id = ?",
                    (position, stage.name, text, stage.id),
                )


# --- rows --------------------------------------------------------------------------------


def _values(content: Content) -> tuple[Any, ...]:
    goal = None if content.goal is None else msgspec.json.encode(content.goal).decode()
    return content.name, content.description, content.state, content.reentry, goal


def _journey(db: sqlite3.Connection, row: tuple[Any, ...]) -> Journey:
    id, audience, bundle, version, folder, name, description, state, reentry, goal, *times = row
    rows = db.execute(
        "SELECT id, name, content FROM journey_stages WHERE journey = ? ORDER BY position, id",
        (id,),
    )
    stages = tuple(
        Stage(stage, title, msgspec.json.decode(text, type=StageContent))
        for stage, title, text in rows
    )
    criteria = None if goal is None else msgspec.json.decode(goal, type=Criteria)
    content = Content(name, description, state, reentry, criteria, stages)
    return Journey(id, audience, bundle, version, folder, content, *times)


def _find(db: sqlite3.Connection, audience: str, id: int) -> Journey | None:
    row = db.execute(
        f"SELECT {_COLUMNS} FROM journeys WHERE id = ? AND audience = ?", (id, audience)
    ).fetchone()
    return None if row is None else _journey(db, row)


def _existing(db: sqlite3.Connection, audience: str, id: int) -> Journey:
    journey = _find(db, audience, id)
    assert journey is not None, "it was written in this transaction"
    return journey


def find_bundle(db: sqlite3.Connection, audience: str, id: int) -> Bundle | None:
    row = db.execute(
        f"SELECT {_BUNDLE} FROM journey_bundles WHERE id = ? AND audience = ?", (id, audience)
    ).fetchone()
    return None if row is None else Bundle(*row)


def _check_name(db: sqlite3.Connection, name: str, folder: int, id: int | None) -> None:
    other = db.execute(
        "SELECT id FROM journey_bundles WHERE folder = ? AND name = ? AND id IS NOT ?",
        (folder, name, id),
    ).fetchone()
    if other is not None:
        raise NameTakenError(other[0])


def _write_links(db: sqlite3.Connection, journey: Journey) -> None:
    """Notes what a journey refers to."""
    for table in ("journey_segments", "journey_jumps"):
        db.execute(f"DELETE FROM {table} WHERE journey = ?", (journey.id,))
    segments = {int(id) for _, id in named_segments(journey.content)}
    db.executemany(
        "INSERT INTO journey_segments VALUES (?, ?)", [(journey.id, each) for each in segments]
    )
    targets = {
        (int(jump.target.journey_id), int(jump.target.journey_stage_id))
        for _, jump in jumps(journey.content)
    }
    db.executemany(
        "INSERT INTO journey_jumps VALUES (?, ?, ?)",
        [(journey.id, target, stage) for target, stage in targets],
    )


def _check_unjumped(db: sqlite3.Connection, id: int, stages: Iterable[int | None]) -> None:
    for stage in stages:
        rows = db.execute(
            "SELECT journeys.id, journeys.name FROM journey_jumps JOIN journeys "
            "ON journeys.id = journey WHERE target = ? AND stage = ? AND journey <> ? ORDER BY 1",
            (id, stage, id),
        ).fetchall()
        if rows:
            raise ReferencedError((Referrers(TABLE, tuple(rows)),))


def _check_unreferenced(store: Store, db: sqlite3.Connection, ids: list[int]) -> None:
    """Raises ReferencedError for what others than the journeys themselves refer to."""
    rows: dict[str, set[tuple[int, str]]] = {}
    for id in ids:
        for referrers in store.referrers(db, TABLE, id):
            others = {row for row in referrers.rows if row[0] not in ids}
            rows.setdefault(referrers.table, set()).update(others)
    found = tuple(Referrers(table, tuple(sorted(rows[table]))) for table in rows if rows[table])
    if found:
        raise ReferencedError(found)


def _settle_bundle(db: sqlite3.Connection, bundle: int) -> None:
    """The highest version is the latest where the latest is gone; none leaves no bundle."""
    (last,) = db.execute(
        "SELECT id FROM journeys WHERE bundle = ? ORDER BY version DESC LIMIT 1", (bundle,)
    ).fetchone() or (None,)
    if last is None:
        db.execute("DELETE FROM journey_bundles WHERE id = ?", (bundle,))
    else:
        db.execute(
            "UPDATE journey_bundles SET latest = ? WHERE id = ? "
            "AND latest NOT IN (SELECT id FROM journeys WHERE bundle = ?)",
            (last, bundle, bundle),
        )
