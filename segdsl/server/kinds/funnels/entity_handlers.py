"""Handlers of funnels under `/entities`."""

from __future__ import annotations

from typing import Any

from msgspec import UnsetType

from segdsl.schema.model import Funnel as NamedFunnel
from segdsl.server.errors import existing, refuse
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
from segdsl.server.kinds.folders.collection import Folders
from segdsl.server.kinds.funnels import responses
from segdsl.server.kinds.funnels.collection import NAME, Funnels
from segdsl.server.kinds.funnels.handlers import segment_ids, stage_history
from segdsl.server.kinds.funnels.request_models import FunnelEntity, stage_contents
from segdsl.server.kinds.placement import entity_paths
from segdsl.server.kinds.stages.collection import NAME as STAGE_NAME
from segdsl.server.kinds.stages.table import Funnel, FunnelContent
from segdsl.server.service import JSON, Call, Route, Service


def list_funnels(service: Service, call: Call) -> Any:
    service.check_audience(call.path["id"])
    funnels, root = service[Funnels], service[Folders].root
    rules = funnels.rules()
    named = [responses.named_resource(funnel, root) for funnel in funnels.named]
    return document([*named, *(responses.resource(funnel, rules) for funnel in funnels.all())])


def create(service: Service, call: Call) -> Any:
    body, place = decode_entity(call.body, FunnelEntity, strict=service.strict)
    check_type(body, place, (responses.TYPE,))
    attributes = body.attributes
    if isinstance(attributes.name, UnsetType) or isinstance(attributes.stages, UnsetType):
        raise refuse("a funnel needs a `name` and `stages`", f"{place}.attributes")
    stages_path = f"{place}.attributes.stages"
    wanted = FunnelContent(
        attributes.name,
        required_folder(body, place, "a funnel"),
        given(attributes.description, None),
        stage_contents(attributes.stages, None, {}, stages_path),
    )
    funnel = service[Funnels].create(wanted, entity_paths(place), stages_path)
    return _document(service, funnel)


def read(service: Service, call: Call) -> Any:
    return _document(service, service[Funnels].find(path_id(call.path["id"], NAME)))


def update(service: Service, call: Call) -> Any:
    """What the body leaves out stays as it is (assumed)."""
    funnels = service[Funnels]
    id = path_id(call.path["id"], NAME)
    before = funnels.find_stored(id)
    body, place = decode_entity(call.body, FunnelEntity, strict=service.strict)
    check_type(body, place, (responses.TYPE,))
    check_id(body, place, id)
    attributes, stages_path = body.attributes, f"{place}.attributes.stages"
    wanted = FunnelContent(
        given(attributes.name, before.name),
        parent_folder(body, place) or before.folder,
        given(attributes.description, before.description),
        stage_contents(attributes.stages, before, segment_ids(service, before), stages_path),
    )
    return _document(service, funnels.update(id, wanted, entity_paths(place), stages_path))


def delete(service: Service, call: Call) -> Any:
    return document(responses.resource(*service[Funnels].delete(path_id(call.path["id"], NAME))))


def stage_statistics(service: Service, call: Call) -> Any:
    funnel = service[Funnels].find(path_id(call.path["funnel"], NAME))
    id = path_id(call.path["id"], STAGE_NAME)
    if isinstance(funnel, NamedFunnel):
        named = {stage.id: stage for stage in funnel.stages}
        existing(named.get(str(id)), STAGE_NAME, id)
        return []
    stages = {stage.id: stage for stage in funnel.stages}
    stage = existing(stages.get(id), STAGE_NAME, id)
    return stage_history(service, call, stage, service[Funnels].rules())


def _document(service: Service, funnel: Funnel | NamedFunnel) -> Any:
    if isinstance(funnel, NamedFunnel):
        return document(responses.named_resource(funnel, service[Folders].root))
    return document(responses.resource(funnel, service[Funnels].rules()))


_ONE = "/entities/funnels/{id}"
ROUTES = (
    Route("GET", "/entities/parent_segments/{id}/funnels", list_funnels),
    Route("POST", "/entities/funnels", create),
    Route("GET", _ONE, read),
    Route("PATCH", _ONE, update),
    Route("DELETE", _ONE, delete),
    Route("GET", "/entities/funnels/{funnel}/stages/{id}/statistics", stage_statistics, JSON),
)
