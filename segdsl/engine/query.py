"""One running query: it is waited for, or killed.

Each has a thread to itself while it runs, and a DuckDB cursor of its own, so that none waits
for another. Threads are kept: what DuckDB reads on a new one, it reads into new memory.
"""

from __future__ import annotations

import datetime
import math
import threading
from concurrent import futures
from decimal import Decimal

import duckdb
import msgspec

from segdsl.engine.errors import EngineError, QueryFailed, QueryKilled, reason

Value = str | int | float | bool | None | list["Value"]

_PORTION = 10_000
_INSIST = 0.01


class Result(msgspec.Struct, frozen=True):
    """The names of a query's columns, and its rows; NaN and infinities are None."""

    names: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]


class Query:
    """A query that runs since it was made; every method may be called from any thread."""

    def __init__(
        self, cursor: duckdb.DuckDBPyConnection, sql: str, threads: futures.Executor
    ) -> None:
        self._cursor = cursor
        self._sql = sql
        self._lock = threading.Lock()
        self._kill_wanted = threading.Event()
        self._ended = threading.Event()
        self._outcome: Result | EngineError = QueryKilled()
        self._killer: threading.Thread | None = None
        self._work = threads.submit(self._run)

    def wait(self) -> Result:
        """The result, once it is there; raises QueryKilled or QueryFailed."""
        self._ended.wait()
        match self._outcome:
            case Result() as result:
                return result
            case QueryFailed(message=message):
                # A new one for each who waits: a raised error grows a traceback.
                raise QueryFailed(message)
            case _:
                raise QueryKilled

    def kill(self) -> None:
        """Ends the query within a moment, if it still runs; does not wait for the end."""
        with self._lock:
            if self._ended.is_set() or self._kill_wanted.is_set():
                return
            self._kill_wanted.set()
            self._killer = threading.Thread(target=self._interrupt, name="segdsl kill", daemon=True)
            self._killer.start()

    def join(self) -> None:
        """Waits until the query has ended and has given everything back."""
        futures.wait([self._work])
        with self._lock:
            killer = self._killer
        if killer is not None:
            killer.join()

    @property
    def has_ended(self) -> bool:
        return self._ended.is_set()

    @property
    def is_over(self) -> bool:
        """Whether there is nothing left to `join`."""
        with self._lock:
            killer = self._killer
        return self._work.done() and (killer is None or not killer.is_alive())

    def _interrupt(self) -> None:
        # DuckDB forgets an interrupt that comes before the query starts: insist.
        while not self._ended.is_set():
            with self._lock:
                if not self._ended.is_set():
                    self._cursor.interrupt()
            self._ended.wait(_INSIST)

    def _run(self) -> None:
        outcome: Result | EngineError = QueryFailed("the query ended without a result")
        try:
            outcome = self._fetch()
        except (duckdb.Error, MemoryError, RuntimeError) as error:
            # A RuntimeError is how DuckDB's Python module says that a cursor was closed.
            outcome = QueryFailed(f"the query failed: {reason(error)}")
            if self._kill_wanted.is_set() or isinstance(error, duckdb.InterruptException):
                outcome = QueryKilled()
        finally:
            with self._lock:
                self._outcome = outcome
                self._ended.set()
            # Only now: until the end is known, the cursor may be interrupted.
            self._cursor.close()

    def _fetch(self) -> Result | QueryKilled:
        rows: list[tuple[Value, ...]] = []
        names: tuple[str, ...] | None = None
        while not self._kill_wanted.is_set():
            if names is None:
                self._cursor.execute(self._sql)
                names = tuple(column[0] for column in self._cursor.description)
            portion = self._cursor.fetchmany(_PORTION)
            if not portion:
                return Result(names, tuple(rows))
            rows.extend(tuple(map(plain, row)) for row in portion)
        return QueryKilled()


def plain(value: object) -> Value:
    """A value of DuckDB as one that JSON has: a time is ISO text, a number that is none is None."""
    match value:
        case None | str() | bool() | int():
            return value
        case float():
            return value if math.isfinite(value) else None
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case datetime.date() | datetime.time():
            return value.isoformat()
        case list() | tuple():
            return [plain(each) for each in value]
        case _:
            return str(value)
