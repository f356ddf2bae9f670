"""What public clients ask, in their order, and what they read of the answers.

Each was run unchanged against the local API once; these are their requests, with values of our own.
The name of the program is in each docstring.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from journey_api import END, US, Journeys, criteria, mail, wait, with_journeys
from local_api import JSON_API, equal, rule
from predictive_api import PATH, buyers, entity, scored, shop_api
from raw_tables import RawApi, body, with_raw_api

JAPAN = rule(equal("country", "JP"))

# --- parent segments -----------------------------------------------------------------------


async def by_name(api: RawApi, name: str) -> str | None:
    """The id of the parent segment with a name, as text."""
    listed = await api.ask("GET", "/audiences")
    return next((str(each["id"]) for each in listed if str(each["name"]) == name), None)


@with_raw_api
async def test_a_template_is_created_updated_and_recreated(api: RawApi) -> None:
    """treasure-data/se-starter-pack, create_parent_segments.py: `id` and `name` of each answer."""
    template = body("Accelerator", id=None)
    assert await by_name(api, "Accelerator") is None
    made = await api.ask("POST", "/audiences", template)
    assert (made["id"], made["name"]) == (await by_name(api, "Accelerator"), "Accelerator")
    put = await api.ask("PUT", f"/audiences/{made['id']}", template)
    assert (put["id"], put["name"]) == (made["id"], "Accelerator")
    # It reads a JSON body of DELETE too.
    gone = await api.ask("DELETE", f"/audiences/{made['id']}")
    assert (gone["id"], gone["name"]) == (made["id"], "Accelerator")
    again = await api.ask("POST", "/audiences", template)
    assert (await api.ran(again["id"]))["status"] == "success"


@with_raw_api
async def test_a_parent_segment_is_copied_with_its_segments(api: RawApi) -> None:
    """treasure-data/master_segment_duplicator, copier.py: without a run between its requests."""
    source = await api.built()
    top = (await api.ask("GET", f"/audiences/{source}"))["rootFolderId"]
    folder = await api.create_folder("Team", top)
    made = {"name": "Japan", "segmentFolderId": folder, "rule": JAPAN}
    await api.ask("POST", f"/audiences/{source}/segments", made)

    async def post(path: str, value: Any, method: str = "POST") -> Any:
        return await api.send(method, path, value, headers={"Content-Type": JSON_API})

    whole = await api.ask("GET", f"/audiences/{source}")
    copy = (await post("/audiences", {**whole, "id": None, "name": "Copy"})).json()["id"]
    assert (await post(f"/audiences/{copy}", {**whole, "name": "Copy"}, "PUT")).status_code == 200
    roots = []
    for id in (source, copy):
        resource = (await api.ask("GET", f"/entities/parent_segments/{id}"))["data"]
        roots.append(resource["relationships"]["parentSegmentFolder"]["data"]["id"])
    tree = (await api.ask("GET", f"/entities/by-folder/{roots[0]}?depth=32"))["data"]
    [below] = [each for each in tree if each["type"] == "folder-segment" and each["id"] != roots[0]]
    below["relationships"]["parentFolder"]["data"]["id"] = roots[1]
    target = (await post("/entities/folders", below)).json()["data"]["id"]
    [segment] = [each for each in tree if each["type"].startswith("segment")]
    segment["relationships"]["parentFolder"]["data"]["id"] = target
    segment["attributes"]["audienceId"] = copy
    response = await post("/entities/segments", segment)
    assert response.status_code == 200, response.text
    # A name that is taken is told by these words, and gets a suffix.
    taken = await post("/entities/segments", segment)
    assert taken.status_code == 400
    assert "name has already been taken" in taken.text.lower()
    # A rule about a predictive segment of the source is skipped because of these.
    segment["attributes"] |= {"name": "Likely", "rule": scored("99")}
    skipped = await post("/entities/segments", segment)
    assert skipped.status_code == 400
    assert "Referencing predictive segment" in skipped.text
    assert (await api.ran(copy))["status"] == "success"
    assert await api.counted(copy, JAPAN) == 1


# --- journeys ------------------------------------------------------------------------------


async def viewed(journeys: Journeys) -> str:
    """A launched journey with a step of each kind, of which a run has been."""
    entry, seen = [await journeys.segment(JAPAN, name) for name in ("Entry", "Seen")]
    us, done = [await journeys.segment(US, name) for name in ("US", "Done")]
    draft = await journeys.create("Viewed", {"name": "s1"}, {"name": "s2"})
    first, second = [each["id"] for each in draft["attributes"]["journeyStages"]]
    sent = await journeys.activation(draft["id"], timezone="Asia/Tokyo")
    branches = [
        {"id": "b1", "name": "In the US", "segmentId": us, "excludedPath": False, "next": "mail"},
        {"id": "b2", "name": None, "description": None, "excludedPath": True, "next": "merge"},
    ]
    steps = {
        "decide": {"type": "DecisionPoint", "branches": branches},
        "mail": mail(sent, "merge"),
        "merge": {"type": "Merge", "next": "wait"},
        "wait": wait(2, "end"),
        "end": END,
    }
    conditions = [
        {"id": "c1", "name": "Met", "segmentId": seen, "timedOutPath": False, "next": "jump"},
        {"id": "c2", "name": "Max", "timedOutPath": True, "moveAfter": 3, "unit": "day"}
        | {"next": "over"},
    ]
    halves = [
        {"id": id, "name": name, "percentage": 50, "next": next}
        for id, name, next in (("v1", "Casual", "until"), ("v2", "Control", "days"))
    ]
    target = {"journeyId": draft["id"], "journeyStageId": first}
    others = {
        "test": {"type": "ABTest", "name": "Tone", "variants": halves},
        "until": {"type": "WaitStep", "waitStepType": "Condition", "name": "Seen?", "next": None}
        | {"conditions": conditions},
        "jump": {"type": "Jump", "name": "Back", "target": target},
        "over": END,
        "days": {"type": "WaitStep", "waitStepType": "DaysOfTheWeek", "next": "stop"}
        | {"waitUntilDaysOfTheWeek": [6]},
        "stop": END,
    }
    stages = [
        {"id": first, "name": "s1", "rootStep": "decide", "steps": steps}
        | {"entryCriteria": criteria(entry, "Japan"), "milestone": criteria(done, "Bought")},
        {"id": second, "name": "s2", "rootStep": "test", "steps": others}
        | {"entryCriteria": criteria(done, "Bought")},
    ]
    await journeys.patch(draft["id"], name="Viewed", journeyStages=stages, state="launched")
    assert (await journeys.run(draft["id"]))["status"] == "success"
    id: str = draft["id"]
    return id


@with_journeys
async def test_journeys_are_monitored(journeys: Journeys, folder: Path) -> None:
    """treasure-data/treasure-boxes, cdp_monitoring and cdp_campaign_management."""
    ask = journeys.api.ask
    ran = await viewed(journeys)
    never = (await journeys.create("Never"))["id"]
    tree = (await ask("GET", "/entities/by-folder/1?depth=10"))["data"]
    listed = {each["id"]: each["attributes"] for each in tree if each["type"] == "journey"}
    assert set(listed) == {ran, never}
    dates = {"createdAt", "updatedAt", "launchedAt"}
    kept = {"audienceId", "name", "state", "allowReentry", "paused", "journeyStages", *dates}
    assert all(kept <= set(each) for each in listed.values())
    # What a journey that never ran has is null, and one that is not there is passed over.
    assert (await ask("GET", f"/entities/journeys/{never}/statistics"))["data"] is None
    assert (await ask("GET", f"/entities/journeys/{ran}/statistics"))["data"]["attributes"]
    await ask("GET", "/entities/journeys/999999", status=404)
    # Activations of steps are joined with all activations of the parent segment.
    [step] = (await ask("GET", f"/entities/journeys/{ran}/activations"))["data"]
    assert {"attributes", "relationships"} <= set(step)
    params = step["attributes"]["activationParams"]
    assert {"name", "timezone", "connectionId", "allColumns"} <= set(params)
    [sent] = await ask("GET", "/audiences/7/syndications")
    assert sent["id"] == step["attributes"]["syndicationId"]
    texts = {"columns", "connectorConfig", "createdBy", "updatedBy", "notifyOn", "emailRecipients"}
    assert {"name", "scheduleType", "scheduleOption", "executions", *texts} <= set(sent)


@with_journeys
async def test_journeys_are_scanned(journeys: Journeys, folder: Path) -> None:
    """The package td-ml-ps-stats-scan: journeys of the root folder with rules and populations."""
    ask = journeys.api.ask
    id = await viewed(journeys)
    [journey] = (await ask("GET", "/entities/journeys?folder_id=1"))["data"]
    assert journey["relationships"]["parentFolder"]["data"]["id"] == "1"
    stages = journey["attributes"]["journeyStages"]
    for stage in stages:
        path = f"/entities/segments/{stage['entryCriteria']['segmentId']}"
        segment = (await ask("GET", path))["data"]["attributes"]
        assert segment["rule"]["conditions"]
        assert "population" in segment
    statistics = (await ask("GET", f"/entities/journeys/{id}/statistics"))["data"]["attributes"]
    sizes = {
        each["id"]: each["history"][-1]["size"] for each in statistics["journeyStageStatistics"]
    }
    assert set(sizes) == {stage["id"] for stage in stages}
    assert sizes[stages[0]["id"]] > 0


def shown(step: Any) -> str:
    """The name that a viewer shows for a step; KeyError where it finds none."""
    match step["type"]:
        case "WaitStep" if step["waitStepType"] == "Duration":
            return f"wait {step['waitStep']} {step['waitStepUnit']}"
        case "WaitStep" if step["waitStepType"] == "DaysOfTheWeek":
            return f"wait until {step['waitUntilDaysOfTheWeek']}"
        case "WaitStep" | "Activation" | "Jump" | "ABTest":
            name: str = step["name"]
            return name
        case "DecisionPoint" | "Merge" | "End" as type:
            return str(type)
        case type:
            raise KeyError(type)


@with_journeys
async def test_a_journey_is_drawn(journeys: Journeys, folder: Path) -> None:
    """treasure-data/treasure-boxes, cjo-profile-viewer: each column of the table has a name."""
    id = await viewed(journeys)
    attributes = (await journeys.get(id))["attributes"]
    names = {}
    for number, stage in enumerate(attributes["journeyStages"]):
        # It follows the steps from the first one by `next`, in branches, variants and conditions.
        open_steps, seen = [stage["rootStep"]], set()
        while open_steps:
            key = open_steps.pop()
            if key is None or key in seen:
                continue
            seen.add(key)
            step = stage["steps"][key]
            column = f"intime_stage_{number}_{key}"
            names[column] = shown(step)
            for branch in step.get("branches", ()):
                name = "Excluded Path" if branch["excludedPath"] else branch["name"]
                names[f"{column}_{branch['segmentId']}"] = name
            for variant in step.get("variants", ()):
                names[f"{column}_variant_{variant['id']}"] = variant["name"]
            ways = [step, *(step.get(part, ()) for part in ("branches", "variants", "conditions"))]
            open_steps += [step.get("next")]
            open_steps += [way["next"] for part in ways[1:] for way in part]
        assert seen == set(stage["steps"])
    assert len(names) == 11 + 2 + 2
    assert all(names.values())
    assert {"In the US", "Excluded Path", "Casual", "wait 2 day", "Mail", "Back"} <= set(
        names.values()
    )


# --- predictive segments -------------------------------------------------------------------


def test_a_folder_is_restored_with_its_predictive_segment(tmp_path: Path) -> None:
    """treasure-data/treasure-boxes, ps_backup_restore: resources of a folder are posted whole.

    Only the folder, and `segmentId` or the ids in rules are replaced, as strings.
    """

    async def inside() -> None:
        async with shop_api(tmp_path) as api:
            team = await api.create_folder("Team")
            of = await buyers(api, segmentFolderId=team)
            made = (await api.ask("POST", PATH, entity(of, folder=team)))["data"]["id"]
            await api.create("Likely", scored(made, 4), segmentFolderId=team)
            tree = (await api.ask("GET", f"/entities/by-folder/{team}?depth=10"))["data"]
            backup = json.loads(json.dumps(tree))
            target = await api.create_folder("Restored")
            ids: dict[str, str] = {}
            order = {"segment-batch": "segments", "predictive-segment": "predictive_segments"}
            for each in sorted(backup, key=lambda each: int(each["id"])):
                if each["type"] not in order:
                    continue
                each["relationships"]["parentFolder"]["data"]["id"] = target
                attributes = each["attributes"]
                if "segmentId" in attributes:
                    attributes["segmentId"] = ids[attributes["segmentId"]]
                for group in attributes.get("rule", {}).get("conditions", ()):
                    for condition in group["conditions"]:
                        if "id" in condition:
                            condition["id"] = ids[condition["id"]]
                answer = await api.ask("POST", f"/entities/{order[each['type']]}", each)
                ids[each["id"]] = answer["data"]["id"]
            copied = (await api.ask("GET", f"{PATH}/{ids[made]}"))["data"]
            assert copied["attributes"]["segmentId"] == ids[of]
            restored = (await api.ask("GET", f"/entities/by-folder/{target}"))["data"]
            assert {each["attributes"]["name"] for each in restored} == {
                *("Restored", "Buyers", "Buys again", "Likely"),
            }

    asyncio.run(inside())


def test_a_predictive_segment_is_read_and_written_back(tmp_path: Path) -> None:
    """treasure-data/se-starter-pack, segment.py: what refers to it is in the refusal of DELETE."""

    async def inside() -> None:
        async with shop_api(tmp_path) as api:
            id = (await api.ask("POST", PATH, entity(await buyers(api))))["data"]["id"]
            read = (await api.ask("GET", f"{PATH}/{id}"))["data"]
            read["attributes"]["description"] = "new"
            written = (await api.ask("PATCH", f"{PATH}/{id}", read))["data"]
            assert {**written["attributes"], "updatedAt": ""} == {
                **read["attributes"],
                "updatedAt": "",
            }
            user = (await api.create("Likely", scored(id, 4)))["id"]
            refused = await api.ask("DELETE", f"{PATH}/{id}", status=409)
            metas = [error["meta"]["referencedBySegments"] for error in refused["errors"]]
            assert [segment["id"] for meta in metas for segment in meta] == [user]

    asyncio.run(inside())
