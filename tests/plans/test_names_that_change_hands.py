"""Names of segments that are given on, on either side: what refers by name never turns unasked."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from local_api import JAPAN, equal, rule
from segdsl.diagnostics import Report
from segdsl.workspace.kinds.effects import NOT_COUNTED
from segdsl.workspace.project.keys import Key
from segdsl.workspace.project.lock import read_lock, write_lock
from segdsl.workspace.project.lock_file import load_lock, save_lock
from segdsl.workspace.sync.plan_text import plan_markdown, plan_text
from teams import Team, with_team

OLD = rule(equal("age", 67))
SHIFTED = "a name in it now refers to something else"


def outside(id: str) -> Any:
    """The rule of those that are not in a segment."""
    return rule({"type": "Reference", "id": id, "exclude": True})


async def refers_to(team: Team, name: str) -> set[str]:
    [found] = [each for each in (await team.resources()).values() if each.state.name == name]
    return {ref.id for ref in found.state.refers_to}


async def japan_and_s(team: Team, *named: str) -> tuple[str, str]:
    """`Japan` and `S`, outside of it, made in the console and pulled."""
    japan = await team.console_create("Japan", JAPAN)
    s = await team.console_create("S", outside(japan))
    await team.pull(*named)
    return japan, s


async def nothing_is_left(team: Team) -> None:
    """A second pull changes nothing, and the plan is empty."""
    files, lock = team.files(), load_lock(team.project, "local")
    assert {each.what for each in (await team.pull()).items} == {"the same"}
    assert (team.files(), load_lock(team.project, "local")) == (files, lock)
    plan = await team.plan()
    assert (plan.changes, plan.conflicts, plan.left) == ((), (), ())


@with_team
async def test_a_name_that_another_has_in_the_console_is_spelled_anew_by_a_pull(team: Team) -> None:
    japan, _ = await japan_and_s(team)
    await team.console_update(japan, JAPAN, name="Nippon")
    await team.console_create("Japan", OLD)
    pull = await team.pull()
    assert {each.name: each.what for each in pull.items} == {
        "Nippon": "changed",
        "S": "respelled",
        "Japan": "new",
    }
    assert 'not in segment "Nippon"' in team.files()["S.seg"]
    assert await team.apply() == []
    assert await refers_to(team, "S") == {japan}
    await nothing_is_left(team)


@pytest.mark.parametrize("edited", [False, True])
def test_a_plan_does_not_follow_a_name_that_another_has_now(edited: bool, tmp_path: object) -> None:
    """Also where the workspace has only the segment that refers to it, and also if edited."""

    @with_team
    async def test(team: Team) -> None:
        japan, _ = await japan_and_s(team, "S")
        await team.console_update(japan, JAPAN, name="Nippon")
        other = await team.console_create("Japan", OLD)
        if edited:
            team.write("S.seg", team.files()["S.seg"] + "  and age > 3\n")
        plan = await team.plan()
        assert plan.changes == ()
        [conflict] = plan.conflicts
        assert (conflict.name, conflict.why) == ("S", SHIFTED)
        note = (
            f'"Japan" meant #{japan}, which is "Nippon" on the server now; it would mean #{other}'
        )
        assert conflict.notes == (note,)
        for text in (plan_text(plan, NOT_COUNTED, color=False), plan_markdown(plan, NOT_COUNTED)):
            assert '-  not in segment "Nippon"' in text
            assert '+  not in segment "Japan"' in text
            assert "segdsl pull" in text
        assert note in plan_text(plan, NOT_COUNTED, color=False)
        # Asked to, it takes the one that has the name.
        forced = await team.plan(force=True)
        assert [each.forced for each in forced.changes] == [True]
        # A pull writes what was meant, and no more.
        await team.pull("S")
        assert 'not in segment "Nippon"' in team.files()["S.seg"]
        assert [each.state.name for each in (await team.plan()).changes] == ["S"] * edited
        await team.apply()
        assert await refers_to(team, "S") == {japan}
        await team.pull("Nippon", "Japan")
        await nothing_is_left(team)

    test(tmp_path)  # type: ignore[operator]


@with_team
async def test_forced_it_takes_the_one_that_has_the_name_now(team: Team) -> None:
    japan, _ = await japan_and_s(team, "S")
    await team.console_update(japan, JAPAN, name="Nippon")
    other = await team.console_create("Japan", OLD)
    await team.apply(await team.plan(force=True))
    assert await refers_to(team, "S") == {other}
    assert not (await team.plan()).conflicts


@with_team
async def test_a_name_that_is_gone_is_told_and_mended(team: Team) -> None:
    japan, _ = await japan_and_s(team, "S")
    await team.console_update(japan, JAPAN, name="Nippon")
    [conflict] = (await team.plan()).conflicts
    assert conflict.notes == (f'"Japan" meant #{japan}, which is "Nippon" on the server now',)
    forced = await team.plan(force=True)
    assert (forced.changes, forced.conflicts) == ((), ())
    await team.pull("S")
    assert not (await team.plan()).conflicts


@with_team
async def test_a_rename_in_the_console_reaches_all_that_refer_to_it(team: Team) -> None:
    japan, _ = await japan_and_s(team)
    await team.console_update(japan, JAPAN, name="Nippon")
    # A segment that is not on the server yet, and one that was edited here.
    team.write("new.seg", 'segment "New"\n\nwhere\n  age > 1\n  and in segment "Japan" # Yes.\n')
    team.write("S.seg", team.files()["S.seg"] + "  and age > 3\n")
    await team.pull()
    assert team.files()["new.seg"].endswith('age > 1\n  and in segment "Nippon" # Yes.\n')
    assert team.files()["S.seg"].endswith('not in segment "Nippon"\n  and age > 3\n')
    plan = await team.plan()
    assert {(each.action, each.state.name) for each in plan.changes} == {
        ("create", "New"),
        ("update", "S"),
    }
    await team.apply(plan)
    assert await refers_to(team, "New") == await refers_to(team, "S") == {japan}
    await nothing_is_left(team)


@with_team
async def test_a_new_namesake_elsewhere_makes_a_pull_write_the_folder(team: Team) -> None:
    await japan_and_s(team)
    await team.console_create("Japan", OLD, ("Elsewhere",))
    await team.pull()
    assert 'not in segment "Japan" of folder "/"\n' in team.files()["S.seg"]
    await nothing_is_left(team)


@with_team
async def test_a_namesake_of_what_the_workspace_does_not_have_is_told(team: Team) -> None:
    japan, _ = await japan_and_s(team, "S")
    await team.console_create("Japan", OLD, ("Elsewhere",))
    [conflict] = (await team.plan()).conflicts
    assert conflict.notes == (f'"Japan" meant #{japan}; 2 segments have that name now',)
    forced = await team.plan(force=True)
    assert (forced.changes, forced.conflicts) == ((), ())
    await team.pull("S")
    assert 'not in segment "Japan" of folder "/"\n' in team.files()["S.seg"]
    assert not (await team.plan()).conflicts


@with_team
async def test_a_comment_stays_where_a_reference_is_spelled_anew(team: Team) -> None:
    japan, _ = await japan_and_s(team)
    text = '# Mine.\nsegment "S"\n\nwhere\n  # Not "Japan".\n  not in segment "Japan" # here\n'
    team.write("S.seg", text)
    await team.apply()
    await team.console_update(japan, JAPAN, name='Nip"pon')
    await team.pull()
    assert team.files()["S.seg"] == text.replace('segment "Japan"', 'segment "Nip\\"pon"')
    await nothing_is_left(team)


@with_team
async def test_a_reference_from_a_definition_is_left_and_told(team: Team) -> None:
    japan, _ = await japan_and_s(team)
    text = 'let abroad = not in segment "Japan"\n\nsegment "S"\n\nwhere\n  abroad\n'
    team.write("S.seg", text)
    await team.apply()
    await team.console_update(japan, JAPAN, name="Nippon")
    await team.console_create("Japan", OLD)
    pull = await team.pull()
    assert [(each.name, each.why) for each in pull.conflicts] == [("S", SHIFTED)]
    assert team.files()["S.seg"] == text
    assert (await team.pull()).conflicts == pull.conflicts
    assert [each.why for each in (await team.plan()).conflicts] == [SHIFTED]
    team.write("S.seg", text.replace('segment "Japan"', 'segment "Nippon"'))
    assert await team.apply() == []
    await nothing_is_left(team)


@with_team
async def test_a_new_segment_here_of_a_name_that_is_in_use_takes_nothing_over(team: Team) -> None:
    """The name means the workspace's; but nobody edited what referred to the other."""
    japan, _ = await japan_and_s(team, "S")
    team.write("new.seg", 'segment "Japan"\n  folder "Mine"\n\nwhere\n  age > 1\n')
    [conflict] = (await team.plan()).conflicts
    assert conflict.notes == (f'"Japan" meant #{japan}; it would mean one that is new here',)
    await team.pull("S")
    assert 'not in segment "Japan" of folder "/"\n' in team.files()["S.seg"]
    # Written again, it is an edit: the workspace's is meant.
    team.write("S.seg", team.files()["S.seg"].replace(' of folder "/"', ""))
    await team.apply()
    [mine] = [each for each in (await team.resources()).values() if each.state.folder]
    assert await refers_to(team, "S") == {mine.id}


@with_team
async def test_a_name_that_is_given_on_in_the_workspace_stays_with_its_id(team: Team) -> None:
    """So what refers to it is as it was."""
    team.write("a.seg", 'segment "Japan" where country = "JP"\n')
    team.write("s.seg", 'segment "S" where not in segment "Japan"\n')
    await team.apply()
    team.write(
        "a.seg", 'segment "Nippon" where country = "JP"\nsegment "Japan" folder "F" where age > 9\n'
    )
    plan = await team.plan()
    assert plan.conflicts == ()
    assert {(each.state.name, each.what) for each in plan.changes} == {
        ("Nippon", ()),
        ("Japan", ("moved", "rule")),
    }
    await team.apply(plan)
    await nothing_is_left(team)


@with_team
async def test_a_rename_here_that_forgets_a_reference_is_an_error_and_takes_no_other(
    team: Team,
) -> None:
    other = await team.console_create("Japan", OLD, ("Elsewhere",))
    team.write("a.seg", 'segment "Japan" where country = "JP"\n')
    team.write("s.seg", 'segment "S" where not in segment "Japan"\n')
    await team.apply()
    [japan] = await refers_to(team, "S")
    team.write("a.seg", 'segment "Nippon" where country = "JP"\n')
    [conflict] = (await team.plan()).conflicts
    assert conflict.why == SHIFTED
    said = f'"Japan" meant #{japan}, which is "Nippon" here now; it would mean #{other}'
    assert conflict.notes == (said,)
    await team.client.delete_segment(other)
    report = Report()
    await team.plan(report=report)
    assert [each.code.name for each in report.diagnostics] == ["SEG304"]
    team.write("s.seg", 'segment "S" where not in segment "Nippon"\n')
    plan = await team.plan()
    assert [each.what for each in plan.changes] == [("renamed",)]


@with_team
async def test_an_older_lock_says_nothing_of_names_and_is_read(team: Team) -> None:
    japan, _ = await japan_and_s(team)
    lock = load_lock(team.project, "local")
    assert [each.refers for each in lock.entries] == [{}, {"segment": {"Japan": japan}}]
    assert read_lock(write_lock(lock), "lock") == lock
    older = [msgspec.structs.replace(each, refers={}) for each in lock.entries]
    save_lock(team.project, "local", lock.with_entries("7", older))
    assert "refers" not in (team.folder / "local.lock.toml").read_text()
    await team.apply()
    assert load_lock(team.project, "local") == lock


@with_team
async def test_a_name_means_the_workspace_s_and_not_that_of_another_team(team: Team) -> None:
    """As `segdsl check` takes it."""
    await team.console_create("Twice", JAPAN, ("Other team",))
    team.write("a.seg", 'segment "Twice" where age > 1\nsegment "x" where in segment "Twice"\n')
    plan = await team.plan()
    assert [each.state.name for each in plan.changes] == ["Twice", "x"]
    await team.apply(plan)
    server = await team.server()
    assert await refers_to(team, "x") == {server.by_key[Key("segment", (), "Twice")].id}
    await nothing_is_left_of_ours(team)


async def nothing_is_left_of_ours(team: Team) -> None:
    plan = await team.plan()
    assert (plan.changes, plan.conflicts, plan.others) == ((), (), 1)


@with_team
async def test_what_is_to_be_deleted_is_no_namesake(team: Team) -> None:
    kept = await team.console_create("A", JAPAN, ("Kept",))
    team.write("b.seg", 'segment "A" folder "Ours" where age > 2\n')
    await team.apply()
    (team.folder / "b.seg").unlink()
    team.write("u.seg", 'segment "U" where in segment "A"\n')
    report = Report()
    await team.plan(report=report)
    assert [each.code.name for each in report.diagnostics] == ["SEG305"]
    plan = await team.plan(prune=True)
    assert {each.action for each in plan.changes} == {"create", "delete"}
    await team.apply(plan)
    assert await refers_to(team, "U") == {kept}


@with_team
async def test_two_of_one_name_here_are_for_the_workspace_to_tell_apart(team: Team) -> None:
    await japan_and_s(team)
    team.write("new.seg", 'segment "Japan" folder "F" where age > 1\n')
    report = Report()
    await team.plan(report=report)
    assert [each.code.name for each in report.diagnostics] == ["SEG305"]
    await team.pull()
    assert 'not in segment "Japan" of folder "/"\n' in team.files()["S.seg"]
    assert [each.state.name for each in (await team.plan()).changes] == ["Japan"]
