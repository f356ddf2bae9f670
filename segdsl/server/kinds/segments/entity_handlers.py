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
from segdsl.server.kinds.segments.request_models import NO_FUNNELS, SegmentEntity, rule_text
from segdsl.server.kinds.segments.table import BATCH, REALTIME
from segdsl.server.service import Call, Route, Service

_KINDS = {responses.BATCH_TYPE: BATCH, responses.REALTIME_TYPE: REALTIME}


def create(service: Service, call: Call) -> Any:
    body, place = decode_entity(call.body, SegmentEntity, strict=service.strict)
    if isinstance(body.attributes.name, UnsetType):
        raise refuse("a segment needs a `name`", f"{place}.attributes")
    new = SegmentInput(body.attributes.name, required_folder(body, place, "a segment"))
    wanted = _changed(service, new, body, place)
    return document(responses.resource(service[Segments].create(wanted, entity_paths(place))))


def read(service: Service, call: Call) -> Any:
    segment = service[Segments].find(path_id(call.path["id"], NAME))
    return document(responses.resource(segment))


def update(service: Service, call: Call) -> Any:
    """What the body leaves out stays as it is (assumed)."""
    segments = service[Segments]
    id = path_id(call.path["id"], NAME)
    before = SegmentInput.from_segment(segments.find(id))
    body, place = decode_entity(call.body, SegmentEntity, strict=service.strict)
    check_id(body, place, id)
    wanted = _changed(service, before, body, place)
    return document(responses.resource(segments.update(id, wanted, entity_paths(place))))


def delete(service: Service, call: Call) -> Any:
    segment = service[Segments].delete(path_id(call.path["id"], NAME))
    return document(responses.resource(segment))


def _changed(
    service: Service, before: SegmentInput, body: SegmentEntity, place: str
) -> SegmentInput:
    attributes = body.attributes
    if body.type == "segment-funnel-stage" or not isinstance(attributes.funnel_stage, UnsetType):
        raise refuse(NO_FUNNELS, f"{place}.type")
    check_type(body, place, tuple(_KINDS))
    rule = before.rule
    if not isinstance(attributes.rule, UnsetType):
        rule = rule_text(attributes.rule, f"{place}.attributes.rule", strict=service.strict)
    return SegmentInput(
        given(attributes.name, before.name),
        parent_folder(body, place) or before.folder,
        given(attributes.description, before.description),
        before.kind if isinstance(body.type, UnsetType) else _KINDS[body.type],
        rule,
        given(attributes.count_population, before.count_population),
        given(attributes.is_visible, before.is_visible),
    )


_ONE = "/entities/segments/{id}"
ROUTES = (
    Route("POST", "/entities/segments", create),
    Route("GET", _ONE, read),
    Route("PATCH", _ONE, update),
    Route("DELETE", _ONE, delete),
)
