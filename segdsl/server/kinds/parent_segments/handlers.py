"""Handlers of the parent segment, its attributes, behaviors and statistics, in both families."""

from __future__ import annotations

from typing import Any

from segdsl.server.http.responses import document
from segdsl.server.kinds.parent_segments import responses
from segdsl.server.kinds.parent_segments.sample_values import (
    behavior_sample_values,
    sample_values,
)
from segdsl.server.kinds.statistics import daily
from segdsl.server.service import Call, Route, Service


def list_audiences(service: Service, call: Call) -> Any:
    return [responses.plain(service)]


def read(service: Service, call: Call) -> Any:
    service.check_audience(call.path["audience"])
    return responses.plain(service)


def master_segments(service: Service, call: Call) -> Any:
    return [responses.master_segment(service)]


def attributes(service: Service, call: Call) -> Any:
    service.check_audience(call.path["audience"])
    return responses.attributes(service)


def behaviors(service: Service, call: Call) -> Any:
    """The behaviors; none is a realtime one, so `realtime=true` lists none."""
    service.check_audience(call.path["audience"])
    if call.query.get("realtime") == "true":
        return []
    return [responses.behavior(service, id, table) for id, table in responses.behaviors(service)]


def statistics(service: Service, call: Call) -> Any:
    """The current population: the data has no history."""
    service.check_audience(call.path["audience"])
    return daily(service, call, [(service.clock(), service.data.population())])


def list_resources(service: Service, call: Call) -> Any:
    """`{"data": […]}` (observed), and not a list of `{"data": …}` (described)."""
    return document([responses.resource(service)])


def read_resource(service: Service, call: Call) -> Any:
    service.check_audience(call.path["id"])
    return document(responses.resource(service))


_ONE = "/audiences/{audience}"
ROUTES = (
    Route("GET", "/audiences", list_audiences),
    Route("GET", "/master_segments", master_segments),
    Route("GET", _ONE, read),
    Route("GET", f"{_ONE}/attributes", attributes),
    Route("GET", f"{_ONE}/behaviors", behaviors),
    Route("GET", f"{_ONE}/statistics", statistics),
    Route("GET", f"{_ONE}/sample_values", sample_values),
    Route("GET", f"{_ONE}/behaviors/{{behavior}}/sample_values", behavior_sample_values),
    Route("GET", "/entities/parent_segments", list_resources),
    Route("GET", "/entities/parent_segments/{id}", read_resource),
)
