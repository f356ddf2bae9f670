"""Handlers of funnels under `/audiences`."""

from __future__ import annotations

from typing import Any

from msgspec import UnsetType

from segdsl.schema.model import Funnel as NamedFunnel
from segdsl.server.errors import refuse
from segdsl.server.http.request_models import decode, given, parameter, path_id, whole
from segdsl.server.kinds.folders.collection import Folders
from segdsl.server.kinds.funnels import responses
from segdsl.server.kinds.funnels.collection import NAME, Funnels
from segdsl.server.kinds.funnels.request_models import FunnelBody, stage_contents
from segdsl.server.kinds.placement import Paths
from segdsl.server.kinds.segments.collection import Segments
from segdsl.server.kinds.stages.table import Funnel, FunnelContent, Stage
from segdsl.server.kinds.statistics import daily
from segdsl.server.service import Call, Route, Service

_PATHS = Paths("$.name", "$.rule", "$.segmentFolderId")
_STAGES = "$.stages"


def list_funnels(service: Service, call: Call) -> Any:
    service.check_audience(call.path["audience"])
    funnels, root = service[Funnels], service[Folders].root
    rules = funnels.rules()
    named = [responses.named_plain(funnel, root) for funnel in funnels.named]
    return [*named, *(responses.plain(funnel, rules) for funnel in funnels.all())]


def create(service: Service, call: Call) -> Any:
    """Without a folder, the funnel goes into the root folder (assumed)."""
    service.check_audience(call.path["audience"])
    body = decode(call.body, FunnelBody, strict=service.strict)
    if isinstance(body.name, UnsetType) or isinstance(body.stages, UnsetType):
        raise refuse("a funnel needs a `name` and `stages`", "$")
    if service.strict and isinstance(body.segment_folder_id, UnsetType):
        raise refuse("a funnel needs a `segmentFolderId`", "$")
    wanted = FunnelContent(
        body.name,
        _folder(service, body, service[Folders].root.id),
        given(body.description, None),
        stage_contents(body.stages, None, {}, _STAGES),
    )
    return _plain(service, service[Funnels].create(wanted, _PATHS, _STAGES))


def read(service: Service, call: Call) -> Any:
    service.check_audience(call.path["audience"])
    return _plain(service, service[Funnels].find(path_id(call.path["funnel"], NAME)))


def update(service: Service, call: Call) -> Any:
    """What the body leaves out stays as it is (assumed: the description requires all of it)."""
    service.check_audience(call.path["audience"])
    id = path_id(call.path["funnel"], NAME)
    before = service[Funnels].find_stored(id)
    body = decode(call.body, FunnelBody, strict=service.strict)
    wanted = FunnelContent(
        given(body.name, before.name),
        _folder(service, body, before.folder),
        given(body.description, before.description),
        stage_contents(body.stages, before, segment_ids(service, before), _STAGES),
    )
    return _plain(service, service[Funnels].update(id, wanted, _PATHS, _STAGES))


def delete(service: Service, call: Call) -> Any:
    service.check_audience(call.path["audience"])
    return responses.plain(*service[Funnels].delete(path_id(call.path["funnel"], NAME)))


def clone(service: Service, call: Call) -> Any:
    service.check_audience(call.path["audience"])
    id = path_id(call.path["funnel"], NAME)
    original = service[Funnels].find_stored(id)
    body = decode(call.body, FunnelBody, strict=service.strict)
    if isinstance(body.name, UnsetType):
        raise refuse("the copy of a funnel needs a `name`", "$")
    if service.strict and isinstance(body.segment_folder_id, UnsetType):
        raise refuse("the copy of a funnel needs a `segmentFolderId`", "$")
    folder = _folder(service, body, original.folder)
    return _plain(
        service, service[Funnels].clone(id, body.name, folder, given(body.description, None))
    )


def statistics(service: Service, call: Call) -> Any:
    """The last count of each day of each stage; `limit` keeps the last days (assumed)."""
    service.check_audience(call.path["audience"])
    funnels = service[Funnels]
    funnel = funnels.find(path_id(call.path["funnel"], NAME))
    limit = parameter(call.query.get("limit"), "limit", 2**31)
    if isinstance(funnel, NamedFunnel):
        stages = [{"id": int(stage.id), "history": []} for stage in funnel.stages]
        return {"population": None, "stages": stages}
    rules = funnels.rules()
    return {
        "population": rules.population(funnel),
        "stages": [
            {"id": stage.id, "history": stage_history(service, call, stage, rules)[-limit:]}
            for stage in funnel.stages
        ],
    }


def stage_history(
    service: Service, call: Call, stage: Stage, rules: responses.StageRules
) -> list[list[int | bool]]:
    """The last count of each day of a stage."""
    segment = rules.segments.get(stage.id)
    table = service[Segments].table
    return daily(service, call, () if segment is None else table.populations(segment.id))


def segment_ids(service: Service, funnel: Funnel) -> dict[int, str | None]:
    """The ids of the segments of a funnel's stages."""
    rules = service[Funnels].rules()
    return {stage.id: rules.segment_id(stage) for stage in funnel.stages}


def _folder(service: Service, body: FunnelBody, default: int) -> int:
    if isinstance(body.segment_folder_id, UnsetType):
        return default
    return whole(body.segment_folder_id, "$.segmentFolderId")


def _plain(service: Service, funnel: Funnel | NamedFunnel) -> Any:
    if isinstance(funnel, NamedFunnel):
        return responses.named_plain(funnel, service[Folders].root)
    return responses.plain(funnel, service[Funnels].rules())


_ALL = "/audiences/{audience}/funnels"
_ONE = "/audiences/{audience}/funnels/{funnel}"
ROUTES = (
    Route("GET", _ALL, list_funnels),
    Route("POST", _ALL, create),
    Route("GET", _ONE, read),
    Route("PUT", _ONE, update),
    Route("DELETE", _ONE, delete),
    Route("POST", f"{_ONE}/clone", clone),
    Route("GET", f"{_ONE}/statistics", statistics),
)
