"""A workspace that has lost its files, the wrong folder, a lock of another server."""

from __future__ import annotations

import shutil

import pytest

from segdsl.diagnostics import Report
from segdsl.errors import InputError
from segdsl.workspace.project.lock import LockError
from teams import Team, with_team

RULE = {"type": "And", "conditions": []}


def fill(team: Team, many: int) -> None:
    for at in range(many):
        team.write(f"s{at}.seg", f'segment "S{at}" where age > {at}\n')


async def codes(team: Team, *, prune: bool = False) -> list[str]:
    report = Report()
    await team.plan(report=report, allow_empty=False, prune=prune)
    return [each.code.name for each in report.diagnostics]


@with_team
async def test_an_empty_workspace_is_not_planned(team: Team) -> None:
    assert await codes(team) == ["SEG312"]
    fill(team, 1)
    await team.apply()
    (team.folder / "s0.seg").unlink()
    for prune in (False, True):
        report = Report()
        await team.plan(report=report, allow_empty=False, prune=prune)
        [found] = report.diagnostics
        assert "no file of the workspace" in found.message
        assert "the lock has 1 segment" in found.message
        assert "--allow-empty" in (found.help or "")
    plan = await team.plan(prune=True, allow_empty=True)
    assert [each.action for each in plan.changes] == ["delete"]


@with_team
async def test_files_without_segments_are_as_empty(team: Team) -> None:
    fill(team, 2)
    await team.apply()
    for at in range(2):
        team.write(f"s{at}.seg", f"# nothing\nlet x{at} = age > 1\n")
    assert await codes(team, prune=True) == ["SEG312"]


@pytest.mark.parametrize(
    ("before", "after", "refused"),
    [(6, 3, False), (7, 3, True), (4, 1, True), (3, 1, False), (20, 9, True), (20, 10, False)],
)
def test_most_of_a_workspace_is_not_deleted_unasked(
    tmp_path: object, before: int, after: int, refused: bool
) -> None:
    @with_team
    async def test(team: Team) -> None:
        fill(team, before)
        await team.apply()
        for at in range(after, before):
            (team.folder / f"s{at}.seg").unlink()
        assert await codes(team, prune=True) == (["SEG312"] if refused else [])
        # What is not to be deleted does not matter.
        assert await codes(team) == []
        plan = await team.plan(prune=True, allow_empty=True)
        assert len(plan.changes) == before - after

    test(tmp_path)  # type: ignore[operator]


@with_team
async def test_a_folder_that_vanished_is_named(team: Team) -> None:
    for at in range(8):
        team.write(f"gone/s{at}.seg", f'segment "S{at}" where age > {at}\n')
    team.write("kept.seg", 'segment "Kept" where age > 100\n')
    await team.apply()
    shutil.rmtree(team.folder / "gone")
    report = Report()
    await team.plan(report=report, allow_empty=False, prune=True)
    [found] = report.diagnostics
    assert found.message.startswith("8 of the 9 segments in the lock would be deleted: ")
    assert found.message.endswith(" and 3 more")


@with_team
async def test_a_lock_of_another_server_is_told_as_such(team: Team) -> None:
    fill(team, 3)
    await team.apply()
    await team.empty()
    other = await team.console_create("Somebody's", RULE)
    for run in (team.plan, team.pull):
        with pytest.raises(LockError, match=r"none of the 3 segments in local\.lock\.toml is on"):
            await run()
    # Neither lock nor files nor server were touched.
    assert (team.folder / "local.lock.toml").read_text().count("[[resources]]") == 3
    assert set(team.files()) == {"s0.seg", "s1.seg", "s2.seg"}
    assert [each.id for each in (await team.segments()).values()] == [other]


@with_team
async def test_a_few_that_are_gone_were_deleted_there(team: Team) -> None:
    fill(team, 4)
    await team.apply()
    ids = {name: each.id for name, each in (await team.segments()).items()}
    for name in ("S0", "S1", "S2"):
        await team.client.delete_segment(ids[name])
    assert {each.why for each in (await team.plan()).conflicts} == {"deleted on the server"}


@with_team
async def test_a_path_without_a_segment(team: Team) -> None:
    fill(team, 1)
    team.write("common/lets.seg", "let x = age > 1\n")
    for path in ("common", "common/lets.seg"):
        with pytest.raises(InputError, match="defines nothing"):
            await team.plan(paths=[str(team.folder / path)])
    assert len((await team.plan(paths=[str(team.folder)])).changes) == 1


@with_team
async def test_who_names_files_that_are_gone_means_them(team: Team) -> None:
    fill(team, 2)
    await team.apply()
    for at in range(2):
        (team.folder / f"s{at}.seg").unlink()
    paths = [str(team.folder / "s0.seg")]
    plan = await team.plan(prune=True, paths=paths, allow_empty=False)
    assert [(each.action, each.state.name) for each in plan.changes] == [("delete", "S0")]
    report = Report()
    await team.plan(prune=True, paths=[str(team.folder)], report=report, allow_empty=False)
    assert [each.code.name for each in report.diagnostics] == ["SEG312"]
