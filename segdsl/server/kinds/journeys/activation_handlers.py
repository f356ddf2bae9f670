"""Handlers of the activations of journeys, and of what their steps can send."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import UnsetType

from segdsl.server.errors import ASSOCIATION, ApiError, Problem, existing, refuse
from segdsl.server.http.request_models import check_id, check_type, path_id
from segdsl.server.http.responses import document
from segdsl.server.kinds.account import Account
from segdsl.server.kinds.activations import checks
from segdsl.server.kinds.activations.request_models import (
    ENTITY_KEYS,
    PLAIN_KEYS,
    Keys,
    Sent,
    changed,
    decode_keys,
    delivery,
    entity_sent,
)
from segdsl.server.kinds.activations.table import Content
from segdsl.server.kinds.activations.templates import Templates
from segdsl.server.kinds.journeys import responses
from segdsl.server.kinds.journeys.activation_table import ActivationStep, template_of
from segdsl.server.kinds.journeys.collection import NAME, Journeys
from segdsl.server.kinds.journeys.model import Content as JourneyContent
from segdsl.server.kinds.journeys.model import Journey, Stage
from segdsl.server.kinds.journeys.request_models import journey_sent, wanted_content
from segdsl.server.kinds.parent_segments import responses as parent_segments
from segdsl.server.kinds.placement import check_name
from segdsl.server.kinds.segments.collection import Segments
from segdsl.server.service import JSON, JSON_API, Call, Json, Route, Service

ACTIVATION_NAME = "journey activation"
_KEYS = Keys(
    ENTITY_KEYS.read
    | PLAIN_KEYS.read
    # Where real servers keep that an activation runs behind its journey is assumed.
    | {"runAfterJourneyRefresh", "activationTemplateId", "description", "activationActionsEnabled"},
    ENTITY_KEYS.nullable | PLAIN_KEYS.nullable,
)
_JOURNEY_TEMPLATE = 1


def list_activations(service: Service, call: Call) -> Any:
    steps = service[Journeys].activations.of_journeys([_journey(service, call).id])
    return document([responses.activation(step, strict=service.strict) for step in steps])


def create(service: Service, call: Call) -> Any:
    """`connectionId` and `connectorConfig` may be null (described)."""
    journey = _journey(service, call)
    sent = _params(service, call, None)
    for key in ("connectionId", "connectorConfig"):
        if key not in sent.keys:
            raise refuse(f"an activation needs a `{key}`", sent.path, ASSOCIATION)
    name = sent.name("an activation", None)
    content = _content(service, {}, sent, name)
    try:
        step = service[Journeys].activations.create(journey.id, name, content, service.clock())
    except sqlite3.IntegrityError:
        # The journey was deleted in the meantime.
        return existing(None, NAME, journey.id)
    if journey.is_launched:
        service[Journeys].activations.announce(journey.id)
    return _answer(service, journey, step.id)


def read(service: Service, call: Call) -> Any:
    journey = _journey(service, call)
    return _answer(service, journey, _step(service, call, journey).id)


def update(service: Service, call: Call) -> Any:
    """What the body leaves out stays as it is (assumed). A launched journey keeps its activations
    open to edits (documented).
    """
    journey = _journey(service, call)
    before = _step(service, call, journey)
    sent = _params(service, call, before)
    name = sent.name("an activation", before.name)
    content = _content(service, before.content, sent, name)
    service[Journeys].activations.update(before.id, name, content, service.clock())
    return _answer(service, journey, before.id)


def _params(service: Service, call: Call, before: ActivationStep | None) -> Sent:
    """The `activationParams` of a body. Raises ApiError (400)."""
    # Null is a value of some of the keys, and the description requires others of answers alone.
    body, place, attributes = entity_sent(call.body, strict=service.strict)
    check_type(body, place, (responses.ACTIVATION_TYPE,))
    if before is not None:
        check_id(body, place, before.id)
    path = f"{attributes.path}.activationParams"
    if not attributes.has("activationParams"):
        raise refuse("an activation needs `activationParams`", attributes.path, ASSOCIATION)
    return Sent(path, decode_keys(bytes(attributes.keys["activationParams"]), path))


def _content(service: Service, before: Content, sent: Sent, name: str) -> Content:
    check_name(name, f"{sent.path}.name")
    content = changed(before, sent, _KEYS, strict=service.strict)
    problems = checks.problems(
        delivery(content, sent.path),
        service[Account],
        service.data.catalog,
        service.data.parent,
        None,
        sent.path,
    )
    found = list(problems)
    template = template_of(content)
    if template is not None and service[Templates].find_or_none(template) is None:
        message = f"there is no activation template with the id `{template}`"
        found.append(Problem(message, f"{sent.path}.activationTemplateId", ASSOCIATION))
    if found:
        raise ApiError(400, found)
    return content


def _answer(service: Service, journey: Journey, id: int) -> Json:
    step = existing(service[Journeys].activations.find(journey.id, id), ACTIVATION_NAME, id)
    return document(responses.activation(step, strict=service.strict))


def _journey(service: Service, call: Call) -> Journey:
    return service[Journeys].find(path_id(call.path["id"], NAME))


def _step(service: Service, call: Call, journey: Journey) -> ActivationStep:
    id = path_id(call.path["step"], ACTIVATION_NAME)
    return existing(service[Journeys].activations.find(journey.id, id), ACTIVATION_NAME, id)


# --- what a step can send ----------------------------------------------------------------------


def available_behaviors(service: Service, call: Call) -> Any:
    """The behaviors that rules on the way to a step test (assumed, as for those of segments).

    The journey of the body counts, which may not be saved. Without a step all its rules count.
    """
    content = _sent_content(service, call)
    used = _used_behaviors(service, content, call.query.get("stepId"))
    return {
        "data": [
            {
                "id": id,
                "type": "audience-behavior",
                "attributes": {
                    key: value
                    for key, value in parent_segments.behavior(service, id, table).items()
                    if key not in ("id", "scheduleType", "scheduleOption")
                },
            }
            for id, table in parent_segments.behaviors(service)
            if table.name in used
        ]
    }


def templates(service: Service, call: Call) -> Any:
    """The templates for activations of journeys; `availableBySegment` says whether the step's
    rules test all behaviors of a template (assumed)."""
    content = _sent_content(service, call)
    used = _used_behaviors(service, content, call.query.get("stepId"))
    listed = [
        each
        for each in service[Templates].all()
        if (delivery(each.content).kind or 0) == _JOURNEY_TEMPLATE
    ]
    resources = service[Templates].resources(listed)
    for template, resource in zip(listed, resources, strict=True):
        behavior = delivery(template.content).syndication_behavior
        table = None
        if behavior is not None:
            table = checks.behavior_table(service.data.catalog, behavior.behavior_table_name)
        attributes = resource["attributes"]
        is_usable = behavior is None or table in used
        attributes["availableBySegment"] = attributes["available"] and is_usable
    return document(resources)


def _sent_content(service: Service, call: Call) -> JourneyContent:
    before = _journey(service, call)
    if not call.body:
        return before.content
    body, place = journey_sent(call.body, strict=service.strict)
    attributes = body.attributes
    if isinstance(attributes.name, UnsetType):
        attributes = msgspec.structs.replace(attributes, name=before.name)
    path = f"{place}.attributes"
    return wanted_content(attributes, before.content, path, strict=service.strict)


def _used_behaviors(service: Service, content: JourneyContent, step: str | None) -> set[str]:
    segments = service[Segments]
    stages = [s for s in content.stages if step is None or step in s.content.steps]
    ids = {id for stage in stages for id in _rules_before(stage, step)}
    used: set[str] = set()
    for id in ids:
        segment = segments.table.find(service.audience, int(id))
        if segment is not None:
            used |= checks.used_behaviors(segments.rules.of_stored(segment).segment)
    return used


def _rules_before(stage: Stage, step: str | None) -> Iterator[str]:
    """The segments that a profile met before it came to a step, on any way."""
    content = stage.content
    if content.entry_criteria is not None and content.entry_criteria.segment_id is not None:
        yield content.entry_criteria.segment_id
    reached = set(content.steps) if step is None else {step}
    if step is not None:
        size = 0
        while size != len(reached):
            size = len(reached)
            for id, each in content.steps.items():
                if reached.intersection(each.following):
                    reached.add(id)
    for id in reached:
        for path in content.steps[id].paths:
            if path.segment_id is not None and (step is None or path.next in reached):
                yield path.segment_id


_STEP = "/entities/journeys/{id}"
_ALL = f"{_STEP}/activations"
_ONE = f"{_ALL}/{{step}}"
ROUTES = (
    Route("GET", _ALL, list_activations),
    Route("POST", _ALL, create, JSON),
    Route("GET", _ONE, read),
    Route("PATCH", _ONE, update, JSON, JSON_API),
    Route("POST", f"{_STEP}/available_behaviors_for_step", available_behaviors, JSON, JSON_API),
    Route("POST", f"{_STEP}/activation_templates_for_step", templates, JSON, JSON_API),
)
