"""The tables of predictive segments, of their executions, and of what they were trained to.

Scores are kept as a Parquet file, whole: the engine reads it as it is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any
from typing import Literal as OneOf

import msgspec

from segdsl.server.kinds.folders.table import check_folder
from segdsl.server.store.errors import NameTakenError
from segdsl.server.store.layouts import IsAlive, Layout, Reference
from segdsl.server.store.store import Store

TABLE = "predictive_segments"
_TABLES = """
CREATE TABLE predictive_segments (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  audience TEXT NOT NULL,
  name TEXT NOT NULL,
  folder INTEGER NOT NULL REFERENCES folders (id),
  description TEXT,
  segment INTEGER NOT NULL REFERENCES segments (id),
  base INTEGER REFERENCES segments (id),
  scored INTEGER REFERENCES segments (id),
  content TEXT NOT NULL,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  UNIQUE (folder, name)
) STRICT;
CREATE TABLE predictive_executions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  model INTEGER NOT NULL REFERENCES predictive_segments (id) ON DELETE CASCADE,
  owner TEXT NOT NULL,
  status TEXT NOT NULL,
  created INTEGER NOT NULL,
  finished INTEGER,
  message TEXT
) STRICT;
CREATE INDEX executions_of_model ON predictive_executions (model);
CREATE INDEX open_predictive_executions ON predictive_executions (owner) WHERE finished IS NULL;
CREATE TABLE trained_models (
  model INTEGER PRIMARY KEY REFERENCES predictive_segments (id) ON DELETE CASCADE,
  version INTEGER NOT NULL,
  at INTEGER NOT NULL,
  result TEXT NOT NULL,
  scores BLOB NOT NULL
) STRICT;
"""
_COLUMNS = (
    "id, audience, name, folder, description, segment, base, scored, content, created, updated"
)
_EXECUTION = "id, model, status, created, finished, message"
KEPT_EXECUTIONS = 100
"""Executions that are kept of a predictive segment."""
RESTARTED = "the server was restarted while the model was trained: run it again"

Status = OneOf["queued", "running", "success", "error"]
Content = dict[str, msgspec.Raw]
"""The features and thresholds of a predictive segment, as JSON by the API's keys."""


def _recover(db: sqlite3.Connection, is_alive: IsAlive) -> None:
    """Ends the executions of servers that no longer run."""
    owners = db.execute(
        "SELECT DISTINCT owner FROM predictive_executions WHERE finished IS NULL"
    ).fetchall()
    for (owner,) in owners:
        if not is_alive(owner):
            db.execute(
                "UPDATE predictive_executions SET status = 'error', finished = created, "
                "message = ? WHERE owner = ? AND finished IS NULL",
                (RESTARTED, owner),
            )


LAYOUT = Layout(
    table=TABLE,
    version=1,
    tables=_TABLES,
    references=(
        Reference(TABLE, "folder", "folders"),
        *(Reference(TABLE, column, "segments") for column in ("segment", "base", "scored")),
    ),
    unreadable=(
        "NOT json_valid(content)",
        "folder NOT IN (SELECT id FROM folders)",
        "segment NOT IN (SELECT id FROM segments)",
        "id IN (SELECT model FROM trained_models WHERE NOT json_valid(result))",
    ),
    recover=_recover,
)


class PredictiveContent(msgspec.Struct, frozen=True):
    """What a client defines of a predictive segment.

    `segment` are those who have converted; None in the others is everyone.
    """

    name: str
    folder: int
    segment: int
    description: str | None = None
    base: int | None = None
    scored: int | None = None
    content: Content = {}


class PredictiveSegment(msgspec.Struct, frozen=True):
    """A predictive segment. Times are Unix seconds."""

    id: int
    audience: str
    name: str
    folder: int
    description: str | None
    segment: int
    base: int | None
    scored: int | None
    content: Content
    created: int
    updated: int


class Execution(msgspec.Struct, frozen=True):
    """A training: how it stands, and why it failed."""

    id: int
    model: int
    status: Status
    created: int
    finished: int | None
    message: str | None


class Result(msgspec.Struct, frozen=True):
    """What is answered of a trained model; histograms count scores from 0 to 100."""

    accuracy: float
    area: float
    features: tuple[tuple[str, float], ...]
    columns: tuple[tuple[str, str], ...]
    positives: tuple[int, ...]
    unseen_positives: tuple[int, ...]
    negatives: tuple[int, ...]


class Trained(msgspec.Struct, frozen=True):
    """A trained model; `version` is the id of the execution that trained it."""

    version: int
    at: int
    result: Result


class PredictiveTable:
    """The predictive segments of a store; each method is one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def all(self, audience: str, folder: int | None = None) -> list[PredictiveSegment]:
        """All predictive segments by id, or those of one folder."""
        with self._store.read() as db:
            rows = db.execute(
                f"SELECT {_COLUMNS} FROM predictive_segments "
                "WHERE audience = ?1 AND folder = ifnull(?2, folder) ORDER BY id",
                (audience, folder),
            )
            return [_segment_of(row) for row in rows]

    def find(self, audience: str, id: int) -> PredictiveSegment | None:
        with self._store.read() as db:
            return _find(db, audience, id)

    def create(
        self, audience: str, content: PredictiveContent, now: int, taken: frozenset[int]
    ) -> PredictiveSegment:
        """`taken` are ids that it cannot have. Raises NameTakenError, NoSuchFolderError, and
        IntegrityError where a segment has been deleted.
        """
        with self._store.write() as db:
            _check(db, audience, content, None)
            id = self._store.new_id(db)
            while id in taken:
                # A row that is made and deleted makes the next id higher.
                id += 1
            db.execute(
                f"INSERT INTO predictive_segments ({_COLUMNS}) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (id, audience, *_values(content), now, now),
            )
            return _existing(db, audience, id)

    def update(
        self, audience: str, id: int, content: PredictiveContent, now: int
    ) -> PredictiveSegment | None:
        """Replaces everything but the id and `created`; None where it does not exist.

        A trained model stays as it is until the next training. Raises as `create` does.
        """
        with self._store.write() as db:
            if _find(db, audience, id) is None:
                return None
            _check(db, audience, content, id)
            db.execute(
                "UPDATE predictive_segments SET name = ?, folder = ?, description = ?, "
                "segment = ?, base = ?, scored = ?, content = ?, updated = ? WHERE id = ?",
                (*_values(content), now, id),
            )
            return _existing(db, audience, id)

    def delete(self, audience: str, id: int) -> PredictiveSegment | None:
        """Deletes and returns one with all that belongs to it; None where it does not exist.

        Raises ReferencedError where rules refer to its scores.
        """
        with self._store.write() as db:
            found = _find(db, audience, id)
            if found is not None:
                self._store.check_unreferenced(db, TABLE, id)
                db.execute("DELETE FROM predictive_segments WHERE id = ?", (id,))
            return found

    # --- executions ------------------------------------------------------------------------

    def executions(self, model: int) -> list[Execution]:
        """The executions of a predictive segment, the newest first."""
        with self._store.read() as db:
            rows = db.execute(
                f"SELECT {_EXECUTION} FROM predictive_executions WHERE model = ? ORDER BY id DESC",
                (model,),
            )
            return [Execution(*row) for row in rows]

    def start(self, model: int, now: int) -> Execution | None:
        """Queues an execution that this server runs; None where the predictive segment is gone."""
        with self._store.write() as db:
            exists = db.execute("SELECT 1 FROM predictive_segments WHERE id = ?", (model,))
            if exists.fetchone() is None:
                return None
            made = db.execute(
                "INSERT INTO predictive_executions (model, owner, status, created) "
                "VALUES (?, ?, 'queued', ?)",
                (model, self._store.owner, now),
            )
            db.execute(
                "DELETE FROM predictive_executions WHERE model = ?1 AND finished IS NOT NULL AND "
                "id NOT IN (SELECT id FROM predictive_executions WHERE model = ?1 "
                "ORDER BY id DESC LIMIT ?2)",
                (model, KEPT_EXECUTIONS),
            )
            row = db.execute(
                f"SELECT {_EXECUTION} FROM predictive_executions WHERE id = ?", (made.lastrowid,)
            ).fetchone()
            return Execution(*row)

    def begin(self, id: int) -> bool:
        """Whether a queued execution runs now: its predictive segment may have been deleted."""
        with self._store.write() as db:
            changed = db.execute(
                "UPDATE predictive_executions SET status = 'running' "
                "WHERE id = ? AND status = 'queued'",
                (id,),
            )
            return changed.rowcount == 1

    def fail(self, id: int, now: int, message: str) -> None:
        with self._store.write() as db:
            _end(db, id, "error", now, message)

    def succeed(self, execution: Execution, now: int, result: Result, scores: bytes) -> bool:
        """Ends an execution with what it made; False where its predictive segment is gone."""
        with self._store.write() as db:
            exists = db.execute(
                "SELECT 1 FROM predictive_executions WHERE id = ? AND finished IS NULL",
                (execution.id,),
            ).fetchone()
            if exists is None:
                return False
            db.execute(
                "INSERT OR REPLACE INTO trained_models VALUES (?, ?, ?, ?, ?)",
                (execution.model, execution.id, now, msgspec.json.encode(result).decode(), scores),
            )
            _end(db, execution.id, "success", now, None)
            return True

    # --- trained models --------------------------------------------------------------------

    def trained(self, model: int) -> Trained | None:
        with self._store.read() as db:
            row = db.execute(
                "SELECT version, at, result FROM trained_models WHERE model = ?", (model,)
            ).fetchone()
            return None if row is None else _trained_of(row)

    def all_trained(self, audience: str) -> Mapping[int, Trained]:
        """The trained models by the ids of their predictive segments."""
        with self._store.read() as db:
            rows = db.execute(
                "SELECT model, version, at, result FROM trained_models WHERE model IN "
                "(SELECT id FROM predictive_segments WHERE audience = ?)",
                (audience,),
            )
            return {model: _trained_of(tuple(row)) for model, *row in rows}

    def version(self, model: int) -> int | None:
        """The version of a trained model; None for one that is not trained."""
        with self._store.read() as db:
            row = db.execute(
                "SELECT version FROM trained_models WHERE model = ?", (model,)
            ).fetchone()
            return None if row is None else int(row[0])

    def scores(self, model: int) -> tuple[int, bytes] | None:
        """The version of a trained model and its scores, the bytes of a Parquet file."""
        with self._store.read() as db:
            row = db.execute(
                "SELECT version, scores FROM trained_models WHERE model = ?", (model,)
            ).fetchone()
            return None if row is None else (int(row[0]), bytes(row[1]))


# --- rows --------------------------------------------------------------------------------


def _values(content: PredictiveContent) -> tuple[Any, ...]:
    return (
        content.name,
        content.folder,
        content.description,
        content.segment,
        content.base,
        content.scored,
        msgspec.json.encode(content.content).decode(),
    )


def _segment_of(row: tuple[Any, ...]) -> PredictiveSegment:
    id, audience, name, folder, description, segment, base, scored, content, created, updated = row
    read = msgspec.json.decode(content, type=Content)
    return PredictiveSegment(
        id, audience, name, folder, description, segment, base, scored, read, created, updated
    )


def _trained_of(row: tuple[Any, ...]) -> Trained:
    version, at, result = row
    return Trained(version, at, msgspec.json.decode(result, type=Result))


def has_model(db: sqlite3.Connection, audience: str, id: int) -> bool:
    """Whether a predictive segment exists, in a transaction of the caller."""
    return _find(db, audience, id) is not None


def _find(db: sqlite3.Connection, audience: str, id: int) -> PredictiveSegment | None:
    row = db.execute(
        f"SELECT {_COLUMNS} FROM predictive_segments WHERE id = ? AND audience = ?", (id, audience)
    ).fetchone()
    return None if row is None else _segment_of(row)


def _existing(db: sqlite3.Connection, audience: str, id: int) -> PredictiveSegment:
    found = _find(db, audience, id)
    assert found is not None, "it was written in this transaction"
    return found


def _check(
    db: sqlite3.Connection, audience: str, content: PredictiveContent, id: int | None
) -> None:
    check_folder(db, audience, content.folder)
    other = db.execute(
        "SELECT id FROM predictive_segments WHERE folder = ? AND name = ? AND id IS NOT ?",
        (content.folder, content.name, id),
    ).fetchone()
    if other is not None:
        raise NameTakenError(other[0])


def _end(db: sqlite3.Connection, id: int, status: Status, now: int, message: str | None) -> None:
    db.execute(
        "UPDATE predictive_executions SET status = ?, finished = ?, message = ? "
        "WHERE id = ? AND finished IS NULL",
        (status, now, message, id),
    )
