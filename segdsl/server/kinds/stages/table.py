"""The tables of funnels and of their stages, from the widest stage to the narrowest.

The rule of a stage is a segment, which refers to its stage; nothing here knows it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence

import msgspec

from segdsl.errors import SegdslError
from segdsl.server.kinds.folders.table import check_folder
from segdsl.server.store.errors import NameTakenError
from segdsl.server.store.layouts import Layout, Reference
from segdsl.server.store.store import Store

TABLE = "funnels"
STAGE_TABLE = "funnel_stages"
_TABLES = """
CREATE TABLE funnels (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  audience TEXT NOT NULL,
  name TEXT NOT NULL,
  folder INTEGER NOT NULL REFERENCES folders (id),
  description TEXT,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  UNIQUE (folder, name)
) STRICT;
CREATE TABLE funnel_stages (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  funnel INTEGER NOT NULL REFERENCES funnels (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  name TEXT NOT NULL
) STRICT;
CREATE INDEX stages_of_funnel ON funnel_stages (funnel);
"""
_COLUMNS = "id, audience, name, folder, description, created, updated"

LAYOUT = Layout(
    table=TABLE,
    version=1,
    tables=_TABLES,
    references=(Reference(TABLE, "folder", "folders"),),
    more_ids=(STAGE_TABLE,),
    unreadable=("folder NOT IN (SELECT id FROM folders)",),
)


class NoSuchStageError(SegdslError):
    """A stage that a funnel should keep is not one of its stages; `position` is its place."""

    def __init__(self, position: int) -> None:
        self.position = position
        super().__init__(str(position))


class Stage(msgspec.Struct, frozen=True):
    """A stage of the funnel with the id `funnel`."""

    id: int
    funnel: int
    name: str


class Funnel(msgspec.Struct, frozen=True):
    """A funnel with its stages in order. Times are Unix seconds."""

    id: int
    audience: str
    name: str
    folder: int
    description: str | None
    created: int
    updated: int
    stages: tuple[Stage, ...] = ()


class StageContent(msgspec.Struct, frozen=True):
    """A stage as a client wants it; without an `id` it is new."""

    name: str
    id: int | None = None


class FunnelContent(msgspec.Struct, frozen=True):
    """What a client defines of a funnel."""

    name: str
    folder: int
    description: str | None = None
    stages: tuple[StageContent, ...] = ()


Settle = Callable[[sqlite3.Connection, Funnel, Sequence[int]], None]
"""What else a change of a funnel changes, in the same transaction.

It gets the funnel as it becomes, and the ids of the stages that it loses and that still exist.
"""


class FunnelTable:
    """The funnels of a store; each method is one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def all(self, audience: str, folder: int | None = None) -> list[Funnel]:
        """All funnels by id, or those of one folder."""
        with self._store.read() as db:
            rows = db.execute(
                f"SELECT {_COLUMNS} FROM funnels "
                "WHERE audience = ?1 AND folder = ifnull(?2, folder) ORDER BY id",
                (audience, folder),
            ).fetchall()
            return [_with_stages(db, Funnel(*row)) for row in rows]

    def find(self, audience: str, id: int) -> Funnel | None:
        with self._store.read() as db:
            return _find(db, audience, id)

    def find_stage(self, audience: str, id: int) -> Stage | None:
        with self._store.read() as db:
            return find_stage(db, audience, id)

    def create(
        self, audience: str, content: FunnelContent, now: int, settle: Settle | None = None
    ) -> Funnel:
        """Raises NameTakenError, NoSuchFolderError."""
        with self._store.write() as db:
            _check(db, audience, content, None)
            id = self._store.new_id(db)
            db.execute(
                f"INSERT INTO funnels ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (id, audience, content.name, content.folder, content.description, now, now),
            )
            self._write_stages(db, id, content.stages)
            funnel = _existing(db, audience, id)
            if settle is not None:
                settle(db, funnel, ())
            return funnel

    def update(
        self, audience: str, id: int, content: FunnelContent, now: int, settle: Settle
    ) -> Funnel | None:
        """Replaces everything but the id and `created`; None where the funnel does not exist.

        Stages that the content leaves out are deleted. Raises NameTakenError, NoSuchFolderError,
        NoSuchStageError, and what `settle` raises.
        """
        with self._store.write() as db:
            before = _find(db, audience, id)
            if before is None:
                return None
            _check(db, audience, content, id)
            kept = {stage.id for stage in content.stages}
            known = {stage.id for stage in before.stages}
            for position, stage in enumerate(content.stages):
                if stage.id is not None and stage.id not in known:
                    raise NoSuchStageError(position)
            removed = [stage.id for stage in before.stages if stage.id not in kept]
            db.execute(
                "UPDATE funnels SET name = ?, folder = ?, description = ?, updated = ? "
                "WHERE id = ?",
                (content.name, content.folder, content.description, now, id),
            )
            self._write_stages(db, id, content.stages)
            settle(db, _without(_existing(db, audience, id), removed), removed)
            _delete_stages(db, removed)
            return _existing(db, audience, id)

    def delete(self, audience: str, id: int, settle: Settle) -> Funnel | None:
        """Deletes and returns a funnel with its stages; None where it does not exist.

        Raises what `settle` raises.
        """
        with self._store.write() as db:
            funnel = _find(db, audience, id)
            if funnel is None:
                return None
            removed = [stage.id for stage in funnel.stages]
            settle(db, _without(funnel, removed), removed)
            _delete_stages(db, removed)
            db.execute("DELETE FROM funnels WHERE id = ?", (id,))
            return funnel

    def _write_stages(
        self, db: sqlite3.Connection, funnel: int, stages: Sequence[StageContent]
    ) -> None:
        for position, stage in enumerate(stages):
            if stage.id is None:
                db.execute(
                    "INSERT INTO funnel_stages (id, funnel, position, name) VALUES (?, ?, ?, ?)",
                    (self._store.new_id(db), funnel, position, stage.name),
                )
            else:
                db.execute(
                    "UPDATE funnel_stages SET position = ?, name = ? WHERE id = ?",
                    (position, stage.name, stage.id),
                )


def find_stage(db: sqlite3.Connection, audience: str, id: int) -> Stage | None:
    row = db.execute(
        "SELECT stage.id, funnel, stage.name FROM funnel_stages AS stage "
        "JOIN funnels ON funnels.id = funnel WHERE stage.id = ? AND audience = ?",
        (id, audience),
    ).fetchone()
    return None if row is None else Stage(*row)


def _with_stages(db: sqlite3.Connection, funnel: Funnel) -> Funnel:
    rows = db.execute(
        "SELECT id, funnel, name FROM funnel_stages WHERE funnel = ? ORDER BY position, id",
        (funnel.id,),
    )
    return msgspec.structs.replace(funnel, stages=tuple(Stage(*row) for row in rows))


def _find(db: sqlite3.Connection, audience: str, id: int) -> Funnel | None:
    row = db.execute(
        f"SELECT {_COLUMNS} FROM funnels WHERE id = ? AND audience = ?", (id, audience)
    ).fetchone()
    return None if row is None else _with_stages(db, Funnel(*row))


def _existing(db: sqlite3.Connection, audience: str, id: int) -> Funnel:
    funnel = _find(db, audience, id)
    assert funnel is not None, "it was written in this transaction"
    return funnel


def _without(funnel: Funnel, removed: Sequence[int]) -> Funnel:
    stages = tuple(stage for stage in funnel.stages if stage.id not in removed)
    return msgspec.structs.replace(funnel, stages=stages)


def _delete_stages(db: sqlite3.Connection, ids: Sequence[int]) -> None:
    db.executemany("DELETE FROM funnel_stages WHERE id = ?", [(id,) for id in ids])


def _check(db: sqlite3.Connection, audience: str, content: FunnelContent, id: int | None) -> None:
    check_folder(db, audience, content.folder)
    other = db.execute(
        "SELECT id FROM funnels WHERE folder = ? AND name = ? AND id IS NOT ?",
        (content.folder, content.name, id),
    ).fetchone()
    if other is not None:
        raise NameTakenError(other[0])
