"""The requests for predictive segments: what the server has, and what is sent.

Nothing here trains one.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from segdsl.api import AlreadyExistsError, Client, ClientError
from segdsl.api.predictive_records import NewPredictiveSegment, PredictiveSegment
from segdsl.diagnostics import Report
from segdsl.language import predictive as p
from segdsl.language.values import ById
from segdsl.rules.predictive import encode_predictive, read_predictive
from segdsl.rules.predictive.reading import IGNORED
from segdsl.rules.rule.document import load
from segdsl.rules.rule.model import encode
from segdsl.workspace.kinds.deliveries.documents import content_of
from segdsl.workspace.kinds.kind import Answers, Created, Prepared
from segdsl.workspace.kinds.listings import (
    Listing,
    folder_id_of,
    is_nameable,
    server_of_listings,
    states_of,
    unreadable_why,
    whole_or_error,
)
from segdsl.workspace.kinds.predictive.state import PredictiveState, document_of
from segdsl.workspace.kinds.resource import NO_PLACE, Change, Server
from segdsl.workspace.kinds.state import State
from segdsl.workspace.project.keys import PREDICTIVE, Folder, Ref
from segdsl.workspace.remote.reading import ServerReading


class NewState(msgspec.Struct, frozen=True):
    """What is sent: a predictive segment as it is to be, the id of its folder, and its state
    before, if it is there."""

    state: PredictiveState
    folder_id: str | None
    before: PredictiveState | None = None


# --- what the server has ---------------------------------------------------------------


async def read_predictive_segments(reading: ServerReading) -> Server:
    """The predictive segments of a server, each with its state; see `Server.unreadable` where it
    has none.

    Not managed are those whose place no `folder` clause can name, whose name is blank or that of
    another in the same folder, and those that cannot be read.
    """
    listed = await reading.predictive_segments()
    if isinstance(listed, ClientError):
        return Server(unreadable={PREDICTIVE: listed})
    snapshot = await reading.snapshot()
    answers = await asyncio.gather(*(_whole(reading, each) for each in listed))
    times = Counter((each.folder_id, each.name) for each in listed)
    listings = [
        _listing(
            summary,
            answer,
            snapshot.path_of(summary.folder_id),
            is_ambiguous=times[summary.folder_id, summary.name] > 1,
        )
        for summary, answer in zip(listed, answers, strict=True)
    ]
    return server_of_listings(PREDICTIVE, listed.unreadable, listings)


def _listing(
    summary: PredictiveSegment,
    answer: PredictiveSegment | ClientError,
    path: Folder | None,
    *,
    is_ambiguous: bool,
) -> Listing:
    """One of the list, with the whole of it or why it cannot be read."""
    if isinstance(answer, ClientError):
        why = unreadable_why(answer)
    elif answer.segment_id is None:
        why = "it does not say who has converted"
    elif not is_nameable(path):
        why = NO_PLACE
    elif not answer.name.strip():
        why = "its name is blank"
    elif is_ambiguous:
        why = "another predictive segment of its folder has the same name"
    else:
        return Listing(answer.id, answer.name, predictive_state(answer, path), answer.folder_id)
    return Listing(summary.id, summary.name, None, why=why)


async def _whole(
    reading: ServerReading, listed: PredictiveSegment
) -> PredictiveSegment | ClientError:
    if not reading.is_wanted(PREDICTIVE):
        return listed
    return await whole_or_error(reading.client.predictive_segment(reading.parent_id, listed.id))


def predictive_state(answer: PredictiveSegment, folder: Folder) -> PredictiveState:
    """The state of a predictive segment that the server answered, in that folder."""

    def document(body: Any, report: Report) -> str | None:
        parts = read_predictive(body, report)
        return None if parts is None else document_of(parts.segment, report)

    content = content_of(bytes(answer.document), document, IGNORED)
    return PredictiveState(folder, answer.name, content.document, problem=content.problem)


# --- what is sent ----------------------------------------------------------------------


class PredictiveRequests(msgspec.Struct, frozen=True):
    """Requests for the predictive segments of a parent segment."""

    client: Client
    parent_id: str

    async def prepare(self, change: Change, ids: Mapping[Ref, str]) -> Prepared[NewState]:
        """Asks for the features, where the server is to propose them."""
        state, before = states_of(change, ids, PredictiveState)
        folder_id = await folder_id_of(self.client, self.parent_id, change)
        if state.guessed:
            state = await self._with_features(state)
        return Prepared(NewState(state, folder_id, before), state, folder_id)

    async def _with_features(self, state: PredictiveState) -> PredictiveState:
        segment = state.segment
        assert segment is not None, "what a workspace says can be read back"
        target = segment.predicts.target
        assert isinstance(target, ById), "a state has ids"
        rule = await self.client.guessed_features(self.parent_id, target.id)
        report = Report()
        body = {**load(state.document, report), **load(bytes(rule).decode(), report)}
        parts = read_predictive(body, report)
        features = None if parts is None else parts.segment.features
        if features is None or not features.items:
            raise ClientError(
                "the server proposed no features that can be used",
                "write the features yourself: `features (…)`",
            )
        known = msgspec.structs.replace(segment, features=p.Features(features.items))
        document = document_of(known, report)
        assert document is not None, "it was read"
        return msgspec.structs.replace(state, document=document, guessed=False)

    async def create(self, new: NewState) -> Created[PredictiveSegment]:
        body = _new(new, is_whole=False)
        try:
            return Created(await self.client.create_predictive_segment(self.parent_id, body))
        except AlreadyExistsError as error:
            there = await self.client.predictive_segment(self.parent_id, error.existing.id)
            return Created(there, error)

    async def update(
        self,
        id: str,
        new: NewState,
        look: Callable[[], Awaitable[PredictiveSegment | None]],
    ) -> PredictiveSegment:
        body = _new(new, is_whole=True)
        return await self.client.update_predictive_segment(self.parent_id, id, body, look)

    async def delete(
        self, id: str, parent_id: str | None, look: Callable[[], Awaitable[object | None]]
    ) -> bool:
        return await self.client.delete_predictive_segment(self.parent_id, id, look)

    async def get(self, id: str, parent_id: str | None) -> PredictiveSegment:
        return await self.client.predictive_segment(self.parent_id, id)

    async def get_or_none(self, id: str, parent_id: str | None) -> PredictiveSegment | None:
        return await self.client.predictive_segment_or_none(self.parent_id, id)

    async def all(self) -> Answers[PredictiveSegment]:
        listed = await self.client.predictive_segments(self.parent_id)
        return Answers(
            {each.id: each for each in listed}, frozenset(each.id for each in listed.unreadable)
        )

    def id_of(self, answer: PredictiveSegment) -> str:
        return answer.id

    def is_whole(self, answer: PredictiveSegment) -> bool:
        """A list may leave a part out: what is compared is read from the segment itself."""
        return False

    def state_of(self, answer: PredictiveSegment, expected: State) -> PredictiveState:
        assert isinstance(expected, PredictiveState), "a predictive segment"
        state = predictive_state(answer, expected.folder)
        said, wanted = state.segment, expected.segment
        if said is None or wanted is None or wanted.grades is not None:
            return state
        # The server has grades of its own where none are sent.
        document = document_of(msgspec.structs.replace(said, grades=None), Report())
        return msgspec.structs.replace(state, document=document or state.document)

    def parent_of(self, answer: PredictiveSegment) -> str | None:
        return answer.folder_id


def _new(new: NewState, *, is_whole: bool) -> NewPredictiveSegment:
    segment = new.state.segment
    assert segment is not None, "what a workspace says can be read back"
    before = None if new.before is None else new.before.segment
    body = encode_predictive(
        segment,
        {},
        Report(),
        "entities",
        is_whole=is_whole,
        was_computed=before is not None and _is_computed(before),
    )
    assert body is not None, "it was compiled"
    raw = msgspec.Raw(encode(body, pretty=False).encode())
    return NewPredictiveSegment(new.state.name, raw, new.folder_id)


def _is_computed(segment: p.PredictiveSegment) -> bool:
    features = segment.features
    return features is not None and any(each.source is not None for each in features.items)
