"""The requests for segments: what the server has, and what is created, updated and deleted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping

import msgspec

from segdsl.api import AlreadyExistsError, Client, NewSegment
from segdsl.api import Segment as ApiSegment
from segdsl.workspace.kinds.kind import Answers, Created, Prepared
from segdsl.workspace.kinds.listings import (
    Listing,
    answers_of,
    is_nameable,
    server_of_listings,
    states_of,
)
from segdsl.workspace.kinds.resource import NO_PLACE, Change, Server
from segdsl.workspace.kinds.segments.state import SegmentState, state_of, with_ids
from segdsl.workspace.kinds.state import State
from segdsl.workspace.project.keys import SEGMENT, Folder, Ref
from segdsl.workspace.remote.snapshot import Snapshot


def server_of(snapshot: Snapshot, of_stages: Collection[str] = ()) -> Server:
    """The segments of a snapshot, each with its state, without those that are rules of stages.

    Not managed are those whose place no `folder` clause can name (the folder is not among those
    that the key may see, or a name on the way there holds a `/`), whose name is blank or that of
    another in the same folder, whose kind is not known, rules of journeys, and those that cannot be
    read.
    """
    segments = [each for each in snapshot.segments if each[1].id not in of_stages]
    times = Counter((path, segment.name) for path, segment in segments)
    listings = (
        _listing(segment, path, is_ambiguous=times[path, segment.name] > 1)
        for path, segment in segments
    )
    return server_of_listings(SEGMENT, snapshot.unreadable, listings)


def _listing(segment: ApiSegment, path: Folder | None, *, is_ambiguous: bool) -> Listing:
    why = None
    if segment.kind is None:
        why = f"its kind (`{segment.raw_kind}`) is not known"
    elif segment.kind == "journey":
        why = "it is a rule of a journey"
    elif not is_nameable(path):
        why = NO_PLACE
    elif not segment.name.strip():
        why = "its name is blank"
    elif is_ambiguous:
        why = "another segment of its folder has the same name"
    state = state_of(path if why is None and path is not None else (), segment)
    return Listing(segment.id, segment.name, state, segment.folder_id, why)


class SegmentRequests(msgspec.Struct, frozen=True):
    """Requests for the segments of a parent segment.

    With `count_population` the server counts and keeps the profiles of what is created.
    """

    client: Client
    parent_id: str
    count_population: bool = False

    async def prepare(self, change: Change, ids: Mapping[Ref, str]) -> Prepared[NewSegment]:
        assert change.body is not None, "what is sent is in the plan"
        state, before = states_of(change, ids, SegmentState)
        assert state.kind is not None, "what a workspace says has a kind"
        folder_id = change.parent_id
        if before is None or state.folder != before.folder:
            folder = await self.client.ensure_folder(self.parent_id, state.folder)
            folder_id = folder.id
        # What stays as it is is not sent: a server may not tell whether a segment is hidden.
        stays = before is not None and before.hidden == state.hidden
        new = NewSegment(
            state.name,
            msgspec.Raw(with_ids(change.body, ids).encode()),
            state.kind,
            state.description,
            folder_id,
            count_population=self.count_population if before is None else None,
            is_visible=None if stays else not state.hidden,
        )
        return Prepared(new, state, folder_id)

    async def create(self, new: NewSegment) -> Created[ApiSegment]:
        try:
            return Created(await self.client.create_segment(self.parent_id, new))
        except AlreadyExistsError as error:
            return Created(error.existing, error)

    async def update(
        self, id: str, new: NewSegment, look: Callable[[], Awaitable[ApiSegment | None]]
    ) -> ApiSegment:
        return await self.client.update_segment(self.parent_id, id, new, look)

    async def delete(
        self, id: str, parent_id: str | None, look: Callable[[], Awaitable[object | None]]
    ) -> bool:
        return await self.client.delete_segment(id, look)

    async def get(self, id: str, parent_id: str | None = None) -> ApiSegment:
        return await self.client.segment(self.parent_id, id)

    async def get_or_none(self, id: str, parent_id: str | None = None) -> ApiSegment | None:
        return await self.client.segment_or_none(self.parent_id, id)

    async def all(self) -> Answers[ApiSegment]:
        return answers_of(await self.client.segments(self.parent_id))

    def id_of(self, answer: ApiSegment) -> str:
        return answer.id

    def is_whole(self, answer: ApiSegment) -> bool:
        """The list may leave the rule out, or have an empty one in its place."""
        return answer.rule is not None

    def state_of(self, answer: ApiSegment, expected: State) -> SegmentState:
        assert isinstance(expected, SegmentState), "a segment"
        state = state_of(expected.folder, answer)
        left_out = answer.left_out
        return msgspec.structs.replace(
            state,
            hidden=expected.hidden if "isVisible" in left_out else state.hidden,
            description=expected.description if "description" in left_out else state.description,
            kind=expected.kind if "kind" in left_out else state.kind,
        )

    def parent_of(self, answer: ApiSegment) -> str | None:
        return answer.folder_id
