"""Runs of activations: they write files beside the data, in the background."""

from __future__ import annotations

import asyncio
import csv
import os
import sqlite3
from pathlib import Path
from typing import Any

import duckdb
import pytest

from local_api import JAPAN, NOW, Api, client, local_api, rule, write_data
from segdsl.server import open_local
from segdsl.server.kinds.activations.table import RESTARTED
from test_local_activations import BOUGHT, PURCHASES, create, path, plain_path, read, segment
from test_local_stages import create as create_funnel
from test_local_stages import define, stage_ids
from test_local_templates import TEMPLATES, make

EXPORTS = "exports"


def column(name: str, source: str | None = None, *functions: Any) -> Any:
    return {"column": name, "source": {"column": source or name, "functions": list(functions)}}


def string(name: str, text: str, *parameters: Any) -> Any:
    return {"column": name, "source": {"string": text, "parameters": list(parameters)}}


async def ended(api: Api, of: str, id: str, number: int = 1) -> Any:
    """The last execution of an activation, once so many have ended."""
    while True:
        executions = (await read(api, of, id))["attributes"]["executions"]
        if len(executions) >= number and executions[0]["finishedAt"] is not None:
            return executions[0]
        await asyncio.sleep(0.01)


async def run(api: Api, of: str, id: str, number: int = 1) -> Any:
    await api.ask("POST", f"{path(of, id)}/run")
    return await ended(api, of, id, number)


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as opened:
        return list(csv.DictReader(opened))


def files(folder: Path) -> list[str]:
    return sorted(os.listdir(folder / EXPORTS)) if (folder / EXPORTS).exists() else []


def test_a_run_writes_the_rows_of_the_segment(tmp_path: Path) -> None:
    async def test() -> None:
        async with local_api(tmp_path) as api:
            of = await segment(api)
            columns = [
                column("cdp_customer_id"),
                column("years", "age"),
                column("value", "ltv", {"function": "*", "arg": 2}),
                column("tags"),
                string("Campaign", "$1", {"type": "String", "string": "spring-2025"}),
                string("list", "$1 $2", {"type": "SegmentName"}, {"type": "AudienceId"}),
            ]
            made = await create(api, of, "Contact / sync", columns=columns)
            answer = await api.ask("POST", f"{path(of, made['id'])}/run")
            assert (answer["type"], answer["attributes"]["finishedAt"]) == (
                "execution-syndication",
                None,
            )
            assert answer["id"] == answer["attributes"]["workflowAttemptId"]
            execution = await ended(api, of, made["id"])
            assert execution["status"] == "success"
            assert execution["workflowAttemptId"] == answer["id"]
            assert execution["recordCount"] == 3
            name = f"Contact_sync-{made['id']}.csv"
            assert execution["message"] == f"written to `{name}`"
            assert files(tmp_path) == [name]
            written = rows(tmp_path / EXPORTS / name)
            assert written[0] == {
                "cdp_customer_id": "c01",
                "years": "31",
                "value": "2400.0",
                "tags": '["a","b"]',
                "Campaign": "spring-2025",
                "list": "Japan 7",
            }
            assert [row["cdp_customer_id"] for row in written] == ["c01", "c02", "c05"]
            after = (await read(api, of, made["id"]))["attributes"]
            assert after["runStatus"] == "success"
            whole = "/audiences/7/folders/1/syndications"
            [overview] = (await api.ask("GET", whole))["syndications"]
            assert overview["lastRecordCount"] == 3
            assert overview["lastExecution"]["workflowAttemptId"] == answer["id"]

    asyncio.run(test())


def test_a_run_under_audiences_writes_parquet(tmp_path: Path) -> None:
    async def test() -> None:
        async with local_api(tmp_path) as api:
            of = await segment(api)
            made = await create(
                api,
                of,
                "Nächte",
                allColumns=True,
                columns=[],
                connectorConfig={"format": "Parquet"},
            )
            answer = await api.ask("POST", f"{plain_path(of, made['id'])}/run")
            assert answer["status"] == "queued"
            assert answer["syndicationId"] == made["id"]
            assert (await ended(api, of, made["id"]))["recordCount"] == 3
            file = tmp_path / EXPORTS / f"Nächte-{made['id']}.parquet"
            found = duckdb.read_parquet(str(file)).project("country, age, tags").order("age")
            assert found.fetchall()[0] == ("JP", 31, ["a", "b"])

    asyncio.run(test())


def test_events_of_a_behavior(tmp_path: Path) -> None:
    async def test() -> None:
        async with local_api(tmp_path) as api:
            of = await segment(api, "Buyers", rule(BOUGHT))
            made = await create(
                api, of, columns=[column("country")], syndicationBehaviors=[PURCHASES]
            )
            assert (await run(api, of, made["id"]))["recordCount"] == 5
            written = rows(tmp_path / EXPORTS / f"Export-{made['id']}.csv")
            spent = [(row["country"], row["spent"]) for row in written]
            assert spent == [
                ("JP", "1000"),
                ("JP", "200"),
                ("JP", "300"),
                ("US", "5000"),
                ("US", "4000"),
            ]

    asyncio.run(test())


def test_an_activation_of_a_stage(tmp_path: Path) -> None:
    async def test() -> None:
        async with local_api(tmp_path) as api:
            funnel = await create_funnel(api)
            of = (await define(api, funnel["id"], stage_ids(funnel)[1]))["id"]
            columns = [string("who", "$1: $2", {"type": "FunnelName"}, {"type": "StageName"})]
            made = await create(api, of, columns=columns)
            assert (await run(api, of, made["id"]))["status"] == "success"
            written = rows(tmp_path / EXPORTS / f"Export-{made['id']}.csv")
            assert written == [{"who": "Onboarding: Trial"}] * 3

    asyncio.run(test())


def test_each_run_replaces_the_file_of_the_one_before(tmp_path: Path) -> None:
    async def test() -> None:
        async with local_api(tmp_path) as api:
            of = await segment(api)
            made = await create(api, of, columns=[column("cdp_customer_id"), column("age")])
            await run(api, of, made["id"])
            file = tmp_path / EXPORTS / f"Export-{made['id']}.csv"
            precious = tmp_path / "precious"
            precious.write_text("mine")
            file.unlink()
            file.symlink_to(precious)
            await api.ask("PUT", f"/audiences/7/segments/{of}", {"rule": None})
            assert (await run(api, of, made["id"], 2))["recordCount"] == 6
            assert len(rows(file)) == 6
            assert not file.is_symlink()
            assert precious.read_text() == "mine"
            assert files(tmp_path) == [file.name]
            executions = (await read(api, of, made["id"]))["attributes"]["executions"]
            assert [each["recordCount"] for each in executions] == [6, 3]

    asyncio.run(test())


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("../../etc/passwd", "etc_passwd-"),
        ("..", "activation-"),
        ("a\x00b\n", "a_b-"),
        ("x" * 300, "x" * 60 + "-"),
        ("顧客 リスト", "顧客_リスト-"),
        ("con", "con-"),
        (".hidden", "hidden-"),
    ],
)
def test_names_of_files_are_safe(tmp_path: Path, name: str, start: str) -> None:
    async def test() -> None:
        async with local_api(tmp_path) as api:
            of = await segment(api)
            made = await create(api, of, name, columns=[column("age")])
            assert (await run(api, of, made["id"]))["status"] == "success"
            assert files(tmp_path) == [f"{start}{made['id']}.csv"]

    asyncio.run(test())


def test_runs_that_fail_say_why(tmp_path: Path) -> None:
    async def test() -> None:
        async with local_api(tmp_path) as api:
            of = await segment(api)
            template = await make(api)
            of_template = await create(api, of, "A", activationTemplateId=template["id"])
            await api.ask("DELETE", f"{TEMPLATES}/{template['id']}")
            empty = await create(api, of, "B", columns=[])
            twice = await create(api, of, "C", columns=[column("age"), column("Age", "ltv")])
            nowhere = await api.ask(
                "POST",
                plain_path(of),
                {"name": "D", "connectionId": None, "connectorConfig": None, "allColumns": True},
            )
            for id, why in (
                (of_template["id"], f"the activation template `{template['id']}` was deleted"),
                (empty["id"], "there are no columns"),
                (twice["id"], "two columns are exported as `Age`"),
                (nowhere["id"], "the activation has no connection"),
            ):
                execution = await run(api, of, id)
                assert execution["status"] == "error"
                assert execution["recordCount"] is None
                assert why in execution["message"]
                assert (await read(api, of, id))["attributes"]["runStatus"] == "error"
            assert files(tmp_path) == []

    asyncio.run(test())


def test_an_exports_folder_that_cannot_be_used(tmp_path: Path) -> None:
    async def test() -> None:
        (tmp_path / EXPORTS).write_text("a file")
        async with local_api(tmp_path) as api:
            of = await segment(api)
            made = await create(api, of)
            execution = await run(api, of, made["id"])
            assert execution["status"] == "error"
            assert "cannot be written to the exports folder" in execution["message"]

    asyncio.run(test())


def test_another_folder_for_exports(tmp_path: Path) -> None:
    async def test() -> None:
        folder = tmp_path / "out" / "deep"
        opened = open_local(write_data(tmp_path), None, NOW, exports=folder)
        async with opened as transport, client(transport=transport) as http:
            api = Api(http)
            of = await segment(api)
            made = await create(api, of)
            await run(api, of, made["id"])
            assert os.listdir(folder) == [f"Export-{made['id']}.csv"]
        assert files(tmp_path) == []

    asyncio.run(test())


def test_what_does_not_exist_cannot_run(tmp_path: Path) -> None:
    async def test() -> None:
        async with local_api(tmp_path) as api:
            of = await segment(api)
            await api.ask("POST", f"{path(of, '99')}/run", status=404)
            await api.ask("POST", f"{plain_path('99', '1')}/run", status=404)

    asyncio.run(test())


def test_many_runs_at_once(tmp_path: Path) -> None:
    async def test() -> None:
        async with local_api(tmp_path) as api:
            of = await segment(api)
            made = [await create(api, of, f"Export {at}") for at in range(10)]
            runs = [api.ask("POST", f"{path(of, each['id'])}/run") for each in made]
            ids = {each["id"] for each in await asyncio.gather(*runs)}
            assert len(ids) == 10
            for each in made:
                assert (await ended(api, of, each["id"]))["status"] == "success"
            assert len(files(tmp_path)) == 10

    asyncio.run(test())


def test_an_activation_that_is_deleted_while_it_waits_does_not_run(tmp_path: Path) -> None:
    async def test() -> None:
        async with local_api(tmp_path) as api:
            of = await segment(api)
            made = [await create(api, of, f"Export {at}") for at in range(20)]
            for each in made:
                await api.ask("POST", f"{path(of, each['id'])}/run")
            last = made[-1]["id"]
            await api.ask("DELETE", path(of, last))
            for each in made[:-1]:
                await ended(api, of, each["id"])

    asyncio.run(test())


def test_executions_of_servers_that_are_gone_are_errors(tmp_path: Path) -> None:
    async def test() -> None:
        store = tmp_path / "store.sqlite"
        async with local_api(tmp_path, store=store) as api:
            of = await segment(api)
            made = await create(api, of)
            await run(api, of, made["id"])
        db = sqlite3.connect(store)
        db.execute("UPDATE executions SET status = 'running', finished = NULL, owner = 'gone'")
        db.commit()
        db.close()
        async with local_api(tmp_path, store=store) as api:
            [execution] = (await read(api, of, made["id"]))["attributes"]["executions"]
            assert (execution["status"], execution["message"]) == ("error", RESTARTED)
            # The next one has another id.
            after = await run(api, of, made["id"], 2)
            assert int(after["workflowAttemptId"]) > int(execution["workflowAttemptId"])

    asyncio.run(test())


def test_a_server_that_stops_ends_its_runs(tmp_path: Path) -> None:
    async def test() -> None:
        store = tmp_path / "store.sqlite"
        async with local_api(tmp_path, store=store) as api:
            of = await segment(api)
            made = [await create(api, of, f"Export {at}") for at in range(20)]
            for each in made:
                await api.ask("POST", f"{path(of, each['id'])}/run")
        async with local_api(tmp_path, store=store) as api:
            for each in made:
                [execution] = (await read(api, of, each["id"]))["attributes"]["executions"]
                assert execution["status"] in ("success", "error")
                assert execution["finishedAt"] is not None

    asyncio.run(test())


def test_nothing_is_left_of_a_rule_that_the_data_no_longer_has(tmp_path: Path) -> None:
    async def test() -> None:
        store = tmp_path / "store.sqlite"
        async with local_api(tmp_path, store=store) as api:
            of = await segment(api, of=JAPAN)
            made = await create(api, of, columns=[column("age")])
        data = write_data(tmp_path)
        (data / "customers.csv").write_text("cdp_customer_id,age\nc01,31\n")
        (data / "parent_segment.toml").write_text('id = "7"\n')
        async with open_local(data, store, NOW) as transport, client(transport=transport) as http:
            execution = await run(Api(http), of, made["id"])
            assert execution["status"] == "error"
            assert "country" in execution["message"]

    asyncio.run(test())
