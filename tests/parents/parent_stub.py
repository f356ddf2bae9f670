"""A small Audience API in the shapes of real answers, for tests of parent segments.

It keeps parent segments as they are sent, replaces their collections where `master` is sent, and
answers segments, activations and templates from lists that a test fills.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import httpx

Json = dict[str, Any]

PARENT: Json = {
    "id": "90210",
    "name": "Real shape",
    "description": "",
    "scheduleType": "none",
    "scheduleOption": None,
    "timezone": "UTC",
    "matrixUpdatedAt": "2025-04-30T22:50:10.188Z",
    "updatedAt": "2025-04-30T22:50:10.188Z",
    "workflowHiveOnly": False,
    "hiveEngineVersion": "cdpaudience",
    "hivePoolName": None,
    "prestoPoolName": None,
    "population": 52000,
    "maxActivationBehaviorRow": 20,
    "allowActivationBehavior": False,
    "llmState": "none",
    "rootFolderId": "795860",
    "llmEnabled": False,
    "master": {"parentDatabaseName": "gold", "parentTableName": "parent_table"},
    "audienceFilters": [],
}
SOURCE = {
    "parentDatabaseName": "gold",
    "parentTableName": "profile",
    "parentKey": "k",
    "foreignKey": "k",
}


def attribute(name: str, column: str, id: int, **more: Any) -> Json:
    return {
        "audienceId": "90210",
        "id": str(id),
        "name": name,
        "type": "string",
        **SOURCE,
        "parentColumn": column,
        "matrixColumnName": column,
        "groupingName": "Profile",
        "visibility": "clear",
        **more,
    }


ORDERS: Json = {
    "audienceId": "90210",
    "id": "900",
    "name": "Online Orders",
    **SOURCE,
    "parentTableName": "orders",
    "matrixTableName": "behavior_orders",
    "allColumns": False,
    "schema": [
        {
            "name": "Amount",
            "type": "number",
            "parentColumn": "amount",
            "matrixColumnName": "amount",
        },
        {"name": "Shop", "type": "string", "parentColumn": "shop", "matrixColumnName": "shop"},
    ],
}


class ParentApi:
    """The API; `sent` are the requests that change something, `lose` counts responses to lose."""

    def __init__(self) -> None:
        self.parents: dict[str, Json] = {"90210": json.loads(json.dumps(PARENT))}
        self.attributes: dict[str, list[Json]] = {
            "90210": [
                attribute("Gender", "gender", 5000),
                attribute("Country", "country", 5001),
                attribute("Lifetime Value", "ltv", 5002, type="number", groupingName=None),
            ]
        }
        self.behaviors: dict[str, list[Json]] = {"90210": [json.loads(json.dumps(ORDERS))]}
        self.segments: list[Json] = []
        self.activations: dict[str, list[Json]] = {}
        self.templates: list[Json] = []
        self.funnels: list[Json] = []
        self.executions: list[Json] = []
        self.statuses = ["queued", "running", "success"]
        self.sent: list[tuple[str, str, Json]] = []
        self.lose = 0
        self.on_executions: Callable[[], None] = lambda: None
        self.last_id = 90210

    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content) if request.content else {}
        path = request.url.path
        if request.method != "GET":
            self.sent.append((request.method, path, body))
        status, answer = self._respond(request.method, path, body)
        if request.method != "GET" and self.lose:
            self.lose -= 1
            raise httpx.ReadTimeout("lost", request=request)
        return httpx.Response(status, json=answer)

    def _respond(self, method: str, path: str, body: Json) -> tuple[int, Any]:
        entity = self._entities(path)
        if entity is not None:
            return 200, entity
        if path == "/audiences":
            if method == "POST":
                return 200, self._create(body)
            return 200, [{**each, "customerGroup": None} for each in self.parents.values()]
        match = re.fullmatch(r"/audiences/(\d+)(?:/(.+))?", path)
        if match is None or match[1] not in self.parents:
            return 404, {"code": "not_found", "message": "no such record"}
        return self._of(method, match[1], match[2], body)

    def _of(self, method: str, id: str, rest: str | None, body: Json) -> tuple[int, Any]:
        if rest is None:
            if method == "PUT":
                self._put(id, body)
            if method == "DELETE":
                return 200, self.parents.pop(id)
            return 200, self.parents[id]
        if rest == "run":
            number = 7000 + len(self.executions)
            self.executions.append(
                {
                    "audienceId": id,
                    "workflowId": "1",
                    "workflowSessionId": str(number),
                    "workflowAttemptId": str(number),
                    "createdAt": f"2025-05-0{len(self.executions) + 1}T00:00:00.000Z",
                    "finishedAt": None,
                    "status": self.statuses[0],
                }
            )
            return 200, self.executions[-1]
        if rest == "executions":
            self.on_executions()
            self._step()
            return 200, self.executions
        answers: Json = {
            "attributes": self.attributes[id],
            "behaviors": self.behaviors[id],
            "statistics": [[1745971200, 51000, True], [1746057600, 52000, False]],
            "segments": self.segments,
            "funnels": self.funnels,
            "folders": [{"id": "795860", "name": "Real shape", "parentFolderId": None}],
        }
        if rest in answers:
            return 200, answers[rest]
        match = re.fullmatch(r"segments/(\d+)", rest)
        found = [each for each in self.segments if match is not None and each["id"] == match[1]]
        return (200, found[0]) if found else (404, {"code": "not_found", "message": "no segment"})

    def _step(self) -> None:
        for each in self.executions:
            if each["finishedAt"] is None:
                number = self.statuses.index(each["status"])
                each["status"] = self.statuses[min(number + 1, len(self.statuses) - 1)]
                if each["status"] == self.statuses[-1]:
                    each["finishedAt"] = "2025-05-01T01:00:00.000Z"

    def _create(self, body: Json) -> Json:
        self.last_id += 1
        id = str(self.last_id)
        self.parents[id] = {"id": id, "population": None, "matrixUpdatedAt": None}
        self._put(id, body)
        return {**self.parents[id], "attributes": self.attributes[id]}

    def _put(self, id: str, body: Json) -> None:
        collections = ("attributes", "behaviors", "audienceFilters")
        settings = {key: value for key, value in body.items() if key not in collections}
        self.parents[id].update(settings)
        if "master" in body:
            self.attributes[id] = [
                {**each, "id": each.get("id") or "1", "matrixColumnName": each["parentColumn"]}
                for each in body.get("attributes") or []
            ]
            self.behaviors[id] = body.get("behaviors") or []
            self.parents[id]["audienceFilters"] = body.get("audienceFilters") or []

    def _entities(self, path: str) -> Any:
        if path == "/entities/parent_segments":
            folder = {"data": {"id": "795860", "type": "folder-segment"}}
            return {
                "data": [
                    {
                        "id": each["id"],
                        "type": "parentSegment",
                        "attributes": {"name": each["name"], "v4Id": int(each["id"])},
                        "relationships": {"parentFolder": folder},
                    }
                    for each in self.parents.values()
                ]
            }
        if path.startswith("/entities/by-folder/"):
            return {"data": []}
        if re.fullmatch(r"/entities/parent_segments/\d+/funnels", path):
            return {"data": self.funnels}
        if re.fullmatch(r"/entities/parent_segments/\d+/syndications", path):
            every = [each for listed in self.activations.values() for each in listed]
            # The list leaves out what is exported.
            return {"data": [_summary(each) for each in every]}
        if re.fullmatch(r"/entities/parent_segments/\d+/activation_templates", path):
            return {"data": [_summary(each) for each in self.templates]}
        match = re.fullmatch(r"/entities/segments/(\d+)/syndications/(\d+)", path)
        if match is not None:
            listed = self.activations.get(match[1], [])
            return next(({"data": each} for each in listed if each["id"] == match[2]), None)
        match = re.fullmatch(r"/entities/activation_templates/(\d+)", path)
        if match is not None:
            return next(({"data": e} for e in self.templates if e["id"] == match[1]), None)
        return None


def _summary(resource: Json) -> Json:
    return {**resource, "attributes": {"name": resource["attributes"]["name"]}}
