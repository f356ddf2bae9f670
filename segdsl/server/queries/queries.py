"""The life of queries: started, polled, paged and killed, on whatever server asks.

A query's state is in the store, so that it outlives the server. Its profiles are not:
a page that nobody has asked for yet is selected when it is, from the query as it was.
"""

from __future__ import annotations

import contextlib
import threading
from collections import OrderedDict
from typing import Any, NamedTuple

import msgspec
import sqlglot
from sqlglot import exp

from segdsl.engine import Data, EngineError, QueryKilled, Result
from segdsl.server.queries.counts import Counts
from segdsl.server.queries.executor import Outcome, Work
from segdsl.server.store.records import Query, QueryContent, StoreError
from segdsl.server.store.store import Store

STOPPED = "the server was stopped while the query ran: start it again"
_ROWS_AT_ONCE = 10_000
_PORTIONS_KEPT = 32
_LOOK = 0.2
"""Seconds between two looks at whether another server was told to kill a query of ours."""


class Waiting(NamedTuple):
    """Profiles that are being selected."""


class Page(NamedTuple):
    """One page of profiles; `rows` is empty after the last."""

    names: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


class Lost(NamedTuple):
    """Profiles that could not be selected, and why; perhaps somebody killed the query."""

    message: str
    killed: bool


class Queries:
    """The queries of a server."""

    def __init__(self, data: Data, store: Store) -> None:
        self._store = store
        self._work = Work(data)
        self._counts = Counts(self._work)
        self._lock = threading.Lock()
        self._portions: OrderedDict[tuple[str, int], Waiting | Page | Lost] = OrderedDict()
        self._stop = threading.Event()
        self._watcher: threading.Thread | None = None

    def start(self, content: QueryContent, count: exp.Select) -> Query:
        """Begins to count; the query is in the store when this returns."""
        found = self._store.add_query(content)

        def done(outcome: Outcome) -> None:
            self._ended(content.id, outcome)

        try:
            self._counts.start(content.id, count, done)
        except BaseException:
            self._store.end_query(content.id, "error", error="the query could not be started")
            raise
        self._watch()
        return found

    def _ended(self, id: str, outcome: Outcome) -> None:
        match outcome:
            case Result(rows=[[int(number)]]):
                self._store.end_query(id, "success", count=number)
            case QueryKilled() if self._stop.is_set():
                self._store.end_query(id, "error", error=STOPPED)
            case QueryKilled():
                self._store.end_query(id, "killed")
            case EngineError():
                self._store.end_query(id, "error", error=str(outcome))
            case Result():
                self._store.end_query(id, "error", error="the count is no number")

    def find(self, id: str) -> Query | None:
        return self._store.query(id)

    def kill(self, query: Query) -> bool:
        """Stops a query wherever it runs, and the selection of its profiles; whether it ran."""
        was_running = self._store.end_query(query.content.id, "killed")
        self._counts.kill(query.content.id)
        for key in self._work.keys:
            if key.split()[0] == query.content.id:
                self._work.kill(key)
        return was_running

    # --- profiles --------------------------------------------------------------------------

    def page(self, query: Query, number: int) -> Waiting | Page | Lost:
        """A page of a query that ended well, from 1; the first to ask starts the selection."""
        content = query.content
        if number > (query.pages or 0):
            return Page((), ())
        together = max(1, _ROWS_AT_ONCE // content.page_size)
        portion, place = divmod(number - 1, together)
        found = self._portion(content, portion, together * content.page_size)
        if not isinstance(found, Page):
            return found
        first = place * content.page_size
        return Page(found.names, found.rows[first : first + content.page_size])

    def _portion(self, content: QueryContent, portion: int, size: int) -> Waiting | Page | Lost:
        key = (content.id, portion)
        with self._lock:
            if key in self._portions:
                self._portions.move_to_end(key)
                found = self._portions[key]
                if isinstance(found, Lost):
                    # Whoever asks again gets another try.
                    del self._portions[key]
                return found
            self._portions[key] = Waiting()
            for old in list(self._portions)[:-_PORTIONS_KEPT]:
                if not isinstance(self._portions[old], Waiting):
                    del self._portions[old]

        def done(outcome: Outcome) -> None:
            kept = (
                Page(outcome.names, outcome.rows)
                if isinstance(outcome, Result)
                else Lost(str(outcome), isinstance(outcome, QueryKilled))
            )
            with self._lock:
                self._portions[key] = kept

        try:
            select = sqlglot.parse_one(content.sql, read="duckdb")
            assert isinstance(select, exp.Select), "it was written from one"
            wanted = select.limit(size).offset(portion * size)
            self._work.start(f"{content.id} {portion}", wanted, done)
        except BaseException:
            with self._lock:
                del self._portions[key]
            raise
        return Waiting()

    # --- other servers on the same store ---------------------------------------------------

    def _watch(self) -> None:
        with self._lock:
            if self._watcher is None or not self._watcher.is_alive():
                self._watcher = threading.Thread(
                    target=self._look, name="segdsl progress", daemon=True
                )
                self._watcher.start()

    def _look(self) -> None:
        """Kills queries of ours that another server was asked to kill, while any runs."""
        while not self._stop.wait(_LOOK):
            # Requests tell of a store that cannot be used any more.
            with contextlib.suppress(StoreError):
                for id in self._store.ended_elsewhere(self._counts.keys):
                    self._counts.kill(id)

    def close(self) -> None:
        """Kills what runs, and waits for its end."""
        self._stop.set()
        self._counts.close()
        self._work.close()
        if self._watcher is not None:
            self._watcher.join()


def as_cells(row: tuple[Any, ...]) -> list[Any]:
    """A row as the description has it: texts, numbers and null; others as their JSON text."""
    return [
        msgspec.json.encode(value).decode() if isinstance(value, (bool, list)) else value
        for value in row
    ]
