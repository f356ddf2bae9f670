"""Journeys run over the data: where profiles are, what is counted, and what is sent."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from journey_api import (
    END,
    NOBODY,
    US,
    VIP,
    Journeys,
    criteria,
    journeys_api,
    mail,
    wait,
    with_journeys,
)
from local_api import CUSTOMERS, JAPAN, NOW, equal, rule
from segdsl.server.kinds.journeys.run_table import RESTARTED


async def welcome(journeys: Journeys, **more: Any) -> tuple[str, list[str]]:
    """A launched journey of two stages: mail, two days, mail, the next stage; and its stages."""
    japan, vip = await journeys.segment(JAPAN), await journeys.segment(VIP)
    nobody = await journeys.segment(NOBODY)
    made = await journeys.create("Welcome", {"name": "s1"}, {"name": "s2"}, **more)
    first, second = [
        await journeys.activation(made["id"], name, columns=[column("country")], allColumns=False)
        for name in ("First mail", "Second mail")
    ]
    steps = {"a": mail(first, "w"), "w": wait(2, "b"), "b": mail(second, "e"), "e": END}
    ids = [each["id"] for each in made["attributes"]["journeyStages"]]
    stages = [
        {
            "id": ids[0],
            "name": "s1",
            "entryCriteria": criteria(japan),
            "milestone": criteria(vip),
            "rootStep": "a",
            "steps": steps,
        },
        {"id": ids[1], "name": "s2", "entryCriteria": criteria(nobody)},
    ]
    await journeys.patch(made["id"], journeyStages=stages, state="launched")
    return made["id"], ids


def column(name: str) -> Any:
    return {"column": name, "source": {"column": name}}


def exports(folder: Path) -> dict[str, list[str]]:
    """The rows of the files in the exports folder, by the names of their activations."""
    files = (folder / "exports").iterdir()
    return {each.name.rpartition("-")[0]: each.read_text().splitlines()[1:] for each in files}


@with_journeys
async def test_profiles_move_from_run_to_run(journeys: Journeys, folder: Path) -> None:
    id, stages = await welcome(journeys)
    path = f"/entities/journeys/{id}/statistics"
    assert (await journeys.api.ask("GET", path))["data"] is None
    assert (await journeys.run(id))["status"] == "success"
    assert (
        await journeys.inside(id) == await journeys.inside(id, stages[0]) == ["c01", "c02", "c05"]
    )
    # A public client pages, though the description has no pages.
    customers = f"/entities/journeys/{id}/customers"
    pages = [
        (await journeys.api.ask("GET", f"{customers}?limit=2&offset={at}"))["data"]["rows"]
        for at in (0, 2, 4)
    ]
    assert [[row[0] for row in rows] for rows in pages] == [["c01", "c02"], ["c05"], []]
    await journeys.api.ask("GET", f"{customers}?limit=0", status=400)
    found = await journeys.statistics(id)
    assert (found["size"], found["enteredSize"]) == (3, 3)
    stage = found["journeyStageStatistics"][0]
    assert stage["stepSizes"] == {"a": 0, "w": 3, "b": 0, "e": 0}
    assert stage["stepInfluxes"] == {"a": 3, "w": 3, "b": 0, "e": 0}
    assert exports(folder) == {"First_mail": ["JP", "JP", "JP"]}
    journeys.advance()
    await journeys.run(id)
    # The milestone of c01, who is not in the next stage as nobody may enter it.
    stage = (await journeys.statistics(id))["journeyStageStatistics"][0]
    assert (stage["milestoneSize"], stage["completeMilestoneRate"]) == (1, 33.33)
    journeys.advance()
    await journeys.run(id)
    found = await journeys.statistics(id)
    stage = found["journeyStageStatistics"][0]
    assert stage["stepSizes"] == {"a": 0, "w": 0, "b": 0, "e": 3}
    assert [each["size"] for each in found["history"]] == [3, 3, 3]
    assert [each["entryInflux"] for each in found["history"]] == [3, 0, 0]
    assert [each["updatedAt"][:10] for each in found["history"]] == [
        "2024-10-01",
        "2024-10-02",
        "2024-10-03",
    ]
    assert exports(folder)["Second_mail"] == ["JP", "JP", "JP"]
    listed = await journeys.api.ask("GET", "/audiences/7/syndications")
    assert [each["name"] for each in listed] == ["First mail", "Second mail"]
    [execution] = listed[1]["executions"]
    assert (execution["status"], execution["recordCount"]) == ("success", 3)
    # Nobody is sent to the same activation twice in one stay.
    assert [len(each["executions"]) for each in listed] == [1, 1]
    short = (await journeys.api.ask("GET", f"{path}?from=2024-10-02&to=2024-10-02"))["data"]
    assert len(short["attributes"]["history"]) == 1
    await journeys.api.ask("GET", f"{path}?from=2024-01-01&to=2024-10-02", status=400)
    await journeys.api.ask("GET", f"{path}?from=soon", status=400)


@with_journeys
async def test_charts(journeys: Journeys, folder: Path) -> None:
    id, stages = await welcome(journeys)
    await journeys.run(id)
    journeys.advance()
    await journeys.run(id)
    bundle = (await journeys.get(id))["attributes"]["journeyBundleId"]
    charts = await journeys.api.ask("GET", f"/entities/journeys/{id}/conversion_sankey_charts")
    chart = charts["data"][-1]["attributes"]["chart"]
    milestone = f"{stages[0]}-milestone"
    assert [each["value"]["type"] for each in chart["data"]] == ["stage", "milestone", "stage"]
    assert chart["metaData"]["links"] == [
        {"source": stages[0], "target": milestone, "value": 1, "conversionRate": 33.33}
    ]
    path = f"/entities/journeys/{id}/activation_sankey_charts"
    charts = await journeys.api.ask("GET", path)
    assert len(charts["data"]) == 4
    first = charts["data"][0]["attributes"]
    assert first["journeyStageId"] == stages[0]
    assert [each["value"] for each in first["chart"]["metaData"]["links"]] == [3, 0]
    for kind in ("statistics", "conversion_sankey_charts", "activation_sankey_charts"):
        answer = await journeys.api.ask("GET", f"/entities/journey_bundles/{bundle}/{kind}")
        assert answer["data"]


@with_journeys
async def test_only_launched_journeys_run_and_one_run_at_a_time(
    journeys: Journeys, folder: Path
) -> None:
    draft = await journeys.create("Draft")
    path = f"/entities/journeys/{draft['id']}"
    for action in ("pause", "resume"):
        await journeys.api.ask("PATCH", f"{path}/{action}", status=400)
    answer = await journeys.api.ask("POST", f"{path}/run", status=422)
    assert answer["errors"][0]["status"] == "422"
    made = await journeys.launch("Launched", await journeys.segment())
    path = f"/entities/journeys/{made['id']}"
    paused = (await journeys.api.ask("PATCH", f"{path}/pause"))["data"]["attributes"]
    assert (paused["paused"], paused["pausedAt"]) == (True, "2024-10-01T00:00:00.000Z")
    await journeys.api.ask("POST", f"{path}/run", status=422)
    resumed = (await journeys.api.ask("PATCH", f"{path}/resume"))["data"]["attributes"]
    assert (resumed["paused"], resumed["pausedAt"]) == (False, None)
    sent = [journeys.api.send("POST", f"{path}/run") for _ in range(8)]
    answers = [each.status_code for each in await asyncio.gather(*sent)]
    assert set(answers) <= {200, 409}
    assert 200 in answers
    await journeys.api.ask("POST", "/entities/journeys/9999/run", status=404)


@with_journeys
async def test_jumps_arrive_at_the_next_run(journeys: Journeys, folder: Path) -> None:
    japan, us = await journeys.segment(JAPAN), await journeys.segment(US)
    target = await journeys.launch("Target", us)
    stage = target["attributes"]["journeyStages"][0]["id"]
    jump = {"journeyId": target["id"], "journeyStageId": stage}
    steps = {"j": {"type": "Jump", "name": "To target", "target": jump}}
    body = {"name": "s1", "entryCriteria": criteria(japan), "rootStep": "j", "steps": steps}
    source = await journeys.create("Source", body, state="launched")
    await journeys.run(source["id"])
    assert await journeys.inside(source["id"]) == []
    found = await journeys.statistics(source["id"])
    assert (found["enteredSize"], found["exitOrJumpSize"], found["exitOrJumpRate"]) == (3, 3, 100)
    assert found["history"][0]["jumpInflux"] == 3
    assert await journeys.inside(target["id"]) == []
    await journeys.run(target["id"])
    assert await journeys.inside(target["id"]) == ["c01", "c02", "c03", "c05"]
    await journeys.run(target["id"])
    assert [each["size"] for each in (await journeys.statistics(target["id"]))["history"]] == [4, 4]


@with_journeys
async def test_a_delivery_that_fails_says_why(journeys: Journeys, folder: Path) -> None:
    id, _ = await welcome(journeys)
    (folder / "exports").write_text("in the way")
    assert (await journeys.run(id))["status"] == "success"
    [first, _] = await journeys.api.ask("GET", "/audiences/7/syndications")
    [execution] = first["executions"]
    assert execution["status"] == "error"
    assert "exports folder" in execution["message"]


def test_profiles_stay_where_they_are_when_others_come_and_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, clock = tmp_path / "store.sqlite", [NOW]
    monkeypatch.setattr("segdsl.server.service.time", lambda: clock[0])

    async def first() -> str:
        async with journeys_api(tmp_path, store=store, clock=clock) as journeys:
            id, _ = await welcome(journeys)
            await journeys.run(id)
            return id

    async def second(id: str) -> None:
        async with journeys_api(tmp_path, store=store, clock=clock) as journeys:
            journeys.advance(2)
            assert await journeys.inside(id) == ["c01", "c05"]
            await journeys.run(id)
            assert await journeys.inside(id) == ["a00", "c01", "c04a", "c05"]
            found = await journeys.statistics(id)
            sizes = found["journeyStageStatistics"][0]["stepSizes"]
            assert sizes == {"a": 0, "w": 2, "b": 0, "e": 2}
            last = found["history"][-1]
            # c02 is no profile any more.
            assert (last["entryInflux"], last["exitInflux"], last["size"]) == (2, 1, 4)

    id = asyncio.run(first())
    lines = CUSTOMERS.replace("c02,JP,,300.5,false,1727000000,[]\n", "")
    lines += "a00,JP,1,,,,\nc04a,JP,2,,,,\n"
    monkeypatch.setattr("local_api.CUSTOMERS", lines)
    asyncio.run(second(id))


def test_runs_of_a_server_that_died_are_errors(tmp_path: Path) -> None:
    store = tmp_path / "store.sqlite"

    async def launch() -> str:
        async with journeys_api(tmp_path, store=store) as journeys:
            made = await journeys.launch("Welcome", await journeys.segment())
            id: str = made["id"]
            return id

    async def again(id: str) -> None:
        async with journeys_api(tmp_path, store=store) as journeys:
            last = (await journeys.get(id))["attributes"]["latestExecution"]
            assert (last["status"], last["message"]) == ("error", RESTARTED)
            assert (await journeys.run(id))["status"] == "success"

    id = asyncio.run(launch())
    with closing(sqlite3.connect(store)) as db:
        db.execute(
            "INSERT INTO journey_executions (journey, owner, status, created) "
            "VALUES (?, 'gone', 'running', 1)",
            (int(id),),
        )
        db.commit()
    asyncio.run(again(id))


@with_journeys
async def test_the_numbers_of_runs_add_up(journeys: Journeys, folder: Path) -> None:
    """What entered less what left is what is inside, for the journey and for each stage."""
    japan, vip = await journeys.segment(JAPAN), await journeys.segment(VIP)
    us = await journeys.segment(US)
    stage = {"name": "s1", "entryCriteria": criteria(japan), "milestone": criteria(us)}
    other = {"name": "s2", "entryCriteria": criteria(us)}
    made = await journeys.create("Welcome", stage, other, reentryMode="reentry_always")
    first, second = made["attributes"]["journeyStages"]
    within = {"journeyId": made["id"], "journeyStageId": second["id"]}
    stages = [{**first, "exitCriterias": [criteria(vip, target=within)]}, second]
    await journeys.patch(made["id"], journeyStages=stages, state="launched")
    for _ in range(3):
        await journeys.run(made["id"])
        journeys.advance()
        rules = {"name": "Criteria", "rule": rule(equal("vip", False)), "kind": 3}
        await journeys.api.ask("PUT", f"/audiences/7/segments/{vip}", rules)
    found = await journeys.statistics(made["id"])
    size = 0
    for each in found["history"]:
        left = each["goalInflux"] + each["exitInflux"] + each["jumpInflux"]
        size += each["entryInflux"] - left
        assert each["size"] == size
