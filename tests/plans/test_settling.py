"""How conflicts are settled, and what stays a conflict whatever is asked for."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path

from local_api import NOW, equal, rule, write_data
from segdsl.server import open_local
from segdsl.workspace.kinds.effects import NOT_COUNTED
from segdsl.workspace.sync.plan_text import plan_text
from teams import Team, connected, with_team

ONE, TWO = rule(equal("age", 1)), rule(equal("age", 2))


async def dispute(team: Team) -> str:
    """A segment that both sides changed; its id."""
    team.write("a.seg", 'segment "A" where age = 1  # mine\n')
    await team.apply()
    id = (await team.segments())["A"].id
    await team.console_update(id, TWO)
    team.write("a.seg", 'segment "A" where age = 3  # mine\n')
    [conflict] = (await team.plan()).conflicts
    assert conflict.why == "changed on both sides"
    return id


@with_team
async def test_what_was_brought_together_in_the_file_is_said_to_be(team: Team) -> None:
    id = await dispute(team)
    text = 'segment "A" where age in (2, 3)  # both\n'
    team.write("a.seg", text)
    pull = await team.pull("A", keep=True)
    assert [(each.what, each.file) for each in pull.items] == [("noted", "a.seg")]
    assert not pull.conflicts
    assert team.files() == {"a.seg": text}
    plan = await team.plan()
    assert [(each.action, each.forced) for each in plan.changes] == [("update", False)]
    assert not plan.conflicts
    # What the console does after that is a conflict again.
    await team.console_update(id, ONE)
    assert [each.why for each in (await team.plan()).conflicts] == ["changed on both sides"]
    await team.pull("A", keep=True)
    [outcome] = await team.apply()
    assert outcome.done == "updated"
    following = await team.plan()
    assert (following.changes, following.conflicts) == ((), ())


@with_team
async def test_a_segment_that_one_side_deleted_is_said_to_be_wanted_or_not(team: Team) -> None:
    team.write("a.seg", 'segment "A" where age = 1\n')
    team.write("b.seg", 'segment "B" where age = 2\n')
    await team.apply()
    ids = {name: each.id for name, each in (await team.segments()).items()}
    await team.client.delete_segment(ids["A"])
    (team.folder / "b.seg").unlink()
    await team.console_update(ids["B"], rule(equal("age", 4)))
    plan = await team.plan(prune=True)
    assert sorted(each.why for each in plan.conflicts) == [
        "deleted here, changed on the server",
        "deleted on the server",
    ]
    await team.pull("A", "B", keep=True)
    plan = await team.plan(prune=True)
    assert sorted(each.action for each in plan.changes) == ["create", "delete"]
    assert not plan.conflicts


@with_team
async def test_a_segment_in_a_folder_that_cannot_be_named_is_not_made_again(team: Team) -> None:
    team.write("b.seg", 'segment "B" folder "F" where age = 1\n')
    await team.apply()
    here = (await team.segments())["B"]
    body = {
        "type": "folder-segment",
        "id": here.folder_id,
        "attributes": {"name": "F/ G"},
        "relationships": {},
    }
    media = "application/vnd.treasuredata.v1+json"
    path = f"/entities/folders/{here.folder_id}"
    # Somebody else's: our client renames no folder.
    headers = {"User-Agent": "console", "Content-Type": media}
    renamed = await team.client._transport._http.patch(path, json=body, headers=headers)
    renamed.raise_for_status()
    for force in (False, True):
        plan = await team.plan(force=force, prune=True)
        assert [each.why for each in plan.conflicts] == ["in a folder that a file cannot name"]
        assert plan.changes == ()
        assert "rename its folder in the console" in plan_text(plan, NOT_COUNTED, color=False)
    pull = await team.pull()
    assert [each.what for each in pull.items] == ["left alone"]
    # Without its file it is left, too, and not forgotten.
    (team.folder / "b.seg").unlink()
    plan = await team.plan(prune=True)
    assert (plan.changes, plan.conflicts, plan.dropped) == ((), (), ())
    await team.pull()
    assert here.id in (team.folder / "local.lock.toml").read_text()


def test_what_no_source_can_hold_is_a_conflict_for_pull_as_well(tmp_path: Path) -> None:
    store = tmp_path / "store.sqlite"

    async def main() -> None:
        data = write_data(tmp_path)
        async with (
            open_local(data, store, NOW, None) as transport,
            connected(tmp_path, transport) as team,
        ):
            team.write("a.seg", 'segment "A" where age = 1\n')
            await team.apply()
        odd = {**rule({**equal("age", 1), "zzz": 1})}
        with sqlite3.connect(store) as database:
            database.execute("UPDATE segments SET rule = ?", [json.dumps(odd)])
        async with (
            open_local(data, store, NOW, None) as transport,
            connected(tmp_path / "again", transport) as team,
        ):
            team.write("a.seg", 'segment "A" where age = 1\n')
            lock = tmp_path / "workspace" / "local.lock.toml"
            team.write("local.lock.toml", lock.read_text())
            plan = await team.plan()
            assert [each.why for each in plan.conflicts] == ["changed on the server"]
            assert "cannot be written" in plan_text(plan, NOT_COUNTED, color=False)
            for force in (False, True):
                pull = await team.pull(force=force)
                assert [each.what for each in pull.items] == ["left alone"]
                assert [each.why for each in pull.conflicts] == ["changed on the server"]

    asyncio.run(main())


@with_team
async def test_a_deletion_that_waits_for_a_conflict_does_not_hide_it(team: Team) -> None:
    team.write("c.seg", 'segment "C" where age = 1\n')
    team.write("d.seg", 'segment "D" where in segment "C"\n')
    await team.apply()
    ids = {name: each.id for name, each in (await team.segments()).items()}
    for name in ("c", "d"):
        (team.folder / f"{name}.seg").unlink()
    other = rule(equal("age", 3), {"type": "Reference", "id": ids["C"], "exclude": False})
    await team.console_update(ids["D"], other)
    plan = await team.plan(prune=True)
    assert [(each.name, each.why) for each in plan.conflicts] == [
        ("D", "deleted here, changed on the server")
    ]
    assert await team.apply(plan) == []
