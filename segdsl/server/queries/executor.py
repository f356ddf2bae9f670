"""Runs engine queries in the background, each with a thread that waits for it.

What a query is for, and what becomes of its outcome, is up to the caller.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from sqlglot import exp

from segdsl.engine import Data, EngineError, Query, QueryKilled, Result

Outcome = Result | EngineError
"""A result, or why there is none (QueryKilled, QueryFailed)."""
_MOST_AT_ONCE = 1_000


class Executor:
    """The running queries of one server, by a key of the caller."""

    def __init__(self, data: Data) -> None:
        self._data = data
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(_MOST_AT_ONCE, "segdsl executor")
        self._running: dict[str, Query] = {}
        self._closed = False

    def start(self, key: str, query: exp.Expression, done: Callable[[Outcome], None]) -> None:
        """Starts a query; `done` gets its outcome, once, on another thread."""
        with self._lock:
            closed = self._closed
            if not closed:
                started = self._data.start(query)
                self._running[key] = started
                self._threads.submit(self._wait, key, started, done)
        if closed:
            # Outside the lock: `done` may start another query.
            done(QueryKilled())

    def kill(self, key: str) -> None:
        """Stops a query, if it runs; its outcome follows."""
        with self._lock:
            query = self._running.get(key)
        if query is not None:
            query.kill()

    @property
    def keys(self) -> tuple[str, ...]:
        with self._lock:
            return tuple(self._running)

    def close(self) -> None:
        """Stops all queries, and waits until all have passed on their outcomes and ended."""
        with self._lock:
            self._closed = True
            running = list(self._running.values())
        for query in running:
            query.kill()
        self._threads.shutdown()

    def _wait(self, key: str, query: Query, done: Callable[[Outcome], None]) -> None:
        outcome: Outcome
        try:
            outcome = query.wait()
        except EngineError as error:
            outcome = error
        try:
            done(outcome)
        finally:
            with self._lock:
                self._running.pop(key, None)
