"""Engine queries that run in the background, each with a thread that waits for it.

Knows how to stop one, and all. What a query is for, and where its outcome is kept, is
the caller's.
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


class Work:
    """The queries of one server that run now, by a key of the caller's."""

    def __init__(self, data: Data) -> None:
        self._data = data
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(_MOST_AT_ONCE, "segdsl work")
        self._running: dict[str, Query] = {}
        self._closed = False

    def start(self, key: str, query: exp.Expression, done: Callable[[Outcome], None]) -> None:
        """Runs a query; `done` gets its outcome, once, on a thread of its own."""
        with self._lock:
            closed = self._closed
            if not closed:
                started = self._data.start(query)
                self._running[key] = started
                self._threads.submit(self._wait, key, started, done)
        if closed:
            # What is told of the end may start more.
            done(QueryKilled())

    def kill(self, key: str) -> None:
        """Stops a query, if it runs; its outcome follows."""
        with self._lock:
            found = self._running.get(key)
        if found is not None:
            found.kill()

    @property
    def keys(self) -> tuple[str, ...]:
        with self._lock:
            return tuple(self._running)

    def close(self) -> None:
        """Stops all, and waits until every outcome has been handed over and no thread is left."""
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
