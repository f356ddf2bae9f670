"""Runs counts that are requested at the same time together, as one query where possible.

A count starts immediately if no other runs. Counts requested meanwhile are collected for a short
time, so that none waits for a slow one. Counts that are announced are collected from the first one
until all are there. If their query fails, each count runs alone.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from sqlglot import exp

from segdsl.engine import EngineError, QueryFailed, QueryKilled, Result
from segdsl.server.queries.executor import Executor, Outcome
from segdsl.sql import batch_counts, merge_semijoins

QUIET = 0.1
"""Seconds without another request, after which the collected counts run."""
LONGEST = 2.0
"""The longest time in seconds that counts are collected."""
MOST = 100
"""The highest number of counts in one query."""
Done = Callable[[Outcome], None]


class _Count(NamedTuple):
    query: exp.Select
    done: Done


class CountBatcher:
    """The counts that run or wait, by a key of the caller."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._lock = threading.Lock()
        self._waiting: dict[str, _Count] = {}
        self._running: dict[str, dict[str, _Count]] = {}
        self._collecting = False
        self._announced = 0
        self._wake = threading.Event()
        """Set when counts need not be collected any longer."""
        self._collector = ThreadPoolExecutor(1, "segdsl counts")
        self._closed = threading.Event()
        self._names = (f"counts {number}" for number in itertools.count(1))

    def start(self, key: str, query: exp.Select, done: Done, *, announced: int = 1) -> None:
        """Requests a count; `done` gets its outcome, once, on any thread: one row, one column.

        `announced` is how many counts, with this one, are requested at the same time.
        """
        with self._lock:
            closed = self._closed.is_set()
            if not closed:
                self._waiting[key] = _Count(query, done)
                self._announced = max(self._announced, min(announced, MOST))
                if self._announced > 1 and len(self._waiting) >= self._announced:
                    self._wake.set()
                if (self._running or self._announced > 1) and not self._collecting:
                    self._collecting = True
                    self._collector.submit(self._collect)
            is_first = not closed and not self._collecting
        if closed:
            done(QueryKilled())
        elif is_first:
            self._run_waiting()

    def close(self) -> None:
        """Ends the counts that wait; those that run end with the executor."""
        with self._lock:
            self._closed.set()
            self._wake.set()
            waiting = list(self._waiting.values())
            self._waiting.clear()
        for count in waiting:
            count.done(QueryKilled())
        self._collector.shutdown()

    def kill(self, key: str) -> None:
        """Ends a count, if it runs or waits; those in the same query continue."""
        with self._lock:
            count = self._waiting.pop(key, None)
            alone = None
            for name, running in self._running.items():
                if key in running:
                    count = running.pop(key)
                    alone = None if running else name
        if alone is not None:
            self._executor.kill(alone)
        if count is not None:
            count.done(QueryKilled())

    @property
    def keys(self) -> tuple[str, ...]:
        with self._lock:
            return (*self._waiting, *(key for batch in self._running.values() for key in batch))

    def _collect(self) -> None:
        """Waits until no more counts are requested or all announced ones are there; runs them."""
        begun, before = time.monotonic(), 0
        while (now := len(self._waiting)) > before and time.monotonic() - begun < LONGEST:
            before = now
            if self._wake.wait(QUIET):
                break
        with self._lock:
            self._collecting = False
            self._announced = 0
            if not self._closed.is_set():
                self._wake.clear()
        self._run_waiting()

    def _run_waiting(self) -> None:
        """Runs all counts that wait."""
        while True:
            with self._lock:
                batch = dict(itertools.islice(self._waiting.items(), MOST))
                if not batch:
                    return
                for key in batch:
                    del self._waiting[key]
                name = next(self._names)
                self._running[name] = dict(batch)
            self._run(name, batch)

    def _run(self, name: str, batch: Mapping[str, _Count]) -> None:
        def done(outcome: Outcome) -> None:
            self._ended(name, tuple(batch), outcome)

        try:
            queries = [count.query for count in batch.values()]
            query = merge_semijoins(queries[0]) if len(queries) == 1 else batch_counts(queries)
            self._executor.start(name, query, done)
        except Exception:
            # Whatever the reason, the callers must not wait for ever.
            done(QueryFailed("the query could not be started"))

    def _ended(self, name: str, keys: tuple[str, ...], outcome: Outcome) -> None:
        again: list[tuple[str, dict[str, _Count]]] = []
        with self._lock:
            # Without the counts that were killed in the meantime.
            left = self._running.pop(name)
            if isinstance(outcome, QueryFailed) and len(keys) > 1:
                again = [(next(self._names), {key: count}) for key, count in left.items()]
                self._running.update((alone, dict(batch)) for alone, batch in again)
        for alone, batch in again:
            self._run(alone, batch)
        if not again:
            outcomes = _outcomes(outcome, keys)
            for key, count in left.items():
                count.done(outcomes[key])


def _outcomes(outcome: Outcome, keys: tuple[str, ...]) -> dict[str, Outcome]:
    """The outcome of each count in one query."""
    if isinstance(outcome, EngineError):
        return dict.fromkeys(keys, outcome)
    (numbers,) = outcome.rows
    return {
        key: Result((name,), ((number,),))
        for key, name, number in zip(keys, outcome.names, numbers, strict=True)
    }
