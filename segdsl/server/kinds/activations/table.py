"""The tables of activations and of their executions."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from typing import Any
from typing import Literal as OneOf

import msgspec

from segdsl.server.store.errors import NameTakenError
from segdsl.server.store.layouts import IsAlive, Layout
from segdsl.server.store.store import Store

TABLE = "activations"
_TABLES = """
CREATE TABLE activations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  audience TEXT NOT NULL,
  segment INTEGER NOT NULL REFERENCES segments (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  description TEXT,
  template INTEGER,
  content TEXT NOT NULL,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  UNIQUE (segment, name)
) STRICT;
CREATE INDEX activations_of_template ON activations (template);
CREATE TABLE executions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  activation INTEGER NOT NULL REFERENCES activations (id) ON DELETE CASCADE,
  owner TEXT NOT NULL,
  status TEXT NOT NULL,
  created INTEGER NOT NULL,
  finished INTEGER,
  records INTEGER,
  message TEXT
) STRICT;
CREATE INDEX executions_of_activation ON executions (activation);
CREATE INDEX open_executions ON executions (owner) WHERE finished IS NULL;
"""
_COLUMNS = "id, audience, segment, name, description, template, content, created, updated"
_EXECUTION = "id, activation, status, created, finished, records, message"
KEPT_EXECUTIONS = 100
"""Executions that are kept of an activation."""
RESTARTED = "the server was restarted while the activation ran: run it again"

Status = OneOf["queued", "running", "success", "error"]
Content = dict[str, msgspec.Raw]
"""What an activation or a template sends, as JSON by the API's keys, in the text that came."""


def _recover(db: sqlite3.Connection, is_alive: IsAlive) -> None:
    """Ends the executions of servers that no longer run."""
    owners = db.execute("SELECT DISTINCT owner FROM executions WHERE finished IS NULL").fetchall()
    for (owner,) in owners:
        if not is_alive(owner):
            db.execute(
                "UPDATE executions SET status = 'error', finished = created, message = ? "
                "WHERE owner = ? AND finished IS NULL",
                (RESTARTED, owner),
            )


LAYOUT = Layout(
    table=TABLE,
    version=1,
    tables=_TABLES,
    unreadable=(
        "NOT json_valid(content)",
        "segment NOT IN (SELECT id FROM segments)",
    ),
    recover=_recover,
)


class ActivationContent(msgspec.Struct, frozen=True):
    """What a client defines of an activation. `template` may be one that is gone."""

    name: str
    description: str | None = None
    template: int | None = None
    content: Content = {}


class Activation(msgspec.Struct, frozen=True):
    """An activation of a segment. Times are Unix seconds."""

    id: int
    audience: str
    segment: int
    name: str
    description: str | None
    template: int | None
    content: Content
    created: int
    updated: int


class Execution(msgspec.Struct, frozen=True):
    """A run of an activation: how it stands, the rows it exported, and why it failed."""

    id: int
    activation: int
    status: Status
    created: int
    finished: int | None
    records: int | None
    message: str | None


class ActivationTable:
    """The activations of a store; each method is one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def all(self, audience: str, segment: int | None = None) -> list[Activation]:
        """All activations by id, or those of one segment."""
        with self._store.read() as db:
            rows = db.execute(
                f"SELECT {_COLUMNS} FROM activations "
                "WHERE audience = ?1 AND segment = ifnull(?2, segment) ORDER BY id",
                (audience, segment),
            )
            return [_activation_of(row) for row in rows]

    def counts(self, audience: str) -> dict[int, int]:
        """The numbers of activations of segments, by the ids of those."""
        with self._store.read() as db:
            rows = db.execute(
                "SELECT segment, count(*) FROM activations WHERE audience = ? GROUP BY segment",
                (audience,),
            )
            return dict(rows.fetchall())

    def counts_of_templates(self, audience: str) -> dict[int, int]:
        """The numbers of activations of templates, by the ids of those."""
        with self._store.read() as db:
            rows = db.execute(
                "SELECT template, count(*) FROM activations "
                "WHERE audience = ? AND template IS NOT NULL GROUP BY template",
                (audience,),
            )
            return dict(rows.fetchall())

    def find(self, audience: str, segment: int, id: int) -> Activation | None:
        with self._store.read() as db:
            return _find(db, audience, segment, id)

    def create(
        self, audience: str, segment: int, content: ActivationContent, now: int
    ) -> Activation:
        """Raises NameTakenError, and IntegrityError where the segment has been deleted."""
        with self._store.write() as db:
            _check(db, segment, content, None)
            id = self._store.new_id(db)
            db.execute(
                f"INSERT INTO activations ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (id, audience, segment, *_values(content), now, now),
            )
            return _existing(db, audience, segment, id)

    def update(
        self, audience: str, segment: int, id: int, content: ActivationContent, now: int
    ) -> Activation | None:
        """Replaces everything but the id and `created`; None where it does not exist.

        Raises NameTakenError.
        """
        with self._store.write() as db:
            if _find(db, audience, segment, id) is None:
                return None
            _check(db, segment, content, id)
            db.execute(
                "UPDATE activations SET name = ?, description = ?, template = ?, content = ?, "
                "updated = ? WHERE id = ?",
                (*_values(content), now, id),
            )
            return _existing(db, audience, segment, id)

    def change_of_template(
        self,
        db: sqlite3.Connection,
        template: int,
        change: Callable[[Content], Content],
        now: int,
    ) -> None:
        """Changes the content of all activations of a template, in a transaction of others.

        What `change` leaves as it is has not been updated.
        """
        rows = db.execute("SELECT id, content FROM activations WHERE template = ?", (template,))
        for id, text in rows.fetchall():
            changed = encoded(change(decoded(text)))
            if changed != encoded(decoded(text)):
                db.execute(
                    "UPDATE activations SET content = ?, updated = ? WHERE id = ?",
                    (changed, now, id),
                )

    def delete(self, audience: str, segment: int, id: int) -> Activation | None:
        """Deletes and returns an activation, with its executions; None where it does not exist."""
        with self._store.write() as db:
            activation = _find(db, audience, segment, id)
            db.execute("DELETE FROM activations WHERE id = ? AND segment = ?", (id, segment))
            return activation

    # --- executions ------------------------------------------------------------------------

    def executions(self, activations: Iterable[int]) -> dict[int, list[Execution]]:
        """The executions of activations, by the ids of those; the newest first."""
        found: dict[int, list[Execution]] = {}
        with self._store.read() as db:
            for activation in activations:
                rows = db.execute(
                    f"SELECT {_EXECUTION} FROM executions WHERE activation = ? ORDER BY id DESC",
                    (activation,),
                )
                found[activation] = [Execution(*row) for row in rows]
        return found

    def start(self, activation: int, now: int) -> Execution | None:
        """Queues an execution that this server runs; None where the activation is gone."""
        with self._store.write() as db:
            exists = db.execute("SELECT 1 FROM activations WHERE id = ?", (activation,)).fetchone()
            if exists is None:
                return None
            made = db.execute(
                "INSERT INTO executions (activation, owner, status, created) "
                "VALUES (?, ?, 'queued', ?)",
                (activation, self._store.owner, now),
            )
            db.execute(
                "DELETE FROM executions WHERE activation = ?1 AND finished IS NOT NULL AND id NOT "
                "IN (SELECT id FROM executions WHERE activation = ?1 ORDER BY id DESC LIMIT ?2)",
                (activation, KEPT_EXECUTIONS),
            )
            row = db.execute(
                f"SELECT {_EXECUTION} FROM executions WHERE id = ?", (made.lastrowid,)
            ).fetchone()
            return Execution(*row)

    def begin(self, id: int) -> bool:
        """Whether a queued execution runs now: its activation may have been deleted."""
        with self._store.write() as db:
            changed = db.execute(
                "UPDATE executions SET status = 'running' WHERE id = ? AND status = 'queued'", (id,)
            )
            return changed.rowcount == 1

    def end(
        self,
        id: int,
        status: Status,
        now: int,
        *,
        records: int | None = None,
        message: str | None = None,
    ) -> None:
        with self._store.write() as db:
            db.execute(
                "UPDATE executions SET status = ?, finished = ?, records = ?, message = ? "
                "WHERE id = ? AND finished IS NULL",
                (status, now, records, message, id),
            )


def encoded(content: Content) -> str:
    return msgspec.json.encode(content).decode()


def decoded(text: str) -> Content:
    return msgspec.json.decode(text, type=Content)


# --- rows --------------------------------------------------------------------------------


def _values(content: ActivationContent) -> tuple[Any, ...]:
    return content.name, content.description, content.template, encoded(content.content)


def _activation_of(row: tuple[Any, ...]) -> Activation:
    id, audience, segment, name, description, template, content, created, updated = row
    read = decoded(content)
    return Activation(id, audience, segment, name, description, template, read, created, updated)


def _find(db: sqlite3.Connection, audience: str, segment: int, id: int) -> Activation | None:
    row = db.execute(
        f"SELECT {_COLUMNS} FROM activations WHERE id = ? AND segment = ? AND audience = ?",
        (id, segment, audience),
    ).fetchone()
    return None if row is None else _activation_of(row)


def _existing(db: sqlite3.Connection, audience: str, segment: int, id: int) -> Activation:
    activation = _find(db, audience, segment, id)
    assert activation is not None, "it was written in this transaction"
    return activation


def _check(
    db: sqlite3.Connection, segment: int, content: ActivationContent, id: int | None
) -> None:
    other = db.execute(
        "SELECT id FROM activations WHERE segment = ? AND name = ? AND id IS NOT ?",
        (segment, content.name, id),
    ).fetchone()
    if other is not None:
        raise NameTakenError(other[0])
