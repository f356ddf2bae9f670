"""A running query, which can be waited for or killed.

Each query has its own thread and DuckDB cursor, so that none waits for another. Threads are
reused, since DuckDB allocates new memory for each new thread.
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

_BATCH_SIZE = 10_000
_INTERRUPT_INTERVAL = 0.01


class Result(msgspec.Struct, frozen=True):
    """The names of a query's columns, and its rows; NaN and infinities are None."""

    names: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]


class Query:
    """A query that starts when it is constructed; all methods are thread-safe."""

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
        """Waits for the end and returns the result; raises QueryKilled or QueryFailed."""
        self._ended.wait()
        match self._outcome:
            case Result() as result:
                return result
            case QueryFailed(message=message):
                # A new error for each caller: a raised error accumulates tracebacks.
                raise QueryFailed(message)
            case _:
                raise QueryKilled

    def kill(self) -> None:
        """Requests the end of the query, if it is still running; does not wait for it."""
        with self._lock:
            if self._ended.is_set() or self._kill_wanted.is_set():
                return
            self._kill_wanted.set()
            self._killer = threading.Thread(target=self._interrupt, name="segdsl kill", daemon=True)
            self._killer.start()

    def join(self) -> None:
        """Waits until the query has ended and released its resources."""
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
        """Whether `join` would return immediately."""
        with self._lock:
            killer = self._killer
        return self._work.done() and (killer is None or not killer.is_alive())

    def _interrupt(self) -> None:
        # DuckDB ignores an interrupt before the query starts, so repeat it.
        while not self._ended.is_set():
            with self._lock:
                if not self._ended.is_set():
                    self._cursor.interrupt()
            self._ended.wait(_INTERRUPT_INTERVAL)

    def _run(self) -> None:
        outcome: Result | EngineError = QueryFailed("the query ended without a result")
        try:
            outcome = self._fetch()
        except (duckdb.Error, MemoryError, RuntimeError) as error:
            # DuckDB raises a RuntimeError if a cursor was closed.
            outcome = QueryFailed(f"the query failed: {reason(error)}")
            if self._kill_wanted.is_set() or isinstance(error, duckdb.InterruptException):
                outcome = QueryKilled()
        finally:
            with self._lock:
                self._outcome = outcome
                self._ended.set()
            # Not earlier: until `_ended` is set, the cursor may be interrupted.
            self._cursor.close()

    def _fetch(self) -> Result | QueryKilled:
        rows: list[tuple[Value, ...]] = []
        names: tuple[str, ...] | None = None
        while not self._kill_wanted.is_set():
            if names is None:
                self._cursor.execute(self._sql)
                names = tuple(column[0] for column in self._cursor.description)
            batch = self._cursor.fetchmany(_BATCH_SIZE)
            if not batch:
                return Result(names, tuple(rows))
            rows.extend(tuple(map(plain, row)) for row in batch)
        return QueryKilled()


def plain(value: object) -> Value:
    """Converts a value of DuckDB for JSON: times to ISO strings, NaN and infinities to None."""
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
