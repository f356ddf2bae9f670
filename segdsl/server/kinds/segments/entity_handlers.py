"""Handlers of segments under `/entities`."""

from __future__ import annotations

from typing import Any

from msgspec import UnsetType

from segdsl.server.errors import refuse
from segdsl.server.http.request_models import (
    check_id,
    check_type,
    decode_entity,
    given,
    parent_folder,
    path_id,
    required_folder,
)
from segdsl.server.http.responses import document
from segdsl.server.kinds.placement import entity_paths
from segdsl.server.kinds.segments import responses
from segdsl.server.kinds.segments.collection import NAME, SegmentInput, Segments
from segdsl.server.kinds.segments.request_models import SegmentEntity, rule_text
from segdsl.server.kinds.segments.table import BATCH, JOURNEY, REALTIME, STAGE, Segment
from segdsl.server.service import Call, Route, Service

_KINDS = {
    responses.BATCH_TYPE: BATCH,
    responses.REALTIME_TYPE: REALTIME,
    responses.STAGE_TYPE: STAGE,
}


def create(service: Service, call: Call) -> Any:
    body, place = decode_entity(call.body, SegmentEntity, strict=service.strict)
    if isinstance(body.attributes.name, UnsetType):
        raise refuse("a segment needs a `name`", f"{place}.attributes")
    is_of_stage = body.type == responses.STAGE_TYPE
    folder = 0 if is_of_stage else required_folder(body, place, "a segment")
    wanted = _changed(service, SegmentInput(body.attributes.name, folder), body, place)
    return _document(service, service[Segments].create(wanted, entity_paths(place)))


def read(service: Service, call: Call) -> Any:
    return _document(service, service[Segments].find(path_id(call.path["id"], NAME)))


def update(service: Service, call: Call) -> Any:
    """What the body leaves out stays as it is (assumed)."""
    segments = service[Segments]
    id = path_id(call.path["id"], NAME)
    before = SegmentInput.from_segment(segments.find(id))
    body, place = decode_entity(call.body, SegmentEntity, strict=service.strict)
    check_id(body, place, id)
    wanted = _changed(service, before, body, place)
    return _document(service, segments.update(id, wanted, entity_paths(place)))


def delete(service: Service, call: Call) -> Any:
    segment = service[Segments].delete(path_id(call.path["id"], NAME))
    return document(responses.resource(segment, 0))


def _document(service: Service, segment: Segment) -> Any:
    activations = service.activation_counts().get(segment.id, 0)
    return document(responses.resource(segment, activations))


def _changed(
    service: Service, before: SegmentInput, body: SegmentEntity, place: str
) -> SegmentInput:
    attributes = body.attributes
    check_type(body, place, tuple(_KINDS))
    rule = before.rule
    if not isinstance(attributes.rule, UnsetType):
        rule = rule_text(attributes.rule, f"{place}.attributes.rule", strict=service.strict)
    wanted = SegmentInput(
        given(attributes.name, before.name),
        parent_folder(body, place) or before.folder,
        given(attributes.description, before.description),
        _kind(before, body),
        rule,
        given(attributes.count_population, before.count_population),
        given(attributes.is_visible, before.is_visible),
        before.stage,
    )
    paths = entity_paths(place)
    return service[Segments].in_stage(wanted, attributes.funnel_stage, f"{place}.type", paths)


def _kind(before: SegmentInput, body: SegmentEntity) -> int:
    """The kind by the type; a rule of a journey has that of a batch segment (assumed)."""
    if isinstance(body.type, UnsetType):
        return before.kind
    kind = _KINDS[body.type]
    return JOURNEY if before.kind == JOURNEY and kind == BATCH else kind


_ONE = "/entities/segments/{id}"
ROUTES = (
    Route("POST", "/entities/segments", create),
    Route("GET", _ONE, read),
    Route("PATCH", _ONE, update),
    Route("DELETE", _ONE, delete),
)
