"""Engine queries that run in the background: each is waited for on a thread of its own.

Knows how to stop one, and all. What a query is for, and where its outcome is kept, is
the caller's.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from sqlglot import exp

from segdsl.engine import Data, EngineError, Query, QueryKilled, Result

Outcome = Result | EngineError
"""A result, or why there is none (QueryKilled, QueryFailed)."""


class Work:
    """The queries of one server that run now, by a key of the caller's."""

    def __init__(self, data: Data) -> None:
        self._data = data
        self._lock = threading.Lock()
        self._running: dict[str, tuple[Query, threading.Thread]] = {}
        self._closed = False

    def start(self, key: str, query: exp.Expression, done: Callable[[Outcome], None]) -> None:
        """Runs a query; `done` gets its outcome, once, on a thread of its own."""
        with self._lock:
            closed = self._closed
            if not closed:
                started = self._data.start(query)
                thread = threading.Thread(
                    target=self._wait, args=(key, started, done), name=f"segdsl {key}", daemon=True
                )
                self._running[key] = (started, thread)
                thread.start()
        if closed:
            # What is told of the end may start more.
            done(QueryKilled())

    def kill(self, key: str) -> None:
        """Stops a query, if it runs; its outcome follows."""
        with self._lock:
            found = self._running.get(key)
        if found is not None:
            found[0].kill()

    @property
    def keys(self) -> tuple[str, ...]:
        with self._lock:
            return tuple(self._running)

    def close(self) -> None:
        """Stops all, and waits until every outcome has been handed over."""
        with self._lock:
            self._closed = True
            running = list(self._running.values())
        for query, _ in running:
            query.kill()
        for _, thread in running:
            thread.join()

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
