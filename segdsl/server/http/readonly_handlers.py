"""Handlers of what else a parent segment has: funnels, models and variants, which are only read.

They come from `parent_segment.toml`; who is in a stage or a variant is in the tables.
"""

from __future__ import annotations

from typing import Any

from segdsl.schema.model import Funnel
from segdsl.server.errors import missing, refuse
from segdsl.server.http import entity_responses as entity_shapes
from segdsl.server.http import responses as shapes
from segdsl.server.http.requests import Call
from segdsl.server.http.responses import Json, iso
from segdsl.server.service import Service


def funnels(service: Service, call: Call) -> Any:
    service.check_audience(call.path["audience"])
    return [_funnel(service, each) for each in service.data.parent.funnels]


def funnel(service: Service, call: Call) -> Any:
    service.check_audience(call.path["audience"])
    id = call.path["funnel"]
    for each in service.data.parent.funnels:
        if each.id == id:
            return _funnel(service, each)
    raise missing(f"there is no funnel with the id `{id}`")


def _funnel(service: Service, of: Funnel) -> Json:
    return {
        "id": of.id,
        "audienceId": service.audience,
        "segmentFolderId": str(service.root.id),
        "name": of.name,
        "population": None,
        "description": "",
        "numSyndications": 0,
        "needToRunWorkflow": False,
        "stages": [
            {
                "id": each.id,
                "name": each.name,
                "numSyndications": 0,
                "audienceId": service.audience,
                "funnelId": of.id,
                "segmentFolderId": str(service.root.id),
                "segmentId": None,
            }
            for each in of.stages
        ],
        **shapes.made(service.root),
    }


def funnel_resources(service: Service, call: Call) -> Any:
    service.check_audience(call.path["id"])
    return entity_shapes.document(funnels_in_folders(service))


def funnels_in_folders(service: Service) -> list[Json]:
    """The funnels as they lie in the root folder."""
    return [
        {
            "id": funnel.id,
            "type": "funnel",
            "attributes": {
                "audienceId": service.audience,
                "name": funnel.name,
                "description": None,
                "population": None,
                "numSyndications": 0,
                "createdAt": iso(service.root.created),
                "updatedAt": iso(service.root.updated),
                "countPopulation": False,
                "stages": [
                    {"id": each.id, "name": each.name, "numSyndications": 0}
                    for each in funnel.stages
                ],
            },
            "relationships": {"parentFolder": entity_shapes.in_folder(service.root.id)},
        }
        for funnel in service.data.parent.funnels
    ]


def predictive_segments(service: Service, call: Call) -> Any:
    service.check_audience(call.path["audience"])
    return [
        {
            "audienceId": service.audience,
            "id": each.id,
            "baseSegmentId": None,
            "scoredSegmentId": None,
            "name": each.name,
            "description": None,
            "createdAt": iso(service.root.created),
            "updatedAt": iso(service.root.updated),
        }
        for each in service.data.parent.models
        if each.solution == "predictive"
    ]


def variants(service: Service, call: Call) -> Any:
    """Each test is the one step of a journey of its name (assumed)."""
    audience = call.query.get("audience_id")
    if audience is None:
        raise refuse("the parameter `audience_id` is required")
    service.check_audience(audience)
    tests = list(dict.fromkeys(each.test for each in service.data.parent.variants))
    return {
        "data": [
            {
                "id": each.id,
                "type": "realtimeJourneyABTestVariant",
                "attributes": {
                    "name": each.name,
                    "location": each.test,
                    "realtimeJourneyId": str(1 + tests.index(each.test)),
                    "realtimeJourneyName": each.test,
                    "realtimeJourneyStageId": str(1 + tests.index(each.test)),
                    "realtimeJourneyStepName": each.test,
                    "realtimeJourneyStepVariantName": each.name,
                },
            }
            for each in service.data.parent.variants
        ]
    }


def solutions_in_folders(service: Service) -> list[Json]:
    """The models of solutions as they lie in the root folder."""
    return [
        {
            "id": each.id,
            "type": "mlSolution",
            "attributes": {
                "name": each.name,
                "audienceId": service.audience,
                "description": None,
                "solutionType": each.solution,
                "behaviorName": "",
                "targetColumn": "",
                "state": "published",
                "createdAt": iso(service.root.created),
                "updatedAt": iso(service.root.updated),
                "lastPublishedAt": iso(service.root.updated),
            },
            "relationships": {"parentFolder": entity_shapes.in_folder(service.root.id)},
        }
        for each in service.data.parent.models
        if each.solution != "predictive"
    ]
