"""The table of queries: what each selects, who runs it, and how it ended."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Literal as OneOf

import msgspec

from segdsl.server.store.layouts import IsAlive, Layout
from segdsl.server.store.store import Store

RESTARTED = "the server was restarted while the query ran: start it again"
KEPT_QUERIES = 10_000

TABLE = "queries"
_TABLES = """
CREATE TABLE queries (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  owner TEXT NOT NULL,
  content TEXT NOT NULL,
  status TEXT NOT NULL,
  count INTEGER,
  error TEXT
) STRICT;
CREATE INDEX running_queries ON queries (owner) WHERE status = 'running';
"""
_COLUMNS = "number, content, owner, status, count, error"

Status = OneOf["running", "success", "error", "killed"]


def _recover(db: sqlite3.Connection, is_alive: IsAlive) -> None:
    """Ends the queries of servers that no longer run, and deletes the oldest queries."""
    owners = db.execute("SELECT DISTINCT owner FROM queries WHERE status = 'running'")
    for (owner,) in owners.fetchall():
        if not is_alive(owner):
            _end_all_of(db, owner)
    db.execute(
        "DELETE FROM queries WHERE status <> 'running' "
        "AND number <= (SELECT max(number) FROM queries) - ?",
        (KEPT_QUERIES,),
    )


LAYOUT = Layout(
    table=TABLE,
    version=2,
    tables=_TABLES,
    key="number",
    unreadable=(
        "NOT json_valid(content)",
        "status NOT IN ('running', 'success', 'error', 'killed')",
    ),
    recover=_recover,
)


class QueryContent(msgspec.Struct, frozen=True):
    """What a query asks: `sql` (DuckDB's) selects its profiles, with these `columns`, in order.

    Pages have `page_size` profiles; there are at most `max_page` of them, where that is set.
    """

    id: str
    audience: str
    sql: str
    columns: tuple[str, ...]
    page_size: int
    max_page: int | None


class Query(msgspec.Struct, frozen=True):
    """A query and its state: `number` counts them, `owner` is the server that runs it."""

    number: int
    content: QueryContent
    owner: str
    status: Status
    count: int | None
    error: str | None

    @property
    def pages(self) -> int | None:
        """The number of pages of profiles, once the count is known."""
        if self.count is None:
            return None
        pages = -(-self.count // self.content.page_size)
        return pages if self.content.max_page is None else min(pages, self.content.max_page)


class QueryTable:
    """The queries of a store; each method is one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, content: QueryContent) -> Query:
        """Adds a query that this server runs."""
        with self._store.write() as db:
            text = msgspec.json.encode(content).decode()
            db.execute(
                "INSERT INTO queries (id, owner, content, status) VALUES (?, ?, ?, 'running')",
                (content.id, self._store.owner, text),
            )
            query = _find(db, content.id)
            assert query is not None, "it was written in this transaction"
            return query

    def find(self, id: str) -> Query | None:
        """A query as it stands; one whose server no longer runs becomes an error."""
        with self._store.read() as db:
            query = _find(db, id)
        if query is None or query.status != "running" or self._store.is_alive(query.owner):
            return query
        with self._store.write() as db:
            _end_all_of(db, query.owner)
            return _find(db, id)

    def end(
        self, id: str, status: Status, *, count: int | None = None, error: str | None = None
    ) -> bool:
        """Ends a query; False where it had ended already."""
        with self._store.write() as db:
            ended = db.execute(
                "UPDATE queries SET status = ?, count = ?, error = ? "
                "WHERE id = ? AND status = 'running'",
                (status, count, error, id),
            )
            return ended.rowcount == 1

    def ended(self, ids: Iterable[str]) -> list[str]:
        """Those of the queries that the store has as ended."""
        listed = tuple(ids)
        marks = ", ".join("?" * len(listed))
        with self._store.read() as db:
            rows = db.execute(
                f"SELECT id FROM queries WHERE id IN ({marks}) AND status <> 'running'", listed
            )
            return [id for (id,) in rows]


def _find(db: sqlite3.Connection, id: str) -> Query | None:
    row = db.execute(f"SELECT {_COLUMNS} FROM queries WHERE id = ?", (id,)).fetchone()
    if row is None:
        return None
    number, content, owner, status, count, error = row
    read = msgspec.json.decode(content, type=QueryContent)
    return Query(number, read, owner, status, count, error)


def _end_all_of(db: sqlite3.Connection, owner: str) -> None:
    db.execute(
        "UPDATE queries SET status = 'error', error = ? WHERE owner = ? AND status = 'running'",
        (RESTARTED, owner),
    )
