"""Runs queries: counts the profiles of a rule or reads them page by page.

The read-only part of the client. A query whose caller is cancelled is killed on the server.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from time import monotonic
from types import TracebackType
from typing import Any

import httpx
import msgspec

from segdsl.api import errors as e
from segdsl.api import reading as r
from segdsl.api import responses as a
from segdsl.api.bounded_read import LIST, RECORD, TooLargeError
from segdsl.api.keys import ApiKey
from segdsl.api.transport import JSON, NO_HEADERS, RetryPolicy, Transport
from segdsl.rules.rule.document import shortened

_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.:-]{0,199}", re.ASCII)
COUNTS_HEADER = "Segdsl-Counts"
"""Tells a local API how many counts are requested at the same time, so that one query does all."""
_KILL_SECONDS = 10.0
_IDLE_PAGES = 100
"""Maximum number of consecutive pages without profiles."""


class Queries:
    """The query methods of the client; see `segdsl.api.client.Client`."""

    def __init__(
        self,
        base: str,
        key: ApiKey,
        *,
        transport: httpx.AsyncBaseTransport | None,
        concurrency: int,
        retry_policy: RetryPolicy | None,
    ) -> None:
        self._retry_policy = retry_policy or RetryPolicy()
        self._transport = Transport(
            base, key, transport=transport, concurrency=concurrency, retry_policy=self._retry_policy
        )

    @property
    def host(self) -> str:
        """The host of the API."""
        return self._transport.host

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._transport.close()

    async def _get(
        self, path: str, media: str = JSON, *, most: int = RECORD, **query: str | int
    ) -> bytes:
        return await self._transport.retry(
            lambda: self._transport.send("GET", path, query=query or None, media=media, most=most)
        )

    async def _get_list(self, path: str, media: str = JSON, **query: str | int) -> bytes:
        return await self._get(path, media, most=LIST, **query)

    async def sql(self, parent_id: str, rule: msgspec.Raw) -> str:
        """The SQL to which the API's own compiler translates a rule."""
        path = f"/audiences/{path_id(parent_id)}/segments/query"
        body = {"format": "sql", "rule": rule}
        answer = await self._transport.retry(lambda: self._transport.send("POST", path, body=body))
        return r.sql(answer)

    async def start_query(
        self,
        parent_id: str,
        rule: msgspec.Raw,
        columns: tuple[str, ...] = (),
        *,
        announced: int = 1,
    ) -> a.QueryStatus:
        """Starts a query for a rule; retried, since a query only reads.

        `announced` is sent to a local API: how many counts are requested at the same time.
        """
        path = f"/audiences/{path_id(parent_id)}/segments/queries"
        body: dict[str, object] = {"rule": rule}
        if columns:
            body["columns"] = columns
        headers = {COUNTS_HEADER: str(announced)} if announced > 1 else NO_HEADERS
        answer = await self._transport.retry(
            lambda: self._transport.send("POST", path, body=body, headers=headers)
        )
        return r.query_status(answer)

    async def query_status(self, parent_id: str, query_id: str) -> a.QueryStatus:
        body = await self._get(_query(parent_id, query_id))
        return r.query_status(body)

    async def kill_query(self, parent_id: str, query_id: str) -> None:
        path = f"{_query(parent_id, query_id)}/kill"
        await self._transport.retry(lambda: self._transport.send("POST", path))

    async def customers(self, parent_id: str, query_id: str) -> AsyncIterator[a.Page]:
        """The pages of profiles of a query that has succeeded."""
        number, pause = 1, self._retry_policy.first_poll
        deadline = monotonic() + self._retry_policy.query_timeout
        size = idle = 0
        while True:
            body = await self._get(f"{_query(parent_id, query_id)}/customers", page=number)
            page = r.page(body)
            match page.type:
                case "rows":
                    size, idle = size + len(body), 0 if page.rows else idle + 1
                    if size > LIST:
                        raise TooLargeError(self.host, f"{LIST // 1_000_000} MB of profiles")
                    if idle > _IDLE_PAGES:
                        raise e.InvalidResponseError(
                            f"{idle} pages of profiles in a row are empty without an end"
                        )
                    yield page
                    number, deadline = number + 1, monotonic() + self._retry_policy.query_timeout
                case "end":
                    return
                case "killed" | "error":
                    raise e.QueryFailedError(
                        f"the query ended: {self._transport.display(page.error or page.type)}"
                    )
                case _:
                    # `pending`, or an unknown type.
                    if monotonic() > deadline:
                        raise e.QueryFailedError(
                            f"page {number} of the profiles is not ready after "
                            f"{self._retry_policy.query_timeout:g} seconds"
                        )
                    await asyncio.sleep(pause)
                    pause = min(pause * 1.5, self._retry_policy.max_poll)

    async def count(
        self,
        parent_id: str,
        rule: msgspec.Raw,
        *,
        announced: int = 1,
        on_killed: Callable[[str], None] = lambda query_id: None,
    ) -> int:
        """Counts the profiles that a rule selects.

        `announced` is how many counts are requested at the same time, for a local API alone.
        If cancelled, it kills the query on the server and calls `on_killed` with its id.
        """
        ended = await self._run(parent_id, rule, (), on_killed, announced)
        if ended.count is None:
            raise e.InvalidResponseError("the query succeeded without a count")
        return ended.count

    async def profiles(
        self,
        parent_id: str,
        rule: msgspec.Raw,
        columns: tuple[str, ...],
        most: int,
        *,
        on_killed: Callable[[str], None] = lambda query_id: None,
    ) -> a.Profiles:
        """At most `most` of the profiles that a rule selects, with these attributes."""
        ended = await self._run(parent_id, rule, columns, on_killed)
        names: tuple[str, ...] = ()
        rows: list[tuple[Any, ...]] = []
        if most > 0:
            async for page in self.customers(parent_id, ended.query_id):
                names = names or page.names
                if page.rows and page.names != names:
                    raise e.InvalidResponseError(
                        "the pages of profiles have different columns: "
                        f"`{self._transport.display(', '.join(names))}` and "
                        f"`{self._transport.display(', '.join(page.names))}`"
                    )
                rows.extend(page.rows)
                if len(rows) >= most:
                    break
        return a.Profiles(names, tuple(rows[:most]))

    async def _run(
        self,
        parent_id: str,
        rule: msgspec.Raw,
        columns: tuple[str, ...],
        on_killed: Callable[[str], None],
        announced: int = 1,
    ) -> a.QueryStatus:
        """Runs a query until it succeeds; raises QueryFailedError if it does not."""
        starting = asyncio.ensure_future(
            self.start_query(parent_id, rule, columns, announced=announced)
        )
        try:
            status = await asyncio.shield(starting)
            status = await self._ended(parent_id, status)
        except (asyncio.CancelledError, e.ClientError):
            await asyncio.shield(self._stop(parent_id, starting, on_killed))
            raise
        if status.ended != "success":
            raise e.QueryFailedError(
                f"the query was killed ({status.query_id})"
                if status.ended == "killed"
                else self._transport.display(status.error or "")
                or "the query failed without an error message"
            )
        return status

    async def _ended(self, parent_id: str, status: a.QueryStatus) -> a.QueryStatus:
        retry_policy = self._retry_policy
        pause, deadline = retry_policy.first_poll, monotonic() + retry_policy.query_timeout
        while status.ended is None:
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, retry_policy.max_poll)
            status = await self.query_status(parent_id, status.query_id)
            if status.ended is None and monotonic() > deadline:
                raise e.QueryFailedError(
                    "the query was killed: it took longer than "
                    f"{retry_policy.query_timeout:g} seconds"
                )
        return status

    async def _stop(
        self,
        parent_id: str,
        starting: asyncio.Future[a.QueryStatus],
        on_killed: Callable[[str], None],
    ) -> None:
        """Kills a query, after waiting for the response to its start."""
        with suppress(e.ClientError, TimeoutError):
            async with asyncio.timeout(_KILL_SECONDS):
                status = await starting
                if status.ended is None:
                    await self.kill_query(parent_id, status.query_id)
                    on_killed(status.query_id)


def _query(parent_id: str, query_id: str) -> str:
    return f"/audiences/{path_id(parent_id)}/segments/queries/{path_id(query_id)}"


def path_id(id: str) -> str:
    """Checks an id for use in a path; raises InvalidResponseError for one such as `..` or `a/b`.

    Ids come from responses; one that is a path would lead to another endpoint.
    """
    if _ID.fullmatch(id) is None:
        raise e.InvalidResponseError(f"“{shortened(id)}” is not a valid id of the API")
    return id
