"""Counts that are asked at the same time run together: as one query, as far as that goes.

One runs at once where nothing else does. Those that come meanwhile are gathered for a moment, no
longer, so that none waits for a slow one; what one of them breaks, each is asked alone.
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
from segdsl.server.queries.executor import Outcome, Work
from segdsl.sql import batch_counts, merge_semijoins

QUIET = 0.1
"""Seconds without another count, after which those that were gathered run."""
LONGEST = 2.0
"""Seconds that they wait at most, however many come."""
MOST = 100
"""Counts in one query."""
Done = Callable[[Outcome], None]


class _Count(NamedTuple):
    query: exp.Select
    done: Done


class Counts:
    """The counts that run or wait now, by a key of the caller's."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._lock = threading.Lock()
        self._waiting: dict[str, _Count] = {}
        self._running: dict[str, dict[str, _Count]] = {}
        self._gathering = False
        self._gatherer = ThreadPoolExecutor(1, "segdsl counts")
        self._closed = threading.Event()
        self._names = (f"counts {number}" for number in itertools.count(1))

    def start(self, key: str, query: exp.Select, done: Done) -> None:
        """Counts; `done` gets the outcome, once, on any thread: one row, one column."""
        with self._lock:
            closed = self._closed.is_set()
            if not closed:
                self._waiting[key] = _Count(query, done)
                if self._running and not self._gathering:
                    self._gathering = True
                    self._gatherer.submit(self._gather)
            at_once = not closed and not self._gathering
        if closed:
            done(QueryKilled())
        elif at_once:
            self._go_on()

    def close(self) -> None:
        """Ends what waits, and waits for its own thread; what runs is ended with the work."""
        with self._lock:
            self._closed.set()
            waiting = list(self._waiting.values())
            self._waiting.clear()
        for each in waiting:
            each.done(QueryKilled())
        self._gatherer.shutdown()

    def kill(self, key: str) -> None:
        """Ends a count, if it runs or waits; those that run together with it go on."""
        with self._lock:
            count = self._waiting.pop(key, None)
            alone = None
            for name, running in self._running.items():
                if key in running:
                    count = running.pop(key)
                    alone = None if running else name
        if alone is not None:
            self._work.kill(alone)
        if count is not None:
            count.done(QueryKilled())

    @property
    def keys(self) -> tuple[str, ...]:
        with self._lock:
            return (*self._waiting, *(key for each in self._running.values() for key in each))

    def _gather(self) -> None:
        """Waits until no more come, and runs them."""
        begun, before = time.monotonic(), 0
        while (now := len(self._waiting)) > before and time.monotonic() - begun < LONGEST:
            before = now
            self._closed.wait(QUIET)
        with self._lock:
            self._gathering = False
        self._go_on()

    def _go_on(self) -> None:
        """Runs all that waits."""
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
            queries = [each.query for each in batch.values()]
            query = merge_semijoins(queries[0]) if len(queries) == 1 else batch_counts(queries)
            self._work.start(name, query, done)
        except Exception:
            # Whatever it was: those who wait for the counts would wait for ever.
            done(QueryFailed("the query could not be started"))

    def _ended(self, name: str, keys: tuple[str, ...], outcome: Outcome) -> None:
        again: list[tuple[str, dict[str, _Count]]] = []
        with self._lock:
            # Those that were killed meanwhile are not among them any more.
            left = self._running.pop(name)
            if isinstance(outcome, QueryFailed) and len(keys) > 1:
                again = [(next(self._names), {key: count}) for key, count in left.items()]
                self._running.update((alone, dict(count)) for alone, count in again)
        for alone, count in again:
            self._run(alone, count)
        if not again:
            outcomes = _each(outcome, keys)
            for key, each in left.items():
                each.done(outcomes[key])


def _each(outcome: Outcome, keys: tuple[str, ...]) -> dict[str, Outcome]:
    """The outcome of each of the counts that ran together."""
    if isinstance(outcome, EngineError):
        return dict.fromkeys(keys, outcome)
    (numbers,) = outcome.rows
    return {
        key: Result((name,), ((number,),))
        for key, name, number in zip(keys, outcome.names, numbers, strict=True)
    }
