"""The tables of activations of journeys, and of what was sent for them.

An activation of a launched journey has a second id, under which it is listed with all others
(observed: `syndicationId`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable

import msgspec

from segdsl.server.kinds.activations.table import Content, Execution, decoded, encoded
from segdsl.server.store.store import Store

TABLES = """
CREATE TABLE journey_activations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  journey INTEGER NOT NULL REFERENCES journeys (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  content TEXT NOT NULL,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL
) STRICT;
CREATE INDEX activations_of_journey ON journey_activations (journey);
CREATE TABLE journey_syndications (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  activation INTEGER NOT NULL UNIQUE REFERENCES journey_activations (id) ON DELETE CASCADE
) STRICT;
CREATE TABLE journey_deliveries (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  syndication INTEGER NOT NULL REFERENCES journey_syndications (id) ON DELETE CASCADE,
  status TEXT NOT NULL,
  created INTEGER NOT NULL,
  finished INTEGER,
  records INTEGER,
  message TEXT
) STRICT;
CREATE INDEX deliveries_of_syndication ON journey_deliveries (syndication);
"""
_SELECT = (
    "SELECT step.id, step.journey, step.name, step.content, syndication.id, step.created, "
    "step.updated FROM journey_activations AS step "
    "LEFT JOIN journey_syndications AS syndication ON activation = step.id"
)
KEPT_DELIVERIES = 100
"""Deliveries that are kept of an activation."""


class ActivationStep(msgspec.Struct, frozen=True):
    """An activation of a journey; `content` are its `activationParams` but the name.

    `syndication` is its id among all activations, None until its journey is launched.
    """

    id: int
    journey: int
    name: str
    content: Content
    syndication: int | None
    created: int
    updated: int


class Delivered(msgspec.Struct, frozen=True):
    """What came of sending to an activation: the rows of its file, and where it is, or why not."""

    syndication: int
    status: str
    records: int | None
    message: str | None


class ActivationStepTable:
    """The activations of journeys; each method is one transaction, unless it takes one."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of_journeys(self, journeys: Iterable[int]) -> list[ActivationStep]:
        """The activations of these journeys, by id."""
        with self._store.read() as db:
            found = [each for journey in journeys for each in steps_of(db, journey)]
        return sorted(found, key=lambda each: each.id)

    def find(self, journey: int, id: int) -> ActivationStep | None:
        with self._store.read() as db:
            row = db.execute(f"{_SELECT} WHERE step.id = ? AND journey = ?", (id, journey))
            found = row.fetchone()
            return None if found is None else _step(found)

    def create(self, journey: int, name: str, content: Content, now: int) -> ActivationStep:
        """Raises IntegrityError where the journey has been deleted."""
        with self._store.write() as db:
            return self.create_in(db, journey, name, content, now)

    def create_in(
        self, db: sqlite3.Connection, journey: int, name: str, content: Content, now: int
    ) -> ActivationStep:
        """As `create`, in a transaction of the caller."""
        id = self._store.new_id(db)
        db.execute(
            "INSERT INTO journey_activations VALUES (?, ?, ?, ?, ?, ?)",
            (id, journey, name, encoded(content), now, now),
        )
        return ActivationStep(id, journey, name, content, None, now, now)

    def update(self, id: int, name: str, content: Content, now: int) -> None:
        with self._store.write() as db:
            db.execute(
                "UPDATE journey_activations SET name = ?, content = ?, updated = ? WHERE id = ?",
                (name, encoded(content), now, id),
            )

    def follow_template(
        self,
        db: sqlite3.Connection,
        template: int,
        change: Callable[[Content], Content],
        now: int,
    ) -> None:
        """Changes the content of the activations of a template, in a transaction of the caller.

        What `change` leaves as it is has not been updated.
        """
        steps = [_step(row) for row in db.execute(_SELECT).fetchall()]
        for step in steps:
            if template_of(step.content) == template:
                changed = encoded(change(step.content))
                if changed != encoded(step.content):
                    db.execute(
                        "UPDATE journey_activations SET content = ?, updated = ? WHERE id = ?",
                        (changed, now, step.id),
                    )

    def announce(self, journey: int) -> None:
        """Gives all activations of a launched journey their ids among all activations."""
        with self._store.write() as db:
            for step in steps_of(db, journey):
                if step.syndication is None:
                    values = (self._store.new_id(db), step.id)
                    db.execute("INSERT INTO journey_syndications VALUES (?, ?)", values)

    def deliveries(self, syndications: Iterable[int]) -> dict[int, list[Execution]]:
        """What was sent, by the ids of activations; the newest first."""
        found: dict[int, list[Execution]] = {}
        with self._store.read() as db:
            for id in syndications:
                rows = db.execute(
                    "SELECT id, syndication, status, created, finished, records, message "
                    "FROM journey_deliveries WHERE syndication = ? ORDER BY id DESC",
                    (id,),
                )
                found[id] = [Execution(*row) for row in rows]
        return found


def template_of(content: Content) -> int | None:
    """The template that an activation is made from."""
    raw = content.get("activationTemplateId")
    id = None if raw is None else msgspec.json.decode(raw)
    return int(id) if isinstance(id, int) or (isinstance(id, str) and id.isdecimal()) else None


def steps_of(db: sqlite3.Connection, journey: int) -> list[ActivationStep]:
    """The activations of a journey, by id."""
    rows = db.execute(f"{_SELECT} WHERE journey = ? ORDER BY step.id", (journey,))
    return [_step(row) for row in rows]


def add_deliveries(db: sqlite3.Connection, deliveries: Iterable[Delivered], now: int) -> None:
    """Notes what was sent, in a transaction of the caller."""
    for each in deliveries:
        db.execute(
            "INSERT INTO journey_deliveries "
            "(syndication, status, created, finished, records, message) VALUES (?, ?, ?, ?, ?, ?)",
            (each.syndication, each.status, now, now, each.records, each.message),
        )
        db.execute(
            "DELETE FROM journey_deliveries WHERE syndication = ?1 AND id NOT IN (SELECT id FROM "
            "journey_deliveries WHERE syndication = ?1 ORDER BY id DESC LIMIT ?2)",
            (each.syndication, KEPT_DELIVERIES),
        )


def _step(row: tuple[int, int, str, str, int | None, int, int]) -> ActivationStep:
    id, journey, name, text, syndication, created, updated = row
    return ActivationStep(id, journey, name, decoded(text), syndication, created, updated)
