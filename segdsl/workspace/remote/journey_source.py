"""A journey of a server as source: its document, the segments of its criteria, its activations."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec

from segdsl.api import Client, ClientError
from segdsl.api.journey_records import Journey as ApiJourney
from segdsl.api.journey_records import JourneyActivation
from segdsl.diagnostics import Report
from segdsl.language import activations as a
from segdsl.language import journeys as j
from segdsl.language.condition import tree as c
from segdsl.language.resolve import Program, resolve_all
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.model_items import journey_item, journey_of
from segdsl.language.values import ById, ByName, Reference
from segdsl.rules.activations import read_journey_activation
from segdsl.rules.activations.fields import FieldReader
from segdsl.rules.activations.lift import lift_activation
from segdsl.rules.journeys import JourneyParts, parts_of, read_criteria, read_document
from segdsl.rules.journeys.lift import lift_journey
from segdsl.rules.rule.document import UnreadableError, load
from segdsl.rules.rule.model import Rule
from segdsl.workspace.project.keys import CONNECTION, JOURNEY, JOURNEY_STAGE, TEMPLATE, USER, Ref
from segdsl.workspace.remote.reading import NOT_OFFERED
from segdsl.workspace.remote.source import with_names

AT_ONCE = 8
"""Requests for the segments of criteria at a time."""


class ReadJourney(msgspec.Struct, frozen=True):
    """What a server answers of a version of a journey: its activations, and the JSON of the
    segments of its criteria by their ids; an error in the place of one that cannot be read."""

    journey: ApiJourney
    folder: tuple[str, ...]
    activations: tuple[JourneyActivation, ...]
    segments: Mapping[str, str | ClientError]


async def read_journey(
    client: Client, parent_id: str, id: str, folder: tuple[str, ...]
) -> ReadJourney:
    """A version of a journey with what belongs to it; raises ClientError."""
    journey = await client.journey(id)
    activations = await client.journey_activations(id)
    ids = _segment_ids(journey, activations)
    limit = asyncio.Semaphore(AT_ONCE)

    async def segment(id: str) -> str | ClientError:
        async with limit:
            try:
                return await client.segment_json(parent_id, id)
            except NOT_OFFERED as error:
                return error

    found = await asyncio.gather(*map(segment, ids))
    return ReadJourney(journey, folder, tuple(activations), dict(zip(ids, found, strict=True)))


def _parts(
    journey: ApiJourney, activations: tuple[JourneyActivation, ...], report: Report
) -> JourneyParts | None:
    try:
        document = read_document(load(bytes(journey.document).decode(), report), report)
    except UnreadableError:
        return None
    names = {each.id: each.name for each in activations}
    return None if document is None else parts_of(document, names, report)


def _segment_ids(
    journey: ApiJourney, activations: tuple[JourneyActivation, ...]
) -> tuple[str, ...]:
    parts = _parts(journey, tuple(activations), Report())
    return () if parts is None else parts.segment_ids


def items_of(
    read: ReadJourney, names: Mapping[Ref, ByName], report: Report
) -> tuple[t.Journey | t.Activation, ...]:
    """The journey and its activations as items of a file; none after a report.

    `names` is how what they refer to is named, by ids.
    """
    journey = _tree(read, report)
    if journey is None:
        return ()
    activations: list[t.Activation] = []
    for each in read.activations:
        parts = read_journey_activation(_loaded(each.document, report), report)
        if parts is None:
            return ()
        activation = parts.activation(a.Target("journey", ByName(journey.name)))
        activations.append(lift_activation(_named_activation(activation, names)))
    return (_named_journey(journey, names), *activations)


def resolved_journey(
    read: ReadJourney, names: Mapping[Ref, ByName], report: Report
) -> j.Journey[c.Segment] | None:
    """The journey with resolved rules, to draw it; None after a report."""
    journey = _tree(read, report)
    if journey is None:
        return None
    own = Report()
    item = _named_journey(journey, names)
    resolved = resolve_all(Program("", {"": t.File((item,))}), own).journeys
    if not resolved:
        for each in own.diagnostics:
            report.add(each.code, None, each.message, help=each.help)
        return None
    return resolved[0]


def _loaded(document: msgspec.Raw, report: Report) -> Any:
    return load(bytes(document).decode(), report)


def _tree(read: ReadJourney, report: Report) -> t.Journey | None:
    """The journey with ids in the place of names; None after a report."""
    parts = _parts(read.journey, read.activations, report)
    if parts is None:
        return None
    rules: dict[str, Rule] = {}
    for id, text in read.segments.items():
        if isinstance(text, ClientError):
            continue  # The rule that misses is reported by its name.
        criteria = read_criteria(load(text, report), report)
        if criteria is None:
            return None
        rules[id] = criteria.rule
    folder = "/".join(read.folder) or None
    try:
        return lift_journey(parts, rules, FieldReader(report), folder=folder)
    except UnreadableError:
        return None


def _named_journey(item: t.Journey, names: Mapping[Ref, ByName]) -> t.Journey:
    def rule(rule: t.StageRule) -> t.StageRule:
        where = None if rule.where is None else with_names(rule.where, names)
        return msgspec.structs.replace(rule, where=where)

    def target(target: j.JourneyStageRef) -> j.JourneyStageRef:
        if target.journey is None:
            return target
        stage = _name(JOURNEY_STAGE, target.stage, names)
        if isinstance(stage, ByName):
            stage = ByName(stage.name)
        return msgspec.structs.replace(
            target, stage=stage, journey=_name(JOURNEY, target.journey, names)
        )

    return journey_item(j.map_targets(j.map_rules(journey_of(item), rule), target))


def _name(kind: str, target: Reference, names: Mapping[Ref, ByName]) -> Reference:
    return names.get(Ref(kind, target.id), target) if isinstance(target, ById) else target


def _named_activation(activation: a.Activation, names: Mapping[Ref, ByName]) -> a.Activation:
    delivery = activation.delivery
    connection, notification = delivery.connection, delivery.notification
    if connection is not None:
        connection = msgspec.structs.replace(
            connection, target=_name(CONNECTION, connection.target, names)
        )
    if notification is not None:
        recipients = tuple(
            msgspec.structs.replace(each, user=_name(USER, each.user, names))
            for each in notification.recipients
        )
        notification = msgspec.structs.replace(notification, recipients=recipients)
    template = activation.template
    return msgspec.structs.replace(
        activation,
        template=None if template is None else _name(TEMPLATE, template, names),
        delivery=msgspec.structs.replace(
            delivery, connection=connection, notification=notification
        ),
    )
