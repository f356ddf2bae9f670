"""Makes a draft what is wanted: its stages, the rules of criteria, its activations, its steps."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

import msgspec

from segdsl.api import Client, ClientError, ConflictError, NewSegment
from segdsl.api import Segment as ApiSegment
from segdsl.api.journey_records import (
    Journey,
    JourneyActivation,
    NewJourney,
    NewJourneyActivation,
)
from segdsl.diagnostics import Report
from segdsl.language import activations as a
from segdsl.language import journeys as j
from segdsl.language.references.symbolic_ids import is_symbolic
from segdsl.language.values import ById, ByName
from segdsl.rules.activations import ColumnIds, encode_activation, read_journey_activation
from segdsl.rules.journeys import encode_journey, lower_journey, path_text, rule_paths
from segdsl.rules.journeys import model as m
from segdsl.rules.rule.document import load
from segdsl.rules.rule.model import encode
from segdsl.workspace.kinds.journeys.answers import (
    JourneyAnswer,
    JourneyIndex,
    journey_state,
    name_of,
)
from segdsl.workspace.kinds.journeys.documents import Place
from segdsl.workspace.kinds.journeys.state import (
    ActivationPart,
    JourneyState,
    activation_document,
)
from segdsl.workspace.kinds.segments.state import canonical_rule_of
from segdsl.workspace.project.keys import JOURNEY, JOURNEY_ACTIVATION, JOURNEY_STAGE, JOURNEY_STEP

Look = Callable[[], Awaitable[JourneyAnswer | None]]
Get = Callable[[str], Awaitable[JourneyAnswer]]
_SEGMENT = "journey segment"


class Writer(msgspec.Struct, frozen=True):
    """Sends what a draft lacks of a state that leads to nothing without an id.

    `look` runs before each try: what it finds is the answer, and no more is sent.
    """

    client: Client
    parent_id: str
    bundle: str
    wanted: JourneyState
    folder_id: str | None
    look: Look

    async def written(self, answer: JourneyAnswer, get: Get) -> JourneyAnswer:
        """The journey as it is then; `answer` is what it is now."""
        if await self._is_done(answer):
            return answer
        if journey_state(answer, self.wanted.folder).launched:
            # Only activations change, which a launched version lets everybody do (documented).
            await self._activations(answer)
            return await get(self.bundle)
        before = answer.all_segments
        if self._lacks_stages(answer):
            await self._send(answer, self._with_stages(answer))
            answer = await get(self.bundle)
        segments = await self._rules(answer)
        activations = await self._activations(answer)
        await self._send(answer, self._whole(answer, segments, activations))
        answer = await get(self.bundle)
        await self._delete_unused(before - answer.all_segments)
        return answer

    async def _is_done(self, answer: JourneyAnswer) -> bool:
        now = journey_state(answer, self.wanted.folder)
        is_there = answer.journey.folder_id in (self.folder_id, None)
        return now == self.wanted and is_there

    # --- stages ------------------------------------------------------------------------

    def _known_stages(self, answer: JourneyAnswer) -> dict[str, str]:
        """The ids of the stages in this version, by the names that they are to have."""
        ids = {
            answer.index.stage_id(self.bundle, each.name)
            if answer.index.stage(each.id) is not None
            else each.id: each.id
            for each in answer.journey.stages
        }
        here = {each.name: each.id for each in answer.journey.stages}
        found: dict[str, str] = {}
        for id, name in self.wanted.stages:
            own = ids.get(id) or here.get(name)
            if own is not None and own not in found.values():
                found[name] = own
        return found

    def _lacks_stages(self, answer: JourneyAnswer) -> bool:
        return len(self._known_stages(answer)) < len(self.wanted.stages)

    def _with_stages(self, answer: JourneyAnswer) -> m.Journey:
        """The draft with all stages by name: new ones get an id, which steps may lead to."""
        ids = self._known_stages(answer)
        stages = tuple(m.Stage(name, id=ids.get(name)) for _, name in self.wanted.stages)
        journey = self._journey()
        reentry = m.Journey("", ()).reentry_mode
        for mode, api in j.REENTRY.items():
            if mode == (journey.reentry or "never"):
                reentry = api  # type: ignore[assignment]
        return m.Journey(
            self._version_name(answer), stages, self.wanted.description, reentry_mode=reentry
        )

    # --- rules -------------------------------------------------------------------------

    async def _rules(self, answer: JourneyAnswer) -> dict[Place, str]:
        """The ids of the segments of the criteria; one is changed only where nobody else has it."""
        current = _ids_of(answer, _SEGMENT)
        names = {path_text(path): name for path, name, _ in rule_paths(self._journey())}
        wanted = {each.place: each.rule for each in self.wanted.rules}
        rules = {
            id: canonical_rule_of(each)
            for id, each in answer.rules.items()
            if each.rule is not None
        }
        found = {
            place: current[place]
            for place, rule in wanted.items()
            if place in current and rules.get(current[place]) == rule
        }
        # What was renamed keeps its segment.
        free = [id for id in dict.fromkeys(current.values()) if id not in found.values()]
        for place, rule in wanted.items():
            same = next((id for id in free if rules.get(id) == rule), None)
            if place not in found and same is not None:
                found[place] = same
                free.remove(same)
        for place, rule in wanted.items():
            if place not in found:
                id = current.get(place)
                is_own = id in free and id is not None and self._is_own(answer, id, current)
                found[place] = await self._rule(names[place], rule, id if is_own else None)
                if is_own and id is not None:
                    free.remove(id)
        return found

    def _is_own(self, answer: JourneyAnswer, id: str, current: Mapping[Place, str]) -> bool:
        """Whether a segment is the rule of one criterion of this version, and of nothing else."""
        if not answer.index.is_whole or [*current.values()].count(id) != 1:
            return False
        return answer.index.users.get(id, frozenset()) <= {answer.journey.id}

    async def _rule(self, name: str, rule: str, id: str | None) -> str:
        segment = NewSegment(
            name,
            msgspec.Raw(rule.encode()),
            "journey",
            "",
            self.folder_id,
            count_population=None,
        )
        if id is None:
            return (await self.client.create_segment(self.parent_id, segment)).id
        known = id

        async def superseding() -> ApiSegment | None:
            found = await self.look()
            return None if found is None else found.rules.get(known)

        await self.client.update_segment(self.parent_id, id, segment, superseding)
        return id

    async def _delete_unused(self, ids: frozenset[str]) -> None:
        """Deletes segments that were criteria of this version, where no version has them now.

        What goes wrong leaves them: nothing refers to them, and no list shows them.
        """
        if not ids:
            return
        with suppress(ClientError):
            listed = await self.client.journeys(self.parent_id)
            index = JourneyIndex(listed, is_whole=not listed.unreadable)
            unused = ids.difference(index.users) if index.is_whole else ()
            for id in sorted(unused):
                with suppress(ConflictError):  # Another rule refers to it.
                    await self.client.delete_segment(id)

    # --- activations -------------------------------------------------------------------

    async def _activations(self, answer: JourneyAnswer) -> dict[str, str]:
        """The ids of the activations, by their names.

        One that no step names was left by a creation that was interrupted, or by a step that is
        gone: it is taken, as no request deletes it.
        """
        used = {each.name: each for each in answer.used_activations}
        spare: dict[str, JourneyActivation] = {}
        for each in sorted(answer.activations, key=lambda each: (len(each.id), each.id)):
            if each.name not in used:
                spare[each.name] = each
        found: dict[str, str] = {}
        for part in self.wanted.activations:
            there = used.get(part.name) or spare.get(part.name)
            found[part.name] = await self._activation(answer.journey.id, part, there)
        return found

    async def _activation(
        self, journey_id: str, part: ActivationPart, there: JourneyActivation | None
    ) -> str:
        activation = part.activation
        assert activation is not None, "what a workspace says can be read back"
        if there is None:
            params = _params(activation, ColumnIds(), is_whole=False)
            new = NewJourneyActivation(part.name, params)
            return (await self.client.create_journey_activation(journey_id, new)).id
        report = Report()
        parts = read_journey_activation(load(bytes(there.document).decode(), report), report)
        if parts is not None:
            now = parts.activation(a.Target("journey", ById("0")))
            if activation_document(now, report) == part.document:
                return there.id
        columns = ColumnIds() if parts is None else parts.column_ids
        known = there

        async def superseding() -> JourneyActivation | None:
            found = await self.look()
            if found is None:
                return None
            return next((each for each in found.activations if each.id == known.id), None)

        new = NewJourneyActivation(part.name, _params(activation, columns, is_whole=True))
        await self.client.update_journey_activation(journey_id, there.id, new, superseding)
        return there.id

    # --- the whole ---------------------------------------------------------------------

    def _journey(self) -> j.Journey[Place]:
        content = self.wanted.content
        assert content is not None, "what a workspace says can be read back"
        return msgspec.structs.replace(
            content.journey,
            name=self.wanted.name,
            description=self.wanted.description or None,
        )

    def _version_name(self, answer: JourneyAnswer) -> str:
        """The name of this version: the first is called as the journey (observed)."""
        journey, name = answer.journey, name_of(answer.journey)
        is_first = journey.version in (None, 1) or journey.name == name
        return self.wanted.name if is_first else f"{self.wanted.name}(v{journey.version})"

    def _whole(
        self,
        answer: JourneyAnswer,
        segments: Mapping[Place, str],
        activations: Mapping[str, str],
    ) -> m.Journey:
        name = self.wanted.name
        ids = {(JOURNEY, ByName(name)): answer.journey.id}
        for place, id in {**_ids_of(answer, _SEGMENT), **segments}.items():
            ids[_SEGMENT, ByName(place, name)] = id
        for place, id in self.wanted.steps.items():
            ids[JOURNEY_STEP, ByName(place, name)] = id
        for stage, id in self._known_stages(answer).items():
            ids[JOURNEY_STAGE, ByName(stage, name)] = id
        for each, id in activations.items():
            ids[JOURNEY_ACTIVATION, ByName(each, name)] = id

        def actual(target: j.JourneyStageRef) -> j.JourneyStageRef:
            if not isinstance(target.journey, ById) or not isinstance(target.stage, ById):
                return target
            to, stage = answer.index.target(target.journey.id, target.stage.id)
            return j.JourneyStageRef(ById(stage), ById(to))

        report = Report()
        journey = j.map_targets(self._journey(), actual)
        lowered = lower_journey(journey, ids, report, symbolic=True)
        assert lowered is not None, "it was lowered before"
        return msgspec.structs.replace(
            lowered,
            name=self._version_name(answer),
            stages=tuple(map(_without_symbolic, lowered.stages)),
        )

    async def _send(self, answer: JourneyAnswer, journey: m.Journey) -> None:
        body = encode(encode_journey(journey), pretty=False).encode()
        new = NewJourney(journey.name, msgspec.Raw(body), self.folder_id)

        async def superseding() -> Journey | None:
            found = await self.look()
            if found is not None and found.journey.id != answer.journey.id:
                raise ClientError("somebody made a new version of it", "make a new plan")
            return None if found is None else found.journey

        await self.client.update_journey(answer.journey.id, new, superseding)


def _without_symbolic(stage: m.Stage) -> m.Stage:
    """The stage whose steps name no activation that is not chosen yet."""
    steps = {
        id: msgspec.structs.replace(step, journey_activation_step_id=None)
        if isinstance(step, m.Activation) and is_symbolic(step.journey_activation_step_id or "")
        else step
        for id, step in stage.steps.items()
    }
    return msgspec.structs.replace(stage, steps=steps)


def _ids_of(answer: JourneyAnswer, kind: str) -> dict[Place, str]:
    """The ids of the parts of a version, by their places."""
    known = {} if answer.parts is None else answer.parts.ids
    return {name.name: id for (of, name), id in known.items() if of == kind}


def _params(activation: a.Activation, columns: ColumnIds, *, is_whole: bool) -> msgspec.Raw:
    report = Report()
    body = encode_activation(
        activation, {}, report, "journey", is_whole=is_whole, column_ids=columns
    )
    assert body is not None, report.diagnostics
    return msgspec.Raw(encode(body["attributes"]["activationParams"], pretty=False).encode())
