"""The parent segment and its data, in the shapes of the description."""

from __future__ import annotations

from typing import Any

from local_api import NOW, Api, with_api


@with_api
async def test_the_parent_segment(api: Api) -> None:
    answer = await api.ask("GET", "/audiences/7")
    assert answer == (await api.ask("GET", "/audiences"))[0]
    assert answer["id"] == "7"
    assert answer["name"] == "Tiny shop"
    assert answer["timezone"] == "Asia/Tokyo"
    assert answer["population"] == 6
    assert answer["customerGroup"]["name"] == "household"
    [group] = answer["customerGroup"]["customerGroupAttributes"]
    assert (group["name"], group["type"]) == ("members", "number")


@with_api
async def test_the_settings_of_the_parent_segment(api: Api) -> None:
    answer = await api.ask("GET", "/audiences/7")
    assert answer["rootFolderId"] == (await api.ask("GET", "/audiences/7/folders"))[0]["id"]
    settings: Any = {
        "hiveEngineVersion": "cdpaudience",
        "hivePoolName": None,
        "prestoPoolName": None,
        "workflowHiveOnly": False,
        "allowActivationBehavior": True,
        "maxActivationBehaviorRow": 20,
        "llmEnabled": False,
        "llmState": "disabled",
        "audienceFilters": [],
        "matrixUpdatedAt": "2024-10-01T00:00:00.000Z",
    }
    assert {key: answer[key] for key in settings} == settings
    assert answer["master"]["parentTableName"] == "customers"
    assert answer["attributes"] == await api.ask("GET", "/audiences/7/attributes")
    assert answer["behaviors"] == await api.ask("GET", "/audiences/7/behaviors")


@with_api
async def test_the_parent_segment_under_entities(api: Api) -> None:
    answer = await api.ask("GET", "/entities/parent_segments/7")
    listed = await api.ask("GET", "/entities/parent_segments")
    assert listed == {"data": [answer["data"]], "included": answer["included"]}
    attributes = answer["data"]["attributes"]
    assert attributes["v4Id"] == 7
    assert attributes["population"] == 6
    for relationship in ("parentFolder", "parentSegmentFolder"):
        root = answer["data"]["relationships"][relationship]["data"]
        assert root == {"id": "1", "type": "folder-segment"}
    [user] = answer["included"]
    assert user["type"] == "user"


@with_api
async def test_master_segments(api: Api) -> None:
    [answer] = await api.ask("GET", "/master_segments")
    assert (answer["id"], answer["name"], answer["population"]) == ("7", "Tiny shop", 6)


@with_api
async def test_attributes_with_their_types(api: Api) -> None:
    answer = await api.ask("GET", "/audiences/7/attributes")
    assert {each["matrixColumnName"]: each["type"] for each in answer} == {
        "country": "string",
        "age": "number",
        "ltv": "number",
        "vip": "boolean",
        "last_visit": "timestamp",
        "tags": "string_array",
    }
    grouped = [each["matrixColumnName"] for each in answer if each["groupingName"] == "Where"]
    assert grouped == ["country"]
    assert {each["audienceId"] for each in answer} == {"7"}
    assert {each["visibility"] for each in answer} == {"clear"}
    assert len({each["id"] for each in answer}) == len(answer)


@with_api
async def test_labels_are_not_columns(api: Api) -> None:
    answer = await api.ask("GET", "/audiences/7/attributes")
    assert {each["matrixColumnName"]: each["name"] for each in answer} == {
        "country": "Country of residence",
        "age": "age",
        "ltv": "Lifetime Value",
        "vip": "vip",
        "last_visit": "last_visit",
        "tags": "tags",
    }
    purchases, visits = await api.ask("GET", "/audiences/7/behaviors")
    assert (purchases["name"], visits["name"]) == ("Online Purchases", "visits")
    shown = {each["matrixColumnName"]: each["name"] for each in purchases["schema"]}
    assert shown == {"timestamp": "timestamp", "category": "category", "amount": "Amount paid"}


@with_api
async def test_behaviors_with_their_columns(api: Api) -> None:
    answer = await api.ask("GET", "/audiences/7/behaviors")
    assert [each["matrixTableName"] for each in answer] == ["behavior_purchases", "behavior_visits"]
    for each in answer:
        assert each["matrixDatabaseName"] == "cdp_audience_7"
        assert (each["audienceId"], each["allColumns"], each["isRealtime"]) == ("7", False, False)
        assert each["defaultTimeFilterEnabled"] is False
    assert {each["matrixColumnName"]: each["type"] for each in answer[0]["schema"]} == {
        "timestamp": "timestamp",
        "category": "string",
        "amount": "number",
    }
    assert await api.ask("GET", "/audiences/7/behaviors?realtime=true") == []


@with_api
async def test_statistics_are_the_current_population(api: Api) -> None:
    assert await api.ask("GET", "/audiences/7/statistics") == [[NOW, 6, True]]
    # 2024-10-01 in the parent segment's time zone, and still 2024-09-30 in the west.
    day = "/audiences/7/statistics?from=2024-10-01&to=2024-10-01"
    assert await api.ask("GET", day) == [[NOW, 6, True]]
    assert await api.ask("GET", "/audiences/7/statistics?to=2024-09-30") == []
    assert await api.ask("GET", "/audiences/7/statistics?from=2024-10-02") == []
    wrong = await api.ask("GET", "/audiences/7/statistics?from=yesterday", status=400)
    assert "yesterday" in wrong["message"]


@with_api
async def test_sample_values_are_the_most_frequent(api: Api) -> None:
    path = "/audiences/7/sample_values?column="
    assert await api.ask("GET", f"{path}country") == [["JP", 0.6], ["FR", 0.2], ["US", 0.2]]
    assert await api.ask("GET", f"{path}country&limit=1") == [["JP", 0.6]]
    assert await api.ask("GET", f"{path}vip") == [["false", 0.5], ["true", 0.5]]
    # Of arrays, the elements.
    assert await api.ask("GET", f"{path}tags") == [["a", 0.4], ["b", 0.4], ["c", 0.2]]
    [[value, part]] = await api.ask("GET", f"{path}country&samples=2")
    assert (value, part) == ("JP", 1.0)


@with_api
async def test_sample_values_of_behaviors(api: Api) -> None:
    id = (await api.ask("GET", "/audiences/7/behaviors"))[0]["id"]
    path = f"/audiences/7/behaviors/{id}/sample_values?column=amount&limit=2"
    assert await api.ask("GET", path) == [[200, 0.2], [300, 0.2]]
    await api.ask("GET", "/audiences/7/behaviors/3/sample_values?column=amount", status=404)


@with_api
async def test_invalid_requests_for_sample_values(api: Api) -> None:
    wrong = await api.ask("GET", "/audiences/7/sample_values?column=contry", status=400)
    assert "did you mean `country`" in wrong["message"]
    await api.ask("GET", "/audiences/7/sample_values", status=400)
    for value in ("0", "-1", "many", "1.5"):
        path = f"/audiences/7/sample_values?column=country&limit={value}"
        assert value in (await api.ask("GET", path, status=400))["message"]


@with_api
async def test_names_of_columns_are_never_sql(api: Api) -> None:
    for name in ('country" from customers --', "country'; drop table customers; --", "*", "1"):
        response = await api.send("GET", "/audiences/7/sample_values", params={"column": name})
        assert response.status_code == 400


@with_api
async def test_other_parent_segments_do_not_exist(api: Api) -> None:
    for path in (
        "/audiences/8",
        "/audiences/8/attributes",
        "/audiences/8/segments/1",
        "/audiences/x",
    ):
        answer = await api.ask("GET", path, status=404)
        assert answer["code"] == "not_found"
    await api.ask("GET", "/entities/parent_segments/8", status=404)
