"""Handlers of predictive segments under `/audiences`."""

from __future__ import annotations

from typing import Any

from msgspec import UnsetType

from segdsl.schema.model import Model
from segdsl.server.errors import refuse
from segdsl.server.http.request_models import decode, parameter, path_id, whole
from segdsl.server.kinds.folders.collection import Folders
from segdsl.server.kinds.placement import Paths
from segdsl.server.kinds.predictive import responses
from segdsl.server.kinds.predictive.collection import PredictiveSegments
from segdsl.server.kinds.predictive.request_models import PredictiveBody, wanted
from segdsl.server.kinds.scores.collection import NAME
from segdsl.server.kinds.scores.table import PredictiveSegment
from segdsl.server.service import Call, Route, Service

_PATHS = Paths("$.name", "$.rule", "$.segmentFolderId")


def list_all(service: Service, call: Call) -> Any:
    service.check_audience(call.path["audience"])
    segments, root = service[PredictiveSegments], service[Folders].root
    named = [responses.named_plain(each, service.audience, root) for each in segments.named]
    return [*named, *(responses.plain(*each) for each in segments.all())]


def create(service: Service, call: Call) -> Any:
    """Without a folder, which is not described here, it goes into the root folder (assumed)."""
    service.check_audience(call.path["audience"])
    body = decode(call.body, PredictiveBody, strict=service.strict)
    folder = _folder(body, service[Folders].root.id)
    content = wanted(None, body, folder, "$")
    return _plain(service, service[PredictiveSegments].create(content, _PATHS, "$"))


def read(service: Service, call: Call) -> Any:
    found = service[PredictiveSegments].find(_id(service, call))
    if isinstance(found, Model):
        return responses.named_plain(found, service.audience, service[Folders].root)
    return _plain(service, found)


def update(service: Service, call: Call) -> Any:
    """What the body leaves out stays as it is (assumed)."""
    id = _id(service, call)
    before = service[PredictiveSegments].find_stored(id)
    body = decode(call.body, PredictiveBody, strict=service.strict)
    content = wanted(before, body, _folder(body, before.folder), "$")
    return _plain(service, service[PredictiveSegments].update(id, content, _PATHS, "$"))


def delete(service: Service, call: Call) -> Any:
    return responses.plain(*service[PredictiveSegments].delete(_id(service, call)))


def run(service: Service, call: Call) -> Any:
    return responses.execution(service[PredictiveSegments].run(_id(service, call)))


def executions(service: Service, call: Call) -> Any:
    found = service[PredictiveSegments].executions(_id(service, call))
    return [responses.execution(each) for each in found]


def features(service: Service, call: Call) -> Any:
    result = service[PredictiveSegments].result(_id(service, call))
    return responses.features(result, limit_of(call))


def columns(service: Service, call: Call) -> Any:
    result = service[PredictiveSegments].result(_id(service, call))
    return responses.columns(result, limit_of(call))


def score_histogram(service: Service, call: Call) -> Any:
    result = service[PredictiveSegments].result(_id(service, call))
    with_learned = call.query.get("with_positive_train") == "true"
    return responses.histograms(result, with_learned=with_learned)


def guess_rule(service: Service, call: Call) -> Any:
    service.check_audience(call.path["audience"])
    text = call.query.get("segmentId")
    if text is None:
        raise refuse("the parameter `segmentId` is required")
    return guess_of(service, parameter(text, "segmentId", None))


def guess_of(service: Service, segment: int) -> Any:
    """How a guess stands, and what was guessed."""
    rule = service[PredictiveSegments].guesses.of_segment(segment)
    return {"status": "running"} if rule is None else {"status": "success", "rule": rule}


def limit_of(call: Call) -> int | None:
    text = call.query.get("limit")
    return None if text is None else parameter(text, "limit", None)


def _plain(service: Service, segment: PredictiveSegment) -> Any:
    trained = service[PredictiveSegments].table.trained(segment.id)
    return responses.plain(segment, trained)


def _folder(body: PredictiveBody, default: int) -> int:
    if isinstance(body.segment_folder_id, UnsetType):
        return default
    return whole(body.segment_folder_id, "$.segmentFolderId")


def _id(service: Service, call: Call) -> int:
    service.check_audience(call.path["audience"])
    return path_id(call.path["id"], NAME)


_ALL = "/audiences/{audience}/predictive_segments"
_ONE = f"{_ALL}/{{id}}"
ROUTES = (
    Route("GET", _ALL, list_all),
    Route("POST", _ALL, create),
    Route("GET", f"{_ALL}/guess_rule_async", guess_rule),
    Route("GET", _ONE, read),
    Route("PATCH", _ONE, update),
    Route("DELETE", _ONE, delete),
    Route("POST", f"{_ONE}/run", run),
    Route("GET", f"{_ONE}/executions", executions),
    Route("GET", f"{_ONE}/model/features", features),
    Route("GET", f"{_ONE}/model/columns", columns),
    Route("GET", f"{_ONE}/score_histogram", score_histogram),
)
