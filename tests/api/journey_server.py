"""The small Audience API of `entity_api` with journeys, their versions and activations."""

from __future__ import annotations

import copy

import httpx

from entity_api import MANNERS, PARENT, ROOT, TAKEN, TIME, EntityApi, Fault, Json, Manner

STAGE = {"id": "602", "name": "Old stage", "steps": {}, "exitCriterias": []}


class JourneyApi(EntityApi):
    """A server with a journey (600 of the bundle 601) that is launched and has one activation."""

    def __init__(self, fault: Fault | None = None, manner: Manner = MANNERS[0]) -> None:
        super().__init__(fault, manner)
        self.journeys: dict[str, Json] = {
            "600": {
                "id": "600",
                "bundle": "601",
                "version": 1,
                "folder": ROOT,
                "paused": False,
                "execution": None,
                "values": {"name": "Old", "state": "launched", "journeyStages": [STAGE]},
            }
        }
        self.bundles: dict[str, Json] = {"601": {"name": "Old", "description": "", "latest": "600"}}
        self.steps: dict[str, Json] = {
            "603": {"id": "603", "journey": "600", "params": {"name": "Mail", "connectionId": "1"}}
        }
        self.last_id = 700

    def answer(self, request: httpx.Request, body: Json) -> httpx.Response:
        parts = request.url.path.strip("/").split("/")
        match request.method, parts:
            case _, ["entities", "journey_bundles", id, *rest]:
                return self._bundle_request(request.method, id, rest, body)
            case "GET", ["entities", "journeys"]:
                listed = [self._shown(each) for each in self.journeys.values()]
                return httpx.Response(200, json={"data": listed, "included": []})
            case "POST", ["entities", "journeys"]:
                return self._create(body)
            case _, ["entities", "journeys", id, *_] if id not in self.journeys:
                return self._one(None)
            case _, ["entities", "journeys", id, *rest]:
                return self._journey_request(request.method, id, rest, body)
            case _:
                return super().answer(request, body)

    # --- journeys ----------------------------------------------------------------------

    def _journey_request(self, method: str, id: str, rest: list[str], body: Json) -> httpx.Response:
        found = self.journeys[id]
        match method, rest:
            case "GET", []:
                self._proceed_journey(found)
                return self._one(self._document(found))
            case "PATCH", []:
                found["values"].update(self._with_stage_ids(body["attributes"]))
                if "relationships" in body:
                    found["folder"] = body["relationships"]["parentFolder"]["data"]["id"]
                return self._written(self._document(found))
            case "DELETE", []:
                del self.journeys[id]
                return self._written(self._document(found))
            case "PATCH", ["pause" | "resume" as action]:
                found["paused"] = action == "pause"
                return self._written(self._document(found))
            case "POST", ["run"]:
                return self._run_journey(found)
            case "GET", ["activations"]:
                kept = [each for each in self.steps.values() if each["journey"] == id]
                return httpx.Response(200, json={"data": list(map(self._step, kept))})
            case "POST", ["activations"]:
                made = {"id": self.new_id(), "journey": id, "params": _params(body)}
                self.steps[made["id"]] = made
                return self._written({"data": self._step(made)})
            case "GET", ["activations", step]:
                return self._one({"data": self._step(self.steps[step])})
            case "PATCH", ["activations", step]:
                self.steps[step]["params"].update(_params(body))
                return self._written({"data": self._step(self.steps[step])})
            case _:
                return self._one(None)

    def _create(self, body: Json) -> httpx.Response:
        name = body["attributes"]["name"]
        if any(each["name"] == name for each in self.bundles.values()):
            return httpx.Response(400, json=TAKEN)
        id, bundle = self.new_id(), self.new_id()
        self.bundles[bundle] = {"name": name, "description": "", "latest": id}
        self.journeys[id] = {
            "id": id,
            "bundle": bundle,
            "version": 1,
            "folder": body["relationships"]["parentFolder"]["data"]["id"],
            "paused": False,
            "execution": None,
            "values": self._with_stage_ids(body["attributes"]),
        }
        return self._written(self._document(self.journeys[id]))

    def _with_stage_ids(self, attributes: Json) -> Json:
        values = copy.deepcopy(attributes)
        for stage in values.get("journeyStages", ()):
            stage.setdefault("id", self.new_id())
        return values

    def _run_journey(self, found: Json) -> httpx.Response:
        run = {
            "workflowId": "1",
            "workflowSessionId": self.new_id(),
            "workflowAttemptId": self.new_id(),
            "createdAt": TIME,
            "finishedAt": None,
            "status": "queued",
        }
        found["execution"] = {**run, "reads": 0}
        self.runs = getattr(self, "runs", 0) + 1
        attributes = {**run, "journeyId": found["id"]}
        resource = {"id": run["workflowAttemptId"], "type": "execution-journey"}
        return self._written({"data": {**resource, "attributes": attributes}})

    def _proceed_journey(self, found: Json) -> None:
        run = found["execution"]
        if run is not None:
            run["reads"] += 1
            if run["reads"] > self.runs_take:
                run.update(status="success", finishedAt=TIME)

    # --- bundles -----------------------------------------------------------------------

    def _bundle_request(self, method: str, id: str, rest: list[str], body: Json) -> httpx.Response:
        versions = [each for each in self.journeys.values() if each["bundle"] == id]
        if not versions:
            return self._one(None)
        bundle = self.bundles[id]
        match method, rest:
            case "POST", ["journeys"]:
                last = versions[-1]
                made = copy.deepcopy(last) | {
                    "id": self.new_id(),
                    "version": last["version"] + 1,
                }
                name = f"{bundle['name']}(v{made['version']})"
                name = (body or {}).get("attributes", {}).get("name", name)
                made["values"] |= {"name": name, "state": "draft"}
                self.journeys[made["id"]] = made
                bundle["latest"] = made["id"]
                return self._written(self._document(made))
            case "PATCH", []:
                values = body["attributes"]
                bundle.update(name=values["name"], description=values["description"])
                bundle["latest"] = values.get("latestJourneyId", bundle["latest"])
            case _:
                pass
        answer = {
            "name": bundle["name"],
            "description": bundle["description"],
            "latestJourneyId": bundle["latest"],
            "lastVersionNumber": max(each["version"] for each in versions),
            "journeys": [self._shown(each) for each in versions],
        }
        return self._one(answer) if method == "GET" else self._written(answer)

    # --- answers -----------------------------------------------------------------------

    def _document(self, found: Json) -> Json:
        return {"data": self._shown(found), "included": []}

    def _shown(self, found: Json) -> Json:
        values = found["values"]
        # As real servers write it (observed).
        text = copy.deepcopy(values)
        for stage in text["journeyStages"]:
            for step in stage.get("steps", {}).values():
                if step["type"] == "AbTest":
                    step["type"] = "ABTest"
        return {
            "id": self._id(found["id"]),
            "type": "journey",
            "attributes": {
                "audienceId": PARENT,
                "description": None,
                "goal": None,
                **text,
                "paused": found["paused"],
                "journeyBundleId": found["bundle"],
                "journeyBundleName": self.bundles[found["bundle"]]["name"],
                "versionNumber": found["version"],
                "latestExecution": found["execution"],
                "createdAt": TIME,
                "updatedAt": TIME,
            },
            "relationships": {
                "parentFolder": {"data": {"id": found["folder"], "type": "folder-segment"}}
            },
        }

    def _step(self, found: Json) -> Json:
        return {
            "id": self._id(found["id"]),
            "type": "journeyActivationStep",
            "attributes": {"activationId": None, "activationParams": found["params"]},
            "relationships": {},
        }


def _params(body: Json) -> Json:
    params: Json = copy.deepcopy(body["attributes"]["activationParams"])
    return params
