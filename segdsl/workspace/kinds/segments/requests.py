"""The requests for segments: what the server has, and what is created, updated and deleted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping

import msgspec

from segdsl.api import AlreadyExistsError, Client, NewSegment
from segdsl.api import Segment as ApiSegment
from segdsl.language.condition.tree import folder_path
from segdsl.workspace.kinds.kind import Answers, Created, Prepared
from segdsl.workspace.kinds.resource import (
    CANNOT_READ,
    NO_PLACE,
    Change,
    Server,
    ServerResource,
    Unmanaged,
)
from segdsl.workspace.kinds.segments.state import SegmentState, state_of, with_ids
from segdsl.workspace.kinds.state import State
from segdsl.workspace.project.keys import SEGMENT, Ref
from segdsl.workspace.remote.snapshot import Snapshot


def server_of(snapshot: Snapshot, of_stages: Collection[str] = ()) -> Server:
    """The segments of a snapshot, each with its state, without those that are rules of stages.

    Not managed are those whose place no `folder` clause can name (the folder is not among those
    that the key may see, or a name on the way there holds a `/`), whose name is blank or that of
    another in the same folder, whose kind is not known, and those that cannot be read.
    """
    resources: dict[Ref, ServerResource] = {}
    unmanaged = [
        Unmanaged(SEGMENT, each.id, each.name, f"{CANNOT_READ}: {each.why}")
        for each in snapshot.unreadable
    ]
    places = Counter(
        (path, segment.name) for path, segment in snapshot.segments if segment.id not in of_stages
    )
    for path, segment in snapshot.segments:
        if segment.id in of_stages:
            continue
        why = None
        if segment.kind is None:
            why = f"its kind (`{segment.raw_kind}`) is not known"
        elif path is None or folder_path("/".join(path)) != path:
            why = NO_PLACE
        elif not segment.name.strip():
            why = "its name is blank"
        elif places[path, segment.name] > 1:
            why = "another segment of its folder has the same name"
        if path is not None and why is None:
            resources[Ref(SEGMENT, segment.id)] = ServerResource(
                segment.id, state_of(path, segment), segment.folder_id
            )
        else:
            state = state_of((), segment)
            unmanaged.append(Unmanaged(SEGMENT, segment.id, segment.name, why or NO_PLACE, state))
    return Server(resources, tuple(unmanaged))


class SegmentRequests(msgspec.Struct, frozen=True):
    """Requests for the segments of a parent segment.

    With `count_population` the server counts and keeps the profiles of what is created.
    """

    client: Client
    parent_id: str
    count_population: bool = False

    async def prepare(self, change: Change, ids: Mapping[Ref, str]) -> Prepared[NewSegment]:
        assert change.after is not None, "only a deletion has no state to be"
        assert change.body is not None, "what is sent is in the plan"
        state = change.after.state
        before = None if change.before is None else change.before.state
        assert isinstance(state, SegmentState), "a segment"
        assert before is None or isinstance(before, SegmentState), "a segment"
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
        return Prepared(new, state.with_ids(ids), folder_id)

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
        listed = await self.client.segments(self.parent_id)
        return Answers(
            {segment.id: segment for segment in listed},
            frozenset(each.id for each in listed.unreadable),
        )

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
