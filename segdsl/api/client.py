"""The one client of the Audience API: an endpoint a method, safe to call again.

What is safe to send twice is sent again after a failure that passes. What makes something
is looked up first, and looked up again before it is sent a second time, so that nothing
is ever made twice. Bodies are JSON under `/audiences`, JSON:API under `/entities`
(described).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar

import httpx
import msgspec

from segdsl.api import answers as a
from segdsl.api import errors as e
from segdsl.api import own, resources
from segdsl.api import reading as r
from segdsl.api.bodies import decoded
from segdsl.api.keys import ApiKey
from segdsl.api.queries import Queries, path_id
from segdsl.api.rule_equality import same_rule
from segdsl.api.transport import JSON_API, RetryPolicy
from segdsl.language.values import SEGMENT_KINDS

_T = TypeVar("_T")
_DEEPEST = 100
_LOOKS = 4
"""How often what was taken and not answered is looked up."""
_ELSEWHERE = (e.NotFoundError, e.ForbiddenError, e.RefusedError, e.BadAnswerError)
"""What is answered where one place does not tell something that another may tell."""


async def _nothing() -> None:
    """A look that finds nothing."""


class Client(Queries):
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
        retry_policy: RetryPolicy | None = None,
    ) -> None:
        super().__init__(
            base, key, transport=transport, concurrency=concurrency, retry_policy=retry_policy
        )
        self._roots: dict[str, str] = {}
        self._trees: dict[str, dict[tuple[str, ...], a.Folder]] = {}
        self._making_folders = asyncio.Lock()

    async def __aenter__(self) -> Client:
        return self

    # --- parent segments -------------------------------------------------------------

    async def parent_segments(self) -> a.Listed[a.ParentSegment]:
        return r.parent_segments(await self._get_list("/audiences"))

    async def parent_segment(self, id: str) -> a.ParentSegment:
        found = r.parent_segment(await self._get_list(f"/audiences/{path_id(id)}"))
        _check_id(found.id, id)
        return found

    async def attributes(self, parent_id: str) -> a.Listed[a.Column]:
        return r.columns(await self._get_list(f"/audiences/{path_id(parent_id)}/attributes"))

    async def behaviors(self, parent_id: str) -> a.Listed[a.Behavior]:
        return r.behaviors(await self._get_list(f"/audiences/{path_id(parent_id)}/behaviors"))

    async def sample_values(
        self, parent_id: str, column: str, behavior_id: str | None = None
    ) -> tuple[tuple[Any, ...], ...]:
        """Values of an attribute, or of a behavior's column, as the API samples them."""
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

    # --- what else a segment can name ------------------------------------------------

    async def funnels(self, parent_id: str) -> a.Listed[a.Funnel]:
        return r.funnels(await self._get_list(f"/audiences/{path_id(parent_id)}/funnels"))

    async def predictive_models(self, parent_id: str) -> a.Listed[a.PredictiveModel]:
        path = f"/audiences/{path_id(parent_id)}/predictive_segments"
        return r.predictive_models(await self._get_list(path))

    async def solutions(self, parent_id: str) -> a.Listed[a.Solution]:
        """The models of solutions (RFM, CLTV): no list has them but that of the folders."""
        return resources.solutions(await self._by_folder(await self._root(parent_id)))

    async def variants(self, parent_id: str) -> a.Listed[a.Variant]:
        path = "/entities/realtime_journeys/abtest_variants"
        return resources.variants(await self._get_list(path, JSON_API, audience_id=parent_id))

    # --- folders ---------------------------------------------------------------------

    async def folders(self, parent_id: str) -> a.Listed[a.Folder]:
        """All folders of a parent segment, the root first, each after the one it is in."""
        root = await self._root(parent_id)
        try:
            found = resources.folders(await self._by_folder(root), root)
        except _ELSEWHERE:
            body = await self._get_list(f"/audiences/{path_id(parent_id)}/folders")
            found = resources.plain_folders(body, root)
        self._trees[parent_id] = {each.path: each for each in found}
        return found

    async def _by_folder(self, root: str) -> bytes:
        """Everything that lies in folders, without rules."""
        path = f"/entities/by-folder/{path_id(root)}"
        return await self._get_list(path, JSON_API, depth=_DEEPEST, with_rule="false")

    async def _root(self, parent_id: str) -> str:
        """The root folder's id: of the list of parent segments, or else of the parent segment."""
        if parent_id not in self._roots:
            root: str | None = None
            with suppress(*_ELSEWHERE):
                body = await self._get_list("/entities/parent_segments", JSON_API)
                root = resources.root_folder(body, parent_id)
            root = root or (await self.parent_segment(parent_id)).root_folder_id
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
            answer = await self._transport.send(
                "POST", "/entities/folders", body=body, media=JSON_API
            )
            folder = a.Folder(resources.folder_id(answer), path)
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
                # Where it was only accepted (202), it comes a little later.
                for again in range(_LOOKS):
                    await asyncio.sleep(again * self._retry_policy.first_pause)
                    found = await look(True)
                    if found is not None:
                        return found
                raise
            except e.ClientError as error:
                tried = tried or error.ambiguous
                raise

        return await self._transport.again(attempt)

    # --- segments --------------------------------------------------------------------

    async def segments(self, parent_id: str) -> a.Listed[a.Segment]:
        """The segments as the list has them: of some the rule may be None."""
        return r.segments(await self._get_list(f"/audiences/{path_id(parent_id)}/segments"))

    async def segment(self, parent_id: str, id: str) -> a.Segment:
        """A segment with its rule; one that has none has the rule `null`."""
        found = r.segment(await self._segment_body(parent_id, id))
        _check_id(found.id, id)
        return found

    async def segment_or_none(self, parent_id: str, id: str) -> a.Segment | None:
        """A segment with its rule; None where it is gone.

        It is gone only where the API itself says so, and its list agrees (`segdsl.api.own`).
        """
        try:
            return await self.segment(parent_id, id)
        except e.NotFoundError:
            listed = await self.segments(parent_id)
        ids = {each.id for each in listed} | {each.id for each in listed.unreadable}
        if id in ids or "" in ids:
            raise e.BadAnswerError(
                f"the API does not find the segment #{id}, and its list does not say that it is "
                "gone",
                "try again later; nothing was concluded from it",
            )
        return None

    async def segment_json(self, parent_id: str, id: str) -> str:
        """A segment as the API answers it, set out in lines."""
        body = await self._segment_body(parent_id, id)
        decoded(body, dict[str, msgspec.Raw])
        return msgspec.json.format(body, indent=2).decode()

    async def _segment_body(self, parent_id: str, id: str) -> bytes:
        return await self._get(f"/audiences/{path_id(parent_id)}/segments/{path_id(id)}")

    async def find_segment(
        self, parent_id: str, name: str, folder_id: str | None = None
    ) -> a.Segment | None:
        """The segment of that name in that folder, or in the root folder; with its rule."""
        folder = folder_id or await self._root(parent_id)
        try:
            path = f"/audiences/{path_id(parent_id)}/folders/{path_id(folder)}/segments"
            listed = r.segments(await self._get_list(path))
        except (e.NotFoundError, e.NotOfferedError, e.NotTheApiError):
            listed = await self.segments(parent_id)
        for each in listed:
            if each.name == name and each.folder_id in (folder, None):
                return each if each.rule is not None else await self.segment(parent_id, each.id)
        return None

    async def create_segment(self, parent_id: str, new: a.NewSegment) -> a.Segment:
        """Makes a segment once; AlreadyExistsError where one of its name was there before.

        After a lost answer a segment of that name, rule and kind is taken for this one. One that
        is made and not answered in full is looked up.
        """
        path = f"/audiences/{path_id(parent_id)}/segments"
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
                body = await self._transport.send("POST", path, body=_body(parent_id, new, folder))
            except e.ClientError as error:
                sent = sent_before or error.ambiguous or isinstance(error, e.BadAnswerError)
                raise
            made = r.answered_segment(body)
            if made is None:
                raise e.BadAnswerError(
                    "the API took the segment, and does not answer what it made of it",
                    "look with `segdsl list` whether it is there",
                )
            return made

        return await self._make_once(look, make)

    async def update_segment(
        self,
        parent_id: str,
        id: str,
        new: a.NewSegment,
        look: Callable[[], Awaitable[a.Segment | None]] = _nothing,
    ) -> a.Segment:
        """Puts all of a segment; the same body twice is the same as once.

        Whatever a body leaves out, a real server loses (observed of the rule), so that all of it is
        sent; but for a folder that is not known, which is never taken for the root.
        `look` comes right before each try: what it finds is the answer. Where the API answers
        nothing, or only a part, the segment is read again.
        """
        path = f"/audiences/{path_id(parent_id)}/segments/{path_id(id)}"
        body = _body(parent_id, new, new.folder_id)
        failure: e.ClientError = e.BadAnswerError(
            f"the API took the update of the segment #{id}, and the segment is not as it was sent",
            "is something else answering at this address? otherwise make a new plan",
        )

        async def attempt() -> a.Segment | None:
            nonlocal failure
            there = await look()
            if there is not None:
                return there
            try:
                made = r.answered_segment(await self._transport.send("PUT", path, body=body))
            except e.NotTheApiError as error:
                failure = error
                return None
            return made if made is not None and made.id == id else None

        made = await self._transport.again(attempt)
        if made is None:
            made = await self._updated(parent_id, id, new)
        if made is None:
            raise failure
        return made

    async def _updated(self, parent_id: str, id: str, new: a.NewSegment) -> a.Segment | None:
        """The segment that an update made, which its answer did not tell, where it is as sent."""
        for again in range(_LOOKS):
            # Where it was only accepted (202), it comes a little later.
            await asyncio.sleep(again * self._retry_policy.first_pause)
            found = await self.segment(parent_id, id)
            if (
                found.name == new.name
                and found.rule is not None
                and same_rule(found.rule, new.rule)
            ):
                return found
        return None

    async def delete_segment(
        self, id: str, look: Callable[[], Awaitable[object | None]] = _nothing
    ) -> bool:
        """Deletes a segment; ConflictError where others refer to it.

        `look` comes right before each try: where it finds a reason nothing is sent. Where the
        answer does not name the segment, the segment is read: the API has to say that it is not
        there (`segdsl.api.own`). False where no answer says that it was deleted: a `look` found a
        reason, or after an answer that was lost the API says that there is none.
        """
        path = f"/entities/segments/{path_id(id)}"
        lost = False

        async def attempt() -> bool:
            nonlocal lost
            if await look():
                return False
            try:
                body = await self._transport.send("DELETE", path, media=JSON_API)
            except e.NotFoundError as error:
                if not (lost and await self._is_deleted(path)):
                    raise error
                return False
            except e.NotTheApiError as error:
                if not await self._is_deleted(path):
                    raise error
                return False
            except e.ClientError as error:
                lost = lost or error.ambiguous
                raise
            else:
                if not own.names_record(body, id) and not await self._is_deleted(path):
                    raise e.BadAnswerError(
                        f"the API took the deletion of the segment #{id}, and the segment is still "
                        "there",
                        "is something else answering at this address? otherwise try again later",
                    )
            return True

        return await self._transport.again(attempt)

    async def _is_deleted(self, path: str) -> bool:
        """Whether the API says that it has no such segment (any more, or a little later)."""
        for again in range(_LOOKS):
            await asyncio.sleep(again * self._retry_policy.first_pause)
            try:
                await self._get(path, JSON_API)
            except e.NotFoundError:
                return True
        return False


def _check_id(found: str, id: str) -> None:
    """Raises BadAnswerError where an answer is about another record than was asked for."""
    if found != id:
        raise e.BadAnswerError(
            f"the answer is about #{found}, and #{id} was asked for",
            "is something else answering at this address?",
        )


def _body(parent_id: str, new: a.NewSegment, folder: str | None) -> dict[str, object]:
    """The body of a create or an update (described)."""
    body: dict[str, object] = {
        "audienceId": _sent(parent_id),
        "name": new.name,
        "kind": SEGMENT_KINDS.index(new.kind),
        "description": new.description or "",
        "rule": new.rule,
    }
    if folder is not None:
        body["segmentFolderId"] = _sent(folder)
    if new.count_population is not None:
        body["countPopulation"] = new.count_population
    if new.is_visible is not None:
        body["isVisible"] = new.is_visible
    return body


def _is(found: a.Segment, new: a.NewSegment) -> bool:
    """Whether a segment is what was to be made."""
    return (
        found.kind == new.kind
        and found.rule is not None
        and new.is_visible in (None, found.is_visible)
        and (found.description or "") == (new.description or "")
        and same_rule(found.rule, new.rule)
    )


def _sent(id: str) -> int | str:
    """An id as it is sent: a number, where it is one (described)."""
    return int(id) if id.isascii() and id.isdecimal() else id
