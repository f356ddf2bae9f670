"""Counting stored segments in the background, one after the other, and keeping the counts."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable

from segdsl.engine import Data, EngineError, Query, Result
from segdsl.server.errors import ApiError
from segdsl.server.queries.rules import Rules
from segdsl.server.store.records import Segment, StoreError
from segdsl.server.store.store import Store


class Populations:
    """Counts the segments that ask for it with `countPopulation`."""

    def __init__(self, data: Data, store: Store, rules: Rules, clock: Callable[[], int]) -> None:
        self._data = data
        self._store = store
        self._rules = rules
        self._clock = clock
        self._waiting: queue.SimpleQueue[Segment | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._running: Query | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="segdsl populations", daemon=True)
        self._thread.start()

    def count(self, segment: Segment) -> None:
        """Counts a segment as it is now, at some time soon."""
        self._waiting.put(segment)

    def close(self) -> None:
        """Stops counting; what is not counted is when the store is opened again."""
        with self._lock:
            self._closed = True
            if self._running is not None:
                self._running.kill()
        self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (segment := self._waiting.get()) is not None and not self._closed:
            now = self._clock()
            # Requests tell of a store that cannot be used any more.
            with contextlib.suppress(StoreError):
                found = self._counted(segment, now)
                if found is not None:
                    self._store.set_population(segment.id, segment.revision, found, now)

    def _counted(self, segment: Segment, now: int) -> int | None:
        """None where it cannot be counted any more, as when the data has lost a column."""
        try:
            query = self._rules.count(self._rules.of_stored(segment), "$.rule", now)
            with self._lock:
                if self._closed:
                    return None
                self._running = self._data.start(query)
            result: Result = self._running.wait()
        except (ApiError, EngineError, RecursionError):
            return None
        ((number,),) = result.rows
        return number if isinstance(number, int) else None
