"""The one client of the Audience API: an endpoint a method, safe to call again.

What is safe to send twice is sent again after a failure that passes. What makes something
is looked up first, and looked up again before it is sent a second time, so that nothing
is ever made twice. Bodies are JSON under `/audiences`, JSON:API under `/entities`
(described).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from time import monotonic
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from segdsl.api import answers as a
from segdsl.api import errors as e
from segdsl.api.keys import ApiKey
from segdsl.api.sameness import same_rule
from segdsl.api.wire import JSON, JSON_API, Patience, Wire

_T = TypeVar("_T")
_DEEPEST = 100
_KILL_SECONDS = 10.0


async def _nothing() -> None:
    """A look that finds nothing."""


class Client:
    """An Audience API behind an address; an asynchronous context manager.

    The address is `https://` a region's host, or on this machine; HostError otherwise.
    At most `concurrency` requests are on their way at a time. Every method raises
    ClientError where the API does not do what it is asked.
    """

    def __init__(
        self,
        base: str,
        key: ApiKey,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        concurrency: int = 16,
        patience: Patience | None = None,
    ) -> None:
        self._patience = patience or Patience()
        self._wire = Wire(
            base, key, transport=transport, concurrency=concurrency, patience=self._patience
        )
        self._roots: dict[str, str] = {}
        self._trees: dict[str, dict[tuple[str, ...], a.Folder]] = {}
        self._making_folders = asyncio.Lock()

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._wire.close()

    async def _get(self, path: str, media: str = JSON, **query: str | int) -> bytes:
        return await self._wire.again(
            lambda: self._wire.send("GET", path, query=query or None, media=media)
        )

    # --- parent segments -------------------------------------------------------------

    async def parent_segments(self) -> tuple[a.ParentSegment, ...]:
        return a.parent_segments(await self._get("/audiences"))

    async def parent_segment(self, id: str) -> a.ParentSegment:
        return a.parent_segment(await self._get(f"/audiences/{_id(id)}"))

    async def attributes(self, parent_id: str) -> tuple[a.Column, ...]:
        return a.columns(await self._get(f"/audiences/{_id(parent_id)}/attributes"))

    async def behaviors(self, parent_id: str) -> tuple[a.Behavior, ...]:
        return a.behaviors(await self._get(f"/audiences/{_id(parent_id)}/behaviors"))

    async def sample_values(
        self, parent_id: str, column: str, behavior_id: str | None = None
    ) -> tuple[tuple[Any, ...], ...]:
        """Values of an attribute, or of a behavior's column, as the API samples them."""
        under = "" if behavior_id is None else f"/behaviors/{_id(behavior_id)}"
        body = await self._get(f"/audiences/{_id(parent_id)}{under}/sample_values", column=column)
        return a.decoded(body, tuple[tuple[Any, ...], ...])

    async def statistics(
        self, parent_id: str, segment_id: str | None = None
    ) -> tuple[tuple[int | bool, ...], ...]:
        """The population of a parent segment or of a segment, day by day."""
        under = "" if segment_id is None else f"/segments/{_id(segment_id)}"
        body = await self._get(f"/audiences/{_id(parent_id)}{under}/statistics")
        return a.decoded(body, tuple[tuple[int | bool, ...], ...])

    # --- what else a segment can name ------------------------------------------------

    async def funnels(self, parent_id: str) -> tuple[a.Funnel, ...]:
        return a.funnels(await self._get(f"/audiences/{_id(parent_id)}/funnels"))

    async def predictive_models(self, parent_id: str) -> tuple[a.PredictiveModel, ...]:
        path = f"/audiences/{_id(parent_id)}/predictive_segments"
        return a.predictive_models(await self._get(path))

    async def solutions(self, parent_id: str) -> tuple[a.Solution, ...]:
        """The models of solutions (RFM, CLTV): no list has them but that of the folders."""
        return a.solutions(await self._by_folder(await self._root(parent_id)))

    async def variants(self, parent_id: str) -> tuple[a.Variant, ...]:
        path = "/entities/realtime_journeys/abtest_variants"
        return a.variants(await self._get(path, JSON_API, audience_id=parent_id))

    # --- folders ---------------------------------------------------------------------

    async def folders(self, parent_id: str) -> tuple[a.Folder, ...]:
        """All folders of a parent segment, the root first, each after the one it is in."""
        root = await self._root(parent_id)
        found = a.folders(await self._by_folder(root), root)
        self._trees[parent_id] = {each.path: each for each in found}
        return found

    async def _by_folder(self, root: str) -> bytes:
        """Everything that lies in folders, without rules."""
        path = f"/entities/by-folder/{_id(root)}"
        return await self._get(path, JSON_API, depth=_DEEPEST, with_rule="false")

    async def _root(self, parent_id: str) -> str:
        if parent_id not in self._roots:
            body = await self._get("/entities/parent_segments", JSON_API)
            root = a.root_folder(body, parent_id)
            if root is None:
                raise e.NotFoundError(
                    f"the parent segment {parent_id} is not among those of this key",
                    "check its id, and the region",
                )
            self._roots[parent_id] = root
        return self._roots[parent_id]

    async def ensure_folder(self, parent_id: str, path: tuple[str, ...]) -> a.Folder:
        """The folder with that path, made where it is not there, and never twice."""
        async with self._making_folders:
            if parent_id not in self._trees:
                await self.folders(parent_id)
            folder = self._trees[parent_id][()]
            for depth in range(1, len(path) + 1):
                folder = await self._ensure_one(parent_id, path[:depth], folder)
            return folder

    async def _ensure_one(
        self, parent_id: str, path: tuple[str, ...], parent: a.Folder
    ) -> a.Folder:
        body = {
            "type": "folder-segment",
            "attributes": {"name": path[-1], "description": ""},
            "relationships": {
                "parentFolder": {"data": {"id": parent.id, "type": "folder-segment"}}
            },
        }

        async def look(refresh: bool) -> a.Folder | None:
            if refresh:
                await self.folders(parent_id)
            return self._trees[parent_id].get(path)

        async def make() -> a.Folder:
            answer = await self._wire.send("POST", "/entities/folders", body=body, media=JSON_API)
            folder = a.Folder(a.folder_id(answer), path)
            self._trees[parent_id][path] = folder
            return folder

        return await self._make_once(look, make)

    async def _make_once(
        self,
        look: Callable[[bool], Awaitable[_T | None]],
        make: Callable[[], Awaitable[_T]],
    ) -> _T:
        """What is there, or else what is made: looked up again before it is sent again.

        `look` is told whether something may have changed since the last time.
        """
        tried = False

        async def attempt() -> _T:
            nonlocal tried
            found = await look(tried)
            if found is not None:
                return found
            try:
                return await make()
            except e.RefusedError:
                # The name may be taken by the very request whose answer was lost, or by
                # somebody who was quicker.
                found = await look(True)
                if found is None:
                    raise
                return found
            except e.BadAnswerError:
                # It was taken, and nobody says what comes back: what was made is looked up.
                found = await look(True)
                if found is None:
                    raise
                return found
            except e.ClientError as error:
                tried = tried or error.lost
                raise

        return await self._wire.again(attempt)

    # --- segments --------------------------------------------------------------------

    async def segments(self, parent_id: str) -> tuple[a.Segment, ...]:
        return a.segments(await self._get(f"/audiences/{_id(parent_id)}/segments"))

    async def segment(self, parent_id: str, id: str) -> a.Segment:
        return a.segment(await self._get(f"/audiences/{_id(parent_id)}/segments/{_id(id)}"))

    async def segment_json(self, parent_id: str, id: str) -> str:
        """A segment as the API answers it, set out in lines."""
        body = await self._get(f"/audiences/{_id(parent_id)}/segments/{_id(id)}")
        a.segment(body)
        return msgspec.json.format(body, indent=2).decode()

    async def find_segment(
        self, parent_id: str, name: str, folder_id: str | None = None
    ) -> a.Segment | None:
        """The segment of that name in that folder, or in the root folder."""
        folder = folder_id or await self._root(parent_id)
        body = await self._get(f"/audiences/{_id(parent_id)}/folders/{_id(folder)}/segments")
        return next(
            (
                each
                for each in a.segments(body)
                if each.name == name and each.folder_id in (folder, None)
            ),
            None,
        )

    async def create_segment(self, parent_id: str, new: a.NewSegment) -> a.Segment:
        """Makes a segment once; AlreadyExistsError where one of its name was there before.

        After a lost answer a segment of that name, rule and kind is taken for this one.
        """
        path = f"/audiences/{_id(parent_id)}/segments"
        folder = new.folder_id or await self._root(parent_id)
        sent = False

        async def look(refresh: bool) -> a.Segment | None:
            found = await self.find_segment(parent_id, new.name, folder)
            if found is not None and not (sent and _is(found, new)):
                raise e.AlreadyExistsError(found)
            return found

        async def make() -> a.Segment:
            nonlocal sent
            sent_before, sent = sent, True
            try:
                return a.segment(
                    await self._wire.send("POST", path, body=_body(parent_id, new, folder))
                )
            except e.ClientError as error:
                sent = sent_before or error.lost or isinstance(error, e.BadAnswerError)
                raise

        return await self._make_once(look, make)

    async def update_segment(
        self,
        parent_id: str,
        id: str,
        new: a.NewSegment,
        look: Callable[[], Awaitable[a.Segment | None]] = _nothing,
    ) -> a.Segment:
        """Puts all of a segment; the same body twice is the same as once.

        `look` comes right before each try: what it finds is the answer.
        """
        path = f"/audiences/{_id(parent_id)}/segments/{_id(id)}"
        folder = new.folder_id or await self._root(parent_id)
        body = _body(parent_id, new, folder)

        async def attempt() -> a.Segment:
            return await look() or a.segment(await self._wire.send("PUT", path, body=body))

        return await self._wire.again(attempt)

    async def delete_segment(
        self, id: str, look: Callable[[], Awaitable[object | None]] = _nothing
    ) -> None:
        """Deletes a segment; ConflictError where others refer to it.

        `look` comes right before each try: where it finds a reason nothing is sent.
        """
        path = f"/entities/segments/{_id(id)}"
        lost = False

        async def attempt() -> None:
            nonlocal lost
            if await look():
                return
            try:
                await self._wire.send("DELETE", path, media=JSON_API)
            except e.NotFoundError:
                if not lost:
                    raise
            except e.ClientError as error:
                lost = lost or error.lost
                raise

        await self._wire.again(attempt)

    # --- queries ---------------------------------------------------------------------

    async def sql(self, parent_id: str, rule: msgspec.Raw) -> str:
        """The SQL that the API's own compiler makes of a rule."""
        path = f"/audiences/{_id(parent_id)}/segments/query"
        body = {"format": "sql", "rule": rule}
        answer = await self._wire.again(lambda: self._wire.send("POST", path, body=body))
        return a.decoded(answer, a.Sql).sql

    async def start_query(
        self, parent_id: str, rule: msgspec.Raw, columns: tuple[str, ...] = ()
    ) -> a.QueryStatus:
        """Starts a query for a rule; it only reads, so a lost answer costs the server a query."""
        path = f"/audiences/{_id(parent_id)}/segments/queries"
        body: dict[str, object] = {"rule": rule}
        if columns:
            body["columns"] = columns
        answer = await self._wire.again(lambda: self._wire.send("POST", path, body=body))
        return a.decoded(answer, a.QueryStatus)

    async def query_status(self, parent_id: str, query_id: str) -> a.QueryStatus:
        body = await self._get(_query(parent_id, query_id))
        return a.decoded(body, a.QueryStatus)

    async def kill_query(self, parent_id: str, query_id: str) -> None:
        path = f"{_query(parent_id, query_id)}/kill"
        await self._wire.again(lambda: self._wire.send("POST", path))

    async def customers(self, parent_id: str, query_id: str) -> AsyncIterator[a.Page]:
        """The profiles of a query that has succeeded, page by page."""
        number, pause = 1, self._patience.first_poll
        deadline = monotonic() + self._patience.query
        while True:
            body = await self._get(f"{_query(parent_id, query_id)}/customers", page=number)
            page = a.decoded(body, a.Page)
            match page.type:
                case "rows":
                    yield page
                    number, deadline = number + 1, monotonic() + self._patience.query
                case "end":
                    return
                case "pending":
                    if monotonic() > deadline:
                        raise e.QueryFailedError(
                            f"page {number} of the profiles is still being made after "
                            f"{self._patience.query:g} seconds"
                        )
                    await asyncio.sleep(pause)
                    pause = min(pause * 1.5, self._patience.longest_poll)
                case _:
                    raise e.QueryFailedError(f"the query ended: {page.error or page.type}")

    async def count(
        self,
        parent_id: str,
        rule: msgspec.Raw,
        *,
        on_killed: Callable[[str], None] = lambda query_id: None,
    ) -> int:
        """How many profiles a rule selects. Cancelled, it kills its query on the server.

        `on_killed` hears of that.
        """
        ended = await self._run(parent_id, rule, (), on_killed)
        if ended.count is None:
            raise e.BadAnswerError("the query succeeded and has no count")
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
        """Some of the profiles that a rule selects, with these attributes."""
        ended = await self._run(parent_id, rule, columns, on_killed)
        names: tuple[str, ...] = ()
        rows: list[tuple[Any, ...]] = []
        if most > 0:
            async for page in self.customers(parent_id, ended.query_id):
                names = names or page.names or ()
                rows.extend(page.rows or ())
                if len(rows) >= most:
                    break
        return a.Profiles(names, tuple(rows[:most]))

    async def _run(
        self,
        parent_id: str,
        rule: msgspec.Raw,
        columns: tuple[str, ...],
        on_killed: Callable[[str], None],
    ) -> a.QueryStatus:
        """Starts a query and waits for its end, which must be a success."""
        starting = asyncio.ensure_future(self.start_query(parent_id, rule, columns))
        try:
            status = await asyncio.shield(starting)
            status = await self._ended(parent_id, status)
        except (asyncio.CancelledError, e.ClientError):
            await asyncio.shield(self._stop(parent_id, starting, on_killed))
            raise
        if status.status != "success":
            raise e.QueryFailedError(
                f"the query was killed ({status.query_id})"
                if status.status == "killed"
                else status.error or "the query failed, and the API does not say why"
            )
        return status

    async def _ended(self, parent_id: str, status: a.QueryStatus) -> a.QueryStatus:
        patience = self._patience
        pause, deadline = patience.first_poll, monotonic() + patience.query
        while status.status == "running":
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, patience.longest_poll)
            status = await self.query_status(parent_id, status.query_id)
            if status.status == "running" and monotonic() > deadline:
                raise e.QueryFailedError(
                    f"the query still runs after {patience.query:g} seconds, and was killed"
                )
        return status

    async def _stop(
        self,
        parent_id: str,
        starting: asyncio.Future[a.QueryStatus],
        on_killed: Callable[[str], None],
    ) -> None:
        """Kills a query, also one whose start has not been answered yet."""
        with suppress(e.ClientError, TimeoutError):
            async with asyncio.timeout(_KILL_SECONDS):
                status = await starting
                if status.status == "running":
                    await self.kill_query(parent_id, status.query_id)
                    on_killed(status.query_id)


def _body(parent_id: str, new: a.NewSegment, folder: str) -> dict[str, object]:
    """The body of a create or an update (described)."""
    body: dict[str, object] = {
        "audienceId": _sent(parent_id),
        "name": new.name,
        "kind": a.KINDS.index(new.kind),
        "description": new.description or "",
        "segmentFolderId": _sent(folder),
        "rule": new.rule,
    }
    if new.count_population is not None:
        body["countPopulation"] = new.count_population
    return body


def _is(found: a.Segment, new: a.NewSegment) -> bool:
    """Whether a segment is what was to be made."""
    return (
        found.kind == new.kind
        and (found.description or "") == (new.description or "")
        and same_rule(found.rule, new.rule)
    )


def _query(parent_id: str, query_id: str) -> str:
    return f"/audiences/{_id(parent_id)}/segments/queries/{_id(query_id)}"


def _id(id: str) -> str:
    """An id as a part of a path."""
    return quote(id, safe="")


def _sent(id: str) -> int | str:
    """An id as it is sent: a number, where it is one (described)."""
    return int(id) if id.isascii() and id.isdecimal() else id
