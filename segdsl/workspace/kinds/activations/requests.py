"""The requests for activations: what the server has, and what is created, updated and deleted.

Nothing here runs an activation.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from segdsl.api import AlreadyExistsError, Client, ClientError
from segdsl.api.activation_records import Activation, NewActivation
from segdsl.diagnostics import Report
from segdsl.language import activations as a
from segdsl.language.values import ById
from segdsl.rules.activations import ColumnIds, encode_activation, read_activation
from segdsl.rules.activations.activation import IGNORED, Family
from segdsl.rules.rule.document import load
from segdsl.rules.rule.model import encode
from segdsl.workspace.kinds.activations.state import ActivationState, document_of
from segdsl.workspace.kinds.deliveries.checks import check_settings
from segdsl.workspace.kinds.deliveries.documents import content_of
from segdsl.workspace.kinds.kind import Answers, Created, Prepared
from segdsl.workspace.kinds.listings import (
    Listing,
    answers_of,
    server_of_listings,
    states_of,
    unreadable_why,
    whole_or_error,
)
from segdsl.workspace.kinds.resource import Change, Server
from segdsl.workspace.kinds.state import State, is_interrupted
from segdsl.workspace.project.keys import ACTIVATION, SEGMENT, STAGE, Folder, Ref
from segdsl.workspace.remote.reading import ServerReading


class NewState(msgspec.Struct, frozen=True):
    """What is sent: an activation as it is to be, the id of the segment in its path, and its
    state before, if it is there."""

    state: ActivationState
    segment_id: str
    before: ActivationState | None = None


# --- what the server has ---------------------------------------------------------------


async def read_activations(reading: ServerReading) -> Server:
    """The activations of a server, each with its state; see `Server.unreadable` where it has none.

    Not managed are those of what is no segment and no stage, two of one segment with one name,
    those whose name is blank, and those that cannot be read.
    """
    listed = await reading.activations()
    if isinstance(listed, ClientError):
        return Server(unreadable={ACTIVATION: listed})
    targets = await _targets(reading)
    is_whole = reading.is_wanted(ACTIVATION)
    answers = await asyncio.gather(*(_whole(reading, each, is_whole) for each in listed))
    times = Counter((each.segment_id, each.name) for each in listed)
    listings = [
        _listing(
            summary,
            answer,
            targets.get(summary.segment_id or ""),
            is_ambiguous=times[summary.segment_id, summary.name] > 1,
        )
        for summary, answer in zip(listed, answers, strict=True)
    ]
    names = await reading.account_names()
    return server_of_listings(
        ACTIVATION, listed.unreadable, listings, unreadable_kinds=reading.unlisted, outside=names
    )


def _listing(
    summary: Activation,
    answer: Activation | ClientError,
    target: tuple[Ref, Folder] | None,
    *,
    is_ambiguous: bool,
) -> Listing:
    """An activation of the list, with the whole of it or why it cannot be read."""
    if isinstance(answer, ClientError):
        why = unreadable_why(answer)
    elif target is None:
        why = "it belongs to nothing that a file can hold"
    elif not summary.name.strip():
        why = "its name is blank"
    elif is_ambiguous:
        why = f"another activation of its {target[0].kind} has the same name"
    else:
        state = activation_state(answer, *target)
        return Listing(answer.id, answer.name, state, summary.segment_id)
    return Listing(summary.id, summary.name, None, why=why)


async def _targets(reading: ServerReading) -> dict[str, tuple[Ref, Folder]]:
    """What the segments of activations are here, segments or stages, and where, by id."""
    funnels = await reading.funnels()
    stages = {
        stage.segment_id: Ref(STAGE, stage.id)
        for funnel in (() if isinstance(funnels, ClientError) else funnels)
        for stage in funnel.stages
    }
    places = await reading.places()
    return {id: (stages.get(id, Ref(SEGMENT, id)), place) for id, place in places.items()}


async def _whole(
    reading: ServerReading, listed: Activation, is_whole: bool
) -> Activation | ClientError:
    if not is_whole or listed.segment_id is None:
        return listed
    return await whole_or_error(reading.client.activation(listed.segment_id, listed.id))


def activation_state(answer: Activation, of: Ref, folder: Folder) -> ActivationState:
    """The state of an activation that the server answered; of a summary only that it is there."""
    if answer.is_summary:
        return ActivationState(folder, answer.name, of, "")
    target = a.Target("stage" if of.kind == STAGE else "segment", ById(of.id))

    def document(body: Any, report: Report) -> str | None:
        parts = read_activation(body, report)
        return None if parts is None else document_of(parts.activation(target), report)

    content = content_of(bytes(answer.document), document, IGNORED)
    return ActivationState(folder, answer.name, of, content.document, content.problem)


# --- what is sent ----------------------------------------------------------------------

Look = Callable[[], Awaitable[Activation | None]]


class ActivationRequests(msgspec.Struct, frozen=True):
    """Requests for the activations of a parent segment.

    `stages` are the ids of the segments of stages, as far as they are known.
    """

    client: Client
    parent_id: str
    stages: dict[str, str] = {}

    async def prepare(self, change: Change, ids: Mapping[Ref, str]) -> Prepared[NewState]:
        state, before = states_of(change, ids, ActivationState)
        segment_id = change.parent_id
        if before is None or segment_id is None:
            segment_id = await self._segment_of(state.owner)
        await check_settings(
            self.client, _delivery(state), None if before is None else _delivery(before)
        )
        return Prepared(NewState(state, segment_id, before), state, segment_id)

    async def _segment_of(self, target: Ref) -> str:
        """The id of the segment in the path: of a stage, of its rule."""
        if target.kind == SEGMENT:
            return target.id
        if target.id not in self.stages:
            for funnel in await self.client.funnels(self.parent_id):
                for stage in funnel.stages:
                    if stage.segment_id is not None:
                        self.stages[stage.id] = stage.segment_id
        if target.id not in self.stages:
            raise ClientError(
                f"the stage #{target.id} has no rule, so that nobody can be sent",
                "give the stage a rule, or remove the activation",
            )
        return self.stages[target.id]

    async def create(self, new: NewState) -> Created[Activation]:
        try:
            return Created(
                await self.client.create_activation(
                    self.parent_id, new.segment_id, _new(new, ColumnIds(), is_whole=False)
                )
            )
        except AlreadyExistsError as error:
            there = await self.get(error.existing.id, new.segment_id)
            now = activation_state(there, new.state.owner, new.state.folder)
            if now == new.state or not is_interrupted(now, new.state, {}):
                return Created(there, error)
            wanted = NewState(new.state, new.segment_id, now)

            async def look() -> Activation | None:
                found = await self.get(there.id, new.segment_id)
                seen = activation_state(found, new.state.owner, new.state.folder)
                if seen != now and seen != new.state:
                    raise ClientError("somebody changed it while it was created", "plan again")
                return found if seen == new.state else None

            return Created(await self.update(there.id, wanted, look))

    async def update(self, id: str, new: NewState, look: Look) -> Activation:
        there = await look()
        if there is not None:
            return there
        now = await self.get(id, new.segment_id)
        report = Report()
        parts = read_activation(load(bytes(now.document).decode(), report), report)
        columns = ColumnIds() if parts is None else parts.column_ids
        body = _new(new, columns, is_whole=True)
        return await self.client.update_activation(self.parent_id, new.segment_id, id, body, look)

    async def delete(
        self, id: str, parent_id: str | None, look: Callable[[], Awaitable[object | None]]
    ) -> bool:
        return await self.client.delete_activation(_need(parent_id), id, look)

    async def get(self, id: str, parent_id: str | None) -> Activation:
        return await self.client.activation(_need(parent_id), id)

    async def get_or_none(self, id: str, parent_id: str | None) -> Activation | None:
        return await self.client.activation_or_none(self.parent_id, _need(parent_id), id)

    async def all(self) -> Answers[Activation]:
        return answers_of(await self.client.activations(self.parent_id))

    def id_of(self, answer: Activation) -> str:
        return answer.id

    def is_whole(self, answer: Activation) -> bool:
        return not answer.is_summary

    def state_of(self, answer: Activation, expected: State) -> ActivationState:
        assert isinstance(expected, ActivationState), "an activation"
        return activation_state(answer, expected.owner, expected.folder)

    def parent_of(self, answer: Activation) -> str | None:
        return answer.segment_id


def _need(parent_id: str | None) -> str:
    assert parent_id is not None, "the segment of an activation is in the plan"
    return parent_id


def _delivery(state: ActivationState) -> a.Delivery:
    return a.Delivery() if state.activation is None else state.activation.delivery


def _new(new: NewState, columns: ColumnIds, *, is_whole: bool) -> NewActivation:
    """The bodies: those of the sides that have what changes; of a creation, of what it needs."""
    activation = new.state.activation
    assert activation is not None, "what a workspace says can be read back"
    before = None if new.before is None else new.before.activation

    def body(family: Family) -> msgspec.Raw:
        report = Report()
        made = encode_activation(
            activation, {}, report, family, is_whole=is_whole, column_ids=columns
        )
        assert made is not None, "it was compiled"
        return msgspec.Raw(encode(made, pretty=False).encode())

    legacy = _needs_legacy(activation, before)
    ends = _end(activation) is not None or (before is not None and _end(before) is not None)
    entities = not legacy or ends
    return NewActivation(
        new.state.name,
        body("entities") if entities else None,
        body("legacy") if legacy else None,
    )


def _needs_legacy(new: a.Activation, old: a.Activation | None) -> bool:
    """Whether what changes has a field on the legacy side alone.

    That side replaces the whole, so that it is used for nothing else. Only it can take an
    activation away from its template.
    """
    before = a.Delivery() if old is None else old.delivery
    after = new.delivery
    left = old is not None and old.template is not None and new.template is None
    return left or (before.workflow, before.in_sequence) != (after.workflow, after.in_sequence)


def _end(activation: a.Activation) -> str | None:
    schedule = activation.delivery.schedule
    return schedule.end if isinstance(schedule, a.Repeat) else None
