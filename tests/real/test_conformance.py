"""One list of shapes, held against every server: recorded answers and the local Audience API.

Each test is a row of what real servers were observed to answer.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack
from typing import Any

import msgspec
import pytest

from recorded import CONTRACT, answers_of
from replay import JSON, JSON_API, Json
from segdsl.api import ApiKey, Client, ConflictError, NewSegment, RejectedError
from segdsl.api.complete import whole_segments
from segdsl.server import LOCAL_KEY
from servers import NAMES, Name, Served, folder_body, rule_of, served

MILLISECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
Row = Callable[[Served], Coroutine[Any, Any, None]]
Server = tuple[asyncio.Runner, Served]


@pytest.fixture(scope="module", params=NAMES)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    name: Name = request.param
    if name == "contract":
        answers_of("contract")
    folder = tmp_path_factory.mktemp("server")
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        found = runner.run(stack.enter_async_context(served(name, CONTRACT, folder)))
        try:
            yield runner, found
        finally:
            runner.run(stack.aclose())


def row(check: Row) -> Callable[[Server], None]:
    """A test of each server."""

    def test(server: Server) -> None:
        runner, of = server
        runner.run(check(of))

    test.__doc__ = check.__doc__
    return test


def is_id(value: object) -> bool:
    """An id as plain JSON has it: a text of digits."""
    return isinstance(value, str) and value.isdecimal()


# --- parent segments and folders ---------------------------------------------------------


@row
async def test_parent_segments_are_under_data(of: Served) -> None:
    listed = await of.get("/entities/parent_segments")
    assert isinstance(listed["data"], list)
    assert isinstance(listed["included"], list)
    for each in listed["data"]:
        assert each["type"] == "parentSegment"
        assert isinstance(each["attributes"]["name"], str)
    relationships = of.parent["relationships"]
    found = [
        relationships[key]
        for key in ("parentFolder", "parentSegmentFolder")
        if key in relationships
    ]
    assert [str(each["data"]["id"]) for each in found] == [of.root] * len(found)
    assert len(found) == 2 if of.is_local else found


@row
async def test_a_parent_segment_says_what_it_is(of: Served) -> None:
    found = await of.get(of.of_audience)
    texts = ("name", "timezone", "scheduleType", "hiveEngineVersion", "llmState", "createdAt")
    flags = ("workflowHiveOnly", "allowActivationBehavior", "llmEnabled")
    assert is_id(found["id"])
    assert is_id(found["rootFolderId"])
    assert all(isinstance(found[key], str) for key in texts)
    assert all(isinstance(found[key], bool) for key in flags)
    assert {"hivePoolName", "prestoPoolName", "population", "scheduleOption"} <= found.keys()
    assert isinstance(found["maxActivationBehaviorRow"], int)
    assert isinstance(found["audienceFilters"], list)
    assert found["master"].keys() >= {"parentDatabaseName", "parentTableName"}
    assert MILLISECONDS.fullmatch(found["createdAt"])


@row
async def test_folders_name_the_one_they_are_in(of: Served) -> None:
    folders = await of.get(f"{of.of_audience}/folders")
    ids = {each["id"] for each in folders}
    assert all(is_id(each["id"]) for each in folders)
    assert [each["id"] for each in folders if each["parentFolderId"] is None] == [of.root]
    assert all(each["parentFolderId"] in {*ids, None} for each in folders)
    assert all(MILLISECONDS.fullmatch(each["createdAt"]) for each in folders)


@row
async def test_without_a_depth_the_whole_tree_is_answered(of: Served) -> None:
    inner = await of.send("POST", "/entities/folders", folder_body("Within", of.folder), JSON_API)
    assert inner.status_code < 300
    folders = await of.get(f"{of.of_audience}/folders")
    [within] = [each["id"] for each in folders if each["name"] == "Within"]
    made = await of.create("Deep down", segmentFolderId=int(within))
    found = (await of.get(f"/entities/by-folder/{of.root}"))["data"]
    by_id = {each["id"]: each for each in found}
    assert by_id[within]["relationships"]["parentFolder"]["data"]["id"] == of.folder
    deep = by_id[made["id"]]
    assert deep["type"] == "segment-batch"
    assert deep["relationships"]["parentFolder"]["data"]["id"] == within
    assert deep["attributes"]["isVisible"] is True
    assert isinstance(deep["attributes"]["numSyndications"], int)
    assert isinstance(deep["attributes"]["isEmptyRule"], bool)
    deeper = await of.get(f"/entities/by-folder/{of.root}", depth="100", with_rule="false")
    assert {each["id"] for each in deeper["data"]} == set(by_id)


@row
async def test_no_id_is_that_of_two_things(of: Served) -> None:
    made = await of.create("Of an id of its own")
    folders = await of.get(f"{of.of_audience}/folders")
    segments = await of.get(f"{of.of_audience}/segments")
    ids = [str(each["id"]) for each in (*folders, *segments)]
    assert made["id"] in ids
    assert len(ids) == len(set(ids))


# --- attributes and behaviors ------------------------------------------------------------


@row
async def test_attributes_have_columns_and_labels(of: Served) -> None:
    known = [each for each in of.attributes if each.get("matrixColumnName")]
    assert len(known) >= 3
    for each in known:
        assert each.keys() >= {"id", "name", "type", "visibility", "groupingName", "parentKey"}
        assert each.keys() >= {"foreignKey", "usedBySegmentInsight", "parentColumn"}
    # The labels are others, so that no test passes by confusing them.
    assert any(each["name"] != each["matrixColumnName"] for each in known)


@row
async def test_behaviors_have_tables_and_labels(of: Served) -> None:
    first = of.behaviors[0]
    assert first["matrixTableName"].startswith("behavior_")
    assert first["name"] != first["matrixTableName"].removeprefix("behavior_")
    assert first["matrixDatabaseName"] == f"cdp_audience_{of.id}"
    for key in ("allColumns", "isRealtime", "defaultTimeFilterEnabled"):
        assert isinstance(first[key], bool)
    for each in first["schema"]:
        assert each.keys() >= {"name", "matrixColumnName", "type", "visibility"}


# --- segments ----------------------------------------------------------------------------


@row
async def test_a_segment_in_plain_json(of: Served) -> None:
    made = await of.create("In plain JSON")
    for key in ("id", "audienceId", "segmentFolderId"):
        assert is_id(made[key]), key
    assert (made["audienceId"], made["segmentFolderId"]) == (of.id, of.folder)
    assert made["isVisible"] is True
    assert made["numSyndications"] == 0
    assert made["realtime"] is False
    assert made["referencedBy"] == []
    assert made["kind"] == 0
    assert "population" in made
    assert made.keys() >= {"createdBy", "updatedBy", "description", "rule"}
    assert MILLISECONDS.fullmatch(made["createdAt"])
    assert MILLISECONDS.fullmatch(made["updatedAt"])


@row
async def test_a_hidden_segment_stays_hidden(of: Served) -> None:
    made = await of.create("To hide", isVisible=False)
    assert made["isVisible"] is False
    path = f"{of.of_audience}/segments/{made['id']}"
    body = {**body_of(made), "name": "To hide still"}
    assert (await of.send("PUT", path, body)).status_code in (200, 201, 202, 204)
    assert (await of.segment(made["id"]))["isVisible"] is False
    await of.send("PUT", path, {**body, "isVisible": True})
    assert (await of.segment(made["id"]))["isVisible"] is True


def body_of(segment: Json) -> Json:
    """All that an update sends, but for whether the console shows it."""
    keys = ("name", "kind", "description", "rule")
    return {
        **{key: segment[key] for key in keys},
        "audienceId": int(segment["audienceId"]),
        "segmentFolderId": int(segment["segmentFolderId"]),
    }


@row
async def test_an_update_without_a_rule_loses_it(of: Served) -> None:
    made = await of.create("To lose its rule")
    body = body_of(made)
    del body["rule"]
    answer = await of.send("PUT", f"{of.of_audience}/segments/{made['id']}", body)
    assert answer.status_code in (200, 201, 202, 204)
    assert (await of.segment(made["id"])).get("rule") is None


@row
async def test_who_refers_to_a_segment(of: Served) -> None:
    made = await of.create("Referred to")
    reference = {"type": "Reference", "id": made["id"], "include": True}
    user = await of.create("Refers with include only", rule_of(reference))
    assert (await of.segment(made["id"]))["referencedBy"] == [user["id"]]
    listed = await of.get(f"{of.of_audience}/segments")
    assert [each["referencedBy"] for each in listed if each["id"] == made["id"]] == [[user["id"]]]


@row
async def test_loose_rules_are_taken_and_kept(of: Served) -> None:
    behavior = of.behaviors[0]
    number = next(
        each["matrixColumnName"] for each in behavior["schema"] if each["type"] == "number"
    )
    column = of.equal()["leftValue"]["name"]
    rule = rule_of(
        {
            "type": "Value",
            "leftValue": {"name": column, "visibility": "clear"},
            "operator": {"type": "Contain", "rightValues": ["J"]},
            "limit": None,
        },
        {
            "type": "Value",
            "leftValue": {
                "aggregation": {"type": "Count"},
                "source": {"name": behavior["matrixTableName"]},
                "filter": {
                    "type": "And",
                    "conditions": [
                        {
                            "type": "Column",
                            "column": number,
                            "operator": {"type": "Greater", "rightValue": 10},
                            "visibility": "clear",
                        },
                        {
                            "type": "Column",
                            "column": "timestamp",
                            "operator": {"type": "TimeWithinPast", "unit": "day", "value": 30},
                        },
                    ],
                },
            },
            "operator": {"type": "GreaterEqual", "rightValue": 1},
        },
    )
    made = await of.create("Of a loose rule", rule)
    assert made["rule"] == rule
    body = {"format": "sql", "rule": rule}
    answer = await of.send("POST", f"{of.of_audience}/segments/query", body)
    assert answer.status_code == 200
    assert isinstance(answer.json()["sql"], str)


@row
async def test_the_audience_of_the_path_counts(of: Served) -> None:
    made = await of.create("Of the audience of the path", audienceId=987654)
    assert made["audienceId"] == of.id


@row
async def test_a_taken_name(of: Served) -> None:
    made = await of.create("Taken")
    answer = await of.send("POST", f"{of.of_audience}/segments", body_of(made))
    assert answer.status_code == 400
    assert "has already been taken" in answer.text
    assert answer.json() == {"errors": {"name": ["has already been taken"]}}
    other = await of.create("Not taken")
    path = f"{of.of_audience}/segments/{other['id']}"
    answer = await of.send("PUT", path, {**body_of(other), "name": "Taken"})
    assert (answer.status_code, "has already been taken" in answer.text) == (400, True)


@row
async def test_what_is_referred_to_stays(of: Served) -> None:
    made = await of.create("To stay")
    user = await of.create("Refers to it", rule_of({"type": "Reference", "id": made["id"]}))
    answer = await of.send("DELETE", f"/entities/segments/{made['id']}")
    assert answer.status_code == 409
    [error] = answer.json()["errors"]
    assert error["meta"]["referencedBySegments"] == [{"id": user["id"], "name": "Refers to it"}]
    for each in (user, made):
        answer = await of.send("DELETE", f"/entities/segments/{each['id']}")
        assert answer.status_code in (200, 202, 204)
    gone = await of.http.get(f"{of.of_audience}/segments/{made['id']}")
    assert gone.status_code == 404


@row
async def test_both_media_types_are_taken_on_both_sides(of: Served) -> None:
    for media, name in ((JSON, "By plain JSON"), (JSON_API, "By the vendor's type")):
        answer = await of.send("POST", "/entities/folders", folder_body(name, of.folder), media)
        assert answer.status_code < 300, answer.text
        body = {**body_of(await of.create(f"Before {name}")), "name": name}
        answer = await of.send("POST", f"{of.of_audience}/segments", body, media)
        assert answer.status_code < 300, answer.text
        assert (await of.named(name))["rule"] == body["rule"]
    names = {each["name"] for each in await of.get(f"{of.of_audience}/folders")}
    assert {"By plain JSON", "By the vendor's type"} <= names


@row
async def test_trailing_slashes_are_taken(of: Served) -> None:
    for path in ("/audiences", of.of_audience, f"{of.of_audience}/segments"):
        assert await of.get(f"{path}/") == await of.get(path)


@row
async def test_without_a_key_nothing_is_answered(of: Served) -> None:
    answer = await of.http.get("/audiences", headers={"Authorization": ""})
    assert answer.status_code == 401


# --- queries -----------------------------------------------------------------------------


@row
async def test_a_query_until_its_end(of: Served) -> None:
    path = f"{of.of_audience}/segments/queries"
    started = await of.send("POST", path, {"rule": rule_of(of.equal())})
    assert started.status_code in (200, 201, 202)
    found = started.json()
    id = found["queryId"]
    for _ in range(200):
        if found["status"] == "success":
            break
        assert found["count"] is None
        await asyncio.sleep(0.02)
        found = await of.get(f"{path}/{id}")
    assert found["status"] == "success"
    assert int(float(found["count"])) >= 1
    assert str(found["queryId"]) == str(id)
    page = await of.get(f"{path}/{id}/customers", page="1")
    while page["type"] == "pending":
        await asyncio.sleep(0.02)
        page = await of.get(f"{path}/{id}/customers", page="1")
    assert page["type"] == "rows"
    assert len(page["rows"][0]) <= len(page["names"])


@row
async def test_sql_has_keywords_in_lower_case(of: Served) -> None:
    body = {"format": "sql", "rule": rule_of(of.equal("Select FROM"))}
    answer = await of.send("POST", f"{of.of_audience}/segments/query", body)
    sql = answer.json()["sql"]
    assert re.match(r"\s*(select|with)\b", sql)
    assert re.search(r"\bfrom\b", sql)
    assert '."customers"' in sql


# --- our own client ----------------------------------------------------------------------


def client_of(of: Served) -> Client:
    """Our client on the same server."""
    inner = of.http._transport if of.name in ("own answers", "contract", "local") else None
    return Client(str(of.http.base_url), ApiKey(LOCAL_KEY), transport=inner)


@row
async def test_the_client_reads_all_of_it(of: Served) -> None:
    async with client_of(of) as client:
        parent = await client.parent_segment(of.id)
        assert (parent.id, parent.root_folder_id) == (of.id, of.root)
        assert (await client.parent_segments())[0].id == of.id
        attributes = await client.attributes(of.id)
        assert {each.name for each in attributes} == {
            each["matrixColumnName"] for each in of.attributes if each.get("matrixColumnName")
        }
        behaviors = await client.behaviors(of.id)
        assert behaviors[0].table == of.behaviors[0]["matrixTableName"]
        assert behaviors[0].label == of.behaviors[0]["name"]
        folders = {each.id: each.path for each in await client.folders(of.id)}
        assert folders[of.root] == ()
        assert folders[of.folder] == ("Held to shapes",)
        segments = await whole_segments(client, of.id)
        assert all(each.rule is not None for each in segments)
        listed = await of.get(f"{of.of_audience}/segments")
        assert len(segments) + len(segments.unreadable) == len(listed)


@row
async def test_the_client_makes_changes_and_deletes(of: Served) -> None:
    rule = rule_of(of.equal())
    raw = encoded(rule)
    async with client_of(of) as client:
        new = NewSegment("Of our client", raw, folder_id=of.folder, is_visible=False)
        made = await client.create_segment(of.id, new)
        found = await client.segment(of.id, made.id)
        assert (found.name, found.is_visible, found.folder_id) == (
            "Of our client",
            False,
            of.folder,
        )
        other = encoded(rule_of(of.equal("NZ")))
        changed = NewSegment("Of our client", other, description="other", folder_id=of.folder)
        await client.update_segment(of.id, made.id, changed)
        found = await client.segment(of.id, made.id)
        assert (found.description, found.is_visible) == ("other", False)
        assert (await of.segment(made.id))["rule"] == rule_of(of.equal("NZ"))
        with pytest.raises(RejectedError, match="the name has already been taken"):
            await client.update_segment(of.id, (await of.create("Of another")).get("id"), changed)
        user = await of.create(
            "Refers to our client's", rule_of({"type": "Reference", "id": made.id})
        )
        with pytest.raises(ConflictError, match="the segment “Refers to our client's” \\(#"):
            await client.delete_segment(made.id)
        await client.delete_segment(user["id"])
        await client.delete_segment(made.id)
        assert await client.find_segment(of.id, "Of our client", of.folder) is None
        assert await client.count(of.id, raw) >= 1
        assert "select" in (await client.sql(of.id, raw)).lower()


def encoded(rule: Json) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(rule).encode())
