"""The queries of a running service."""

from __future__ import annotations

from segdsl.server.errors import existing
from segdsl.server.kinds.queries.runner import QueryRunner
from segdsl.server.kinds.queries.table import Query, QueryTable
from segdsl.server.service import Collection, Service

NAME = "query"


class Queries(Collection):
    """The queries of the parent segment, and what runs those of this server."""

    def __init__(self, service: Service) -> None:
        super().__init__(service)
        self._table = QueryTable(service.store)
        self.runner = QueryRunner(service.data, self._table)

    def find(self, id: str) -> Query:
        """Raises ApiError (404)."""
        query = self._table.find(id)
        is_ours = query is not None and query.content.audience == self.service.audience
        return existing(query if is_ours else None, NAME, id)

    def close(self) -> None:
        self.runner.close()
