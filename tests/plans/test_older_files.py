"""Locks and saved plans as older versions of segdsl wrote them, byte for byte in `data`."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from segdsl.workspace.project.keys import SEGMENT, Ref
from segdsl.workspace.project.lock import LockError, read_lock, write_lock
from segdsl.workspace.project.lock_file import load_lock
from segdsl.workspace.sync.plan import PlanError, is_plan, read_plan
from segdsl.workspace.sync.plan_file import check_plan_file
from teams import Team, with_team

DATA = Path(__file__).parent / "data"
LOCK = (DATA / "version1.lock.toml").read_text()
"""Of a workspace with the files below, applied one after the other."""
FILES = {
    "data.seg": 'segment "Churned" folder "Data team" where age > 1\n',
    "tokyo.seg": 'segment "Churned" folder "Loyalty/Tokyo" hidden where age > 2\n',
    "both.seg": 'segment "Both" description "In \\"both\\"" where '
    'in segment "Churned" of folder "Data team"\n'
    '  and in segment "Churned" of folder "Loyalty/Tokyo"\n',
    "use.seg": 'segment "Use" where not in segment "Both"\n',
}


async def fill(team: Team) -> None:
    for name, text in FILES.items():
        team.write(name, text)
        await team.apply()


@with_team
async def test_a_lock_of_version_1_is_read_as_one_of_segments(team: Team) -> None:
    await fill(team)
    assert read_lock(LOCK, "lock") == load_lock(team.project, "local")


@with_team
async def test_a_lock_of_version_1_is_upgraded_where_it_is_written(team: Team) -> None:
    await fill(team)
    path = team.folder / "local.lock.toml"
    new = path.read_text()
    for write in (team.apply, team.pull):
        path.write_text(LOCK)
        plan = await team.plan()
        assert (plan.changes, plan.conflicts, len(plan.unchanged)) == ((), (), 4)
        assert path.read_text() == LOCK, "a plan writes nothing"
        await write()
        assert path.read_text() == new
    document = tomllib.loads(new)
    assert document["version"] == 2
    assert [each["kind"] for each in document["resources"]] == [SEGMENT] * 4
    assert [each["id"] for each in document["resources"]] == [
        each["id"] for each in tomllib.loads(LOCK)["segments"]
    ]


@with_team
async def test_a_lock_of_version_1_keeps_what_names_meant(team: Team) -> None:
    """A name that went to another segment since is not followed."""
    await fill(team)
    (team.folder / "local.lock.toml").write_text(LOCK)
    [use] = [each for each in read_lock(LOCK, "lock").entries if each.name == "Use"]
    both = use.refers[SEGMENT]["Both"]
    rule = {"type": "And", "conditions": []}
    await team.console_update(both, rule, name="Neither")
    (team.folder / "both.seg").unlink()
    await team.console_create("Both", rule)
    [conflict] = (await team.plan()).conflicts
    assert (conflict.name, conflict.why) == ("Use", "a name in it now refers to something else")
    assert f'"Both" meant #{both}' in conflict.notes[0]


def test_what_is_written_is_read_back_in_both_tables() -> None:
    lock = read_lock(LOCK, "lock")
    both = next(entry for entry in lock.entries if entry.name == "Both")
    churned = {entry.folder: entry.id for entry in lock.entries if entry.name == "Churned"}
    assert both.refers_in == {
        SEGMENT: {
            "Data team": {"Churned": churned["Data team",]},
            "Loyalty/Tokyo": {"Churned": churned["Loyalty", "Tokyo"]},
        }
    }
    assert lock.by_ref[Ref(SEGMENT, both.id)] == both
    assert read_lock(write_lock(lock), "lock") == lock


def test_a_lock_of_version_1_has_no_resources_and_one_of_version_2_no_segments() -> None:
    for text in (LOCK.replace("[segments", "[resources"), LOCK.replace("= 1\n", "= 2\n")):
        with pytest.raises(LockError, match="unknown key"):
            read_lock(text, "lock")
    with pytest.raises(LockError, match="another version of segdsl"):
        read_lock(LOCK.replace("version = 1\n", "version = 3\n"), "lock")


def test_a_plan_of_an_older_version_is_refused_and_may_be_overwritten() -> None:
    path = DATA / "version2.plan.json"
    with pytest.raises(PlanError) as refused:
        read_plan(path.read_bytes(), "plan.json")
    assert str(refused.value) == (
        "plan.json was made by another version of segdsl: make a new plan"
    )
    assert is_plan(path.read_bytes())
    check_plan_file(str(path))
