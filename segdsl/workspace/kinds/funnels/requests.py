"""The requests for funnels: the funnel with its stages first, then the rule of each stage.

A stage's rule is a segment of its own. What was interrupted in between is carried on: only what is
not as wanted is sent, and only over what was there when the change was planned.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping

import msgspec

from segdsl.api import AlreadyExistsError, Client, ClientError, NewSegment, NotFoundError
from segdsl.api import Segment as ApiSegment
from segdsl.api.responses import Funnel, Listed, NewFunnel, NewStage, StageOf
from segdsl.language.references.symbolic_ids import is_symbolic
from segdsl.workspace.kinds.funnels.state import FunnelState, StageState
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
from segdsl.workspace.kinds.resource import NO_PLACE, Change, Server
from segdsl.workspace.kinds.segments.state import canonical_rule_of
from segdsl.workspace.kinds.state import State, is_interrupted, settled
from segdsl.workspace.project.keys import FUNNEL, Folder, Ref
from segdsl.workspace.remote.reading import ServerReading

ApiRules = Mapping[str, ApiSegment]


class FunnelAnswer(msgspec.Struct, frozen=True):
    """A funnel and the segments of its stages, by id; one that is missing is not known."""

    funnel: Funnel
    rules: ApiRules

    @property
    def is_whole(self) -> bool:
        """Whether it says all that is compared."""
        wanted = [stage.segment_id for stage in self.funnel.stages if stage.segment_id]
        rules = [self.rules.get(id) for id in wanted]
        known = all(
            rule is not None and rule.rule is not None and "description" not in rule.left_out
            for rule in rules
        )
        return known and not self.funnel.left_out


class NewState(msgspec.Struct, frozen=True):
    """What is sent: a funnel as it is to be, and the id of its folder."""

    state: FunnelState
    folder_id: str | None


# --- what the server has ---------------------------------------------------------------


async def read_funnels(reading: ServerReading) -> Server:
    """The funnels of a server, each with its state; see `Server.unreadable` where it has none.

    Not managed are those whose place no `folder` clause can name, whose name is blank or that of
    another in the same folder, with two stages of one name, and those that cannot be read.
    """
    funnels = await reading.funnels()
    if isinstance(funnels, ClientError):
        return Server(unreadable={FUNNEL: funnels})
    snapshot = await reading.snapshot()
    rules = {segment.id: segment for _, segment in snapshot.segments}
    answers = await asyncio.gather(*(_answer(reading, each, rules) for each in funnels))
    times = Counter((each.folder_id, each.name) for each in funnels)
    listings = [
        _listing(
            funnel,
            answer,
            snapshot.path_of(funnel.folder_id),
            is_ambiguous=times[funnel.folder_id, funnel.name] > 1,
        )
        for funnel, answer in zip(funnels, answers, strict=True)
    ]
    return server_of_listings(FUNNEL, funnels.unreadable, listings)


def _listing(
    funnel: Funnel,
    answer: FunnelAnswer | ClientError,
    path: Folder | None,
    *,
    is_ambiguous: bool,
) -> Listing:
    """A funnel of the list, with its rules or why they cannot be read."""
    if isinstance(answer, ClientError):
        return Listing(funnel.id, funnel.name, None, why=unreadable_why(answer))
    why = _problem(funnel)
    if not is_nameable(path):
        why = NO_PLACE
    elif is_ambiguous:
        why = "another funnel of its folder has the same name"
    state = funnel_state(answer, path if why is None and path is not None else ())
    return Listing(funnel.id, funnel.name, state, funnel.folder_id, why)


def _problem(funnel: Funnel) -> str | None:
    """Why no file can hold a funnel, whatever its rules and its place."""
    names = [stage.name for stage in funnel.stages]
    if "a stage" in funnel.left_out:
        return "one of its stages cannot be read"
    if not funnel.name.strip() or not all(name.strip() for name in names):
        return "its name, or that of a stage, is blank"
    if len(set(names)) < len(names):
        return "two of its stages have the same name"
    return None


async def _answer(
    reading: ServerReading, funnel: Funnel, rules: ApiRules
) -> FunnelAnswer | ClientError:
    """The funnel with its rules; what is not in the list is read by itself."""
    ids = [stage.segment_id for stage in funnel.stages]
    answer = FunnelAnswer(funnel, {id: rules[id] for id in ids if id is not None and id in rules})
    if answer.is_whole:
        return answer
    return await whole_or_error(read_answer(reading.client, reading.parent_id, funnel.id))


async def read_answer(client: Client, parent_id: str, id: str) -> FunnelAnswer:
    """A funnel and the rules of its stages, each read by itself; raises ClientError."""
    funnel = await client.funnel(parent_id, id)
    return FunnelAnswer(funnel, await _rules_of(client, parent_id, funnel))


async def _rules_of(client: Client, parent_id: str, funnel: Funnel) -> dict[str, ApiSegment]:
    found = await client.stage_segments(parent_id, funnel)
    return {segment.id: segment for segment in found if segment is not None}


def funnel_state(answer: FunnelAnswer, folder: tuple[str, ...]) -> FunnelState:
    """The state of a funnel that the server answered, in that folder."""
    stages = []
    for stage in answer.funnel.stages:
        segment = None if stage.segment_id is None else answer.rules.get(stage.segment_id)
        rule, description = "", ""
        if segment is not None and segment.rule is not None:
            rule, description = canonical_rule_of(segment), segment.description or ""
        stages.append(StageState(stage.id, stage.name, rule, description))
    funnel = answer.funnel
    return FunnelState(folder, funnel.name, funnel.description or "", tuple(stages))


# --- what is sent ----------------------------------------------------------------------

Look = Callable[[], Awaitable[FunnelAnswer | None]]


class FunnelRequests(msgspec.Struct, frozen=True):
    """Requests for the funnels of a parent segment."""

    client: Client
    parent_id: str

    async def prepare(self, change: Change, ids: Mapping[Ref, str]) -> Prepared[NewState]:
        state, _ = states_of(change, ids, FunnelState)
        folder_id = await folder_id_of(self.client, self.parent_id, change)
        return Prepared(NewState(state, folder_id), state, folder_id)

    async def create(self, new: NewState) -> Created[FunnelAnswer]:
        try:
            funnel = await self.client.create_funnel(self.parent_id, _new_funnel(new))
        except AlreadyExistsError as error:
            there = await self.get(error.existing.id)
            now = funnel_state(there, new.state.folder)
            if not is_interrupted(now, new.state, {}):
                return Created(there, error)
            if now == settled(new.state, now):
                return Created(there, error)
            funnel = there.funnel
        return Created(await self._rules(funnel.id, new, self._look_between(funnel.id, new)))

    async def update(self, id: str, new: NewState, look: Look) -> FunnelAnswer:
        now = await look()
        if now is not None:
            return now
        there = await self.client.funnel(self.parent_id, id)
        if not _is_head(there, new):

            async def head() -> Funnel | None:
                found = await look()
                return None if found is None else found.funnel

            wanted = self._settled(new, there)
            await self.client.update_funnel(self.parent_id, id, _new_funnel(wanted), head)
        return await self._rules(id, new, look)

    def _look_between(self, id: str, new: NewState) -> Look:
        """Looks at a funnel that this run created: nobody else may have written its rules."""

        async def look() -> FunnelAnswer | None:
            answer = await self.get(id)
            now = funnel_state(answer, new.state.folder)
            if now == settled(new.state, now):
                return answer
            if not is_interrupted(now, new.state, {}):
                raise ClientError(
                    "somebody changed the funnel while its stages were created", "make a new plan"
                )
            return None

        return look

    def _settled(self, new: NewState, there: Funnel) -> NewState:
        state = settled(new.state, funnel_state(FunnelAnswer(there, {}), new.state.folder))
        assert isinstance(state, FunnelState), "a funnel"
        return NewState(state, new.folder_id)

    async def _rules(self, id: str, new: NewState, look: Look) -> FunnelAnswer:
        """Sends what is not as wanted of the rules, one stage after the other."""
        answer = await self.get(id)
        wanted = self._settled(new, answer.funnel)
        stages = {stage.id: stage for stage in wanted.state.stages}
        now = {stage.id: stage for stage in funnel_state(answer, wanted.state.folder).stages}
        changed = False
        for stage in answer.funnel.stages:
            target = stages.get(stage.id)
            if target is None or target == now[stage.id]:
                continue
            changed = True
            await self._rule(id, stage.segment_id, target, wanted, look)
        return await self.get(id) if changed else answer

    async def _rule(
        self, id: str, segment_id: str | None, stage: StageState, new: NewState, look: Look
    ) -> None:
        if not stage.rule:
            if segment_id is not None:
                await self.client.delete_segment(segment_id, look)
            return
        segment = NewSegment(
            stage.name,
            msgspec.Raw(stage.rule.encode()),
            "funnel_stage",
            stage.description,
            new.folder_id,
            count_population=None,
            stage=StageOf(id, stage.id),
        )
        if segment_id is None:
            await self.client.create_segment(self.parent_id, segment)
            return

        async def superseding() -> ApiSegment | None:
            found = await look()
            return None if found is None else found.rules.get(segment_id)

        await self.client.update_segment(self.parent_id, segment_id, segment, superseding)

    async def delete(
        self, id: str, parent_id: str | None, look: Callable[[], Awaitable[object | None]]
    ) -> bool:
        return await self.client.delete_funnel(self.parent_id, id, look)

    async def get(self, id: str, parent_id: str | None = None) -> FunnelAnswer:
        return await read_answer(self.client, self.parent_id, id)

    async def get_or_none(self, id: str, parent_id: str | None = None) -> FunnelAnswer | None:
        funnel = await self.client.funnel_or_none(self.parent_id, id)
        if funnel is None:
            return None
        try:
            return FunnelAnswer(funnel, await _rules_of(self.client, self.parent_id, funnel))
        except NotFoundError:
            # A stage, or its rule, was deleted in between.
            return await self.get(id)

    async def all(self) -> Answers[FunnelAnswer]:
        funnels: Listed[Funnel] = await self.client.funnels(self.parent_id)
        segments = await self.client.segments(self.parent_id)
        rules = {segment.id: segment for segment in segments}
        answers = {funnel.id: FunnelAnswer(funnel, rules) for funnel in funnels}
        return Answers(answers, frozenset(each.id for each in funnels.unreadable))

    def id_of(self, answer: FunnelAnswer) -> str:
        return answer.funnel.id

    def is_whole(self, answer: FunnelAnswer) -> bool:
        return answer.is_whole

    def state_of(self, answer: FunnelAnswer, expected: State) -> FunnelState:
        assert isinstance(expected, FunnelState), "a funnel"
        state = funnel_state(answer, expected.folder)
        if "description" in answer.funnel.left_out:
            return msgspec.structs.replace(state, description=expected.description)
        return state

    def parent_of(self, answer: FunnelAnswer) -> str | None:
        return answer.funnel.folder_id


def _new_funnel(new: NewState) -> NewFunnel:
    stages = (
        NewStage(stage.name, None if is_symbolic(stage.id) else stage.id)
        for stage in new.state.stages
    )
    return NewFunnel(new.state.name, tuple(stages), new.state.description, new.folder_id)


def _is_head(there: Funnel, new: NewState) -> bool:
    """Whether a funnel is as it is to be, but for the rules of its stages."""
    now = funnel_state(FunnelAnswer(there, {}), new.state.folder)
    wanted = settled(new.state, now)
    assert isinstance(wanted, FunnelState), "a funnel"
    return (
        [(each.id, each.name) for each in now.stages]
        == [(each.id, each.name) for each in wanted.stages]
        and (now.name, now.description) == (wanted.name, wanted.description)
        and there.folder_id in (new.folder_id, None)
        and "description" not in there.left_out
    )
