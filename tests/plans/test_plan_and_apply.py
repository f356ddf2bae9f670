"""A workspace against a server: what is planned, what is made, and what is left alone."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import msgspec
import pytest

from local_api import JAPAN, NOW, equal, rule, write_data
from segdsl.diagnostics import Report
from segdsl.errors import FileError
from segdsl.server import open_local
from segdsl.workspace.kinds.effects import NOT_COUNTED, Counting
from segdsl.workspace.kinds.resource import Change
from segdsl.workspace.project.keys import Ref
from segdsl.workspace.project.lock import LockError
from segdsl.workspace.project.lock_file import load_lock, save_lock
from segdsl.workspace.sync.applying import ChangedSinceError
from segdsl.workspace.sync.effects import effects_of_plan
from segdsl.workspace.sync.plan import Plan, PlanError, read_plan, write_plan
from segdsl.workspace.sync.plan_text import plan_markdown, plan_text
from teams import Team, connected, with_team

US = rule(equal("country", "US"))
ADULTS = 'segment "Adults"\n  folder "Ages"\n\nwhere\n  age >= 18\n'
SENIORS = 'segment "Seniors"\n\nwhere\n  in segment "Adults"\n  and age >= 60\n'


def actions(plan: object) -> list[tuple[str, str]]:
    return [(each.action, each.state.name) for each in plan.changes]  # type: ignore[attr-defined]


@with_team
async def test_what_is_new_is_created_after_what_it_refers_to(team: Team) -> None:
    team.write("a.seg", SENIORS)
    team.write("b.seg", ADULTS)
    plan = await team.plan()
    assert actions(plan) == [("create", "Adults"), ("create", "Seniors")]
    assert [each.first for each in plan.changes] == [(), (0,)]
    assert [each.done for each in await team.apply(plan)] == ["created", "created"]
    plan = await team.plan()
    assert not plan.changes
    assert len(plan.unchanged) == 2
    seniors = (await team.segments())["Seniors"]
    assert f'"id":"{(await team.segments())["Adults"].id}"' in bytes(seniors.rule or b"").decode()


@with_team
async def test_a_cycle_is_an_error_before_anything_is_sent(team: Team) -> None:
    team.write("a.seg", 'segment "A" where in segment "B"\nsegment "B" where in segment "A"\n')
    report = Report()
    await team.plan(report=report)
    assert [each.code.name for each in report.diagnostics] == ["SEG306"]
    assert await team.segments() == {}


@with_team
async def test_a_change_a_move_and_a_new_name_keep_the_id(team: Team) -> None:
    team.write("a.seg", ADULTS)
    team.write("b.seg", SENIORS)
    await team.apply()
    ids = {name: each.id for name, each in (await team.segments()).items()}
    team.write("a.seg", ADULTS.replace('"Ages"', '"Grown/Up"').replace("18", "21"))
    team.write("b.seg", SENIORS.replace('"Seniors"', '"Old"'))
    plan = await team.plan()
    assert [(each.id, each.what) for each in plan.changes] == [
        (ids["Adults"], ("moved", "rule")),
        (ids["Seniors"], ("renamed",)),
    ]
    assert {each.done for each in await team.apply(plan)} == {"updated"}
    found = await team.server()
    assert found.resources[Ref("segment", ids["Adults"])].state.folder == ("Grown", "Up")
    assert found.resources[Ref("segment", ids["Seniors"])].state.name == "Old"
    assert not (await team.plan()).changes


@with_team
async def test_another_condition_under_another_name_is_another_segment(team: Team) -> None:
    """Or else what is attached to the one would go to the profiles of the other."""
    team.write("a.seg", ADULTS)
    await team.apply()
    team.write("a.seg", 'segment "Japan"\n\nwhere\n  country = "JP"\n')
    plan = await team.plan()
    assert actions(plan) == [("create", "Japan")]
    assert [each.name for each in plan.left] == ["Adults"]


@with_team
async def test_what_somebody_changed_in_the_console_is_a_conflict_shown_three_ways(
    team: Team,
) -> None:
    team.write("a.seg", ADULTS)
    await team.apply()
    adults = (await team.segments())["Adults"]
    await team.console_update(adults.id, US)
    team.write("a.seg", ADULTS.replace("18", "21"))
    plan = await team.plan()
    [conflict] = plan.conflicts
    assert conflict.why == "changed on both sides"
    assert "age >= 18" in (conflict.base or "")
    assert "age >= 21" in (conflict.here or "")
    assert 'country = "US"' in (conflict.there or "")
    text = plan_text(plan, NOT_COUNTED, color=False)
    for line in ("-  age >= 18", "+  age >= 21", '+  country = "US"', "1 conflict"):
        assert line in text
    assert not plan.changes
    assert await team.apply() == []
    # Asked to, it overwrites.
    forced = await team.plan(force=True)
    assert [each.forced for each in forced.changes] == [True]
    await team.apply(forced)
    assert not (await team.plan()).changes


@with_team
async def test_one_side_alone_changed_on_the_server(team: Team) -> None:
    team.write("a.seg", ADULTS)
    await team.apply()
    adults = (await team.segments())["Adults"]
    await team.console_update(adults.id, US)
    assert [each.why for each in (await team.plan()).conflicts] == ["changed on the server"]
    pull = await team.pull()
    assert [(each.what, each.file) for each in pull.items] == [("changed", "a.seg")]
    assert 'country = "US"' in team.files()["a.seg"]
    assert not (await team.plan()).conflicts


@with_team
async def test_one_that_was_deleted_in_the_console_is_not_made_again_unasked(team: Team) -> None:
    team.write("a.seg", ADULTS)
    await team.apply()
    await team.client.delete_segment((await team.segments())["Adults"].id)
    assert [each.why for each in (await team.plan()).conflicts] == ["deleted on the server"]
    assert [each.what for each in (await team.pull()).items] == ["gone"]
    forced = await team.plan(force=True)
    assert actions(forced) == [("create", "Adults")]
    await team.apply(forced)
    assert len((await team.plan()).unchanged) == 1
    assert len(load_lock(team.project, "local").entries) == 1


@with_team
async def test_one_that_is_on_both_sides_for_the_first_time(team: Team) -> None:
    """Equal, it is taken on; different, nobody knows which is right."""
    await team.console_create("Japan", JAPAN)
    team.write("a.seg", 'segment "Japan"\n\nwhere\n  country = "JP"\n')
    plan = await team.plan()
    assert not plan.changes
    assert len(plan.unchanged) == 1
    team.write("a.seg", 'segment "Japan"\n\nwhere\n  country = "US"\n')
    plan = await team.plan()
    assert [each.why for each in plan.conflicts] == ["on both sides, but not in the lock"]


@with_team
async def test_deleting_needs_prune_and_only_what_was_ours(team: Team) -> None:
    await team.console_create("Somebody else's", JAPAN)
    team.write("a.seg", ADULTS)
    await team.apply()
    (team.folder / "a.seg").unlink()
    plan = await team.plan()
    assert (actions(plan), [each.name for each in plan.left]) == ([], ["Adults"])
    plan = await team.plan(prune=True)
    assert actions(plan) == [("delete", "Adults")]
    assert plan.others == 1
    await team.apply(plan)
    assert list(await team.segments()) == ["Somebody else's"]
    assert load_lock(team.project, "local").entries == ()


@with_team
async def test_deleting_what_others_refer_to_is_an_error(team: Team) -> None:
    team.write("a.seg", ADULTS)
    team.write("b.seg", SENIORS)
    await team.apply()
    (team.folder / "a.seg").unlink()
    report = Report()
    await team.plan(prune=True, report=report)
    assert [each.code.name for each in report.diagnostics] == ["SEG310"]
    # With the reference gone in the same plan, first the reference, then the segment.
    team.write("b.seg", 'segment "Seniors"\n\nwhere\n  age >= 60\n')
    plan = await team.plan(prune=True)
    assert actions(plan) == [("update", "Seniors"), ("delete", "Adults")]
    assert {each.done for each in await team.apply(plan)} == {"updated", "deleted"}


@with_team
async def test_references_turned_round_in_one_plan(team: Team) -> None:
    team.write("a.seg", 'segment "A" where in segment "B" and age > 1\n')
    team.write("b.seg", 'segment "B" where age > 2\n')
    await team.apply()
    team.write("a.seg", 'segment "A" where age > 1\n')
    team.write("b.seg", 'segment "B" where in segment "A" and age > 2\n')
    assert {each.done for each in await team.apply()} == {"updated"}
    assert not (await team.plan()).changes


@with_team
async def test_a_name_that_is_given_on(team: Team) -> None:
    """B goes, and A takes its name: B's place is free first."""
    team.write("a.seg", 'segment "A" where age > 1\n')
    team.write("b.seg", 'segment "B" where age > 2\n')
    await team.apply()
    team.write("a.seg", 'segment "B" folder "F" where age > 1\n')
    team.write("b.seg", 'segment "C" where age > 2\n')
    plan = await team.plan(prune=True)
    outcomes = await team.apply(plan)
    assert all(each.is_done for each in outcomes)
    assert not (await team.plan()).changes
    assert sorted(await team.segments()) == ["B", "C"]


@with_team
async def test_names_that_are_swapped_are_told(team: Team) -> None:
    team.write("a.seg", 'segment "A" folder "X" where age > 1\n')
    team.write("b.seg", 'segment "A" folder "Y" where age > 2\n')
    await team.apply()
    team.write("a.seg", 'segment "A" folder "Y" where age > 1\n')
    team.write("b.seg", 'segment "A" folder "X" where age > 2\n')
    # By place they are two changed rules, which needs no order.
    plan = await team.plan()
    assert [each.what for each in plan.changes] == [("rule",), ("rule",)]


@with_team
async def test_a_saved_plan_is_carried_out_as_it_is_or_not_at_all(team: Team) -> None:
    team.write("a.seg", ADULTS)
    await team.apply()
    team.write("a.seg", ADULTS.replace("18", "21"))
    saved = read_plan(write_plan(await team.plan()).encode(), "plan.json")
    # What the workspace says by now is not what was planned.
    team.write("a.seg", ADULTS.replace("18", "99"))
    assert [each.done for each in await team.apply(saved)] == ["updated"]
    assert b"21" in bytes((await team.segments())["Adults"].rule or b"")
    # A second time there is nothing left of it.
    assert [each.done for each in await team.apply(saved)] == ["there already"]
    # Somebody was at the console since.
    await team.console_update((await team.segments())["Adults"].id, US)
    [outcome] = await team.apply(saved)
    assert outcome.done == "failed"
    assert "after the plan was made" in str(outcome.error)
    assert b"US" in bytes((await team.segments())["Adults"].rule or b"")


@with_team
async def test_a_saved_plan_with_references_to_what_it_creates(team: Team) -> None:
    team.write("a.seg", SENIORS + ADULTS)
    saved = read_plan(write_plan(await team.plan()).encode(), "plan.json")
    assert {each.done for each in await team.apply(saved)} == {"created"}
    assert {each.done for each in await team.apply(saved)} == {"there already"}
    assert not (await team.plan()).changes


@with_team
async def test_a_saved_plan_makes_the_lock_no_older(team: Team) -> None:
    """Or else what was done in the console since would be overwritten, with no conflict."""
    team.write("a.seg", ADULTS)
    team.write("b.seg", 'segment "B"\n\nwhere\n  age > 2\n')
    await team.apply()
    b = (await team.segments())["B"]
    team.write("a.seg", ADULTS.replace("18", "21"))
    saved = read_plan(write_plan(await team.plan()).encode(), "plan.json")
    # Changed in the console and pulled; and then put back in the console.
    await team.console_update(b.id, US)
    await team.pull("B")
    before = load_lock(team.project, "local").by_ref[Ref("segment", b.id)]
    await team.console_update(b.id, b.rule)
    assert [each.done for each in await team.apply(saved)] == ["updated"]
    assert load_lock(team.project, "local").by_ref[Ref("segment", b.id)] == before
    plan = await team.plan()
    assert [(each.name, each.why) for each in plan.conflicts] == [("B", "changed on the server")]
    assert plan.changes == ()


@with_team
async def test_a_saved_plan_of_what_was_applied_since_is_no_conflict(team: Team) -> None:
    team.write("a.seg", ADULTS)
    team.write("b.seg", 'segment "B" where age > 2\n')
    await team.apply()
    team.write("a.seg", ADULTS.replace("18", "21"))
    saved = read_plan(write_plan(await team.plan()).encode(), "plan.json")
    team.write("b.seg", 'segment "B" where age > 3\n')
    await team.apply(await team.plan(paths=[str(team.folder / "b.seg")]))
    await team.apply(saved)
    team.write("b.seg", 'segment "B" where age > 4\n')
    plan = await team.plan()
    assert (actions(plan), plan.conflicts) == ([("update", "B")], ())


@with_team
async def test_what_a_saved_plan_settles_is_settled(team: Team) -> None:
    """The lock was lost; it is made again, also from a plan that was kept."""
    team.write("a.seg", ADULTS)
    await team.apply()
    lock = load_lock(team.project, "local")
    (team.folder / "local.lock.toml").unlink()
    team.write("b.seg", 'segment "B" where age > 2\n')
    saved = read_plan(write_plan(await team.plan()).encode(), "plan.json")
    await team.apply(saved)
    assert lock.entries[0] in load_lock(team.project, "local").entries


@with_team
async def test_a_saved_plan_of_another_target_is_refused(team: Team) -> None:
    """Two targets may well give their parent segments the same id."""
    team.write("a.seg", ADULTS)
    plan = msgspec.structs.replace(await team.plan(), target="staging")
    with pytest.raises(PlanError, match="for the target `staging`, not for `local`"):
        await team.apply(plan)
    assert await team.segments() == {}


@pytest.mark.parametrize("first", [(0,), (1,), (7,), (-1,)])
def test_a_saved_plan_that_waits_for_what_never_comes_is_refused(first: tuple[int, ...]) -> None:
    """It would end in a traceback, or never."""
    plan = Plan("7", "local", (Change("a.seg", "1", first=first),))
    with pytest.raises(PlanError, match="out of sequence"):
        read_plan(write_plan(plan).encode(), "plan.json")


@with_team
async def test_a_failure_stops_what_waits_for_it_and_nothing_else(team: Team) -> None:
    team.write(
        "a.seg",
        'segment "Bad" where no_such > 1\n'
        'segment "Waits" where in segment "Bad"\n'
        'segment "Good" where age > 1\n',
    )
    outcomes = {each.change.state.name: each.done for each in await team.apply()}
    assert outcomes == {"Bad": "failed", "Waits": "not tried", "Good": "created"}
    team.write("a.seg", team.files()["a.seg"].replace("no_such", "age"))
    assert {each.done for each in await team.apply()} == {"created"}
    assert not (await team.plan()).changes


@with_team
async def test_some_files_alone(team: Team) -> None:
    team.write("a/a.seg", ADULTS)
    team.write("b/b.seg", SENIORS)
    plan = await team.plan(paths=[str(team.folder / "a")])
    assert actions(plan) == [("create", "Adults")]
    await team.apply(plan)
    assert actions(await team.plan()) == [("create", "Seniors")]
    # What is wrong with the others is none of theirs.
    team.write("c/c.seg", 'segment "C" kind funnel_stage where in segment "Nowhere"\n')
    assert actions(await team.plan(paths=[str(team.folder / "b")])) == [("create", "Seniors")]
    report = Report()
    await team.plan(report=report)
    assert {each.code.name for each in report.diagnostics} == {"SEG304", "SEG307"}


@with_team
async def test_what_a_plan_of_some_files_refers_to_must_be_there_or_in_it(team: Team) -> None:
    """Or else the plan promises what the API refuses."""
    team.write("a.seg", ADULTS)
    team.write("b.seg", SENIORS)
    report = Report()
    await team.plan(paths=[str(team.folder / "b.seg")], report=report)
    assert [each.code.name for each in report.diagnostics] == ["SEG304"]
    assert "a.seg" in report.diagnostics[0].message
    both = await team.plan(paths=[str(team.folder / each) for each in ("b.seg", "a.seg")])
    assert actions(both) == [("create", "Adults"), ("create", "Seniors")]
    await team.apply(await team.plan(paths=[str(team.folder / "a.seg")]))
    assert actions(await team.plan(paths=[str(team.folder / "b.seg")])) == [("create", "Seniors")]


@with_team
async def test_two_entries_of_one_place_mean_the_one_that_is_still_there(team: Team) -> None:
    """A merge that keeps both sides leaves them, where one side made a segment again."""
    team.write("a.seg", ADULTS)
    await team.apply()
    lock = load_lock(team.project, "local")
    [entry] = lock.entries
    for id in ("0", "999"):
        old = msgspec.structs.replace(entry, id=id, digest="sha256:0")
        save_lock(team.project, "local", lock.with_entries("7", [entry, old]))
        plan = await team.plan(prune=True)
        assert (plan.changes, plan.conflicts, plan.dropped) == ((), (), (("segment", id),))


@with_team
async def test_a_folder_that_cannot_be_read_is_no_deletion(team: Team) -> None:
    team.write("ages/a.seg", ADULTS)
    await team.apply()

    def refuse(folder: str) -> object:
        if str(folder).endswith("ages"):
            raise PermissionError(13, "Permission denied", str(folder))
        return scandir(folder)

    scandir = os.scandir
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "scandir", refuse)
        with pytest.raises(FileError, match="ages`: permission denied"):
            await team.plan(prune=True)


@with_team
async def test_without_a_lock_what_is_equal_finds_together_again(team: Team) -> None:
    team.write("a.seg", ADULTS + SENIORS)
    await team.apply()
    (team.folder / "local.lock.toml").unlink()
    plan = await team.plan()
    assert (plan.changes, plan.conflicts, len(plan.unchanged)) == ((), (), 2)


@with_team
async def test_the_effect_of_each_change(team: Team) -> None:
    team.write("a.seg", ADULTS)
    team.write("b.seg", SENIORS)
    team.write("c.seg", 'segment "Some"\n\nwhere\n  age > 0\n\nlimit 2 by age desc\n')
    await team.apply()
    team.write("a.seg", ADULTS.replace(">= 18", "> 31"))
    team.write("b.seg", SENIORS.replace("age >= 60", 'country = "JP"'))
    team.write("c.seg", 'segment "Some"\n\nwhere\n  age > 0\n\nlimit 3 by age asc\n')
    team.write("d.seg", 'segment "Old"\n\nwhere\n  in segment "Seniors"\n')
    plan = await team.plan()
    found = await effects_of_plan(team.client, plan, Counting())
    by_name = {plan.changes[at].state.name: each for at, each in found.by_change.items()}
    told = {
        name: (each.before, each.after, each.joins, each.leaves, each.error)
        for name, each in by_name.items()
    }
    # Ages: 31 JP, none JP, 45 US, 22, 67 JP, 18 FR.
    assert told == {
        "Adults": (5, 2, 0, 3, None),
        "Seniors": (1, 1, 0, 0, None),
        "Some": (2, 3, 3, 2, None),
        "Old": (None, 1, 1, 0, None),
    }
    text = plan_text(plan, found, color=False)
    assert "5 → 2 profiles: 0 join, 3 leave" in text
    assert "```diff" in plan_markdown(plan, found)


@with_team
async def test_a_lock_of_another_parent_segment_is_refused(team: Team) -> None:
    team.write("a.seg", ADULTS)
    await team.apply()
    lock = team.folder / "local.lock.toml"
    lock.write_text(lock.read_text().replace('parent_segment = "7"', 'parent_segment = "8"'))
    with pytest.raises(LockError, match="for the parent segment 8"):
        await team.plan()


@with_team
async def test_a_segment_with_comments_keeps_them_when_the_server_changed(team: Team) -> None:
    text = ADULTS.replace("  age >= 18", "  # By law.\n  age >= 18")
    team.write("a.seg", text)
    await team.apply()
    await team.console_update((await team.segments())["Adults"].id, US)
    pull = await team.pull()
    assert "kept" in [each.what for each in pull.items]
    assert len(pull.conflicts) == 1
    assert team.files()["a.seg"] == text
    pull = await team.pull("Adults", force=True)
    assert "By law" not in team.files()["a.seg"]
    assert not (await team.plan()).conflicts


@with_team
async def test_a_comment_is_never_longer_than_github_takes_and_says_what_it_leaves_out(
    team: Team,
) -> None:
    id = await team.console_create("Disputed", US)
    team.write("z.seg", 'segment "Disputed" where age = 1\n')
    names = [f"{'A long name ' * 8}{number}" for number in range(700)]
    team.write("a.seg", "".join(f'segment "{each}" where age = 1\n' for each in names))
    plan = await team.plan()
    comment = plan_markdown(plan, NOT_COUNTED)
    assert len(comment) < 65_536
    shown = comment.count("**create")
    assert 400 < shown < 700
    assert f"…and {700 - shown} more changes" in comment
    assert f"**Conflict: Disputed (#{id})**" in comment
    assert comment.count("```") % 2 == 0


@with_team
async def test_a_comment_says_what_is_overwritten_by_force(team: Team) -> None:
    await team.console_create("Disputed", US)
    team.write("z.seg", 'segment "Disputed" where age = 1\n')
    plan = await team.plan(force=True)
    assert "overwrites" in plan_text(plan, NOT_COUNTED, color=False)
    assert "overwrites" in plan_markdown(plan, NOT_COUNTED)


class _Trouble(httpx.AsyncBaseTransport):
    """Somebody edits at the console while the first request of a method fails."""

    def __init__(self, under: httpx.AsyncBaseTransport, method: str, *, lost: bool) -> None:
        self.under = under
        self.method = method
        self.ambiguous = lost
        self.console: Callable[[], Awaitable[None]] | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method != self.method or self.console is None:
            return await self.under.handle_async_request(request)
        edit, self.console = self.console, None
        if self.ambiguous:
            await self.under.handle_async_request(request)
        await edit()
        if self.ambiguous:
            raise httpx.ReadTimeout("lost")
        return httpx.Response(429)


@pytest.mark.parametrize(
    ("method", "lost"), [("PUT", False), ("PUT", True), ("DELETE", False)], ids=str
)
def test_what_somebody_changes_between_two_tries_is_not_overwritten(
    method: str, lost: bool, tmp_path: Path
) -> None:
    async def inside() -> None:
        async with open_local(write_data(tmp_path), None, NOW) as transport:
            trouble = _Trouble(transport, method, lost=lost)
            async with connected(tmp_path, trouble) as team:
                team.write("a.seg", ADULTS)
                await team.apply()
                id = (await team.segments())["Adults"].id
                team.write("a.seg", ADULTS.replace("18", "21") if method == "PUT" else "")
                plan = await team.plan(prune=True)
                trouble.console = lambda: team.console_update(id, US)
                [outcome] = await team.apply(plan)
                assert isinstance(outcome.error, ChangedSinceError)
                now = (await team.segments())["Adults"]
                assert msgspec.json.decode(bytes(now.rule or b"")) == US

    asyncio.run(inside())
