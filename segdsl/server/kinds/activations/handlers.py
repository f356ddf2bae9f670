"""Handlers of activations under `/audiences`."""

from __future__ import annotations

from typing import Any

from msgspec import UnsetType

from segdsl.server.errors import ASSOCIATION, refuse
from segdsl.server.http.request_models import path_id
from segdsl.server.kinds.activations import responses
from segdsl.server.kinds.activations.collection import NAME, Activations
from segdsl.server.kinds.activations.request_models import (
    PLAIN_KEYS,
    Keys,
    Sent,
    changed,
    plain_sent,
)
from segdsl.server.kinds.activations.table import Activation, ActivationContent
from segdsl.server.kinds.placement import Paths
from segdsl.server.kinds.segments.collection import NAME as SEGMENT_NAME
from segdsl.server.service import Call, Route, Service

_PATHS = Paths("$.name", "$.rule", "$.segmentFolderId")


def list_of_segment(service: Service, call: Call) -> Any:
    segment = _segment(service, call)
    activations = service[Activations]
    listed = activations.details(activations.of_segment(segment))
    return [responses.plain(*each) for each in listed]


def list_all(service: Service, call: Call) -> Any:
    """With `without_detail=true`, without `valid` and `executions` (described)."""
    service.check_audience(call.path["audience"])
    activations = service[Activations]
    with_details = call.query.get("without_detail") != "true"
    if with_details:
        own = [responses.plain(*each) for each in activations.details(activations.all())]
    else:
        own = [responses.plain(each, None) for each in activations.all()]
    others = (kind.syndications(with_details=with_details) for kind in service.collections)
    return [*own, *(each for of in others for each in of)]


def create(service: Service, call: Call) -> Any:
    segment = _segment(service, call)
    service[Activations].segment(segment)
    sent = plain_sent(call.body)
    wanted = wanted_of(service, None, sent, PLAIN_KEYS)
    activation = service[Activations].create(segment, wanted, _PATHS, sent.path)
    return _plain(service, activation)


def read(service: Service, call: Call) -> Any:
    segment = _segment(service, call)
    return _plain(service, service[Activations].find(segment, _id(call)))


def update(service: Service, call: Call) -> Any:
    """What the body leaves out stays as it is (assumed): `endOn` always does."""
    segment, id = _segment(service, call), _id(call)
    before = service[Activations].find(segment, id)
    sent = plain_sent(call.body)
    wanted = wanted_of(service, before, sent, PLAIN_KEYS)
    return _plain(service, service[Activations].update(segment, id, wanted, _PATHS, sent.path))


def delete(service: Service, call: Call) -> Any:
    segment, id = _segment(service, call), _id(call)
    before = _plain(service, service[Activations].find(segment, id))
    service[Activations].delete(segment, id)
    return before


def run(service: Service, call: Call) -> Any:
    execution = service[Activations].run(_segment(service, call), _id(call))
    return responses.execution(execution)


def wanted_of(
    service: Service, before: Activation | None, sent: Sent, keys: Keys
) -> ActivationContent:
    """What a body makes of an activation, or of nothing. Raises ApiError (400).

    A new one under `/entities` needs a connection and its settings. Under `/audiences` both can be
    null, in answers too (described): what is missing is null there, as the keys that the
    description requires, such as `connection_id`, are none of a body.
    """
    content = {} if before is None else before.content
    if before is None:
        for key in ("connectionId", "connectorConfig"):
            if key not in keys.nullable and not sent.has(key):
                raise refuse(f"an activation needs a `{key}`", sent.path, ASSOCIATION)
    description, template = sent.text("description"), sent.id("activationTemplateId")
    if service.strict and description is None and "description" not in keys.nullable:
        raise refuse("`description` is null: leave it out instead", f"{sent.path}.description")
    if isinstance(description, UnsetType):
        description = None if before is None else before.description
    if isinstance(template, UnsetType):
        template = None if before is None else before.template
    return ActivationContent(
        sent.name("an activation", None if before is None else before.name),
        description,
        template,
        changed(content, sent, keys, strict=service.strict),
    )


def _plain(service: Service, activation: Activation) -> Any:
    [answered] = service[Activations].details([activation])
    return responses.plain(*answered)


def _segment(service: Service, call: Call) -> int:
    service.check_audience(call.path["audience"])
    return path_id(call.path["segment"], SEGMENT_NAME)


def _id(call: Call) -> int:
    return path_id(call.path["id"], NAME)


_ALL = "/audiences/{audience}/segments/{segment}/syndications"
_ONE = f"{_ALL}/{{id}}"
ROUTES = (
    Route("GET", "/audiences/{audience}/syndications", list_all),
    Route("GET", _ALL, list_of_segment),
    Route("POST", _ALL, create),
    Route("GET", _ONE, read),
    Route("PUT", _ONE, update),
    Route("DELETE", _ONE, delete),
    Route("POST", f"{_ONE}/run", run),
)
