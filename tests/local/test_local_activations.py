"""Activations of segments and stages, in both families with their real differences."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from local_api import JAPAN, TAKEN, Api, local_api, rule, with_api, with_strict_api
from test_local_stages import create as create_funnel
from test_local_stages import define, stage_ids

COLUMNS = [
    {"column": "country", "source": {"column": "country"}},
    {
        "column": "Campaign",
        "source": {
            "string": "$1",
            "parameters": [{"type": "String", "string": "spring-2025"}],
        },
    },
]
BOUGHT = {
    "type": "Value",
    "leftValue": {
        "source": {"name": "behavior_purchases"},
        "aggregation": {"type": "Count", "groupingColumns": []},
        "filter": None,
    },
    "operator": {"type": "GreaterEqual", "not": False, "rightValue": 1},
    "arrayMatching": None,
    "exclude": False,
}
PURCHASES: dict[str, Any] = {
    "behaviorTableName": "behavior_purchases",
    "joinStrategy": "Top-N",
    "joinRow": 2,
    "formatting": "rows",
    "orderBy": [{"key": "amount", "order": "descending"}],
    "columns": [{"column": "spent", "source": {"column": "amount"}}],
}
DAILY: dict[str, Any] = {
    "repeatUnit": "day",
    "repeatFrequency": 1,
    "startAt": "2025-04-01T03:00:00",
    "timezone": "Asia/Tokyo",
}


def body(name: str = "Export", **more: Any) -> Any:
    return {
        "name": name,
        "connectionId": 1,
        "connectorConfig": {"bucket": "exports", "path": "x.csv"},
        "columns": COLUMNS,
        **more,
    }


def entity(name: str = "Export", **more: Any) -> Any:
    return {"type": "syndication", "attributes": body(name, **more)}


async def segment(api: Api, name: str = "Japan", of: Any = JAPAN) -> str:
    id: str = (await api.create(name, of))["id"]
    return id


def path(segment: str, id: str = "") -> str:
    return f"/entities/segments/{segment}/syndications" + (f"/{id}" if id else "")


def plain_path(segment: str, id: str = "") -> str:
    return f"/audiences/7/segments/{segment}/syndications" + (f"/{id}" if id else "")


async def create(api: Api, of: str, name: str = "Export", **more: Any) -> Any:
    return (await api.ask("POST", path(of), entity(name, **more)))["data"]


async def read(api: Api, of: str, id: str) -> Any:
    return (await api.ask("GET", path(of, id)))["data"]


# --- both families -----------------------------------------------------------------------


@with_api
async def test_an_activation_under_entities(api: Api) -> None:
    of = await segment(api)
    more: dict[str, Any] = {
        **DAILY,
        "endOn": "2025-12-31",
        "notifyOn": ["onSuccess"],
        "emailRecipients": [1],
    }
    made = await create(api, of, description="To the mailing tool", **more)
    attributes = made["attributes"]
    assert (made["type"], attributes["name"]) == ("syndication", "Export")
    assert made["relationships"]["segment"]["data"] == {"id": of, "type": "segment-batch"}
    assert attributes["columns"] == COLUMNS
    assert attributes["connectionId"] == "1"
    assert attributes["connectorConfig"] == {"bucket": "exports", "path": "x.csv"}
    assert {key: attributes[key] for key in more} == more
    # The deprecated fields say the same.
    assert attributes["scheduleType"] == "daily"
    assert (attributes["valid"], attributes["executions"]) == (True, [])
    assert attributes["runStatus"] == "scheduled"
    assert await read(api, of, made["id"]) == made
    assert (await api.ask("GET", path(of)))["data"] == [made]
    assert (await api.ask("DELETE", path(of, made["id"])))["data"] == made
    assert (await api.ask("GET", path(of)))["data"] == []
    await api.ask("GET", path(of, made["id"]), status=404)
    await api.ask("DELETE", plain_path(of, made["id"]), status=404)


@with_api
async def test_an_activation_under_audiences(api: Api) -> None:
    of = await segment(api)
    made = await api.ask("POST", plain_path(of), body(**DAILY, description="x"))
    assert (made["segmentId"], made["connectionId"], made["description"]) == (of, "1", "x")
    assert (made["endOn"], made["activationTemplateId"]) == (None, None)
    assert made["repeatSubFrequency"] == []
    assert await api.ask("GET", plain_path(of, made["id"])) == made
    assert await api.ask("GET", plain_path(of)) == [made]
    assert await api.ask("GET", "/audiences/7/syndications") == [made]
    [short] = await api.ask("GET", "/audiences/7/syndications?without_detail=true")
    assert set(made) - set(short) == {"valid", "executions"}
    changed = await api.ask("PUT", plain_path(of, made["id"]), {"name": "Other", "columns": []})
    assert (changed["name"], changed["columns"], changed["description"]) == ("Other", [], "x")
    assert changed["startAt"] == DAILY["startAt"]
    assert await api.ask("DELETE", plain_path(of, made["id"])) == changed


@with_api
async def test_what_only_one_family_writes(api: Api) -> None:
    """Under /entities there is an end, under /audiences a workflow and a lock (described)."""
    of = await segment(api)
    workflow = {"nestedWorkflowProjectName": "actions", "nestedWorkflowName": "hash"}
    more: dict[str, Any] = {**workflow, "lockEnabled": True, "endOn": "2025-12-31"}
    made = await create(api, of, **DAILY, **more)
    attributes = made["attributes"]
    assert attributes["endOn"] == "2025-12-31"
    assert "nestedWorkflowName" not in attributes
    assert (attributes["lockEnabled"], attributes["activationActionsEnabled"]) == (False, False)
    # The whole body once more on the other side: nothing that it does not know is lost.
    await api.ask(
        "PUT", plain_path(of, made["id"]), body(**DAILY, **{**more, "endOn": "2030-01-01"})
    )
    attributes = (await read(api, of, made["id"]))["attributes"]
    assert attributes["endOn"] == "2025-12-31"
    assert {key: attributes[key] for key in workflow} == workflow
    assert (attributes["lockEnabled"], attributes["activationActionsEnabled"]) == (True, True)
    # And back: an update under /entities keeps the workflow, and null clears the end.
    await api.ask("PATCH", path(of, made["id"]), entity(endOn=None))
    attributes = (await read(api, of, made["id"]))["attributes"]
    assert (attributes["endOn"], attributes["nestedWorkflowName"]) == (None, "hash")


@with_api
async def test_the_two_ways_to_say_a_schedule(api: Api) -> None:
    of = await segment(api)
    made = await create(api, of, scheduleType="cron", cron="0 3 * * *")
    attributes = made["attributes"]
    assert (attributes["scheduleType"], attributes["scheduleOption"]) == ("cron", "0 3 * * *")
    assert "repeatUnit" not in attributes
    one = path(of, made["id"])
    changed = await api.ask("PATCH", one, entity(repeatUnit="week", repeatSubFrequency=[1, 5]))
    attributes = changed["data"]["attributes"]
    assert (attributes["scheduleType"], attributes["repeatSubFrequency"]) == ("weekly", [1, 5])
    assert "scheduleOption" not in attributes
    changed = await api.ask("PUT", plain_path(of, made["id"]), {"scheduleType": "daily"})
    assert (changed["repeatUnit"], changed["scheduleType"]) == ("day", "daily")
    for unit, type in (("once", "none"), ("none", "none"), ("minute", "minutes_interval")):
        changed = await api.ask("PUT", plain_path(of, made["id"]), {"repeatUnit": unit})
        assert (changed["repeatUnit"], changed["scheduleType"]) == (unit, type)


@with_api
async def test_the_list_of_a_parent_segment_is_a_summary(api: Api) -> None:
    of, other = await segment(api), await segment(api, "Buyers")
    first, second = await create(api, of, **DAILY), await create(api, other)
    funnel = await create_funnel(api)
    stage = await define(api, funnel["id"], stage_ids(funnel)[0])
    third = await create(api, stage["id"])
    listed = (await api.ask("GET", "/entities/parent_segments/7/syndications"))["data"]
    assert [each["id"] for each in listed] == [first["id"], second["id"], third["id"]]
    left_out = set(first["attributes"]) - set(listed[0]["attributes"])
    assert left_out == {
        "valid",
        "executions",
        "notifyOn",
        "emailRecipients",
        "runStatus",
        "startAt",
        "endOn",
        "repeatUnit",
        "repeatFrequency",
        "repeatSubFrequency",
    }
    await api.ask("GET", "/entities/parent_segments/8/syndications", status=404)


# --- segments and stages -----------------------------------------------------------------


@with_api
async def test_the_number_of_activations_of_segments_and_stages(api: Api) -> None:
    of = await segment(api)
    await create(api, of, "A")
    await create(api, of, "B")
    funnel = await create_funnel(api)
    stage = await define(api, funnel["id"], stage_ids(funnel)[1])
    made = await create(api, stage["id"])
    assert (await api.ask("GET", f"/audiences/7/segments/{of}"))["numSyndications"] == 2
    assert [each["numSyndications"] for each in await api.ask("GET", "/audiences/7/segments")] == [
        2
    ]
    one = (await api.ask("GET", f"/entities/segments/{stage['id']}"))["data"]
    assert one["attributes"]["numSyndications"] == 1
    answer = await api.ask("GET", f"/audiences/7/funnels/{funnel['id']}")
    assert answer["numSyndications"] == 1
    assert [each["numSyndications"] for each in answer["stages"]] == [0, 1, 0]
    inside = (await api.ask("GET", "/entities/by-folder/1"))["data"]
    numbers = {each["type"]: each["attributes"].get("numSyndications") for each in inside}
    assert (numbers["segment-batch"], numbers["funnel"]) == (2, 1)
    await api.ask("DELETE", path(stage["id"], made["id"]))
    assert (await api.ask("GET", f"/audiences/7/funnels/{funnel['id']}"))["numSyndications"] == 0


@with_api
async def test_activations_go_with_their_segment(api: Api) -> None:
    of = await segment(api)
    await create(api, of)
    await api.ask("DELETE", f"/audiences/7/segments/{of}")
    assert await api.ask("GET", "/audiences/7/syndications") == []
    await api.ask("GET", path(of), status=404)
    await api.ask("POST", path(of), entity(), status=404)
    await api.ask("POST", plain_path(of), body(), status=404)


@with_api
async def test_an_activation_is_only_found_at_its_segment(api: Api) -> None:
    of, other = await segment(api), await segment(api, "Buyers")
    made = await create(api, of)
    for method in ("GET", "PATCH", "DELETE"):
        sent = entity() if method == "PATCH" else None
        await api.ask(method, path(other, made["id"]), sent, status=404)
    await api.ask("PUT", plain_path(other, made["id"]), body(), status=404)


# --- what it cannot say ------------------------------------------------------------------


@with_api
async def test_names_are_unique_in_a_segment(api: Api) -> None:
    of, other = await segment(api), await segment(api, "Buyers")
    await create(api, of)
    assert await api.ask("POST", path(of), entity(), status=400) == TAKEN
    wrong = await api.ask("POST", plain_path(of), body(), status=400)
    assert wrong == {"errors": {"name": ["has already been taken"]}}
    await create(api, other)
    second = await create(api, of, "Other")
    assert await api.ask("PATCH", path(of, second["id"]), entity(), status=400) == TAKEN
    await api.ask("POST", path(of), entity(" "), status=400)


@pytest.mark.parametrize(
    ("more", "place", "said"),
    [
        ({"connectionId": 99}, "connectionId", "there is no connection with the id `99`"),
        ({"connectionId": True}, "connectionId", "Expected"),
        ({"connectorConfig": []}, "connectorConfig", "Expected `object | null`"),
        ({"emailRecipients": [1, 7]}, "emailRecipients/1", "no user with the id `7`"),
        ({"notifyOn": ["always"]}, "notifyOn/0", "Invalid enum value"),
        ({"startAt": "2025-04-01T03:00:00Z"}, "startAt", "without an offset"),
        ({"startAt": "soon"}, "startAt", "is not a time such as"),
        ({"endOn": "2025-02-30"}, "endOn", "is not a date such as"),
        ({"timezone": "Tokyo"}, "timezone", "unknown time zone `Tokyo`"),
        ({"repeatUnit": "year"}, "repeatUnit", "Invalid enum value"),
        ({"repeatFrequency": 0}, "repeatFrequency", "from 1"),
        ({"repeatSubFrequency": [0]}, "repeatSubFrequency/0", "1 is Monday, and 7 is Sunday"),
        ({"activationTemplateId": "99"}, "activationTemplateId", "no activation template"),
        (
            {"columns": [{"column": "x", "source": {"column": "contry"}}]},
            "columns/0/source/column",
            "there is no attribute `contry`: did you mean `country`?",
        ),
        (
            {"columns": [{"column": " ", "source": {"column": "country"}}]},
            "columns/0/column",
            "a column needs a name",
        ),
        (
            {"columns": [{"column": "x", "source": {"column": "x", "customerGroup": "hausehold"}}]},
            "columns/0/source/column",
            "there is no customer group",
        ),
        ({"columns": [{"column": "x", "source": {}}]}, "columns/0/source", "either a `column` or"),
        ({"columns": [{"source": {"column": "country"}}]}, "columns/0", "missing required field"),
        (
            {
                "columns": [
                    {
                        "column": "x",
                        "source": {"column": "country", "functions": [{"function": "upper"}]},
                    }
                ]
            },
            "columns/0/source/functions/0/function",
            "Invalid enum value",
        ),
    ],
)
def test_what_an_activation_cannot_say(
    tmp_path: Path, more: dict[str, Any], place: str, said: str
) -> None:
    async def test() -> None:
        async with local_api(tmp_path) as api:
            of = await segment(api)
            wrong = await api.ask("POST", path(of), entity(**more), status=400)
            [error] = wrong["errors"]
            assert said in error["detail"]
            assert error["source"]["pointer"] == f"/attributes/{place}"
            if "endOn" not in more:
                await api.ask("POST", plain_path(of), body(**more), status=400)
            assert (await api.ask("GET", path(of)))["data"] == []

    asyncio.run(test())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"orderBy": []}, "a behavior needs an `orderBy`"),
        (
            {"orderBy": [{"key": "category", "order": "ascending"}]},
            "`category` is not among the columns",
        ),
        ({"formatting": None}, "Top-N needs a `formatting`"),
        ({"joinRow": None}, "Top-N needs a `joinRow` of 1 or more"),
        ({"behaviorTableName": "behavior_purchase"}, "there is no behavior `behavior_purchase`"),
        ({"behaviorTableName": "behavior_visits"}, "is not included in Segment rules"),
        (
            {"columns": [{"column": "amount", "source": {"column": "amont"}}]},
            "there is no column of `behavior_purchases` `amont`: did you mean `amount`?",
        ),
        ({"joinStrategy": "Some"}, "Invalid enum value"),
    ],
)
def test_what_a_behavior_cannot_say(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    async def test() -> None:
        async with local_api(tmp_path) as api:
            of = await segment(api, "Buyers", rule(BOUGHT))
            wrong = {**PURCHASES, **changes}
            answer = await api.ask(
                "POST", path(of), entity(syndicationBehaviors=[wrong]), status=400
            )
            assert said in str(answer)
            answer = await api.ask("POST", path(of), entity(syndicationBehavior=wrong), status=400)
            assert said in str(answer)

    asyncio.run(test())


@with_api
async def test_behaviors(api: Api) -> None:
    of = await segment(api, "Buyers", rule(BOUGHT))
    made = await create(api, of, syndicationBehaviors=[PURCHASES] * 4)
    assert made["attributes"]["syndicationBehaviors"] == [PURCHASES] * 4
    # The singular is another way to say a list of one.
    one = path(of, made["id"])
    changed = await api.ask("PATCH", one, entity(syndicationBehavior=PURCHASES))
    assert changed["data"]["attributes"]["syndicationBehaviors"] == [PURCHASES]
    wrong = await api.ask(
        "POST",
        path(of),
        entity("B", syndicationBehavior=PURCHASES, syndicationBehaviors=[PURCHASES]),
        status=400,
    )
    assert "cannot both be given" in str(wrong)
    wrong = await api.ask(
        "POST", path(of), entity("B", syndicationBehaviors=[PURCHASES] * 5), status=400
    )
    assert "at most 4 behaviors, and not 5" in str(wrong)
    await api.ask("PATCH", one, entity(syndicationBehaviors=None))
    assert (await read(api, of, made["id"]))["attributes"]["syndicationBehaviors"] == []
    everyone = await segment(api)
    wrong = await api.ask(
        "POST", path(everyone), entity(syndicationBehaviors=[PURCHASES]), status=400
    )
    assert "behavior_purchases is not included in Segment rules" in str(wrong)


@with_api
async def test_what_a_new_activation_needs(api: Api) -> None:
    of = await segment(api)
    for key in ("name", "connectionId", "connectorConfig"):
        missing = body()
        del missing[key]
        for sent in (missing, body() | {key: None}):
            resource = {"type": "syndication", "attributes": sent}
            wrong = await api.ask("POST", path(of), resource, status=400)
            assert f"needs a `{key}`" in str(wrong)
    del missing["name"]
    wrong = await api.ask("POST", plain_path(of), missing, status=400)
    assert "needs a `name`" in str(wrong)
    await api.ask("POST", path(of), {"type": "segment", "attributes": body()}, status=400)
    await api.ask("POST", path(of), "[]", status=400)


@with_strict_api
async def test_a_plain_activation_without_a_connection(api: Api) -> None:
    """It is null in the description: to leave it out says the same."""
    of = await segment(api)
    missing = body("B")
    del missing["connectionId"], missing["connectorConfig"]
    null = await api.ask("POST", plain_path(of), body(connectionId=None, connectorConfig=None))
    left_out = await api.ask("POST", plain_path(of), missing)
    of_itself = {"id", "name", "createdAt", "updatedAt"}
    assert {key: of for key, of in null.items() if key not in of_itself} == {
        key: of for key, of in left_out.items() if key not in of_itself
    }
    assert (left_out["connectionId"], left_out["connectorConfig"]) == (None, None)


@with_strict_api
async def test_a_strict_server_refuses_nulls(api: Api) -> None:
    of = await segment(api)
    await api.ask("POST", path(of), entity(timezone=None), status=400)
    await api.ask("POST", plain_path(of), body(description=None), status=400)
    await create(api, of, endOn=None, startAt=None)
    await api.ask("POST", plain_path(of), body("B", connectorConfig=None, connectionId=None))


# --- under a folder ----------------------------------------------------------------------


@with_api
async def test_the_overview_of_a_folder(api: Api) -> None:
    outer = await api.create_folder("Outer")
    inner = await api.create_folder("Inner", outer)
    deep = (await api.create("Deep", segmentFolderId=int(inner)))["id"]
    top = await segment(api, "Top")
    first = await create(api, deep, "Nightly mail", **DAILY)
    second = await create(api, top, "By hand", connectionId=2)
    whole = "/audiences/7/folders/{}/syndications"

    async def names(folder: str, query: str = "") -> list[str]:
        answer = await api.ask("GET", whole.format(folder) + query)
        return [each["name"] for each in answer["syndications"]]

    answer = await api.ask("GET", whole.format("1"))
    assert answer["pagination"] == {"hasNext": False, "approximateCount": 2}
    nightly, by_hand = answer["syndications"]
    assert (nightly["id"], by_hand["id"]) == (first["id"], second["id"])
    assert [each["name"] for each in nightly["folder"]] == ["Tiny shop", "Outer", "Inner"]
    assert (nightly["scheduleStatus"], nightly["runStatus"]) == ("scheduled", "scheduled")
    assert (nightly["connectionName"], nightly["connectionType"]) == ("s3", "s3_v2")
    assert (by_hand["scheduleStatus"], by_hand["runStatus"]) == ("none", None)
    assert (by_hand["lastExecution"], by_hand["lastRecordCount"]) == (None, None)
    assert await names(outer) == ["Nightly mail"]
    assert await names("1", "?name_include=mail") == ["Nightly mail"]
    assert await names("1", "?segment_name_include=Top") == ["By hand"]
    assert await names("1", "?repeat_unit=none,week") == ["By hand"]
    assert await names("1", "?schedule_status=scheduled") == ["Nightly mail"]
    assert await names("1", "?connection_type=mail") == ["By hand"]
    assert await names("1", "?activation_template_id=none") == ["Nightly mail", "By hand"]
    assert await names("1", "?created_by_td_user_id=99") == []
    assert await names("1", "?start_after=2025-01-01T00:00:00") == ["Nightly mail"]
    assert await names("1", "?start_before=2025-01-01T00:00:00") == []
    assert await names("1", "?sorted_by=segment_name:desc") == ["By hand", "Nightly mail"]
    await api.ask("GET", whole.format("1") + "?sorted_by=color", status=400)
    await api.ask("GET", whole.format("1") + "?start_after=soon", status=400)
    await api.ask("GET", whole.format("99"), status=404)


@with_api
async def test_pages_of_an_overview(api: Api) -> None:
    of = await segment(api)
    for at in range(5):
        await create(api, of, f"Export {at}")
    names, following = [], "/audiences/7/folders/1/syndications?page[size]=2&name_include=Export"
    while following:
        answer = await api.ask("GET", following)
        assert answer["pagination"]["approximateCount"] == 5
        names.append([each["name"] for each in answer["syndications"]])
        following = answer["pagination"].get("nextPage", "")
    assert names == [["Export 0", "Export 1"], ["Export 2", "Export 3"], ["Export 4"]]
