"""What everything of a server uses that has rules or exports.

Activations, templates, predictive segments and the rules of stages and journeys are read one by
one: lists may leave out what they say, or leave out the segments that are such rules.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from typing import Any, TypeVar

import msgspec

from segdsl.api import ClientError
from segdsl.api.complete import CONCURRENCY, SEGMENT_ERRORS
from segdsl.api.journey_records import Journey
from segdsl.language.values import ById, Reference
from segdsl.parent_segment.vanishing import Field
from segdsl.workspace.parent.journey_uses import Piece, journey_pieces
from segdsl.workspace.parent.users import User, UserKind, Uses
from segdsl.workspace.parent.users_in_files import is_named
from segdsl.workspace.parent.uses import export_uses, model_uses, rule_uses
from segdsl.workspace.remote.reading import NOT_OFFERED, ServerReading

_MODEL_SEGMENTS = ("segmentId", "baseSegmentId", "scoredSegmentId")
_T = TypeVar("_T")


class ServerUses(msgspec.Struct, frozen=True):
    """The users that are there, each with what it uses; `unread` says of what cannot be read that
    it may use anything. `rules` are those of segments in lists, by their ids, and `places` where
    these segments are."""

    uses: tuple[Uses, ...]
    unread: tuple[str, ...]
    rules: dict[str, frozenset[Field]]
    places: dict[str, tuple[str, ...]]

    def rule(self, target: Reference) -> frozenset[Field]:
        """What the rule of a segment uses that is named; of several of the name, what any uses."""
        if isinstance(target, ById):
            return self.rules.get(target.id, frozenset())
        named = (id for id, path in self.places.items() if is_named(target, path[:-1], path[-1]))
        return frozenset(field for id in named for field in self.rules[id])


async def uses_on_server(reading: ServerReading) -> ServerUses:
    """What the segments, stages, activations, templates, predictive segments and journeys of a
    server use; raises ClientError."""
    return await _Search(reading).run()


class _Search:
    """One search, with what it has collected."""

    def __init__(self, reading: ServerReading) -> None:
        self._reading = reading
        self._uses: list[Uses] = []
        self._unread: list[str] = []
        self._rules: dict[str, frozenset[Field]] = {}
        self._places: dict[str, tuple[str, ...]] = {}
        self._room = asyncio.Semaphore(CONCURRENCY)

    async def run(self) -> ServerUses:
        await self._segments()
        sent_by_journeys = await self._journeys()
        await self._activations(sent_by_journeys)
        await self._templates()
        await self._models()
        return ServerUses(tuple(self._uses), tuple(self._unread), self._rules, self._places)

    def _add(self, kind: UserKind, path: Iterable[str], id: str, uses: frozenset[Field]) -> None:
        self._uses.append((User(kind, "/".join(path), id), uses))

    async def _folder(self, id: str | None) -> tuple[str, ...]:
        return (await self._reading.snapshot()).path_of(id) or ()

    # --- rules -------------------------------------------------------------------------

    async def _segments(self) -> None:
        snapshot = await self._reading.snapshot()
        places, stages = await self._reading.places(), await self._reading.stage_segments()
        self._unread += [f"the segment {each.title}: {each.why}" for each in snapshot.unreadable]
        for path, segment in snapshot.segments:
            kind: UserKind = "stage" if segment.id in stages else "segment"
            place = places.get(segment.id, (*(path or ()), segment.name))
            uses = _rule(segment.rule)
            self._add(kind, place, segment.id, uses)
            self._rules[segment.id], self._places[segment.id] = uses, tuple(place)
        unlisted = sorted(stages - self._rules.keys())
        await self._read_rules(unlisted, "a stage")
        for id in unlisted:
            self._add("stage", places[id], id, self._rules.get(id, frozenset()))

    async def _read_rules(self, ids: Iterable[str], whose: str) -> None:
        """Reads the rules of segments that are in no list."""
        missing = [id for id in dict.fromkeys(ids) if id not in self._rules]
        for id, uses in zip(
            missing, await asyncio.gather(*map(self._rule_of, missing)), strict=True
        ):
            if isinstance(uses, ClientError):
                self._unread.append(f"the segment #{id} of {whose}: {uses.message}")
            else:
                self._rules[id] = uses

    async def _rule_of(self, id: str) -> frozenset[Field] | ClientError:
        async with self._room:
            try:
                segment = await self._reading.client.segment(self._reading.parent_id, id)
            except SEGMENT_ERRORS as error:
                return error
        return _rule(segment.rule)

    async def _whole(self, request: Awaitable[_T]) -> _T:
        async with self._room:
            return await request

    # --- journeys ----------------------------------------------------------------------

    async def _journeys(self) -> frozenset[str]:
        """All versions of all journeys; the ids that their activations have among all others."""
        listed = await _offered(self._reading.client.journeys(self._reading.parent_id))
        if isinstance(listed, ClientError):
            self._unread.append(f"the journeys: {listed.message}")
            return frozenset()
        self._unread += [f"the journey {each.title}: {each.why}" for each in listed.unreadable]
        ids = [await self._journey(each) for each in listed]
        return frozenset(id for of in ids for id in of)

    async def _journey(self, journey: Journey) -> list[str]:
        document = journey.decoded()
        if "journeyStages" not in document.get("attributes", document):
            document = (await self._reading.client.journey(journey.id)).decoded()
        path = (*await self._folder(journey.folder_id), journey.name)
        title = f"the journey {journey.name} (#{journey.id})"
        pieces = journey_pieces(document)
        await self._read_rules((each.segment_id for each in pieces if each.segment_id), title)
        for each in pieces:
            self._add("journey", (*path, *each.path), journey.id, self._piece(each))
        activations = await _offered(self._reading.client.journey_activations(journey.id))
        if isinstance(activations, ClientError):
            self._unread.append(f"the activations of {title}: {activations.message}")
            return []
        self._unread += [
            f"the activation {each.title} of {title}: {each.why}" for each in activations.unreadable
        ]
        for activation in activations:
            decoded = activation.decoded()
            params = decoded.get("attributes", decoded).get("activationParams")
            uses = export_uses(params if isinstance(params, dict) else {})
            self._add("activation", (*path, activation.name), activation.id, uses)
        return [each.activation_id for each in activations if each.activation_id is not None]

    def _piece(self, piece: Piece) -> frozenset[Field]:
        if piece.segment_id is None:
            return piece.uses
        return self._rules.get(piece.segment_id, frozenset()) | piece.uses

    # --- exports -----------------------------------------------------------------------

    async def _activations(self, known: frozenset[str]) -> None:
        """The activations, without those of journeys, which have been read."""
        reading = self._reading
        listed = await reading.activations()
        if isinstance(listed, ClientError):
            self._unread.append(f"the activations: {listed.message}")
            return
        self._unread += [f"the activation {each.title}: {each.why}" for each in listed.unreadable]
        places = await reading.places()
        others = [each for each in listed if each.id not in known]
        self._unread += [
            f"the activation {each.name} (#{each.id}): it names no segment"
            for each in others
            if each.segment_id is None
        ]
        of_segments = [(each.segment_id, each.id) for each in others if each.segment_id is not None]
        whole = await asyncio.gather(
            *(self._whole(reading.client.activation(*each)) for each in of_segments)
        )
        for (segment, _), each in zip(of_segments, whole, strict=True):
            path = (*places.get(segment, ()), each.name)
            self._add("activation", path, each.id, export_uses(each.decoded()))

    async def _templates(self) -> None:
        listed = await self._reading.templates()
        if isinstance(listed, ClientError):
            self._unread.append(f"the activation templates: {listed.message}")
            return
        self._unread += [
            f"the activation template {each.title}: {each.why}" for each in listed.unreadable
        ]
        client = self._reading.client
        for each in await asyncio.gather(*(self._whole(client.template(e.id)) for e in listed)):
            path = (*await self._folder(each.folder_id), each.name)
            self._add("template", path, each.id, export_uses(each.decoded()))

    # --- predictive segments -----------------------------------------------------------

    async def _models(self) -> None:
        reading = self._reading
        listed = await reading.predictive_segments()
        if isinstance(listed, ClientError):
            self._unread.append(f"the predictive segments: {listed.message}")
            return
        self._unread += [
            f"the predictive segment {each.title}: {each.why}" for each in listed.unreadable
        ]
        whole = await asyncio.gather(
            *(
                self._whole(reading.client.predictive_segment(reading.parent_id, each.id))
                for each in listed
            )
        )
        for summary, each in zip(listed, whole, strict=True):
            document = each.decoded()
            ids = _model_segments(document.get("attributes", document))
            await self._read_rules(ids, f"the predictive segment {each.name} (#{each.id})")
            uses = model_uses(document)
            for id in ids:
                uses |= self._rules.get(id, frozenset())
            path = (*await self._folder(each.folder_id or summary.folder_id), each.name)
            self._add("predictive segment", path, each.id, uses)


def _model_segments(values: dict[str, Any]) -> list[str]:
    """The segments of those who convert, who are learned from, and who are scored."""
    ids = (values.get(key) for key in _MODEL_SEGMENTS)
    return [str(id) for id in ids if isinstance(id, str | int) and id != ""]


def _rule(rule: msgspec.Raw | None) -> frozenset[Field]:
    return frozenset() if rule is None else rule_uses(msgspec.json.decode(rule))


async def _offered(request: Awaitable[_T]) -> _T | ClientError:
    try:
        return await request
    except NOT_OFFERED as error:
        return error
