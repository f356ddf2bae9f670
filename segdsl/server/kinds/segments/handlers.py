"""Handlers of segments under `/audiences`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import UnsetType

from segdsl.server.errors import refuse
from segdsl.server.http.request_models import decode, given, path_id, whole
from segdsl.server.kinds.folders.collection import NAME as FOLDER_NAME
from segdsl.server.kinds.folders.collection import Folders
from segdsl.server.kinds.placement import Paths
from segdsl.server.kinds.segments import responses
from segdsl.server.kinds.segments.collection import NAME, SegmentInput, Segments
from segdsl.server.kinds.segments.request_models import SegmentBody, kind_of, rule_text
from segdsl.server.kinds.segments.table import Segment
from segdsl.server.kinds.statistics import daily
from segdsl.server.service import Call, Route, Service

_PATHS = Paths("$.name", "$.rule", "$.segmentFolderId")


def list_segments(service: Service, call: Call) -> bytes:
    service.check_audience(call.path["audience"])
    segments = service[Segments]
    return segments.list_cache.answer(lambda: _plain_all(service, segments.all()))


def in_folder(service: Service, call: Call) -> Any:
    service.check_audience(call.path["audience"])
    folder = service[Folders].find(path_id(call.path["folder"], FOLDER_NAME))
    return _plain_all(service, service[Segments].all(folder.id))


def create(service: Service, call: Call) -> Any:
    """Without a folder, the segment goes into the root folder (assumed).

    That of a stage goes into the folder of its funnel (assumed).
    """
    service.check_audience(call.path["audience"])
    body = _decode(service, call)
    if isinstance(body.name, UnsetType):
        raise refuse("a segment needs a `name`", "$")
    new = SegmentInput(body.name, service[Folders].root.id)
    return _plain(service, service[Segments].create(_changed(service, new, body), _PATHS))


def read(service: Service, call: Call) -> Any:
    service.check_audience(call.path["audience"])
    return _plain(service, service[Segments].find(path_id(call.path["segment"], NAME)))


def update(service: Service, call: Call) -> Any:
    """Without a rule in the body, the segment's rule is removed (observed).

    Everything else that the body leaves out stays: `isVisible` observed, the others assumed.
    """
    service.check_audience(call.path["audience"])
    id = path_id(call.path["segment"], NAME)
    segments = service[Segments]
    before = SegmentInput.from_segment(segments.find(id))
    wanted = _changed(service, before, _decode(service, call))
    return _plain(service, segments.update(id, wanted, _PATHS))


def delete(service: Service, call: Call) -> Any:
    service.check_audience(call.path["audience"])
    return responses.plain(service[Segments].delete(path_id(call.path["segment"], NAME)), 0)


def statistics(service: Service, call: Call) -> Any:
    """The last count of each day on which the segment was counted."""
    service.check_audience(call.path["audience"])
    segments = service[Segments]
    segment = segments.find(path_id(call.path["segment"], NAME))
    return daily(service, call, segments.table.populations(segment.id))


def _plain(service: Service, segment: Segment) -> Any:
    return responses.plain(segment, service.activation_counts().get(segment.id, 0))


def _plain_all(service: Service, segments: Iterable[Segment]) -> Any:
    counts = service.activation_counts()
    return [responses.plain(segment, counts.get(segment.id, 0)) for segment in segments]


def _decode(service: Service, call: Call) -> SegmentBody:
    body = decode(call.body, SegmentBody, strict=service.strict)
    if service.strict and body.description is None:
        raise refuse("`description` is null: leave it out instead", "$.description")
    return body


def _changed(service: Service, before: SegmentInput, body: SegmentBody) -> SegmentInput:
    folder = before.folder
    if not isinstance(body.segment_folder_id, UnsetType):
        folder = whole(body.segment_folder_id, "$.segmentFolderId")
    wanted = SegmentInput(
        given(body.name, before.name),
        folder,
        given(body.description, before.description),
        kind_of(body, before.kind),
        rule_text(body.rule, "$.rule", strict=service.strict),
        given(body.count_population, before.count_population),
        given(body.is_visible, before.is_visible),
        before.stage,
    )
    return service[Segments].in_stage(wanted, body.funnel_stage, "$.kind", _PATHS)


_ALL = "/audiences/{audience}/segments"
_ONE = "/audiences/{audience}/segments/{segment}"
ROUTES = (
    Route("GET", "/audiences/{audience}/folders/{folder}/segments", in_folder),
    Route("GET", _ALL, list_segments),
    Route("POST", _ALL, create),
    Route("GET", _ONE, read),
    Route("PUT", _ONE, update),
    Route("DELETE", _ONE, delete),
    Route("GET", f"{_ONE}/statistics", statistics),
)
