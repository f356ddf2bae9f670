"""Places that are given on in the console: a pull takes all moves together, in whatever order."""

from __future__ import annotations

import re

import pytest

from local_api import equal, rule
from segdsl.workspace.project.keys import Folder
from segdsl.workspace.project.lock_file import load_lock
from teams import Team, with_team

Place = tuple[Folder, str]
Moves = dict[str, tuple[Place, Place]]
"""From where to where each goes, by the text of its condition."""
ROOT: tuple[str, ...] = ()
MOVES: dict[str, Moves] = {
    "a swap of folders": {"1": ((("X",), "A"), (("Y",), "A")), "2": ((("Y",), "A"), (("X",), "A"))},
    "a swap of names": {"1": ((ROOT, "A"), (ROOT, "B")), "2": ((ROOT, "B"), (ROOT, "A"))},
    "a chain": {"1": ((("X",), "A"), (("Y",), "A")), "2": ((("Y",), "A"), (("Z",), "A"))},
    "a rotation": {
        "1": ((ROOT, "A"), (("X",), "B")),
        "2": ((("X",), "B"), (("Y",), "C")),
        "3": ((("Y",), "C"), (ROOT, "A")),
    },
    "a swap of names that differ by case alone": {
        "1": ((ROOT, "a"), (ROOT, "B")),
        "2": ((ROOT, "b"), (ROOT, "A")),
    },
}


async def moved(team: Team, moves: Moves) -> dict[str, str]:
    """Segments at the one place each, pulled, and then moved to the other; their ids."""
    ids = {
        age: await team.console_create(name, rule(equal("age", int(age))), folder)
        for age, ((folder, name), _) in moves.items()
    }
    await team.pull()
    for age, id in ids.items():
        await team.console_update(id, rule(equal("age", int(age))), name=f"on its way {id}")
    for age, (_, (folder, name)) in moves.items():
        await team.console_update(ids[age], rule(equal("age", int(age))), name, folder)
    return ids


def places(team: Team) -> dict[str, tuple[Place, str]]:
    """Where each is here, and in which file, by its condition."""
    found = {}
    for each in team.read().resources:
        text = team.files()[each.file][each.place.start : each.place.end]
        found[text.rpartition(" ")[2].strip()] = (each.key.place, each.file)
    return found


async def all_is_pulled(team: Team, moves: Moves) -> None:
    assert {age: key for age, (key, _) in places(team).items()} == {
        age: to for age, (_, to) in moves.items()
    }
    files, lock = team.files(), load_lock(team.project, "local")
    assert {each.what for each in (await team.pull()).items} == {"the same"}
    assert (team.files(), load_lock(team.project, "local")) == (files, lock)
    plan = await team.plan()
    assert (plan.changes, plan.conflicts, plan.left) == ((), (), ())


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("moves", MOVES.values(), ids=list(MOVES))
def test_moves_are_pulled_together(moves: Moves, force: bool, tmp_path: object) -> None:
    @with_team
    async def test(team: Team) -> None:
        await moved(team, moves)
        pull = await team.pull(force=force)
        assert pull.conflicts == ()
        assert {each.what for each in pull.items} == {"changed"}
        assert len(team.files()) == len(moves), "each file follows its segment"
        for (folder, name), file in places(team).values():
            path = "/".join((*folder, name))
            # Not into a file that some systems would take for another that is removed.
            assert re.fullmatch(re.escape(path) + r"( \(\d+\))?\.seg", file)
        await all_is_pulled(team, moves)

    test(tmp_path)  # type: ignore[operator]


@pytest.mark.parametrize("moves", MOVES.values(), ids=list(MOVES))
def test_moves_of_segments_of_one_file(moves: Moves, tmp_path: object) -> None:
    @with_team
    async def test(team: Team) -> None:
        await moved(team, moves)
        text = "# All of them.\n" + "\n".join(team.files().values())
        for path in team.files():
            (team.folder / path).unlink()
        team.write("all.seg", text)
        await team.pull()
        assert list(team.files()) == ["all.seg"]
        assert "# All of them." in team.files()["all.seg"]
        await all_is_pulled(team, moves)

    test(tmp_path)  # type: ignore[operator]


@with_team
async def test_one_of_a_swap_alone_has_no_room_and_both_together_have(team: Team) -> None:
    moves = MOVES["a swap of names"]
    await moved(team, moves)
    files = team.files()
    pull = await team.pull("A")
    assert [each.why for each in pull.conflicts] == ["another resource has its path here"]
    assert team.files() == files
    await team.pull("A", "B")
    await all_is_pulled(team, moves)


@with_team
async def test_what_was_changed_here_keeps_its_place_and_bars_those_behind_it(team: Team) -> None:
    """1 goes to the place of 2, and 2 to that of 3; 3 was edited here, so none can move."""
    moves = MOVES["a rotation"]
    await moved(team, moves)
    [path] = [file for (key, file) in places(team).values() if key == (("Y",), "C")]
    team.write(path, team.files()[path].replace("age = 3", "age = 33"))
    files = team.files()
    pull = await team.pull()
    assert sorted(each.why for each in pull.conflicts) == [
        "another resource has its path here",
        "another resource has its path here",
        "changed on both sides",
    ]
    assert team.files() == files
    again = await team.pull()
    assert (again.conflicts, team.files()) == (pull.conflicts, files)
    await team.pull(force=True)
    await all_is_pulled(team, moves)


@with_team
async def test_a_swap_that_is_forced_back_can_be_made_in_two_steps(team: Team) -> None:
    """As SEG311 says."""
    moves = MOVES["a swap of names"]
    ids = await moved(team, moves)
    files = team.files()
    team.write("A.seg", files["A.seg"].replace('"A"', '"A for now"'))
    await team.apply(await team.plan(force=True))
    team.write("A.seg", files["A.seg"])
    await team.apply()
    found = await team.resources()
    assert {age: found[id].state.key.place for age, id in ids.items()} == {
        age: place for age, (place, _) in moves.items()
    }
    assert not (await team.plan()).changes
