"""Funnels of a workspace: planned, applied with the rules of their stages, pulled, interrupted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from local_api import NOW, write_data
from segdsl.diagnostics import Report
from segdsl.server import open_local
from segdsl.workspace.kinds.effects import NOT_COUNTED
from segdsl.workspace.project.lock_file import load_lock
from segdsl.workspace.sync.plan import Plan, read_plan, write_plan
from segdsl.workspace.sync.plan_text import plan_text
from teams import Team, connected, with_team

ADULTS = 'segment "Adults" where age >= 18\n'
FUNNEL = """\
funnel "Onboarding"
  description "From sign-up to the first order"
  folder "Lifecycle/New"

stage "Interest" where
  age > 1

stage "Trial"
  description "Of age"
where
  in stage "Interest" of funnel "Onboarding"
  and in segment "Adults"

stage "Paid"
"""
PAYERS = 'segment "Payers" where in stage "Paid" of funnel "Onboarding"\n'


def write_all(team: Team) -> None:
    team.write("adults.seg", ADULTS)
    team.write("onboarding.seg", FUNNEL)
    team.write("payers.seg", PAYERS)


def actions(plan: Plan) -> list[tuple[str, str, str]]:
    return [(change.action, change.kind, change.state.name) for change in plan.changes]


async def nothing_is_left(team: Team) -> None:
    plan = await team.plan()
    assert (plan.changes, plan.conflicts, plan.left, plan.others) == ((), (), (), 0)


async def stages(team: Team) -> dict[str, tuple[str, str | None]]:
    """The ids of the stages and of their segments, by name."""
    [funnel] = await team.client.funnels("7")
    return {stage.name: (stage.id, stage.segment_id) for stage in funnel.stages}


def with_stages(test: Callable[[Team], object]) -> object:
    """As `with_team`, with a table of stages in the data, which rules about them need."""

    def run(tmp_path: Path) -> None:
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / "funnel_stages.csv").write_text("cdp_customer_id,stage_id\n")
        with_team(test)(tmp_path)  # type: ignore[operator]

    run.__name__ = getattr(test, "__name__", "test")
    return run


@with_stages
async def test_a_funnel_is_created_with_its_rules_and_nothing_is_left(team: Team) -> None:
    write_all(team)
    plan = await team.plan()
    assert read_plan(write_plan(plan).encode(), "plan") == plan
    places = {name: at for at, (_, _, name) in enumerate(actions(plan))}
    assert places["Adults"] < places["Onboarding"] < places["Payers"]
    assert {each.done for each in await team.apply(plan)} == {"created"}
    await nothing_is_left(team)
    found = await stages(team)
    assert list(found) == ["Interest", "Trial", "Paid"]
    assert found["Paid"][1] is None
    trial = await team.client.segment("7", found["Trial"][1] or "")
    assert (trial.kind, trial.description) == ("funnel_stage", "Of age")
    rule = bytes(trial.rule or b"").decode()
    assert f'"{found["Interest"][0]}"' in rule
    assert {each.state.name for each in (await team.resources()).values()} == {"Adults", "Payers"}
    entry = {each.name: each for each in load_lock(team.project, "local").entries}["Onboarding"]
    assert entry.parts == {"stage": {name: id for name, (id, _) in found.items()}}
    assert entry.source == FUNNEL
    assert set(entry.pieces) == {"funnel", *(id for id, _ in found.values())}


@with_stages
async def test_a_plan_carried_out_twice_does_nothing_the_second_time(team: Team) -> None:
    write_all(team)
    plan = await team.plan()
    await team.apply(plan)
    assert {each.done for each in await team.apply(plan)} == {"there already"}
    await nothing_is_left(team)


@with_stages
async def test_a_pull_writes_funnels_and_a_plan_after_it_is_empty(team: Team) -> None:
    write_all(team)
    await team.apply()
    team.clear()
    pull = await team.pull()
    assert {(item.kind, item.what) for item in pull.items} == {
        ("segment", "new"),
        ("funnel", "new"),
    }
    assert team.files()["Lifecycle/New/Onboarding.seg"] == FUNNEL
    await nothing_is_left(team)
    assert {item.what for item in (await team.pull()).items} == {"the same"}


@with_stages
async def test_one_file_is_planned_that_names_a_stage_of_a_funnel_of_another(team: Team) -> None:
    write_all(team)
    await team.apply()
    team.write("payers.seg", PAYERS + "  and age > 3\n")
    plan = await team.plan(paths=[str(team.folder / "payers.seg")])
    assert actions(plan) == [("update", "segment", "Payers")]


@with_stages
async def test_renamed_and_moved_stages_keep_their_ids(team: Team) -> None:
    write_all(team)
    await team.apply()
    before = await stages(team)
    text = FUNNEL.replace('stage "Interest"', 'stage "Curious"').replace('stage "Paid"\n', "")
    team.write(
        "onboarding.seg", text.replace("sign-up\n", "").rstrip("\n") + '\n\nstage "Bought"\n'
    )
    team.write("payers.seg", PAYERS.replace("Paid", "Bought"))
    plan = await team.plan()
    assert actions(plan) == [("update", "funnel", "Onboarding")]
    text = plan_text(plan, NOT_COUNTED, color=False)
    assert "the stage “Interest” is now called “Curious”" in text
    assert "the stage “Paid” is now called “Bought”" in text
    await team.apply(plan)
    after = await stages(team)
    assert [after[name] for name in ("Curious", "Trial", "Bought")] == [
        before[name] for name in ("Interest", "Trial", "Paid")
    ]
    await nothing_is_left(team)


@with_stages
async def test_rules_that_come_change_and_go(team: Team) -> None:
    write_all(team)
    await team.apply()
    before = await stages(team)
    team.write(
        "onboarding.seg",
        'funnel "Onboarding"\n  folder "Lifecycle/New"\n\n'
        'stage "Interest" where age > 2\n\n'
        'stage "Trial"\n\n'
        'stage "Paid" is segment "Adults"\n\n'
        'stage "Loyal" where age > 60\n',
    )
    plan = await team.plan()
    text = plan_text(plan, NOT_COUNTED, color=False)
    assert "update  funnel Lifecycle/New/Onboarding" in text
    assert "description, stages, rule" in text
    assert "the stage “Loyal” is new" in text
    assert [each.done for each in await team.apply(plan)] == ["updated"]
    after = await stages(team)
    assert after["Interest"] == before["Interest"]
    assert after["Trial"] == (before["Trial"][0], None)
    assert after["Paid"][1] is not None
    await nothing_is_left(team)


@with_stages
async def test_a_funnel_is_deleted_after_what_refers_to_its_stages(team: Team) -> None:
    write_all(team)
    await team.apply()
    for file in ("onboarding.seg", "payers.seg", "adults.seg"):
        (team.folder / file).unlink()
    plan = await team.plan(prune=True)
    assert actions(plan) == [
        ("delete", "segment", "Payers"),
        ("delete", "funnel", "Onboarding"),
        ("delete", "segment", "Adults"),
    ]
    assert {each.done for each in await team.apply(plan)} == {"deleted"}
    assert (await team.segments(), list(await team.client.funnels("7"))) == ({}, [])


@with_stages
async def test_what_somebody_changes_in_a_stage_is_a_conflict(team: Team) -> None:
    write_all(team)
    await team.apply()
    trial = (await stages(team))["Trial"][1]
    assert trial is not None
    await team.console_update(trial, {"type": "And", "conditions": []})
    team.write("onboarding.seg", FUNNEL.replace("age > 1", "age > 2"))
    [conflict] = (await team.plan()).conflicts
    assert (conflict.kind, conflict.why) == ("funnel", "changed on both sides")
    await team.pull("Onboarding", force=True)
    assert 'stage "Trial"\n  description "Of age"\nwhere everyone' in team.files()["onboarding.seg"]
    await nothing_is_left(team)


@with_stages
async def test_a_cycle_among_stages_is_reported(team: Team) -> None:
    team.write(
        "f.seg",
        'funnel "F"\n\nstage "A" where in stage "B" of funnel "F"\n\n'
        'stage "B" where in stage "A" of funnel "F"\n\nstage "C"\n',
    )
    report = Report()
    await team.plan(report=report)
    [found] = report.diagnostics
    assert found.code.name == "SEG306"
    assert found.message.startswith("stages refer to each other in a cycle")


@with_stages
async def test_two_funnels_of_one_place_are_reported(team: Team) -> None:
    text = 'funnel "F"\n\nstage "A"\n\nstage "B"\n\nstage "C"\n'
    team.write("a.seg", text)
    team.write("b.seg", text)
    report = Report()
    await team.plan(report=report)
    assert [each.message for each in report.diagnostics] == [
        'a funnel of another file is named "F" too'
    ]


# --- interrupted -----------------------------------------------------------------------


class Killed(httpx.AsyncBaseTransport):
    """A transport behind which the client is killed: after some writes, none gets through."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self.inner = inner
        self.left: int | None = None
        self.writes: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method != "GET" and not request.url.path.endswith("/folders"):
            if self.left is not None:
                self.left -= 1
                if self.left < 0:
                    raise KilledError
            self.writes.append(f"{request.method} {request.url.path}")
        return await self.inner.handle_async_request(request)


class KilledError(BaseException):
    """Not an error of the client: the process ends."""


def killed_and_carried_on(
    tmp_path: Path, writes: int, text: str, before: str | None
) -> tuple[list[str], list[str]]:
    """What is written where an apply is killed after so many writes, and run again, and the notes
    of the plan in between."""

    async def inside() -> tuple[list[str], list[str]]:
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / "funnel_stages.csv").write_text("cdp_customer_id,stage_id\n")
        async with open_local(write_data(tmp_path), None, NOW, None) as transport:
            killed = Killed(transport)
            async with connected(tmp_path, killed) as team:
                team.write("adults.seg", ADULTS)
                if before is not None:
                    team.write("onboarding.seg", before)
                await team.apply()
                lock = (team.folder / "local.lock.toml").read_text()
                team.write("onboarding.seg", text)
                killed.writes.clear()
                killed.left = writes
                with pytest.raises(KilledError):
                    await team.apply()
                killed.left = None
                (team.folder / "local.lock.toml").write_text(lock)
                plan = await team.plan()
                notes = [note for each in plan.changes for note in each.notes]
                await team.apply(plan)
                await nothing_is_left(team)
                assert len(await team.client.funnels("7")) == 1
                return killed.writes, notes

    return asyncio.run(inside())


@pytest.mark.parametrize("writes", range(3))
def test_a_creation_that_is_killed_is_carried_on(tmp_path: Path, writes: int) -> None:
    written, notes = killed_and_carried_on(tmp_path, writes, FUNNEL, None)
    assert written == ["POST /entities/funnels", *["POST /audiences/7/segments"] * 2]
    interrupted = "carries on its creation, which was interrupted"
    assert (notes or [""])[0] == (interrupted if writes else "")
    if writes == 1:
        assert notes == [interrupted, "adds the rules of the stages “Interest” and “Trial”"]


@pytest.mark.parametrize("writes", range(4))
def test_an_update_that_is_killed_is_carried_on(tmp_path: Path, writes: int) -> None:
    new = FUNNEL.replace("age > 1", "age > 2").replace("Of age", "Adults")
    new += '\nstage "Loyal" where age > 60\n'
    written, _ = killed_and_carried_on(tmp_path, writes, new, FUNNEL)
    assert [each.split()[0] for each in written] == ["PATCH", "PUT", "PUT", "POST"]
