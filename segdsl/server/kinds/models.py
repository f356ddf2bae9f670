"""Predictive segments and the models of solutions: read only, named by `parent_segment.toml`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from segdsl.engine import ParentSegment
from segdsl.server.http.responses import FOLDER, iso, link
from segdsl.server.kinds.folders.collection import Folders
from segdsl.server.service import Call, Collection, Json, Kind, Route, Service

_PREDICTIVE = "predictive"


class Models(Collection):
    """The models of the parent segment; those of solutions lie in the root folder (assumed)."""

    def root_resources(self) -> Iterable[Json]:
        service, root = self.service, self.service[Folders].root
        return [
            {
                "id": model.id,
                "type": "mlSolution",
                "attributes": {
                    "name": model.name,
                    "audienceId": service.audience,
                    "description": None,
                    "solutionType": model.solution,
                    "behaviorName": "",
                    "targetColumn": "",
                    "state": "published",
                    "createdAt": iso(root.created),
                    "updatedAt": iso(root.updated),
                    "lastPublishedAt": iso(root.updated),
                },
                "relationships": {"parentFolder": link(FOLDER, root.id)},
            }
            for model in service.data.parent.models
            if model.solution != _PREDICTIVE
        ]


def list_predictive_segments(service: Service, call: Call) -> Any:
    service.check_audience(call.path["audience"])
    root = service[Folders].root
    return [
        {
            "audienceId": service.audience,
            "id": model.id,
            "baseSegmentId": None,
            "scoredSegmentId": None,
            "name": model.name,
            "description": None,
            "createdAt": iso(root.created),
            "updatedAt": iso(root.updated),
        }
        for model in service.data.parent.models
        if model.solution == _PREDICTIVE
    ]


def _reserved_ids(parent: ParentSegment) -> Iterator[str]:
    return (model.id for model in parent.models)


ROUTES = (Route("GET", "/audiences/{audience}/predictive_segments", list_predictive_segments),)
MODELS = Kind("model", Models, ROUTES, reserved_ids=_reserved_ids)
