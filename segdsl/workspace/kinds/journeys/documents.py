"""What a journey says but for its rules and activations, as one JSON text: the same for equal ones.

It is the body of the API with names in the place of all ids that only say where something is: of
the journey itself, its stages, activations and the segments of its criteria, which are called by
their paths (`segdsl.rules.journeys.paths`). Steps have the ids that new ones get. Stages of other
journeys have their ids, or symbolic ids. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

import msgspec

from segdsl.diagnostics import Report
from segdsl.language import journeys as j
from segdsl.language.references.symbolic_ids import reference_of, symbolic_id
from segdsl.language.values import ById, ByName
from segdsl.rules.journeys import (
    JourneyParts,
    encode_journey,
    lower_journey,
    normal_journey,
    path_text,
    read_journey,
    rule_paths,
)
from segdsl.rules.rule.document import load
from segdsl.rules.rule.model import encode
from segdsl.workspace.kinds.deliveries.documents import canonical
from segdsl.workspace.project.keys import JOURNEY_STAGE, JOURNEY_STEP

RuleT = TypeVar("RuleT")
Json = dict[str, Any]
Place = str
"""The path of a rule, or of a step, as one text (`path_text`)."""

_NAME = "journey"
"""What every journey is called in its document."""
_OWN = "own"
"""The id of the journey itself there."""


class Target(NamedTuple):
    """The ids, or symbolic ids, of a stage of another journey."""

    journey: str
    stage: str


def document_of(journey: j.Journey[RuleT], report: Report) -> str | None:
    """The document of a journey whose jumps to others have ids; None after a report."""
    placed = j.map_targets(normal_journey(journey), _by_ids)
    nameless = msgspec.structs.replace(placed, name=_NAME, folder=None, description=None)
    ids = {("journey", ByName(_NAME)): _OWN}
    for stage in nameless.stages:
        name = ByName(stage.name, _NAME)
        ids[JOURNEY_STAGE, name] = symbolic_id(JOURNEY_STAGE, name)
    lowered = lower_journey(nameless, ids, report, symbolic=True)
    if lowered is None:
        return None
    attributes = encode_journey(lowered, state=None)["attributes"]
    return canonical(load(encode(attributes, pretty=False), report))


def _by_ids(target: j.JourneyStageRef) -> j.JourneyStageRef:
    """A stage of another journey, without the names that symbolic ids are read as."""
    journey, stage = target.journey, target.stage
    if not isinstance(journey, ById):
        return target
    if isinstance(stage, ByName):
        named = reference_of("segment", journey.id)
        parent = named.name if isinstance(named, ByName) else f"#{journey.id}"
        stage = ById(symbolic_id(JOURNEY_STAGE, ByName(stage.name, parent)))
    return j.JourneyStageRef(stage, journey, target.span)


class Content(msgspec.Struct, frozen=True):
    """What a document says: the journey, whose rules are their paths, and the ids of new steps."""

    journey: j.Journey[Place]
    step_ids: Mapping[Place, str]


def read_content(document: str) -> Content | None:
    """What a document says; None where it is not one."""
    report = Report()
    body = {"id": _OWN, "type": "journey", "attributes": load(document, report)}
    parts = read_journey(body, {}, report)
    if parts is None:
        return None
    paths = iter([path_text(path) for path, _, _ in rule_paths(parts.journey)])
    journey = j.map_rules(parts.journey, lambda _: next(paths))
    return Content(j.map_targets(journey, _by_ids), step_ids_of(parts))


def step_ids_of(parts: JourneyParts) -> dict[Place, str]:
    """The ids of the steps of a journey that was read, and of their paths and merges, by place."""
    return {name.name: id for (kind, name), id in parts.ids.items() if kind == JOURNEY_STEP}


def targets_of(document: str) -> Iterator[Target]:
    """The stages of other journeys that a document leads to."""
    for value in _targets(json.loads(document or "{}")):
        if value["journeyId"] != _OWN:
            yield Target(value["journeyId"], value["journeyStageId"])


def with_targets(document: str, change: Callable[[Target], Target]) -> str:
    """The document with other stages in their place; numbers keep their text."""
    loaded = load(document, Report())
    for value in _targets(loaded):
        if value["journeyId"] != _OWN:
            new = change(Target(value["journeyId"], value["journeyStageId"]))
            value["journeyId"], value["journeyStageId"] = new
    return encode(loaded, pretty=False)


def _targets(value: Any) -> Iterator[Json]:
    if isinstance(value, dict):
        if "journeyId" in value and "journeyStageId" in value:
            yield value
        for inner in value.values():
            yield from _targets(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _targets(inner)


def stages_of(document: str) -> dict[str, Json]:
    """What each stage says but for its id and name, by its name; nothing for an empty one."""
    found: dict[str, Json] = {}
    for stage in json.loads(document or "{}").get("journeyStages", ()):
        said = {key: value for key, value in stage.items() if key not in ("id", "name") and value}
        found[stage["name"]] = said
    return found


def attribute_of(document: str, key: str) -> Any:
    """A field of the journey itself; None where it is not there."""
    return json.loads(document or "{}").get(key)
