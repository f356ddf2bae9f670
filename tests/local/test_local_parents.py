"""Parent segments that clients create over raw tables: their bodies, runs, and what is in them."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import duckdb
import pytest

from local_api import JSON_API, NOW, equal, refers_to, rule
from raw_tables import (
    AGE,
    MASTER,
    ORDERS,
    USERS,
    RawApi,
    attribute,
    body,
    raw_api,
    source,
    with_raw_api,
    write_raw,
)
from segdsl.engine.build import Build
from serving import serving

JAPAN = rule(equal("country", "JP"))


@with_raw_api
async def test_nothing_is_there_at_first(api: RawApi) -> None:
    assert await api.ask("GET", "/audiences") == []
    assert await api.ask("GET", "/master_segments") == []
    assert (await api.ask("GET", "/entities/parent_segments"))["data"] == []
    await api.ask("GET", "/audiences/1", status=404)
    await api.ask("GET", "/audiences/1/segments", status=404)
    # The account is not part of a parent segment.
    assert await api.ask("GET", "/v3/connections/lookup?name=s3") == {"id": 5}


@with_raw_api
async def test_what_was_posted_is_answered_with_ids_and_names(api: RawApi) -> None:
    made = await api.ask("POST", "/audiences", body(description="All", timezone="Asia/Tokyo"))
    assert made == await api.ask("GET", f"/audiences/{made['id']}")
    assert [made] == await api.ask("GET", "/audiences")
    assert (made["name"], made["timezone"], made["master"]) == ("Shop", "Asia/Tokyo", MASTER)
    assert (made["population"], made["matrixUpdatedAt"]) == (None, None)
    age, country = made["attributes"]
    assert (age["name"], age["matrixColumnName"], age["visibility"]) == ("Age", "age", "clear")
    assert (country["matrixColumnName"], country["groupingName"]) == ("country", "Profile")
    [orders] = made["behaviors"]
    assert orders["matrixTableName"] == "behavior_orders"
    assert orders["matrixDatabaseName"] == f"cdp_audience_{made['id']}"
    assert [each["matrixColumnName"] for each in orders["schema"]] == ["amount", "at"]
    assert len({age["id"], country["id"], orders["id"]}) == 3


@with_raw_api
async def test_before_the_first_run_rules_use_what_is_configured(api: RawApi) -> None:
    """As a public client does that copies parent segments: folders and segments, without a run."""
    id = await api.create_parent()
    fields = await api.ask("GET", f"/audiences/{id}/attributes")
    assert [each["matrixColumnName"] for each in fields] == ["age", "country"]
    behaviors = await api.ask("GET", f"/audiences/{id}/behaviors")
    assert [each["matrixTableName"] for each in behaviors] == ["behavior_orders"]
    assert await api.ask("GET", f"/audiences/{id}/statistics") == []
    # The root folder is there, as public clients expect.
    root = (await api.ask("GET", f"/audiences/{id}"))["rootFolderId"]
    resource = (await api.ask("GET", f"/entities/parent_segments/{id}"))["data"]
    assert resource["relationships"]["parentSegmentFolder"]["data"]["id"] == root
    await api.create_folder("New", root)
    japan = await api.ask("POST", f"/audiences/{id}/segments", {"name": "x", "rule": JAPAN})
    nobody = rule(equal("city", "Rome"))
    refused = await api.ask(
        "POST", f"/audiences/{id}/segments", {"name": "y", "rule": nobody}, status=400
    )
    assert "there is no attribute `city`" in str(refused)
    assert await api.counted(id, None) == 0
    assert await api.counted(id, JAPAN) == 0
    # A replacement before the first run changes what rules can use.
    await api.ask("PUT", f"/audiences/{id}", body(attributes=[AGE]))
    fields = await api.ask("GET", f"/audiences/{id}/attributes")
    assert [each["matrixColumnName"] for each in fields] == ["age"]
    await api.ask("PUT", f"/audiences/{id}", body())
    assert (await api.ran(id))["status"] == "success"
    assert await api.counted(id, JAPAN) == 1
    path = f"/audiences/{id}/segments/{japan['id']}"
    assert (await api.ask("GET", path))["rule"]["conditions"]


@with_raw_api
async def test_a_run_builds_what_segments_use(api: RawApi) -> None:
    id = await api.create_parent()
    execution = await api.ask("POST", f"/audiences/{id}/run")
    assert execution["status"] in ("queued", "running")
    assert execution["finishedAt"] is None
    ended = await api.ended_run(id)
    assert (ended["status"], ended["audienceId"]) == ("success", id)
    answer = await api.ask("GET", f"/audiences/{id}")
    assert (answer["population"], answer["matrixUpdatedAt"]) == (3, "2024-10-01T00:00:00.000Z")
    assert await api.ask("GET", f"/audiences/{id}/statistics") == [[NOW, 3, True]]
    fields = await api.ask("GET", f"/audiences/{id}/attributes")
    assert {each["matrixColumnName"]: each["type"] for each in fields} == {
        "age": "number",
        "country": "string",
        "user_id": "string",
        "status": "string",
        "email": "string",
    }
    # Columns of the master table came along, and were never configured.
    assert [each["id"] is None for each in fields] == [False, False, True, True, True]
    assert await api.counted(id, JAPAN) == 1
    many = {
        "type": "Value",
        "leftValue": {
            "source": {"name": "behavior_orders"},
            "aggregation": {"type": "Sum", "column": "amount"},
            "filter": None,
        },
        "operator": {"type": "Greater", "not": False, "rightValue": 10},
        "arrayMatching": None,
        "exclude": False,
    }
    assert await api.counted(id, rule(many)) == 1
    [orders] = await api.ask("GET", f"/audiences/{id}/behaviors")
    path = f"/audiences/{id}/behaviors/{orders['id']}/sample_values?column=amount"
    assert [value for value, _ in await api.ask("GET", path)] == [5.5, 7, 10]


@with_raw_api
async def test_fields_change_only_with_a_run(api: RawApi) -> None:
    id = await api.built()
    await api.ask("PUT", f"/audiences/{id}", body(attributes=[AGE], behaviors=[]))
    assert len((await api.ask("GET", f"/audiences/{id}"))["attributes"]) == 1
    assert await api.counted(id, JAPAN) == 1
    assert len(await api.ask("GET", f"/audiences/{id}/behaviors")) == 1
    await api.ran(id)
    assert await api.ask("GET", f"/audiences/{id}/behaviors") == []
    refused = {"rule": JAPAN}
    await api.ask("POST", f"/audiences/{id}/segments/queries", refused, status=400)


@with_raw_api
async def test_an_update_without_a_master_changes_settings_alone(api: RawApi) -> None:
    id = await api.create_parent()
    before = await api.ask("GET", f"/audiences/{id}")
    change: Any = {"description": "New", "attributes": [], "behaviors": None, "audienceFilters": []}
    after = await api.ask("PUT", f"/audiences/{id}", change)
    assert {**before, "description": "New"} == after


@with_raw_api
async def test_an_update_with_a_master_replaces_everything(api: RawApi) -> None:
    id = await api.create_parent(description="Old")
    before = await api.ask("GET", f"/audiences/{id}")
    age = before["attributes"][0]
    after = await api.ask("PUT", f"/audiences/{id}", {"master": MASTER, "attributes": [age]})
    assert after["attributes"] == [age]
    assert (after["behaviors"], after["audienceFilters"]) == ([], [])
    assert (after["name"], after["description"]) == ("Shop", "Old")
    # An id is never used again.
    again = await api.ask("PUT", f"/audiences/{id}", body())
    assert age["id"] not in [each["id"] for each in again["attributes"]]


@with_raw_api
async def test_an_answer_can_be_sent_back(api: RawApi) -> None:
    """Public clients copy a parent segment so, under the other media type."""
    id = await api.built()
    answer = await api.ask("GET", f"/audiences/{id}")
    headers = {"Content-Type": JSON_API}
    put = await api.send("PUT", f"/audiences/{id}", answer, headers=headers)
    assert put.json() == answer
    copy = {**answer, "id": None, "name": "Copy"}
    made = (await api.send("POST", "/audiences", copy, headers=headers)).json()
    assert (made["id"], made["population"]) == ("2", None)


@with_raw_api
async def test_a_body_of_a_public_client(api: RawApi) -> None:
    """The keys and the empty strings are those of one that was published."""
    other = {"audienceId": None, "id": None, "matrixColumnName": "trfmd_age"}
    wanted = body(
        id=None,
        scheduleType="none",
        scheduleOption="",
        matrixUpdatedAt="",
        workflowHiveOnly=False,
        hiveEngineVersion="cdpaudience",
        hivePoolName="",
        prestoPoolName="",
        population=None,
        maxActivationBehaviorRow=20,
        allowActivationBehavior=False,
        rootFolderId="",
        attributes=[{**AGE, **other}],
        behaviors=[{**ORDERS, "id": None, "matrixDatabaseName": "cdp_audience_670285"}],
    )
    response = await api.send("POST", "/audiences", wanted)
    made = response.json()
    assert response.status_code == 200
    assert made["scheduleOption"] is made["hivePoolName"] is None
    assert made["attributes"][0]["matrixColumnName"] == "age"
    assert made["maxActivationBehaviorRow"] == 20


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": " "}, "can't be blank"),
        ({"name": "Taken"}, "has already been taken"),
        ({"timezone": "Mars"}, "unknown time zone `Mars`"),
        ({"attributes": [{**AGE, "type": "map"}]}, "unknown type `map`"),
        ({"attributes": [{"name": "x"}]}, "$.attributes[0]"),
        ({"master": {"parentTableName": "x"}}, "parentDatabaseName"),
        ({"audienceFilters": [{"columnName": "a", "rightValues": []}] * 3}, "at most 2 filters"),
        ({"scheduleType": "yearly"}, "yearly"),
        # What no client could read in the answer.
        (
            {"attributes": [{**AGE, "foreignKey": ""}]},
            "the attribute “Age”: it has no `foreignKey`",
        ),
        ({"attributes": [{**AGE, "parentColumn": ""}]}, "it has no `parentColumn`"),
        ({"behaviors": [ORDERS, {**ORDERS, "id": ""}]}, "another one has the same name"),
        (
            {"customerGroup": {**source("", name="g"), "customerGroupAttributes": []}},
            "the customer group: it has no `parentTableName`",
        ),
    ],
)
def test_bodies_that_are_refused(tmp_path: Path, change: Any, message: str) -> None:
    async def inside() -> None:
        async with raw_api(tmp_path) as api:
            await api.create_parent("Taken")
            id = await api.create_parent()
            before = await api.ask("GET", f"/audiences/{id}")
            for method, path in (("POST", "/audiences"), ("PUT", f"/audiences/{id}")):
                wanted = {**body("Other"), **change}
                assert message in (await api.send(method, path, wanted)).text
            assert await api.ask("GET", f"/audiences/{id}") == before

    asyncio.run(inside())


@with_raw_api
async def test_runs_that_fail_say_why_and_leave_what_was_built(api: RawApi) -> None:
    id = await api.built()
    wrong = attribute("X", "string", "nothing")
    await api.ask("PUT", f"/audiences/{id}", body(attributes=[wrong]))
    failed = await api.ran(id)
    assert failed["status"] == "error"
    assert "has no column `nothing`" in failed["message"]
    assert await api.counted(id, JAPAN) == 1
    executions = await api.ask("GET", f"/audiences/{id}/executions")
    assert [each["status"] for each in executions] == ["error", "success"]
    assert len(await api.ask("GET", f"/audiences/{id}/statistics")) == 1


@with_raw_api
async def test_a_parent_segment_without_a_master_cannot_run(api: RawApi) -> None:
    made = await api.ask("POST", "/audiences", {"name": "Only a name"})
    refused = await api.ask("POST", f"/audiences/{made['id']}/run", status=400)
    assert "no master table" in str(refused)


def test_a_second_run_is_refused_while_one_is_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def inside() -> None:
        async with raw_api(tmp_path) as api:
            go = Hold()
            monkeypatch.setattr(Build, "run", go.held(Build.run))
            id = await api.create_parent()
            await api.ask("POST", f"/audiences/{id}/run")
            refused = await api.ask("POST", f"/audiences/{id}/run", status=409)
            assert "running already" in str(refused)
            go.release()
            assert (await api.ended_run(id))["status"] == "success"
            assert (await api.ran(id))["status"] == "success"

    asyncio.run(inside())


class Hold:
    """Keeps builds waiting until they are released."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def held(self, run: Any) -> Any:
        def wait(build: Build, *arguments: Any) -> Any:
            assert self._event.wait(30)
            return run(build, *arguments)

        return wait

    def release(self) -> None:
        self._event.set()


def test_statistics_have_a_point_for_each_run(tmp_path: Path) -> None:
    store = tmp_path / "store.sqlite"

    async def run(now: int, users: str) -> Any:
        async with raw_api(tmp_path, store=store, now=now) as api:
            (tmp_path / "raw" / "shop" / "users.csv").write_text(users)
            id = "1" if await api.ask("GET", "/audiences") else await api.create_parent()
            await api.ran(id)
            return await api.ask("GET", f"/audiences/{id}/statistics")

    asyncio.run(run(NOW, USERS))
    points = asyncio.run(run(NOW + 86_400, f"{USERS}u5,active,e@example.com\n"))
    assert points == [[NOW, 3, True], [NOW + 86_400, 4, True]]


def test_segments_are_counted_again_after_a_run(tmp_path: Path) -> None:
    async def inside() -> None:
        async with raw_api(tmp_path) as api:
            id = await api.built()
            path = f"/audiences/{id}/segments"
            wanted = {"name": "All", "countPopulation": True, "rule": JAPAN}
            segment = (await api.ask("POST", path, wanted))["id"]

            async def population(expected: int) -> None:
                while (await api.ask("GET", f"{path}/{segment}"))["population"] != expected:
                    await asyncio.sleep(0.01)

            await population(1)
            await api.ask("PUT", f"/audiences/{id}", body(audienceFilters=[]))
            await api.ran(id)
            await population(2)

    asyncio.run(asyncio.wait_for(inside(), 60))


@with_raw_api
async def test_several_parent_segments(api: RawApi) -> None:
    one, two = await api.built("One"), await api.built("Two", audienceFilters=[])
    roots = [(await api.ask("GET", f"/audiences/{id}"))["rootFolderId"] for id in (one, two)]
    assert roots == ["1", str(10**12)]
    folder = await api.create_folder("Inside two", roots[1])
    assert int(folder) > 10**12
    made = await api.ask("POST", f"/audiences/{two}/segments", {"name": "A", "rule": JAPAN})
    assert int(made["id"]) > 10**12
    assert await api.ask("GET", f"/audiences/{one}/segments") == []
    # Under `/entities` the id alone says where it is.
    resource = (await api.ask("GET", f"/entities/segments/{made['id']}"))["data"]
    assert resource["attributes"]["name"] == "A"
    await api.ask("GET", f"/entities/segments/{int(made['id']) - 10**12}", status=404)
    await api.ask("GET", f"/entities/segments/{5 * 10**12}", status=404)
    tree = await api.ask("GET", f"/entities/by-folder/{roots[1]}")
    assert {each["id"] for each in tree["data"]} == {roots[1], folder, made["id"]}
    assert (await api.counted(one, JAPAN), await api.counted(two, JAPAN)) == (1, 2)
    refers = rule(refers_to(made["id"]))
    await api.ask("POST", f"/audiences/{one}/segments", {"name": "B", "rule": refers}, status=400)
    listed = (await api.ask("GET", "/entities/parent_segments"))["data"]
    assert [each["id"] for each in listed] == [one, two]


@with_raw_api
async def test_a_parent_segment_is_deleted_with_all_that_is_in_it(api: RawApi) -> None:
    one, two = await api.built("One"), await api.built("Two")
    await api.ask("POST", f"/audiences/{one}/segments", {"name": "A", "rule": JAPAN})
    deleted = await api.ask("DELETE", f"/audiences/{one}")
    assert (deleted["id"], deleted["name"]) == (one, "One")
    await api.ask("GET", f"/audiences/{one}/segments", status=404)
    assert [each["id"] for each in await api.ask("GET", "/audiences")] == [two]
    # The name is free again, and the id is not.
    assert await api.create_parent("One") == "3"


@with_raw_api
async def test_a_customer_group(api: RawApi) -> None:
    plain = {"name": "Land", "type": "string", "parentColumn": "country", **source("profiles")}
    own = {**plain, "parentKey": "customer_id", "foreignKey": "customer_id"}
    group = {
        **source("profiles", name="household"),
        "customerGroupAttributes": [own],
        "customerGroupBehaviors": [],
    }
    id = await api.built(customerGroup=group)
    answer = (await api.ask("GET", f"/audiences/{id}"))["customerGroup"]
    assert answer["customerGroupAttributes"] == [own]
    japan = equal("country", "JP")
    # The answer has no other name for rules.
    japan["leftValue"] = {"name": "Land", "customerGroup": "household"}
    assert await api.counted(id, rule(japan)) == 1


@with_raw_api
async def test_attributes_of_the_master_table_need_no_keys(api: RawApi) -> None:
    """As the client reads them: it is the row itself."""
    own = {**source("users"), "parentKey": "", "foreignKey": ""}
    own |= {"name": "State", "type": "string", "parentColumn": "status", "groupingName": ""}
    id = await api.built(attributes=[own, AGE])
    answer = (await api.ask("GET", f"/audiences/{id}"))["attributes"]
    assert [each["matrixColumnName"] for each in answer] == ["status", "age"]
    assert await api.counted(id, rule(equal("status", "trial"))) == 1


# --- what survives ------------------------------------------------------------------------


def test_everything_is_in_the_store(tmp_path: Path) -> None:
    store = tmp_path / "store.sqlite"

    async def first() -> Any:
        async with raw_api(tmp_path, store=store) as api:
            id = await api.built()
            made = await api.ask("POST", f"/audiences/{id}/segments", {"name": "A", "rule": JAPAN})
            return [await api.ask("GET", f"/audiences/{id}"), made]

    async def second() -> Any:
        async with raw_api(tmp_path, store=store) as api:
            parent = await api.ask("GET", "/audiences/1")
            assert await api.counted("1", JAPAN) == 1
            return [parent, (await api.ask("GET", "/audiences/1/segments"))[0]]

    before = asyncio.run(first())
    assert asyncio.run(second()) == before
    tables = tmp_path / "store.sqlite-tables"
    assert sorted(each.name for each in tables.iterdir()) == [".gitignore", "1-1.duckdb"]
    assert (tables / ".gitignore").read_text() == "*\n"


def test_tables_of_an_earlier_run_are_removed(tmp_path: Path) -> None:
    store = tmp_path / "store.sqlite"

    async def inside() -> None:
        async with raw_api(tmp_path, store=store) as api:
            id = await api.built()
            await api.ran(id)
            assert await api.counted(id, JAPAN) == 1

    asyncio.run(inside())
    files = {each.name for each in (tmp_path / "store.sqlite-tables").iterdir()}
    assert files == {".gitignore", "1-2.duckdb"}


def test_another_server_on_the_store_sees_a_run(tmp_path: Path) -> None:
    store = tmp_path / "store.sqlite"

    async def inside() -> None:
        async with raw_api(tmp_path, store=store) as one:
            id = await one.built()
            async with raw_api(tmp_path, store=store) as two:
                assert await two.counted(id, JAPAN) == 1
                await one.ask("PUT", f"/audiences/{id}", body(audienceFilters=[]))
                await one.ran(id)
                assert await two.counted(id, JAPAN) == 2
                assert (await two.ask("GET", f"/audiences/{id}"))["population"] == 4

    asyncio.run(inside())


def test_a_run_ends_with_its_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = tmp_path / "store.sqlite"

    async def stopped() -> None:
        async with raw_api(tmp_path, store=store) as api:
            await api.built()
            run = Build.run

            def canceled(build: Build, *arguments: Any) -> Any:
                build.cancel()
                return run(build, *arguments)

            monkeypatch.setattr(Build, "run", canceled)
            ended = await api.ran("1")
            assert (ended["status"], "stopped" in ended["message"]) == ("canceled", True)
            assert await api.counted("1", JAPAN) == 1

    asyncio.run(stopped())


@pytest.mark.slow
def test_a_server_that_is_killed_during_a_run_leaves_what_was_built(tmp_path: Path) -> None:
    store, raw = tmp_path / "store.sqlite", write_raw(tmp_path)
    # Each of these events belongs to each of the profiles: it would take hours.
    duckdb.sql(f"COPY (SELECT 'k' AS k FROM range(100000)) TO '{raw / 'shop' / 'many.parquet'}'")
    many = {"parentDatabaseName": "shop", "parentTableName": "many"}
    keys = {"parentKey": "k", "foreignKey": "k"}
    endless: Any = {**many, **keys, "id": "", "name": "Endless", "allColumns": True}

    async def killed() -> None:
        options = ("--store", str(store))
        async with serving(tmp_path, *options, data=raw) as (api, server):
            await api.ask("POST", "/audiences", body())
            await api.ask("POST", "/audiences/1/run")
            path = "/audiences/1/executions"
            while (await api.ask("GET", path))[0]["status"] != "success":
                await asyncio.sleep(0.05)
            wanted = {"master": many, "behaviors": [{**endless, "schema": None}]}
            await api.ask("PUT", "/audiences/1", wanted)
            await api.ask("POST", "/audiences/1/run")
            tables = tmp_path / "store.sqlite-tables"
            while not list(tables.glob("1-2.duckdb.building/*")):
                await asyncio.sleep(0.05)
            assert (await api.ask("GET", path))[0]["status"] == "running"
            server.kill()
            server.wait()

    async def afterwards() -> None:
        async with raw_api(tmp_path, store=store) as api:
            executions = await api.ask("GET", "/audiences/1/executions")
            assert [each["status"] for each in executions] == ["error", "success"]
            assert "restarted" in executions[0]["message"]
            assert await api.counted("1", JAPAN) == 1
            files = {each.name for each in (tmp_path / "store.sqlite-tables").iterdir()}
            assert files == {".gitignore", "1-1.duckdb"}
            # Nothing is left that would refuse the next run.
            await api.ask("PUT", "/audiences/1", body())
            assert (await api.ran("1"))["status"] == "success"

    asyncio.run(killed())
    asyncio.run(afterwards())


def test_plain_tables_have_no_parent_segments_to_create(tmp_path: Path) -> None:
    raw = write_raw(tmp_path)
    (raw / "customers.csv").write_text("cdp_customer_id\nc1\n")

    async def inside() -> None:
        async with raw_api(tmp_path) as api:
            assert [each["id"] for each in await api.ask("GET", "/audiences")] == ["1"]
            await api.ask("POST", "/audiences", body(), status=501)

    asyncio.run(inside())
