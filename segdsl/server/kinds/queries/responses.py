"""Queries and their profiles as `/audiences` answers them."""

from __future__ import annotations

from typing import Any

import msgspec

from segdsl.server.kinds.queries.runner import AnyPage, FailedPage, Page, PendingPage
from segdsl.server.kinds.queries.table import Query
from segdsl.server.service import Json


def plain(query: Query) -> Json:
    return {
        "id": query.content.id,
        "queryId": query.content.id,
        "status": query.status,
        "count": query.count,
        "maxPage": query.pages,
        "error": query.error,
        "jobid": str(query.number),
        "countJobid": str(query.number),
        "customerGroupCount": None,
    }


def customers(query: Query, page: AnyPage) -> Json:
    """Profiles of a query that ended well; `end` after the last page."""
    match page:
        case PendingPage():
            return no_customers(query, "pending")
        case FailedPage(killed=True):
            return no_customers(query, "killed")
        case FailedPage(message):
            return no_customers(query, "error", message)
        case Page(_, ()):
            return no_customers(query, "end")
        case Page(names, rows):
            answer = no_customers(query, "rows")
            return {**answer, "names": names, "rows": [_cells(row) for row in rows]}


def no_customers(query: Query, type: str, error: str | None = None) -> Json:
    answer = {"type": type, "queryId": query.content.id, "error": error}
    return {**answer, "names": None, "rows": None}


def _cells(row: tuple[Any, ...]) -> list[Any]:
    """A row as described: strings, numbers and null; other values as their JSON text."""
    return [
        msgspec.json.encode(value).decode() if isinstance(value, (bool, list)) else value
        for value in row
    ]
