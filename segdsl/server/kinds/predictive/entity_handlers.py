"""Handlers of predictive segments under `/entities`."""

from __future__ import annotations

from typing import Any

from segdsl.schema.model import Model
from segdsl.server.http.request_models import (
    check_id,
    check_type,
    decode_entity,
    parent_folder,
    path_id,
    required_folder,
)
from segdsl.server.http.responses import document
from segdsl.server.kinds.folders.collection import Folders
from segdsl.server.kinds.placement import entity_paths
from segdsl.server.kinds.predictive import responses
from segdsl.server.kinds.predictive.collection import PredictiveSegments
from segdsl.server.kinds.predictive.handlers import guess_of, limit_of
from segdsl.server.kinds.predictive.request_models import PredictiveEntity, wanted
from segdsl.server.kinds.scores.collection import NAME
from segdsl.server.kinds.scores.table import PredictiveSegment
from segdsl.server.kinds.segments.collection import NAME as SEGMENT_NAME
from segdsl.server.service import Call, Route, Service


def create(service: Service, call: Call) -> Any:
    body, place = decode_entity(call.body, PredictiveEntity, strict=service.strict)
    check_type(body, place, (responses.TYPE,))
    path = f"{place}.attributes"
    folder = required_folder(body, place, "a predictive segment")
    content = wanted(None, body.attributes, folder, path)
    return _document(
        service, service[PredictiveSegments].create(content, entity_paths(place), path)
    )


def read(service: Service, call: Call) -> Any:
    found = service[PredictiveSegments].find(_id(call))
    if isinstance(found, Model):
        root = service[Folders].root
        return document(responses.named_resource(found, service.audience, root))
    return _document(service, found)


def update(service: Service, call: Call) -> Any:
    """What the body leaves out stays as it is (assumed)."""
    id = _id(call)
    before = service[PredictiveSegments].find_stored(id)
    body, place = decode_entity(call.body, PredictiveEntity, strict=service.strict)
    check_type(body, place, (responses.TYPE,))
    check_id(body, place, id)
    path = f"{place}.attributes"
    folder = parent_folder(body, place) or before.folder
    content = wanted(before, body.attributes, folder, path)
    updated = service[PredictiveSegments].update(id, content, entity_paths(place), path)
    return _document(service, updated)


def delete(service: Service, call: Call) -> Any:
    return document(responses.resource(*service[PredictiveSegments].delete(_id(call))))


def run(service: Service, call: Call) -> Any:
    execution = service[PredictiveSegments].run(_id(call))
    return {"data": responses.execution_resource(execution)}


def executions(service: Service, call: Call) -> Any:
    """All of them, the newest first (documented; the description has one alone)."""
    found = service[PredictiveSegments].executions(_id(call))
    return {"data": [responses.execution_resource(each) for each in found]}


def features(service: Service, call: Call) -> Any:
    id = _id(call)
    listed = responses.features(service[PredictiveSegments].result(id), limit_of(call))
    return responses.model(id, {"features": listed})


def columns(service: Service, call: Call) -> Any:
    id = _id(call)
    listed = responses.columns(service[PredictiveSegments].result(id), limit_of(call))
    return responses.model(id, {"columns": listed})


def score(service: Service, call: Call) -> Any:
    id = _id(call)
    result = service[PredictiveSegments].result(id)
    attributes = {
        "positives": responses.pairs(result.positives),
        "negatives": responses.pairs(result.negatives),
    }
    return responses.model(id, attributes, responses.SCORE_TYPE)


def guess_rule(service: Service, call: Call) -> Any:
    id = path_id(call.path["id"], SEGMENT_NAME)
    return responses.model(id, guess_of(service, id), responses.GUESS_TYPE)


def _document(service: Service, segment: PredictiveSegment) -> Any:
    trained = service[PredictiveSegments].table.trained(segment.id)
    return document(responses.resource(segment, trained))


def _id(call: Call) -> int:
    return path_id(call.path["id"], NAME)


_ONE = "/entities/predictive_segments/{id}"
ROUTES = (
    Route("POST", "/entities/predictive_segments", create),
    Route("GET", _ONE, read),
    Route("PATCH", _ONE, update),
    Route("DELETE", _ONE, delete),
    Route("POST", f"{_ONE}/run", run),
    Route("GET", f"{_ONE}/executions", executions),
    Route("GET", f"{_ONE}/model/features", features),
    Route("GET", f"{_ONE}/model/columns", columns),
    Route("GET", f"{_ONE}/model/score", score),
    Route("GET", "/entities/segments/{id}/predictive_segments/guess_rule_async", guess_rule),
)
