"""Counts the stored segments that ask for it in the background, one after the other."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable

from segdsl.engine import Data, EngineError, Query, Result
from segdsl.server.errors import ApiError
from segdsl.server.kinds.segments.table import Segment, SegmentTable
from segdsl.server.queries.rules import Rules
from segdsl.server.store.errors import StoreError


class PopulationCounter:
    """Counts segments with `countPopulation`, and stores their populations."""

    def __init__(
        self, data: Data, table: SegmentTable, rules: Rules, clock: Callable[[], int]
    ) -> None:
        self._data = data
        self._table = table
        self._rules = rules
        self._clock = clock
        self._queue: queue.SimpleQueue[Segment | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._running: Query | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="segdsl populations", daemon=True)
        self._thread.start()

    def count(self, segment: Segment) -> None:
        """Queues a segment to be counted as it is now."""
        self._queue.put(segment)

    def close(self) -> None:
        """Stops counting; the rest is counted when the store is opened again."""
        with self._lock:
            self._closed = True
            if self._running is not None:
                self._running.kill()
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (segment := self._queue.get()) is not None and not self._closed:
            now = self._clock()
            # Requests report a store that has become unusable.
            with contextlib.suppress(StoreError):
                population = self._counted(segment, now)
                if population is not None:
                    self._table.set_population(segment.id, segment.revision, population, now)

    def _counted(self, segment: Segment, now: int) -> int | None:
        """None where the segment cannot be counted, for example if the data has lost a column."""
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
