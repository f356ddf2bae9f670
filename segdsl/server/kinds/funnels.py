"""Funnels: read only, with the names that `parent_segment.toml` gives them and their stages.

Who is in a stage is in the tables of the data.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from segdsl.engine import ParentSegment
from segdsl.schema.model import Funnel
from segdsl.server.errors import existing
from segdsl.server.http.responses import FOLDER, document, history, iso, link
from segdsl.server.kinds.folders.collection import Folders
from segdsl.server.service import Call, Collection, Json, Kind, Route, Service

NAME = "funnel"


class Funnels(Collection):
    """The funnels of the parent segment, which lie in the root folder (assumed)."""

    def root_resources(self) -> Iterable[Json]:
        return [_resource(self.service, funnel) for funnel in self.service.data.parent.funnels]


def list_funnels(service: Service, call: Call) -> Any:
    service.check_audience(call.path["audience"])
    return [_plain(service, funnel) for funnel in service.data.parent.funnels]


def read(service: Service, call: Call) -> Any:
    service.check_audience(call.path["audience"])
    id = call.path["funnel"]
    funnels = {funnel.id: funnel for funnel in service.data.parent.funnels}
    return _plain(service, existing(funnels.get(id), NAME, id))


def list_resources(service: Service, call: Call) -> Any:
    service.check_audience(call.path["id"])
    return document(list(service[Funnels].root_resources()))


def _plain(service: Service, funnel: Funnel) -> Json:
    root = service[Folders].root
    return {
        "id": funnel.id,
        "audienceId": service.audience,
        "segmentFolderId": str(root.id),
        "name": funnel.name,
        "population": None,
        "description": "",
        "numSyndications": 0,
        "needToRunWorkflow": False,
        "stages": [
            {
                "id": stage.id,
                "name": stage.name,
                "numSyndications": 0,
                "audienceId": service.audience,
                "funnelId": funnel.id,
                "segmentFolderId": str(root.id),
                "segmentId": None,
            }
            for stage in funnel.stages
        ],
        **history(root.created, root.updated),
    }


def _resource(service: Service, funnel: Funnel) -> Json:
    root = service[Folders].root
    return {
        "id": funnel.id,
        "type": "funnel",
        "attributes": {
            "audienceId": service.audience,
            "name": funnel.name,
            "description": None,
            "population": None,
            "numSyndications": 0,
            "createdAt": iso(root.created),
            "updatedAt": iso(root.updated),
            "countPopulation": False,
            "stages": [
                {"id": stage.id, "name": stage.name, "numSyndications": 0}
                for stage in funnel.stages
            ],
        },
        "relationships": {"parentFolder": link(FOLDER, root.id)},
    }


def _reserved_ids(parent: ParentSegment) -> Iterator[str]:
    for funnel in parent.funnels:
        yield funnel.id
        yield from (stage.id for stage in funnel.stages)


ROUTES = (
    Route("GET", "/audiences/{audience}/funnels", list_funnels),
    Route("GET", "/audiences/{audience}/funnels/{funnel}", read),
    Route("GET", "/entities/parent_segments/{id}/funnels", list_resources),
)
FUNNELS = Kind(NAME, Funnels, ROUTES, reserved_ids=_reserved_ids)
