"""The client of the Audience API: one method for each endpoint, safe to call again.

Idempotent requests are retried after a transient failure. Before an object is created, and
before a creation is retried, the client checks whether it exists, so that nothing is created
twice. Bodies are JSON under `/audiences` and JSON:API under `/entities` (described).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar

import httpx
import msgspec

from segdsl.api import errors as e
from segdsl.api import provenance, resources
from segdsl.api import reading as r
from segdsl.api import responses as a
from segdsl.api.bodies import decoded
from segdsl.api.errors import CHECK_ADDRESS
from segdsl.api.keys import ApiKey
from segdsl.api.queries import Queries, path_id
from segdsl.api.rule_equality import same_rule
from segdsl.api.transport import JSON_API, RetryPolicy
from segdsl.language.values import SEGMENT_KINDS

_T = TypeVar("_T")
_MAX_DEPTH = 100
_LOOKUP_ATTEMPTS = 4
"""How often the client looks for the result of a request that was accepted without one."""
_FALLBACK_ERRORS = (e.NotFoundError, e.ForbiddenError, e.RejectedError, e.InvalidResponseError)
"""Errors of an endpoint after which another endpoint is tried for the same data."""


async def _no_lookup() -> None:
    """The default of `look`: finds nothing."""


class Client(Queries):
    """A client of the Audience API at one address; an asynchronous context manager.

    The address is `https://` and the host of a region, or an address of this machine; any other
    raises HostError. At most `concurrency` requests are in flight at a time. Every method raises
    ClientError when a request fails.
    """

    def __init__(
        self,
        base: str,
        key: ApiKey,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        concurrency: int = 16,
        retry_policy: RetryPolicy | None = None,
    ) -> None:
        super().__init__(
            base, key, transport=transport, concurrency=concurrency, retry_policy=retry_policy
        )
        self._roots: dict[str, str] = {}
        self._trees: dict[str, dict[tuple[str, ...], a.Folder]] = {}
        self._folder_lock = asyncio.Lock()

    async def __aenter__(self) -> Client:
        return self

    # --- parent segments -------------------------------------------------------------

    async def parent_segments(self) -> a.Listed[a.ParentSegment]:
        return r.parent_segments(await self._get_list("/audiences"))

    async def parent_segment(self, id: str) -> a.ParentSegment:
        parent = r.parent_segment(await self._get_list(f"/audiences/{path_id(id)}"))
        _check_id(parent.id, id)
        return parent

    async def attributes(self, parent_id: str) -> a.Listed[a.Column]:
        return r.columns(await self._get_list(f"/audiences/{path_id(parent_id)}/attributes"))

    async def behaviors(self, parent_id: str) -> a.Listed[a.Behavior]:
        return r.behaviors(await self._get_list(f"/audiences/{path_id(parent_id)}/behaviors"))

    async def sample_values(
        self, parent_id: str, column: str, behavior_id: str | None = None
    ) -> tuple[tuple[Any, ...], ...]:
        """Sample values of an attribute or of a behavior's column."""
        under = "" if behavior_id is None else f"/behaviors/{path_id(behavior_id)}"
        body = await self._get(
            f"/audiences/{path_id(parent_id)}{under}/sample_values", column=column
        )
        return decoded(body, tuple[tuple[Any, ...], ...])

    async def statistics(
        self, parent_id: str, segment_id: str | None = None
    ) -> tuple[tuple[int | float | bool | str | None, ...], ...]:
        """The population of a parent segment or of a segment, day by day."""
        under = "" if segment_id is None else f"/segments/{path_id(segment_id)}"
        body = await self._get(f"/audiences/{path_id(parent_id)}{under}/statistics")
        return decoded(body, tuple[tuple[int | float | bool | str | None, ...], ...])

    # --- other objects that a segment can name ---------------------------------------

    async def funnels(self, parent_id: str) -> a.Listed[a.Funnel]:
        return r.funnels(await self._get_list(f"/audiences/{path_id(parent_id)}/funnels"))

    async def predictive_models(self, parent_id: str) -> a.Listed[a.PredictiveModel]:
        path = f"/audiences/{path_id(parent_id)}/predictive_segments"
        return r.predictive_models(await self._get_list(path))

    async def solutions(self, parent_id: str) -> a.Listed[a.Solution]:
        """The models of solutions (RFM, CLTV); only the list by folder contains them."""
        return resources.solutions(await self._by_folder(await self._root(parent_id)))

    async def variants(self, parent_id: str) -> a.Listed[a.Variant]:
        path = "/entities/realtime_journeys/abtest_variants"
        return resources.variants(await self._get_list(path, JSON_API, audience_id=parent_id))

    # --- folders ---------------------------------------------------------------------

    async def folders(self, parent_id: str) -> a.Listed[a.Folder]:
        """All folders of a parent segment, the root first, each after its parent."""
        root = await self._root(parent_id)
        try:
            found = resources.folders(await self._by_folder(root), root)
        except _FALLBACK_ERRORS:
            body = await self._get_list(f"/audiences/{path_id(parent_id)}/folders")
            found = resources.plain_folders(body, root)
        self._trees[parent_id] = {each.path: each for each in found}
        return found

    async def _by_folder(self, root: str) -> bytes:
        """The objects in all folders, without rules."""
        path = f"/entities/by-folder/{path_id(root)}"
        return await self._get_list(path, JSON_API, depth=_MAX_DEPTH, with_rule="false")

    async def _root(self, parent_id: str) -> str:
        """The root folder's id, from the list of parent segments or from the parent segment."""
        if parent_id not in self._roots:
            root: str | None = None
            with suppress(*_FALLBACK_ERRORS):
                body = await self._get_list("/entities/parent_segments", JSON_API)
                root = resources.root_folder(body, parent_id)
            root = root or (await self.parent_segment(parent_id)).root_folder_id
            if root is None:
                raise e.NotFoundError(
                    f"parent segment {parent_id} not found with this key",
                    "check the id and the region",
                )
            self._roots[parent_id] = root
        return self._roots[parent_id]

    async def ensure_folder(self, parent_id: str, path: tuple[str, ...]) -> a.Folder:
        """Returns the folder with that path, and creates it once if it does not exist."""
        async with self._folder_lock:
            if parent_id not in self._trees:
                await self.folders(parent_id)
            folder = self._trees[parent_id][()]
            for depth in range(1, len(path) + 1):
                folder = await self._ensure_child(parent_id, path[:depth], folder)
            return folder

    async def _ensure_child(
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

        async def create() -> a.Folder:
            response = await self._transport.send(
                "POST", "/entities/folders", body=body, media=JSON_API
            )
            folder = a.Folder(resources.folder_id(response), path)
            self._trees[parent_id][path] = folder
            return folder

        return await self._create_once(look, create)

    async def _create_once(
        self,
        look: Callable[[bool], Awaitable[_T | None]],
        create: Callable[[], Awaitable[_T]],
    ) -> _T:
        """Returns the existing object or creates it; looks again before each retry.

        The argument of `look` is whether the state may have changed since the last lookup.
        """
        tried = False

        async def attempt() -> _T:
            nonlocal tried
            existing = await look(tried)
            if existing is not None:
                return existing
            try:
                return await create()
            except e.RejectedError:
                # The name may be taken by an earlier try whose response was lost, or by a
                # concurrent creation.
                existing = await look(True)
                if existing is None:
                    raise
                return existing
            except e.InvalidResponseError:
                # The request succeeded without a usable response, so the object is looked up.
                # After a 202 (accepted) it may appear a little later.
                for attempt in range(_LOOKUP_ATTEMPTS):
                    await asyncio.sleep(attempt * self._retry_policy.first_pause)
                    existing = await look(True)
                    if existing is not None:
                        return existing
                raise
            except e.ClientError as error:
                tried = tried or error.ambiguous
                raise

        return await self._transport.retry(attempt)

    # --- segments --------------------------------------------------------------------

    async def segments(self, parent_id: str) -> a.Listed[a.Segment]:
        """The segments as listed; the rule of some may be None."""
        return r.segments(await self._get_list(f"/audiences/{path_id(parent_id)}/segments"))

    async def segment(self, parent_id: str, id: str) -> a.Segment:
        """A segment with its rule, which is `null` if it has none."""
        found = r.segment(await self._segment_body(parent_id, id))
        _check_id(found.id, id)
        return found

    async def segment_or_none(self, parent_id: str, id: str) -> a.Segment | None:
        """A segment with its rule; None if it does not exist.

        That takes a 404 of the API itself and a list without it (`segdsl.api.provenance`).
        """
        try:
            return await self.segment(parent_id, id)
        except e.NotFoundError:
            listed = await self.segments(parent_id)
        ids = {each.id for each in listed} | {each.id for each in listed.unreadable}
        if id in ids or "" in ids:
            raise e.InvalidResponseError(
                f"the API reports segment #{id} as not found, but its list does not confirm it",
                "try again later; the segment is not treated as deleted",
            )
        return None

    async def segment_json(self, parent_id: str, id: str) -> str:
        """A segment as the API returns it, as indented JSON."""
        body = await self._segment_body(parent_id, id)
        decoded(body, dict[str, msgspec.Raw])
        return msgspec.json.format(body, indent=2).decode()

    async def _segment_body(self, parent_id: str, id: str) -> bytes:
        return await self._get(f"/audiences/{path_id(parent_id)}/segments/{path_id(id)}")

    async def find_segment(
        self, parent_id: str, name: str, folder_id: str | None = None
    ) -> a.Segment | None:
        """The segment of that name in a folder (default: the root folder), with its rule."""
        folder = folder_id or await self._root(parent_id)
        try:
            path = f"/audiences/{path_id(parent_id)}/folders/{path_id(folder)}/segments"
            segments = r.segments(await self._get_list(path))
        except (e.NotFoundError, e.NotSupportedError, e.ForeignResponseError):
            segments = await self.segments(parent_id)
        for segment in segments:
            if segment.name == name and segment.folder_id in (folder, None):
                return (
                    segment
                    if segment.rule is not None
                    else await self.segment(parent_id, segment.id)
                )
        return None

    async def create_segment(self, parent_id: str, new: a.NewSegment) -> a.Segment:
        """Creates a segment once; raises AlreadyExistsError if one of that name existed before.

        After a lost response, a segment with the same name, rule and kind counts as this one. If
        the response is incomplete, the created segment is looked up.
        """
        path = f"/audiences/{path_id(parent_id)}/segments"
        folder = new.folder_id or await self._root(parent_id)
        sent = False

        async def look(refresh: bool) -> a.Segment | None:
            existing = await self.find_segment(parent_id, new.name, folder)
            if existing is not None and not (sent and _matches(existing, new)):
                raise e.AlreadyExistsError(existing)
            return existing

        async def create() -> a.Segment:
            nonlocal sent
            sent_before, sent = sent, True
            try:
                body = await self._transport.send("POST", path, body=_body(parent_id, new, folder))
            except e.ClientError as error:
                sent = sent_before or error.ambiguous or isinstance(error, e.InvalidResponseError)
                raise
            created = r.answered_segment(body)
            if created is None:
                raise e.InvalidResponseError(
                    "the API accepted the segment but did not return it",
                    "check with `segdsl list` whether it exists",
                )
            return created

        return await self._create_once(look, create)

    async def update_segment(
        self,
        parent_id: str,
        id: str,
        new: a.NewSegment,
        look: Callable[[], Awaitable[a.Segment | None]] = _no_lookup,
    ) -> a.Segment:
        """Replaces all of a segment (PUT); idempotent.

        A real server loses what the body omits (observed of the rule), so the body is complete,
        except for an unknown folder, which must not become the root. `look` runs before each try;
        a segment that it returns is the result. If the response is empty or incomplete, the
        segment is read again.
        """
        path = f"/audiences/{path_id(parent_id)}/segments/{path_id(id)}"
        body = _body(parent_id, new, new.folder_id)
        failure: e.ClientError = e.InvalidResponseError(
            f"the API accepted the update of segment #{id}, but the segment does not match it",
            "check that the address is the Audience API's; otherwise make a new plan",
        )

        async def attempt() -> a.Segment | None:
            nonlocal failure
            superseding = await look()
            if superseding is not None:
                return superseding
            try:
                updated = r.answered_segment(await self._transport.send("PUT", path, body=body))
            except e.ForeignResponseError as error:
                failure = error
                return None
            return updated if updated is not None and updated.id == id else None

        updated = await self._transport.retry(attempt)
        if updated is None:
            updated = await self._updated(parent_id, id, new)
        if updated is None:
            raise failure
        return updated

    async def _updated(self, parent_id: str, id: str, new: a.NewSegment) -> a.Segment | None:
        """The updated segment, read again; None if it does not match the update."""
        for attempt in range(_LOOKUP_ATTEMPTS):
            # After a 202 (accepted) the change may appear a little later.
            await asyncio.sleep(attempt * self._retry_policy.first_pause)
            segment = await self.segment(parent_id, id)
            if (
                segment.name == new.name
                and segment.rule is not None
                and same_rule(segment.rule, new.rule)
            ):
                return segment
        return None

    async def delete_segment(
        self, id: str, look: Callable[[], Awaitable[object | None]] = _no_lookup
    ) -> bool:
        """Deletes a segment; raises ConflictError if others refer to it.

        `look` runs before each try; if it returns a reason, nothing is sent. If the response does
        not name the segment, the API must then report it as not found (`segdsl.api.provenance`).
        Returns False if no response confirms the deletion: `look` returned a reason, or the API
        reports the segment as not found after a lost response.
        """
        path = f"/entities/segments/{path_id(id)}"
        ambiguous = False

        async def attempt() -> bool:
            nonlocal ambiguous
            if await look():
                return False
            try:
                body = await self._transport.send("DELETE", path, media=JSON_API)
            except e.NotFoundError as error:
                if not (ambiguous and await self._is_deleted(path)):
                    raise error
                return False
            except e.ForeignResponseError as error:
                if not await self._is_deleted(path):
                    raise error
                return False
            except e.ClientError as error:
                ambiguous = ambiguous or error.ambiguous
                raise
            else:
                if not provenance.names_record(body, id) and not await self._is_deleted(path):
                    raise e.InvalidResponseError(
                        f"the API accepted the deletion of segment #{id}, but it still exists",
                        "check that the address is the Audience API's; otherwise try again later",
                    )
            return True

        return await self._transport.retry(attempt)

    async def _is_deleted(self, path: str) -> bool:
        """Whether the API reports the segment as not found, now or after a few tries."""
        for attempt in range(_LOOKUP_ATTEMPTS):
            await asyncio.sleep(attempt * self._retry_policy.first_pause)
            try:
                await self._get(path, JSON_API)
            except e.NotFoundError:
                return True
        return False


def _check_id(actual: str, id: str) -> None:
    """Raises InvalidResponseError if a response is about another record than requested."""
    if actual != id:
        raise e.InvalidResponseError(
            f"the response is about #{actual}, but #{id} was requested",
            CHECK_ADDRESS,
        )


def _body(parent_id: str, new: a.NewSegment, folder: str | None) -> dict[str, object]:
    """The body of a create or an update (described)."""
    body: dict[str, object] = {
        "audienceId": _json_id(parent_id),
        "name": new.name,
        "kind": SEGMENT_KINDS.index(new.kind),
        "description": new.description or "",
        "rule": new.rule,
    }
    if folder is not None:
        body["segmentFolderId"] = _json_id(folder)
    if new.count_population is not None:
        body["countPopulation"] = new.count_population
    if new.is_visible is not None:
        body["isVisible"] = new.is_visible
    return body


def _matches(segment: a.Segment, new: a.NewSegment) -> bool:
    """Whether an existing segment equals the one to create."""
    return (
        segment.kind == new.kind
        and segment.rule is not None
        and new.is_visible in (None, segment.is_visible)
        and (segment.description or "") == (new.description or "")
        and same_rule(segment.rule, new.rule)
    )


def _json_id(id: str) -> int | str:
    """An id as JSON: a number if it is numeric (described)."""
    return int(id) if id.isascii() and id.isdecimal() else id
