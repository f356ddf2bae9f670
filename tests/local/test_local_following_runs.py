"""A run of a parent segment is followed by runs of its launched journeys (documented)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from journey_api import END, criteria, journey, wait
from local_api import NOW, equal, rule
from raw_tables import PARENT, RawApi, raw_api, with_raw_api, write_raw
from running import segdsl

JAPAN = rule(equal("country", "JP"))
PROFILES = """\
[attributes.Profile]
table = "shop.profiles"
join = { user_id = "customer_id" }
columns = { country = "string" }
"""
STEP = "11111111-0000-4000-8000-000000000000"
AFTER = "22222222-0000-4000-8000-000000000000"


async def launched(api: RawApi, name: str = "Welcome", state: str = "launched") -> str:
    """The id of a journey for those in Japan, who wait for a day, and for an end."""
    body = {"name": "Rule", "rule": JAPAN, "kind": 3}
    segment = (await api.ask("POST", "/audiences/1/segments", body))["id"]
    stage = {
        "name": "s1",
        "entryCriteria": criteria(segment),
        "rootStep": STEP,
        "steps": {STEP: wait(1, AFTER), AFTER: END},
    }
    root = (await api.ask("GET", "/audiences/1"))["rootFolderId"]
    wanted = journey(name, stage, folder=root, state=state)
    made: str = (await api.ask("POST", "/entities/journeys", wanted))["data"]["id"]
    return made


async def last_run(api: RawApi, id: str) -> Any:
    """The last execution, once it has ended; None where there is none."""
    while True:
        found = (await api.ask("GET", f"/entities/journeys/{id}"))["data"]["attributes"]
        last = found["latestExecution"]
        if last is None or last["finishedAt"] is not None:
            return last
        await asyncio.sleep(0.01)


async def statistics(api: RawApi, id: str) -> Any:
    return (await api.ask("GET", f"/entities/journeys/{id}/statistics"))["data"]["attributes"]


@with_raw_api
async def test_launched_journeys_run_behind_their_parent_segment(api: RawApi) -> None:
    await api.built()
    welcome, other = await launched(api), await launched(api, "Other")
    draft, paused = await launched(api, "Draft", "draft"), await launched(api, "Paused")
    await api.ask("PATCH", f"/entities/journeys/{paused}/pause")
    assert await last_run(api, welcome) is None
    assert (await api.ran("1"))["status"] == "success"
    runs = [await last_run(api, id) for id in (welcome, other)]
    assert [each["status"] for each in runs] == ["success", "success"]
    assert [await last_run(api, id) for id in (draft, paused)] == [None, None]
    found = await statistics(api, welcome)
    assert (found["size"], found["enteredSize"], len(found["history"])) == (1, 1, 1)


def test_they_see_what_the_run_built(tmp_path: Path) -> None:
    store, raw = tmp_path / "store.sqlite", write_raw(tmp_path)

    async def begin() -> str:
        async with raw_api(tmp_path, store=store, now=NOW) as api:
            await api.built()
            id = await launched(api)
            await api.ran("1")
            await last_run(api, id)
            return id

    id = asyncio.run(begin())
    profiles = (raw / "shop" / "profiles.csv").read_text()
    (raw / "shop" / "profiles.csv").write_text(profiles.replace("u2,old,US", "u2,old,JP"))

    async def go_on() -> Any:
        async with raw_api(tmp_path, store=store, now=NOW + 86_400) as api:
            await api.ran("1")
            assert (await last_run(api, id))["status"] == "success"
            return await statistics(api, id)

    found = asyncio.run(go_on())
    assert (found["size"], found["enteredSize"]) == (2, 2)
    [stage] = found["journeyStageStatistics"]
    assert (stage["stepSizes"][STEP], stage["stepSizes"][AFTER]) == (1, 1)


@with_raw_api
async def test_a_run_that_fails_runs_no_journeys(api: RawApi) -> None:
    await api.built()
    id = await launched(api)
    change = {"name": "Shop", "master": {"parentDatabaseName": "shop", "parentTableName": "none"}}
    await api.ask("PUT", "/audiences/1", change)
    assert (await api.ran("1"))["status"] == "error"
    assert await last_run(api, id) is None


def test_the_command_waits_for_them(tmp_path: Path, monkeypatch: Any) -> None:
    """A local API in the process ends with the command, which would stop them."""
    monkeypatch.chdir(tmp_path)
    raw = write_raw(tmp_path)
    (raw / "parent_segment.toml").write_text(
        PARENT.replace("[connections", f"{PROFILES}\n[connections")
    )
    for command in (("init", "--data", "raw"), ("parent", "apply", "--yes")):
        assert segdsl(*command).exit_code == 0
    done = segdsl("parent", "run", "--yes")
    assert (done.exit_code, "journey" in done.stdout) == (0, False), done.output

    async def launch() -> str:
        async with raw_api(tmp_path, store=Path(".segdsl/local.sqlite")) as api:
            return await launched(api)

    id = asyncio.run(launch())
    done = segdsl("parent", "run", "--yes")
    assert done.exit_code == 0, done.output
    assert done.stdout.endswith(f"success  journey Welcome  #{id}\n")
