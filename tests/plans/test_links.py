"""Links in a workspace: what is not read through them is not written through them."""

from __future__ import annotations

from pathlib import Path

import pytest

from segdsl.errors import FileError, InputError
from teams import Team, with_team

RULE = {"type": "And", "conditions": []}


def outside(team: Team) -> Path:
    folder = team.folder.parent / "outside"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.mark.parametrize("where", ["outside", "inside", "up"])
def test_a_pull_does_not_write_through_a_linked_folder(tmp_path: Path, where: str) -> None:
    @with_team
    async def test(team: Team) -> None:
        (team.folder / "other").mkdir()
        target = {"outside": outside(team), "inside": team.folder / "other", "up": tmp_path}[where]
        before = sorted(target.iterdir())
        (team.folder / "Loyalty").symlink_to(target)
        await team.console_create("One", RULE, ("Loyalty",))
        await team.console_create("Two", RULE, ("Loyalty", "Deep"))
        await team.pull()
        assert sorted(target.iterdir()) == before
        assert set(team.files()) == {"Loyalty_/One.seg", "Loyalty_/Deep/Two.seg"}
        plan = await team.plan(prune=True)
        assert (plan.changes, plan.conflicts) == ((), ())
        # A second one changes nothing.
        assert not (await team.pull()).writes

    test(tmp_path)  # type: ignore[operator]


@with_team
async def test_a_linked_folder_within_others_and_in_other_letters(team: Team) -> None:
    (team.folder / "A").mkdir()
    (team.folder / "A" / "b").symlink_to(outside(team))
    (team.folder / "A" / "B_").symlink_to(outside(team))
    await team.console_create("One", RULE, ("A", "B"))
    await team.pull()
    assert list(team.files()) == ["A/B__/One.seg"]
    assert list(outside(team).iterdir()) == []


@with_team
async def test_a_link_in_the_place_of_a_file_is_not_written_through(team: Team) -> None:
    (team.folder / "One.seg").symlink_to(outside(team) / "new.seg")
    await team.console_create("One", RULE)
    with pytest.raises((FileError, AssertionError)):
        await team.pull()
    assert list(outside(team).iterdir()) == []


@with_team
async def test_a_file_that_is_changed_through_a_link_is_in_the_workspace(team: Team) -> None:
    victim = outside(team) / "one.seg"
    text = 'segment "One" where age > 1\n'
    team.write("one.seg", text)
    await team.apply()
    id = (await team.segments())["One"].id
    await team.console_update(id, RULE)
    victim.write_text(text)
    (team.folder / "one.seg").unlink()
    (team.folder / "one.seg").symlink_to(victim)
    with pytest.raises((FileError, AssertionError)):
        await team.pull(force=True)
    assert victim.read_text() == text


@with_team
async def test_a_lock_is_no_link_to_elsewhere(team: Team) -> None:
    team.write("one.seg", 'segment "One" where age > 1\n')
    await team.apply()
    lock = team.folder / "local.lock.toml"
    elsewhere = outside(team) / "lock.toml"
    text = lock.read_text()
    elsewhere.write_text(text)
    lock.unlink()
    lock.symlink_to(elsewhere)
    for run in (team.plan, team.pull):
        with pytest.raises(InputError, match="is outside the folder"):
            await run()
    assert elsewhere.read_text() == text
