"""The requests for journeys: what is created, updated and deleted. None launches a journey.

A new journey is created as a draft with its stages by name. Then come the segments of its
criteria, its activations, and its steps, which name all of these. What was interrupted in between
is carried on: only what is not as wanted is sent, and only over what was there when the change was
planned. The draft comes first, as it alone can be looked for: no list has segments of criteria.

A launched version is not changed: a new one is made of it, a draft, and that is changed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

import msgspec

from segdsl.api import AlreadyExistsError, Client, ClientError
from segdsl.api.errors import (
    ForbiddenError,
    InvalidResponseError,
    NotFoundError,
    NotSupportedError,
)
from segdsl.api.journey_records import Journey, NewJourney
from segdsl.language import activations as a
from segdsl.language.references.symbolic_ids import is_symbolic
from segdsl.rules.journeys import encode_draft
from segdsl.rules.rule.model import encode
from segdsl.workspace.kinds.deliveries.checks import check_settings
from segdsl.workspace.kinds.journeys.answers import (
    JourneyAnswer,
    JourneyIndex,
    bundle_of,
    journey_state,
    name_of,
)
from segdsl.workspace.kinds.journeys.reading import read_answer
from segdsl.workspace.kinds.journeys.state import JourneyState
from segdsl.workspace.kinds.journeys.writing import Writer
from segdsl.workspace.kinds.kind import Answers, Created, Prepared
from segdsl.workspace.kinds.listings import folder_id_of, states_of
from segdsl.workspace.kinds.resource import Change
from segdsl.workspace.kinds.state import State, is_interrupted, settled
from segdsl.workspace.project.keys import Ref

Look = Callable[[], Awaitable[JourneyAnswer | None]]
_NO_BUNDLE = (NotFoundError, NotSupportedError, ForbiddenError, InvalidResponseError)
"""Errors after which all journeys are listed: a bundle alone does not say that it is gone."""
_SENT = ("name", "description", "reentryMode", "goal", "journeyStages")
"""What is sent again of a launched version whose place or description changes."""


class NewState(msgspec.Struct, frozen=True):
    """What is sent: a journey as it is to be, and the id of its folder."""

    state: JourneyState
    folder_id: str | None


class JourneyRequests(msgspec.Struct, frozen=True):
    """Requests for the journeys of a parent segment, by the ids of all versions together.

    `listed` has all versions of all journeys as they were when they were last listed, if ever.
    """

    client: Client
    parent_id: str
    listed: list[JourneyIndex] = []

    async def prepare(self, change: Change, ids: Mapping[Ref, str]) -> Prepared[NewState]:
        state, before = states_of(change, ids, JourneyState)
        old = {} if before is None else {each.name: each for each in before.activations}
        for each in state.activations:
            known = old[each.name].activation if each.name in old else None
            await check_settings(
                self.client,
                a.Delivery() if each.activation is None else each.activation.delivery,
                None if known is None else known.delivery,
            )
        folder_id = await folder_id_of(self.client, self.parent_id, change)
        return Prepared(NewState(state, folder_id), state, folder_id)

    # --- creating ----------------------------------------------------------------------

    async def create(self, new: NewState) -> Created[JourneyAnswer]:
        state = new.state
        content = state.content
        assert content is not None, "what a workspace says can be read back"
        draft = msgspec.structs.replace(
            content.journey, name=state.name, description=state.description or None
        )
        body = encode(encode_draft(draft), pretty=False).encode()
        wanted = NewJourney(state.name, msgspec.Raw(body), new.folder_id)
        try:
            made = await self.client.create_journey(self.parent_id, wanted)
        except AlreadyExistsError as error:
            made = cast(Journey, error.existing)
            there = await self.get(bundle_of(made))
            now = journey_state(there, state.folder)
            if now == settled(state, now) or not is_interrupted(now, state, {}):
                return Created(there, error)
        bundle = bundle_of(made)
        return Created(await self._complete(bundle, new, self._look_between(bundle, new)))

    def _look_between(self, bundle: str, new: NewState) -> Look:
        """Looks at a journey that this run created: nobody else may have changed it."""

        async def look() -> JourneyAnswer | None:
            answer = await self.get(bundle)
            now = journey_state(answer, new.state.folder)
            if now == settled(new.state, now):
                return answer
            if not is_interrupted(now, new.state, {}):
                raise ClientError(
                    "somebody changed the journey while it was created", "make a new plan"
                )
            return None

        return look

    # --- updating ----------------------------------------------------------------------

    async def update(self, id: str, new: NewState, look: Look) -> JourneyAnswer:
        now = await look()
        if now is not None:
            return now
        await self._list()  # Others may have the segments of its criteria by now.
        await self._move(await self.get(id), new, look)
        return await self._complete(id, new, look)

    async def _move(self, answer: JourneyAnswer, new: NewState, look: Look) -> None:
        """Sends the name, and of a launched version the folder and the description: its content
        stays."""
        journey, state = answer.journey, new.state
        now = journey_state(answer, state.folder)
        if name_of(journey) != state.name and journey.bundle_id is not None:
            bundle = await self.client.journey_bundle(journey.bundle_id)
            await self.client.update_journey_bundle(
                journey.bundle_id, state.name, bundle.description
            )
        is_moved = journey.folder_id not in (new.folder_id, None)
        is_same = now.content_digest == state.content_digest
        if not now.launched or not (is_moved or (is_same and now.description != state.description)):
            return
        decoded = journey.decoded()
        answered = decoded.get("attributes", decoded)
        attributes: dict[str, Any] = {key: answered[key] for key in _SENT if key in answered}
        if is_same:
            attributes["description"] = state.description
        if journey.name == name_of(journey):
            attributes["name"] = state.name
        for stage in attributes.get("journeyStages") or ():
            if stage.get("rootStep", "") is None:
                del stage["rootStep"]  # A body has no null there (described).
        body = msgspec.json.encode({"type": "journey", "attributes": attributes})

        async def superseding() -> Journey | None:
            found = await look()
            return None if found is None else found.journey

        wanted = NewJourney(journey.name, msgspec.Raw(body), new.folder_id)
        await self.client.update_journey(journey.id, wanted, superseding)

    async def _complete(self, bundle: str, new: NewState, look: Look) -> JourneyAnswer:
        """Sends what is not as wanted; nothing of what leads to journeys that are not there yet."""
        answer = await self.get(bundle)
        if any(is_symbolic(ref.id) for ref in new.state.late_refs):
            return answer
        now = journey_state(answer, new.state.folder)
        if now.launched and now.content_digest != new.state.content_digest:
            await self.client.create_journey_version(bundle, source_id=answer.journey.id)
            answer = await self.get(bundle)
        writer = Writer(self.client, self.parent_id, bundle, new.state, new.folder_id, look)
        return await writer.written(answer, self.get)

    # --- the others --------------------------------------------------------------------

    async def delete(
        self, id: str, parent_id: str | None, look: Callable[[], Awaitable[object | None]]
    ) -> bool:
        """With all its versions."""
        index = await self._list()
        if any(each.bundle_id is None for each in index.versions.get(id, ())):
            return await self.client.delete_journey(id, look)
        return await self.client.delete_journey_bundle(id, look)

    async def get(self, id: str, parent_id: str | None = None) -> JourneyAnswer:
        answer = await self._get(id)
        if answer is None:
            raise ClientError(f"there is no journey #{id} any more", "make a new plan")
        return answer

    async def get_or_none(self, id: str, parent_id: str | None = None) -> JourneyAnswer | None:
        return await self._get(id)

    async def _get(self, id: str) -> JourneyAnswer | None:
        """The journey as it is now; the others as they were when they were last listed, but where
        it leads to one that was not there then."""
        if not self.listed:
            return await self._listed_answer(id)
        index = self.listed[-1]
        try:
            bundle = await self.client.journey_bundle(id)
        except _NO_BUNDLE:
            return await self._listed_answer(id)
        versions = [
            msgspec.structs.replace(each, bundle_id=id, bundle_name=bundle.name)
            for each in bundle.journeys
        ]
        if not versions:
            return await self._listed_answer(id)
        index = index.with_versions(id, versions)
        answer = await read_answer(self.client, self.parent_id, index.newest(id), index)
        return answer if answer.is_known else await self._listed_answer(id)

    async def _listed_answer(self, id: str) -> JourneyAnswer | None:
        index = await self._list()
        if id not in index.versions:
            return None
        return await read_answer(self.client, self.parent_id, index.newest(id), index)

    async def _list(self) -> JourneyIndex:
        listed = await self.client.journeys(self.parent_id)
        self.listed[:] = [JourneyIndex(listed, is_whole=not listed.unreadable)]
        return self.listed[0]

    async def all(self) -> Answers[JourneyAnswer]:
        listed = await self.client.journeys(self.parent_id)
        index = JourneyIndex(listed, is_whole=not listed.unreadable)
        answers = {
            bundle: JourneyAnswer(index.newest(bundle), index, is_whole=False)
            for bundle in index.versions
        }
        return Answers(answers, frozenset(each.id for each in listed.unreadable))

    def id_of(self, answer: JourneyAnswer) -> str:
        return answer.bundle

    def is_whole(self, answer: JourneyAnswer) -> bool:
        return answer.is_whole

    def state_of(self, answer: JourneyAnswer, expected: State) -> JourneyState:
        assert isinstance(expected, JourneyState), "a journey"
        return journey_state(answer, expected.folder)

    def parent_of(self, answer: JourneyAnswer) -> str | None:
        return answer.journey.folder_id
