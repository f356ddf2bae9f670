"""A small Audience API with funnels, stages, activations, templates and the account's own API.

It answers in the shapes that are described, keeps what is written, and can fail at any request:
before it has an effect, after it, or with a response that does not say what came of it.
"""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import Awaitable, Callable
from typing import Any, Literal, NamedTuple, TypeVar

import httpx

from segdsl.api import ApiKey, Client, RetryPolicy

_T = TypeVar("_T")
Json = Any
KEY = "1/0123456789abcdef0123456789abcdef01234567"
BASE = "https://api-cdp.treasuredata.com"
PARENT, ROOT, SEGMENT = "7", "5", "100"
TIME = "2025-01-02T03:04:05.678Z"
QUICK = RetryPolicy(
    attempts=6,
    first_pause=0.001,
    max_pause=0.001,
    first_poll=0.001,
    max_poll=0.001,
    max_run_poll=0.001,
)

FaultKind = Literal["lost before", "lost after", "500 before", "500 after", "429", "empty", "page"]
FAULTS: tuple[FaultKind, ...] = (
    *("lost before", "lost after", "500 before", "500 after", "429", "empty", "page"),
)


class Fault(NamedTuple):
    """What happens at the request with that number, from 0, and at the `times - 1` after it."""

    at: int
    kind: FaultKind
    times: int = 1


class Manner(NamedTuple):
    """How writes are answered: a status, and whether there is a body; ids as text or number."""

    status: int = 200
    has_body: bool = True
    number_ids: bool = False
    put_keeps_end: bool = True
    """Whether the legacy update keeps the `endOn`, which its body does not have."""


MANNERS = (
    Manner(),
    Manner(201, True, True),
    Manner(202, False),
    Manner(204, False, True, put_keeps_end=False),
)


class EntityApi:
    """The state of one server."""

    def __init__(
        self,
        fault: Fault | None = None,
        manner: Manner = MANNERS[0],
        sides: frozenset[str] = frozenset(("entities", "legacy")),
    ) -> None:
        self.fault = fault
        self.manner = manner
        self.sides = sides
        self.requests: list[tuple[str, str, Json]] = []
        self.funnels: dict[str, Json] = {}
        self.segments: dict[str, Json] = {
            SEGMENT: {"id": SEGMENT, "name": "Payers", "kind": 0, "rule": None}
        }
        self.activations: dict[str, Json] = {}
        self.templates: dict[str, Json] = {}
        self.connections: list[Json] = []
        self.users: list[Json] = []
        self.last_id = 200
        self.runs_take = 2
        """How many reads a run takes before it has ended."""

    def sent(self, method: str, path: str = "") -> list[Json]:
        return [body for how, where, body in self.requests if how == method and path in where]

    def new_id(self) -> str:
        self.last_id += 1
        return str(self.last_id)

    # --- requests ----------------------------------------------------------------------

    def __call__(self, request: httpx.Request) -> httpx.Response:
        number = len(self.requests)
        body = json.loads(request.content) if request.content else None
        self.requests.append((request.method, request.url.path, body))
        kind = None
        if self.fault is not None and 0 <= number - self.fault.at < self.fault.times:
            kind = self.fault.kind
        match kind:
            case "lost before":
                raise httpx.ReadTimeout("lost")
            case "500 before":
                return httpx.Response(500, json={"status": 500, "error": "down"})
            case "429":
                return httpx.Response(429)
            case "page" if request.method == "GET":
                return httpx.Response(503, text="<html>later</html>")
            case _:
                pass
        answer = self.answer(request, body)
        match kind:
            case "lost after":
                raise httpx.RemoteProtocolError("lost")
            case "500 after":
                return httpx.Response(502, json={"status": 502, "error": "down"})
            case "empty" if request.method != "GET" and answer.status_code < 300:
                return httpx.Response(202)
            case "page" if answer.status_code < 300:
                return httpx.Response(200, text="<html>Sign in</html>")
            case _:
                return answer

    def answer(self, request: httpx.Request, body: Json) -> httpx.Response:
        parts = request.url.path.strip("/").split("/")
        if request.url.host.startswith("api.") or parts[0] == "v3":
            return self.account(request, parts)
        side = "entities" if parts[0] == "entities" else "legacy"
        match request.method, parts:
            case "GET", ["entities", "parent_segments"]:
                return httpx.Response(200, json={"data": [_parent()], "included": []})
            case "GET", ["audiences", _, "segments", id]:
                return self._one(self.segments.get(id))
            case "GET", ["audiences", _, "segments"]:
                # Rules of stages belong to their funnels.
                listed = [each for each in self.segments.values() if each["kind"] != 2]
                return httpx.Response(200, json=listed)
            case "POST", ["audiences", _, "segments"]:
                return self._create_stage_segment(body)
            case "PUT", ["audiences", _, "segments", id]:
                self.segments[id].update({"rule": None, **body})
                return self._written(self.segments[id])
            case _ if side not in self.sides:
                return httpx.Response(501, json={"code": "not_implemented", "message": "no"})
            case _, [*_, "funnels"] | [*_, "funnels", _]:
                return self._funnel_request(side, request.method, parts, body)
            case _, ["entities", "parent_segments", _, "activation_templates"] | [
                "entities",
                "activation_templates",
                *_,
            ]:
                return self._template_request(request.method, parts, body)
            case _, [*_, "syndications"] | [*_, "syndications", _] | [*_, "syndications", _, "run"]:
                return self._activation_request(side, request.method, parts, body)
            case _:
                return httpx.Response(404, json={"code": "not_found", "message": "no such path"})

    def account(self, request: httpx.Request, parts: list[str]) -> httpx.Response:
        match request.method, parts:
            case "GET", ["v3", "result", "list"]:
                shown = [{k: v for k, v in x.items() if k != "secret_id"} for x in self.connections]
                return httpx.Response(200, json={"results": shown})
            case "GET", ["v3", "connections", "lookup"]:
                name = request.url.params["name"]
                for each in self.connections:
                    if each["name"] == name:
                        return httpx.Response(200, json={"id": each["secret_id"]})
                return httpx.Response(404, json={"error": "Resource not found", "text": "x"})
            case "GET", ["v3", "user", "list"]:
                return httpx.Response(200, json=self.users)
            case _:
                return httpx.Response(404, json={"error": "no such path"})

    # --- answers -----------------------------------------------------------------------

    def _id(self, id: str) -> str | int:
        return int(id) if self.manner.number_ids else id

    def _one(self, record: Json | None, **more: Json) -> httpx.Response:
        if record is None:
            return httpx.Response(404, json={"errors": [{"code": "record-not-found-error"}]})
        return httpx.Response(200, json=record, **more)

    def _written(self, record: Json) -> httpx.Response:
        if not self.manner.has_body:
            return httpx.Response(self.manner.status)
        return httpx.Response(self.manner.status, json=record)

    def _taken(self, things: dict[str, Json], of: Json, id: str | None = None) -> bool:
        key = ("name", "folder", "segment")
        return any(
            [each.get(k) for k in key] == [of.get(k) for k in key] and each["id"] != id
            for each in things.values()
        )

    # --- funnels -----------------------------------------------------------------------

    def _funnel_request(
        self, side: str, method: str, parts: list[str], body: Json
    ) -> httpx.Response:
        shown = self._funnel if side == "entities" else self._legacy_funnel
        match method, parts[-1]:
            case "GET", "funnels":
                listed = [shown(each) for each in self.funnels.values()]
                of = {"data": listed, "included": []} if side == "entities" else listed
                return httpx.Response(200, json=of)
            case "POST", "funnels":
                made = {"id": self.new_id(), **_funnel_values(body)}
                if self._taken(self.funnels, made):
                    return httpx.Response(400, json=TAKEN)
                made["stages"] = [{**each, "id": self.new_id()} for each in made["stages"]]
                self.funnels[made["id"]] = made
                return self._written(_wrapped(side, shown(made)))
            case _, id if id not in self.funnels:
                return self._one(None)
            case "GET", id:
                return httpx.Response(200, json=_wrapped(side, shown(self.funnels[id])))
            case "PATCH" | "PUT", id:
                found, values = self.funnels[id], _funnel_values(body)
                known = {each["id"]: each for each in found["stages"]}
                values["stages"] = [
                    {**known.get(each["id"], {}), **each}
                    if each.get("id")
                    else {**each, "id": self.new_id()}
                    for each in values["stages"]
                ]
                found.update(values)
                return self._written(_wrapped(side, shown(found)))
            case _, id:
                return self._written(_wrapped(side, shown(self.funnels.pop(id))))

    def _stages(self, of: Json) -> list[Json]:
        return [
            {
                "id": self._id(each["id"]),
                "name": each["name"],
                "numSyndications": 0,
                "segmentId": each.get("segment"),
            }
            for each in of["stages"]
        ]

    def _funnel(self, of: Json) -> Json:
        return {
            "id": self._id(of["id"]),
            "type": "funnel",
            "attributes": {
                "audienceId": PARENT,
                "name": of["name"],
                "description": of["description"],
                "population": None,
                "numSyndications": 0,
                "createdAt": TIME,
                "updatedAt": TIME,
                "stages": self._stages(of),
            },
            "relationships": {
                "parentFolder": {"data": {"id": of["folder"], "type": "folder-segment"}}
            },
        }

    def _legacy_funnel(self, of: Json) -> Json:
        return {
            "id": self._id(of["id"]),
            "audienceId": PARENT,
            "segmentFolderId": of["folder"],
            "name": of["name"],
            "description": of["description"],
            "stages": self._stages(of),
            "createdAt": TIME,
            "updatedAt": TIME,
        }

    def _create_stage_segment(self, body: Json) -> httpx.Response:
        id, of = self.new_id(), body["funnel_stage"]
        stages = self.funnels[str(of["funnel_id"])]["stages"]
        stage = next(each for each in stages if each["id"] == str(of["stage_id"]))
        if stage.get("segment"):
            return httpx.Response(400, json=TAKEN)
        stage["segment"] = id
        self.segments[id] = {"id": id, "createdAt": TIME, **body}
        return self._written(self.segments[id])

    # --- activations -------------------------------------------------------------------

    def _activation_request(
        self, side: str, method: str, parts: list[str], body: Json
    ) -> httpx.Response:
        segment = parts[parts.index("segments") + 1] if "segments" in parts else None
        shown = self._activation if side == "entities" else self._legacy_activation
        match method, parts:
            case "GET", [*_, "folders", _, "syndications"]:
                return httpx.Response(200, json=self._overviews())
            case "GET", [*_, "syndications"]:
                kept = [x for x in self.activations.values() if segment in (None, x["segment"])]
                listed = [shown(each) for each in kept]
                if side == "entities" and segment is None:
                    listed = list(map(_summary, listed))
                of = {"data": listed, "included": []} if side == "entities" else listed
                return httpx.Response(200, json=of)
            case "POST", [*_, "syndications"]:
                values = copy.deepcopy(body["attributes"] if side == "entities" else body)
                made = {"id": self.new_id(), "segment": segment, "name": values["name"]}
                if self._taken(self.activations, made):
                    return httpx.Response(400, json=TAKEN)
                self.activations[made["id"]] = {**made, "values": values, "executions": []}
                return self._written(_wrapped(side, shown(self.activations[made["id"]])))
            case "POST", [*_, id, "run"]:
                return self._run(id)
            case _, [*_, id] if id not in self.activations:
                return self._one(None)
            case "GET", [*_, id]:
                self._proceed(self.activations[id])
                return httpx.Response(200, json=_wrapped(side, shown(self.activations[id])))
            case "PATCH", [*_, id]:
                self.activations[id]["values"].update(copy.deepcopy(body["attributes"]))
                self.activations[id]["name"] = body["attributes"]["name"]
                return self._written(_wrapped(side, shown(self.activations[id])))
            case "PUT", [*_, id]:
                end = self.activations[id]["values"].get("endOn")
                ends = {"endOn": end} if self.manner.put_keeps_end else {}
                self.activations[id].update(values={**ends, **body}, name=body["name"])
                return self._written(shown(self.activations[id]))
            case _, [*_, id]:
                return self._written(_wrapped(side, shown(self.activations.pop(id))))
            case _:
                return self._one(None)

    def _activation(self, of: Json) -> Json:
        values = {key: value for key, value in of["values"].items() if value is not None}
        for key in ("connectionId", "activationTemplateId"):
            if key in values:
                values[key] = str(values[key])
        return {
            "id": self._id(of["id"]),
            "type": "syndication",
            "attributes": {
                "audienceId": PARENT,
                "description": None,
                "columns": [],
                "createdAt": TIME,
                "updatedAt": TIME,
                "valid": True,
                "runStatus": None,
                "executions": copy.deepcopy(of["executions"]),
                "startAt": TIME[:19],
                **values,
            },
            "relationships": {
                "segment": {"data": {"id": of["segment"], "type": "segment-batch"}},
                "createdBy": {"data": None},
            },
        }

    def _legacy_activation(self, of: Json) -> Json:
        """Without the workflow and without behaviors (described)."""
        resource = self._activation(of)
        left_out = ("nestedWorkflowProjectName", "nestedWorkflowName", "lockEnabled")
        values = {key: x for key, x in resource["attributes"].items() if key not in left_out}
        return {"id": resource["id"], "segmentId": of["segment"], **values}

    def _overviews(self) -> Json:
        return {
            "syndications": [
                {
                    "id": each["id"],
                    "name": each["name"],
                    "segmentId": each["segment"],
                    "lastRecordCount": len(each["executions"]) * 10,
                    "lastExecution": each["executions"][-1] if each["executions"] else {},
                }
                for each in self.activations.values()
            ],
            "pagination": {"hasNext": False, "nextPage": None},
        }

    def _run(self, id: str) -> httpx.Response:
        of = self.activations[id]
        run = {
            "workflowId": "1",
            "workflowSessionId": self.new_id(),
            "workflowAttemptId": self.new_id(),
            "createdAt": TIME,
            "finishedAt": None,
            "status": "queued",
            "syndicationId": id,
        }
        of["executions"].append({**run, "reads": 0})
        return self._written(
            {"id": run["workflowAttemptId"], "type": "execution-syndication", "attributes": run}
        )

    def _proceed(self, of: Json) -> None:
        for run in of["executions"]:
            run["reads"] += 1
            if run["reads"] >= self.runs_take:
                run.update(status="success", finishedAt=TIME)
            elif run["status"] == "queued":
                run.update(status="running")

    # --- templates ---------------------------------------------------------------------

    def _template_request(self, method: str, parts: list[str], body: Json) -> httpx.Response:
        match method, parts:
            case "GET", ["entities", "parent_segments", *_]:
                listed = [_shown_template(each) for each in self.templates.values()]
                return httpx.Response(200, json={"data": listed, "included": []})
            case "POST", _:
                made = {"id": self.new_id(), **_template_values(body)}
                if self._taken(self.templates, made):
                    return httpx.Response(400, json=TAKEN)
                self.templates[made["id"]] = made
                return self._written({"data": _shown_template(made), "included": []})
            case _, [*_, id] if id not in self.templates:
                return self._one(None)
            case "GET", [*_, id]:
                return httpx.Response(200, json={"data": _shown_template(self.templates[id])})
            case "PATCH", [*_, id]:
                self.templates[id].update(_template_values(body))
                return self._written({"data": _shown_template(self.templates[id])})
            case _, [*_, id]:
                return self._written({"data": _shown_template(self.templates.pop(id))})
            case _:
                return self._one(None)


TAKEN = {"errors": {"name": ["has already been taken"]}}


def _parent() -> Json:
    return {
        "id": "99",
        "type": "parentSegment",
        "attributes": {"name": "x", "v4Id": int(PARENT)},
        "relationships": {"parentSegmentFolder": {"data": {"id": ROOT, "type": "x"}}},
    }


def _wrapped(side: str, record: Json) -> Json:
    return {"data": record, "included": []} if side == "entities" else record


def _funnel_values(body: Json) -> Json:
    of = body.get("attributes", body)
    folder = (
        body["relationships"]["parentFolder"]["data"]["id"]
        if "relationships" in body
        else body["segmentFolderId"]
    )
    stages = [{key: str(value) for key, value in each.items()} for each in of["stages"]]
    return {
        "name": of["name"],
        "description": of.get("description"),
        "folder": str(folder),
        "stages": stages,
    }


def _summary(resource: Json) -> Json:
    """A resource in the list of a parent segment, which leaves details out (described)."""
    left_out = (
        *("executions", "runStatus", "valid", "startAt", "endOn", "notifyOn"),
        *("emailRecipients", "repeatUnit", "repeatFrequency", "repeatSubFrequency"),
    )
    kept = {key: x for key, x in resource["attributes"].items() if key not in left_out}
    return {**resource, "attributes": kept}


def _template_values(body: Json) -> Json:
    folder = body["relationships"]["parentFolder"]["data"]["id"]
    values = copy.deepcopy(body["attributes"])
    return {"name": values["name"], "folder": folder, "values": values}


def _shown_template(of: Json) -> Json:
    return {
        "id": of["id"],
        "type": "activation-template",
        "attributes": {
            "audienceId": PARENT,
            "description": None,
            "columns": [],
            "createdAt": TIME,
            "updatedAt": TIME,
            "available": True,
            "activationCount": 0,
            **of["values"],
        },
        "relationships": {"parentFolder": {"data": {"id": of["folder"], "type": "folder-segment"}}},
    }


def ask(
    api: Callable[[httpx.Request], httpx.Response],
    call: Callable[[Client], Awaitable[_T]],
    *,
    base: str = BASE,
    policy: RetryPolicy = QUICK,
) -> _T:
    """The result of a call to an API."""

    async def main() -> _T:
        transport = httpx.MockTransport(api)
        async with Client(base, ApiKey(KEY), transport=transport, retry_policy=policy) as client:
            return await call(client)

    return asyncio.run(main())
