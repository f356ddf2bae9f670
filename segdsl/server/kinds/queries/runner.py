"""Runs queries: starts, counts, pages and kills them, on whichever server is asked.

A query's state is in the store, so that it outlives the server. Its profiles are not: a page is
selected when it is first asked for, by the query as it was started.
"""

from __future__ import annotations

import contextlib
import threading
from collections import OrderedDict
from typing import Any, NamedTuple

import sqlglot
from sqlglot import exp

from segdsl.engine import Data, EngineError, QueryKilled, Result
from segdsl.server.kinds.queries.table import Query, QueryContent, QueryTable
from segdsl.server.queries.batcher import CountBatcher
from segdsl.server.queries.executor import Executor, Outcome
from segdsl.server.store.errors import StoreError

STOPPED = "the server was stopped while the query ran: start it again"
_ROWS_AT_ONCE = 10_000
_PORTIONS_KEPT = 32
_POLL_INTERVAL = 0.2
"""Seconds between two looks for queries of this server that another server was asked to kill."""


class PendingPage(NamedTuple):
    """Profiles that are being selected."""


class Page(NamedTuple):
    """One page of profiles; `rows` is empty after the last."""

    names: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


class FailedPage(NamedTuple):
    """Profiles that could not be selected: why, and whether the query was killed."""

    message: str
    killed: bool


AnyPage = PendingPage | Page | FailedPage


class QueryRunner:
    """The queries that a server runs."""

    def __init__(self, data: Data, table: QueryTable) -> None:
        self._table = table
        self._executor = Executor(data)
        self._counts = CountBatcher(self._executor)
        self._lock = threading.Lock()
        self._portions: OrderedDict[tuple[str, int], AnyPage] = OrderedDict()
        self._stop = threading.Event()
        self._watcher: threading.Thread | None = None

    def start(self, content: QueryContent, count: exp.Select, *, announced: int = 1) -> Query:
        """Starts to count; the query is in the store when this returns.

        `announced` is how many counts, with this one, are requested at the same time.
        """
        query = self._table.add(content)

        def done(outcome: Outcome) -> None:
            self._end(content.id, outcome)

        try:
            self._counts.start(content.id, count, done, announced=announced)
        except BaseException:
            self._table.end(content.id, "error", error="the query could not be started")
            raise
        self._watch()
        return query

    def _end(self, id: str, outcome: Outcome) -> None:
        match outcome:
            case Result(rows=[[int(number)]]):
                self._table.end(id, "success", count=number)
            case QueryKilled() if self._stop.is_set():
                self._table.end(id, "error", error=STOPPED)
            case QueryKilled():
                self._table.end(id, "killed")
            case EngineError():
                self._table.end(id, "error", error=str(outcome))
            case Result():
                self._table.end(id, "error", error="the count is not a number")

    def kill(self, query: Query) -> bool:
        """Stops a query wherever it runs, and the selection of its profiles; whether it ran."""
        was_running = self._table.end(query.content.id, "killed")
        self._counts.kill(query.content.id)
        for key in self._executor.keys:
            if key.split()[0] == query.content.id:
                self._executor.kill(key)
        return was_running

    # --- profiles --------------------------------------------------------------------------

    def page(self, query: Query, number: int) -> AnyPage:
        """A page, from 1, of a query that ended well; the first call starts the selection."""
        content = query.content
        if number > (query.pages or 0):
            return Page((), ())
        pages_at_once = max(1, _ROWS_AT_ONCE // content.page_size)
        portion, place = divmod(number - 1, pages_at_once)
        selected = self._portion(content, portion, pages_at_once * content.page_size)
        if not isinstance(selected, Page):
            return selected
        first = place * content.page_size
        return Page(selected.names, selected.rows[first : first + content.page_size])

    def _portion(self, content: QueryContent, portion: int, size: int) -> AnyPage:
        key = (content.id, portion)
        with self._lock:
            if key in self._portions:
                self._portions.move_to_end(key)
                selected = self._portions[key]
                if isinstance(selected, FailedPage):
                    # The next call tries again.
                    del self._portions[key]
                return selected
            self._portions[key] = PendingPage()
            for old in list(self._portions)[:-_PORTIONS_KEPT]:
                if not isinstance(self._portions[old], PendingPage):
                    del self._portions[old]
        try:
            self._select(content, key, size)
        except BaseException:
            with self._lock:
                del self._portions[key]
            raise
        return PendingPage()

    def _select(self, content: QueryContent, key: tuple[str, int], size: int) -> None:
        """Starts the selection of a portion of `size` profiles."""

        def done(outcome: Outcome) -> None:
            selected = (
                Page(outcome.names, outcome.rows)
                if isinstance(outcome, Result)
                else FailedPage(str(outcome), isinstance(outcome, QueryKilled))
            )
            with self._lock:
                self._portions[key] = selected

        id, portion = key
        select = sqlglot.parse_one(content.sql, read="duckdb")
        assert isinstance(select, exp.Select), "it was written from one"
        part = select.limit(size).offset(portion * size)
        self._executor.start(f"{id} {portion}", part, done)

    # --- other servers on the same store ---------------------------------------------------

    def _watch(self) -> None:
        with self._lock:
            if self._watcher is None or not self._watcher.is_alive():
                self._watcher = threading.Thread(
                    target=self._poll, name="segdsl progress", daemon=True
                )
                self._watcher.start()

    def _poll(self) -> None:
        """Kills queries of this server that another server was asked to kill."""
        while not self._stop.wait(_POLL_INTERVAL):
            # Requests report a store that has become unusable.
            with contextlib.suppress(StoreError):
                for id in self._table.ended(self._counts.keys):
                    self._counts.kill(id)

    def close(self) -> None:
        """Kills what runs, and waits for its end."""
        self._stop.set()
        self._counts.close()
        self._executor.close()
        if self._watcher is not None:
            self._watcher.join()
