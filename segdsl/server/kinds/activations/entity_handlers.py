"""Handlers of activations under `/entities`."""

from __future__ import annotations

from typing import Any

from segdsl.server.http.request_models import check_id, check_type, path_id
from segdsl.server.http.responses import document
from segdsl.server.kinds.activations import responses
from segdsl.server.kinds.activations.collection import NAME, Activations
from segdsl.server.kinds.activations.handlers import wanted_of
from segdsl.server.kinds.activations.request_models import ENTITY_KEYS, entity_sent
from segdsl.server.kinds.activations.table import Activation
from segdsl.server.kinds.placement import entity_paths
from segdsl.server.kinds.segments.collection import NAME as SEGMENT_NAME
from segdsl.server.kinds.segments.collection import Segments
from segdsl.server.service import Call, Route, Service


def list_of_segment(service: Service, call: Call) -> Any:
    activations = service[Activations]
    segment = activations.segment(_segment(call))
    listed = activations.details(activations.of_segment(segment.id))
    return document([responses.resource(each, segment, details) for each, details in listed])


def list_of_parent(service: Service, call: Call) -> Any:
    """Summaries: without executions, schedule and notification (described)."""
    service.check_audience(call.path["id"])
    segments = service[Segments]
    by_id = {each.id: each for each in (*segments.all(), *segments.of_stages().values())}
    return document(
        [
            responses.resource(each, by_id[each.segment], None)
            for each in service[Activations].all()
            if each.segment in by_id
        ]
    )


def create(service: Service, call: Call) -> Any:
    segment = _segment(call)
    service[Activations].segment(segment)
    body, place, sent = entity_sent(call.body, strict=service.strict)
    check_type(body, place, (responses.TYPE,))
    wanted = wanted_of(service, None, sent, ENTITY_KEYS)
    activation = service[Activations].create(segment, wanted, entity_paths(place), sent.path)
    return _document(service, activation)


def read(service: Service, call: Call) -> Any:
    return _document(service, service[Activations].find(_segment(call), _id(call)))


def update(service: Service, call: Call) -> Any:
    """What the body leaves out stays as it is (assumed): the workflow and the lock always do."""
    segment, id = _segment(call), _id(call)
    before = service[Activations].find(segment, id)
    body, place, sent = entity_sent(call.body, strict=service.strict)
    check_type(body, place, (responses.TYPE,))
    check_id(body, place, id)
    wanted = wanted_of(service, before, sent, ENTITY_KEYS)
    paths = entity_paths(place)
    return _document(service, service[Activations].update(segment, id, wanted, paths, sent.path))


def delete(service: Service, call: Call) -> Any:
    segment, id = _segment(call), _id(call)
    before = _document(service, service[Activations].find(segment, id))
    service[Activations].delete(segment, id)
    return before


def run(service: Service, call: Call) -> Any:
    return responses.execution_resource(service[Activations].run(_segment(call), _id(call)))


def _document(service: Service, activation: Activation) -> Any:
    activations = service[Activations]
    [(activation, details)] = activations.details([activation])
    segment = activations.segment(activation.segment)
    return document(responses.resource(activation, segment, details))


def _segment(call: Call) -> int:
    return path_id(call.path["segment"], SEGMENT_NAME)


def _id(call: Call) -> int:
    return path_id(call.path["id"], NAME)


_ALL = "/entities/segments/{segment}/syndications"
_ONE = f"{_ALL}/{{id}}"
ROUTES = (
    Route("GET", "/entities/parent_segments/{id}/syndications", list_of_parent),
    Route("GET", _ALL, list_of_segment),
    Route("POST", _ALL, create),
    Route("GET", _ONE, read),
    Route("PATCH", _ONE, update),
    Route("DELETE", _ONE, delete),
    Route("POST", f"{_ONE}/run", run),
)
