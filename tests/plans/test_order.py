"""The order of changes, and what no order helps: cycles of references, also through the server."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from local_api import equal, refers_to, rule
from segdsl.diagnostics import Diagnostic, Report
from segdsl.workspace.sync.plan import Plan
from teams import Team, with_team

ONE = rule(equal("age", 1))
CIRCLE = "segments refer to each other in a cycle: "


async def planned(team: Team, *, force: bool = False, prune: bool = False) -> list[Diagnostic]:
    """What a plan reports; one that reports nothing must be possible to carry out."""
    report = Report()
    plan = await team.plan(report=report, force=force, prune=prune)
    if not report.diagnostics:
        assert all(each.is_done for each in await team.apply(plan))
    return report.diagnostics


async def cycle(team: Team, **more: bool) -> str:
    """The one cycle that a plan reports; nothing was sent."""
    before = await team.segments()
    [found] = await planned(team, **more)
    assert found.code.name == "SEG306"
    assert await team.segments() == before
    return found.message.removeprefix(CIRCLE)


def order(plan: Plan) -> list[tuple[str, tuple[int, ...]]]:
    return [(each.state.name, each.first) for each in plan.changes]


# --- cycles ---------------------------------------------------------------------------------


@with_team
async def test_by_name(team: Team) -> None:
    team.write("a.seg", 'segment "A" where in segment "B"\n')
    team.write("b.seg", 'segment "B" where in segment "C"\n')
    team.write("c.seg", 'segment "C" where not in segment "A"\n')
    assert await cycle(team) in (
        '"A" → "B" → "C" → "A"',
        '"B" → "C" → "A" → "B"',
        '"C" → "A" → "B" → "C"',
    )


@with_team
async def test_each_cycle_is_told_at_the_place_of_one_of_its_segments(team: Team) -> None:
    team.write("a.seg", 'segment "A" where in segment "A"\n')
    team.write("b.seg", 'segment "B" where in segment "C"\nsegment "C" where in segment "B"\n')
    found = await planned(team)
    assert [each.code.name for each in found] == ["SEG306", "SEG306"]
    assert found[0].message == 'the segment "A" refers to itself'
    assert [Path(each.span.file).name for each in found if each.span] == ["a.seg", "b.seg"]
    assert [len(each.notes) for each in found] == [0, 1]


@with_team
async def test_to_itself_by_its_id(team: Team) -> None:
    id = await team.console_create("A", ONE)
    await team.pull()
    team.write("A.seg", f'segment "A" where in segment #{id} or age = 1\n')
    assert await cycle(team) == 'the segment "A" refers to itself'


@with_team
async def test_through_a_segment_of_the_server_alone(team: Team) -> None:
    a = await team.console_create("A", ONE)
    b = await team.console_create("B", rule(refers_to(a, exclude=True)))
    await team.pull("A")
    team.write("A.seg", 'segment "A" where in segment "B" or age = 1\n')
    # Also with another change beside it.
    team.write("C.seg", 'segment "C" where age = 7\n')
    assert await cycle(team) == f'"A" → "B" (#{b}, as the server has it) → "A"'
    # What is not changed on the server any more is no cycle.
    await team.console_update(b, ONE)
    assert await planned(team) == []


@with_team
async def test_through_two_of_the_server_and_one_that_no_folder_clause_can_name(
    team: Team,
) -> None:
    a = await team.console_create("A", ONE)
    odd = await team.console_create("B", rule(refers_to(a)), ("A/B",))
    c = await team.console_create("C", rule(refers_to(odd)))
    await team.pull("A")
    team.write("A.seg", f'segment "A" where in segment #{c}\n')
    assert await cycle(team) == (
        f'"A" → "C" (#{c}, as the server has it) → "B" (#{odd}, as the server has it) → "A"'
    )


@with_team
async def test_by_an_id_between_two_of_the_workspace(team: Team) -> None:
    a = await team.console_create("A", ONE)
    b = await team.console_create("B", rule(refers_to(a, exclude=True)))
    await team.pull()
    team.write("A.seg", 'segment "A" where in segment "B" or age = 1\n')
    team.write("B.seg", f'segment "B" where not in segment #{a}\n')
    assert await cycle(team) == f'"A" → "B" (#{b}, as the server has it) → "A"'


@with_team
async def test_through_one_that_is_in_conflict_as_the_server_has_it(team: Team) -> None:
    team.write("a.seg", 'segment "A" where age = 1\n')
    team.write("b.seg", 'segment "B" where age = 2\n')
    await team.apply()
    ids = {name: each.id for name, each in (await team.segments()).items()}
    await team.console_update(ids["B"], rule(refers_to(ids["A"])))
    team.write("a.seg", 'segment "A" where in segment "B"\n')
    server = f"#{ids['B']}, as the server has it"
    assert await cycle(team) == f'"A" → "B" ({server}) → "A"'
    # Overwritten, it refers to nothing.
    assert await planned(team, force=True) == []


@with_team
async def test_a_cycle_that_the_plan_takes_apart_is_none(team: Team) -> None:
    team.write("a.seg", 'segment "A" where in segment "B" and age > 1\n')
    team.write("b.seg", 'segment "B" where in segment "C"\n')
    team.write("c.seg", 'segment "C" where age > 2\n')
    await team.apply()
    team.write("c.seg", 'segment "C" where in segment "A" and age > 2\n')
    assert re.sub(r" \(#\d, as the server has it\)", "", await cycle(team)) == (
        '"C" → "A" → "B" → "C"'
    )
    team.write("a.seg", 'segment "A" where age > 1\n')
    plan = await team.plan()
    assert order(plan) == [("A", ()), ("C", (0,))]
    assert await planned(team) == []


@with_team
async def test_namesakes_are_told_as_that_and_not_as_a_cycle(team: Team) -> None:
    team.write("c.seg", 'segment "C" where in segment "A"\n')
    team.write("a.seg", 'segment "A" where in segment "C"\n')
    team.write("c2.seg", 'segment "C" folder "Z" where in segment "A"\n')
    assert {each.code.name for each in await planned(team)} == {"SEG305"}


# --- order -----------------------------------------------------------------------------------


@with_team
async def test_a_change_waits_for_one_behind_a_segment_that_stays(team: Team) -> None:
    team.write("a.seg", 'segment "A" where in segment "B"\n')
    team.write("b.seg", 'segment "B" where in segment "C"\n')
    team.write("c.seg", 'segment "C" where age > 2\n')
    await team.apply()
    team.write("a.seg", 'segment "A" where in segment "B" and age > 1\n')
    team.write("c.seg", 'segment "C" where age > 3\n')
    assert order(await team.plan()) == [("C", ()), ("A", (0,))]


@with_team
async def test_two_that_are_each_to_go_where_the_other_is(team: Team) -> None:
    """The two were given each other's names on the server, and are forced back."""
    a = await team.console_create("A", ONE)
    b = await team.console_create("B", rule(equal("age", 2)))
    await team.pull()
    await team.console_update(a, ONE, name="T")
    await team.console_update(b, rule(equal("age", 2)), name="A")
    await team.console_update(a, ONE, name="B")
    [found] = await planned(team, force=True)
    assert found.code.name == "SEG311"
    assert '"A"' in found.message
    assert '"B"' in found.message


@pytest.mark.parametrize("folder", [(), ("A/B",)])
def test_what_others_of_the_server_refer_to_cannot_be_deleted(
    folder: tuple[str, ...], tmp_path: object
) -> None:
    @with_team
    async def test(team: Team) -> None:
        a = await team.console_create("A", ONE)
        await team.pull()
        await team.console_create("B", rule(refers_to(a)), folder)
        (team.folder / "A.seg").unlink()
        [found] = await planned(team, prune=True)
        assert found.code.name == "SEG310"

    test(tmp_path)  # type: ignore[operator]
