"""The tables of runs of journeys: executions, where profiles are, who jumps, and the history.

Sets of profiles are kept as bits, compressed. Bit *i* is the profile at place *i* among the ids of
a population, which is kept once for all that refer to it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from segdsl.server.kinds.activations.table import Status
from segdsl.server.kinds.journeys.activation_table import Delivered, add_deliveries
from segdsl.server.store.layouts import IsAlive
from segdsl.server.store.store import Store

TABLES = """
CREATE TABLE journey_executions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  journey INTEGER NOT NULL REFERENCES journeys (id) ON DELETE CASCADE,
  owner TEXT NOT NULL,
  status TEXT NOT NULL,
  created INTEGER NOT NULL,
  finished INTEGER,
  message TEXT
) STRICT;
CREATE INDEX executions_of_journey ON journey_executions (journey);
CREATE TABLE journey_populations (
  digest TEXT PRIMARY KEY,
  ids BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE journey_states (
  journey INTEGER PRIMARY KEY REFERENCES journeys (id) ON DELETE CASCADE,
  population TEXT NOT NULL REFERENCES journey_populations (digest),
  state BLOB NOT NULL
) STRICT;
CREATE TABLE journey_arrivals (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  source INTEGER NOT NULL,
  target INTEGER NOT NULL REFERENCES journeys (id) ON DELETE CASCADE,
  stage INTEGER NOT NULL,
  within INTEGER NOT NULL,
  population TEXT NOT NULL REFERENCES journey_populations (digest),
  profiles BLOB NOT NULL
) STRICT;
CREATE INDEX arrivals_of_journey ON journey_arrivals (target);
CREATE TABLE journey_history (
  execution INTEGER PRIMARY KEY,
  journey INTEGER NOT NULL REFERENCES journeys (id) ON DELETE CASCADE,
  at INTEGER NOT NULL,
  content TEXT NOT NULL
) STRICT;
CREATE INDEX history_of_journey ON journey_history (journey);
"""
_EXECUTION = "id, journey, status, created, finished, message"
KEPT_EXECUTIONS = 100
"""Executions that are kept of a journey; its history is kept whole."""
RESTARTED = "the server was restarted while the journey ran: run it again"


def recover(db: sqlite3.Connection, is_alive: IsAlive) -> None:
    """Ends the executions of servers that no longer run."""
    owners = db.execute("SELECT DISTINCT owner FROM journey_executions WHERE finished IS NULL")
    for (owner,) in owners.fetchall():
        if not is_alive(owner):
            db.execute(
                "UPDATE journey_executions SET status = 'error', finished = created, message = ? "
                "WHERE owner = ? AND finished IS NULL",
                (RESTARTED, owner),
            )


class JourneyExecution(msgspec.Struct, frozen=True):
    """A run of a journey: how it stands, and why it failed. Times are Unix seconds."""

    id: int
    journey: int
    status: Status
    created: int
    finished: int | None
    message: str | None


class Arrival(msgspec.Struct, frozen=True):
    """Profiles that jump to a stage, as they are kept; `within`: still in the same journey."""

    id: int
    source: int
    target: int
    stage: int
    within: bool
    population: str
    profiles: bytes


class StageRecord(msgspec.Struct, frozen=True):
    """What happened in a stage at one run; sizes are those after it.

    `exits` counts who left by each exit, those too that jump; `jumped` who left by a jump of an
    exit or a step. `goal` and `advanced` left by the goal, and for the next stage.
    """

    size: int
    entered: int
    milestone: int
    exited: int
    jumped: int
    goal: int
    advanced: int
    exits: tuple[int, ...]
    step_sizes: Mapping[str, int]
    step_influxes: Mapping[str, int]


class HistoryRecord(msgspec.Struct, frozen=True):
    """What happened at one run: `size` is the number of profiles in the journey after it."""

    size: int
    entered: int
    goal: int
    exited: int
    jumped: int
    stages: Mapping[str, StageRecord]


class Run(msgspec.Struct, frozen=True):
    """What a run leaves: everything is stored together, or nothing.

    `consumed` are the ids of the arrivals that have arrived; `ids` are those of the population.
    """

    population: str
    ids: bytes
    state: bytes
    consumed: tuple[int, ...]
    arrivals: tuple[Arrival, ...]
    record: HistoryRecord
    deliveries: tuple[Delivered, ...]


class RunTable:
    """The runs of a store; each method is one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    # --- executions ------------------------------------------------------------------------

    def latest(self, journeys: Iterable[int]) -> dict[int, JourneyExecution]:
        """The last execution of each journey that has any."""
        found: dict[int, JourneyExecution] = {}
        with self._store.read() as db:
            for journey in journeys:
                row = db.execute(
                    f"SELECT {_EXECUTION} FROM journey_executions WHERE journey = ? "
                    "ORDER BY id DESC LIMIT 1",
                    (journey,),
                ).fetchone()
                if row is not None:
                    found[journey] = JourneyExecution(*row)
        return found

    def start(self, journey: int, now: int) -> JourneyExecution | None:
        """Queues an execution that this server runs; None where one has not ended.

        Raises IntegrityError where the journey has been deleted.
        """
        with self._store.write() as db:
            is_running = db.execute(
                "SELECT 1 FROM journey_executions WHERE journey = ? AND finished IS NULL",
                (journey,),
            ).fetchone()
            if is_running is not None:
                return None
            made = db.execute(
                "INSERT INTO journey_executions (journey, owner, status, created) "
                "VALUES (?, ?, 'queued', ?)",
                (journey, self._store.owner, now),
            )
            db.execute(
                "DELETE FROM journey_executions WHERE journey = ?1 AND id NOT IN (SELECT id FROM "
                "journey_executions WHERE journey = ?1 ORDER BY id DESC LIMIT ?2)",
                (journey, KEPT_EXECUTIONS),
            )
            row = db.execute(
                f"SELECT {_EXECUTION} FROM journey_executions WHERE id = ?", (made.lastrowid,)
            ).fetchone()
            return JourneyExecution(*row)

    def begin(self, id: int) -> bool:
        """Whether a queued execution runs now: its journey may have been deleted."""
        with self._store.write() as db:
            changed = db.execute(
                "UPDATE journey_executions SET status = 'running' "
                "WHERE id = ? AND status = 'queued'",
                (id,),
            )
            return changed.rowcount == 1

    def fail(self, id: int, message: str, now: int) -> None:
        with self._store.write() as db:
            _end(db, id, "error", message, now)

    # --- state -----------------------------------------------------------------------------

    def state(self, journey: int) -> tuple[str, bytes] | None:
        """The population and the state after the last run; None where there was none."""
        with self._store.read() as db:
            row = db.execute(
                "SELECT population, state FROM journey_states WHERE journey = ?", (journey,)
            ).fetchone()
            return None if row is None else (row[0], row[1])

    def arrivals(self, journey: int) -> list[Arrival]:
        """Who arrives in a journey at its next run, in the order of the jumps."""
        with self._store.read() as db:
            rows = db.execute(
                "SELECT id, source, target, stage, within, population, profiles "
                "FROM journey_arrivals WHERE target = ? ORDER BY id",
                (journey,),
            )
            return [
                Arrival(id, source, target, stage, bool(within), population, profiles)
                for id, source, target, stage, within, population, profiles in rows
            ]

    def population(self, digest: str) -> bytes | None:
        with self._store.read() as db:
            row = db.execute(
                "SELECT ids FROM journey_populations WHERE digest = ?", (digest,)
            ).fetchone()
            return None if row is None else row[0]

    def end(self, execution: JourneyExecution, run: Run, now: int) -> bool:
        """Stores what a run leaves; False where its journey has been deleted meanwhile."""
        with self._store.write() as db:
            if not _end(db, execution.id, "success", None, now):
                return False
            journey = execution.journey
            db.execute(
                "INSERT OR IGNORE INTO journey_populations VALUES (?, ?)",
                (run.population, run.ids),
            )
            db.execute(
                "INSERT OR REPLACE INTO journey_states VALUES (?, ?, ?)",
                (journey, run.population, run.state),
            )
            db.executemany(
                "DELETE FROM journey_arrivals WHERE id = ?", [(i,) for i in run.consumed]
            )
            for each in run.arrivals:
                # The journey that a jump leads to may be gone.
                db.execute(
                    "INSERT INTO journey_arrivals "
                    "(source, target, stage, within, population, profiles) "
                    "SELECT ?, id, ?, ?, ?, ? FROM journeys WHERE id = ?",
                    (
                        each.source,
                        each.stage,
                        each.within,
                        each.population,
                        each.profiles,
                        each.target,
                    ),
                )
            db.execute(
                "DELETE FROM journey_populations WHERE digest NOT IN "
                "(SELECT population FROM journey_states) AND digest NOT IN "
                "(SELECT population FROM journey_arrivals)"
            )
            db.execute(
                "INSERT INTO journey_history VALUES (?, ?, ?, ?)",
                (execution.id, journey, now, msgspec.json.encode(run.record).decode()),
            )
            add_deliveries(db, run.deliveries, now)
            return True

    def history(self, journey: int) -> list[tuple[int, HistoryRecord]]:
        """The time and the record of each run that succeeded, the oldest first."""
        with self._store.read() as db:
            rows: list[Any] = db.execute(
                "SELECT at, content FROM journey_history WHERE journey = ? ORDER BY execution",
                (journey,),
            ).fetchall()
        return [(at, msgspec.json.decode(text, type=HistoryRecord)) for at, text in rows]


def _end(db: sqlite3.Connection, id: int, status: Status, message: str | None, now: int) -> bool:
    changed = db.execute(
        "UPDATE journey_executions SET status = ?, finished = ?, message = ? "
        "WHERE id = ? AND finished IS NULL",
        (status, now, message, id),
    )
    return changed.rowcount == 1
