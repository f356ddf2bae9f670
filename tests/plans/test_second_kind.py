"""A second kind of resources, made in the tests, goes through everything that segments do.

It is planned, applied in the order of references, locked, pulled, and in conflict together with
segments, through the interface of kinds alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from mailings import MAILING, MailingApi, Record, mailing_kind
from segdsl.diagnostics import Report
from segdsl.workspace.kinds.effects import NOT_COUNTED, Counting
from segdsl.workspace.kinds.registry import KINDS
from segdsl.workspace.project.keys import SEGMENT, Ref
from segdsl.workspace.project.lock import read_lock, write_lock
from segdsl.workspace.project.lock_file import load_lock
from segdsl.workspace.sync.applying import Outcome
from segdsl.workspace.sync.effects import effects_of_plan
from segdsl.workspace.sync.plan import Plan, PlanError, read_plan, write_plan
from segdsl.workspace.sync.plan_text import plan_markdown, plan_text
from teams import Team, team

ADULTS = 'segment "Adults" where age >= 18\n'
WEEKLY = 'mailing "Weekly" in "Letters" to "Adults" says "Hello"\n'


def with_mailings(test: Callable[[Team, MailingApi], Awaitable[None]]) -> Callable[[Path], None]:
    """An async test of a team that has mailings beside its segments, as pytest runs it."""

    def run(tmp_path: Path) -> None:
        async def inside() -> None:
            async with team(tmp_path) as one:
                api = MailingApi()
                one.kinds = {**KINDS, MAILING: mailing_kind(api)}
                await test(one, api)

        asyncio.run(inside())

    run.__name__ = getattr(test, "__name__", "test")
    run.__doc__ = test.__doc__
    return run


async def both(team: Team) -> str:
    """A segment and a mailing to it, applied; the segment's id."""
    team.write("adults.seg", ADULTS)
    team.write("weekly.mail", WEEKLY)
    await team.apply()
    return (await team.segments())["Adults"].id


async def nothing_is_left(team: Team) -> None:
    plan = await team.plan()
    assert (plan.changes, plan.conflicts, plan.left) == ((), (), ())


def actions(plan: Plan) -> list[tuple[str, str, str]]:
    return [(change.action, change.kind, change.state.name) for change in plan.changes]


# --- plan, apply, lock -----------------------------------------------------------------


@with_mailings
async def test_what_is_referred_to_is_created_first(team: Team, api: MailingApi) -> None:
    """Though the files have it behind, and it has no id before."""
    team.write("a.mail", WEEKLY)
    team.write("z.seg", ADULTS)
    plan = await team.plan()
    assert actions(plan) == [("create", SEGMENT, "Adults"), ("create", MAILING, "Weekly")]
    assert [change.first for change in plan.changes] == [(), (0,)]
    outcomes = await team.apply(plan)
    assert [outcome.done for outcome in outcomes] == ["created", "created"]
    adults = (await team.segments())["Adults"].id
    assert api.records == {"1": Record("1", "Weekly", ("Letters",), adults, "Hello")}
    await nothing_is_left(team)


@with_mailings
async def test_the_lock_has_both_kinds(team: Team, api: MailingApi) -> None:
    adults = await both(team)
    lock = load_lock(team.project, "local")
    mailing, segment = lock.entries
    assert (segment.kind, segment.id, segment.file) == (SEGMENT, adults, "adults.seg")
    assert (mailing.kind, mailing.id, mailing.file) == (MAILING, "1", "weekly.mail")
    assert (mailing.source, mailing.refers) == (WEEKLY, {SEGMENT: {"Adults": adults}})
    assert read_lock(write_lock(lock), "lock") == lock


@with_mailings
async def test_an_id_may_be_that_of_one_of_each_kind(team: Team, api: MailingApi) -> None:
    team.write("adults.seg", ADULTS)
    await team.apply()
    adults = (await team.segments())["Adults"].id
    api.next_id = int(adults)
    team.write("weekly.mail", WEEKLY)
    await team.apply()
    assert {entry.ref for entry in load_lock(team.project, "local").entries} == {
        Ref(SEGMENT, adults),
        Ref(MAILING, adults),
    }
    team.write("weekly.mail", WEEKLY.replace("Hello", "Good morning"))
    plan = await team.plan()
    assert actions(plan) == [("update", MAILING, "Weekly")]
    await team.apply(plan)
    assert api.records[adults].text == "Good morning"
    (team.folder / "weekly.mail").unlink()
    await team.apply(prune=True)
    assert (api.records, list(await team.segments())) == ({}, ["Adults"])
    await nothing_is_left(team)


@with_mailings
async def test_names_of_one_place_are_kept_apart_by_kind(team: Team, api: MailingApi) -> None:
    team.write("a.seg", 'segment "Same" where age > 1\n')
    team.write("a.mail", 'mailing "Same" to "Same" says "Hello"\n')
    await team.apply()
    await nothing_is_left(team)
    assert (await team.pull()).conflicts == ()


@with_mailings
async def test_a_change_of_both_and_what_it_reads_like(team: Team, api: MailingApi) -> None:
    adults = await both(team)
    team.write("adults.seg", ADULTS.replace("18", "21"))
    team.write("weekly.mail", WEEKLY.replace("Hello", "Good morning"))
    plan = await team.plan()
    assert [(change.kind, change.what) for change in plan.changes] == [
        (SEGMENT, ("rule",)),
        (MAILING, ("text",)),
    ]
    text = plan_text(plan, NOT_COUNTED, color=False)
    assert f"~ update  Adults (#{adults}): rule\n" in text
    assert "~ update  mailing Letters/Weekly (#1): text\n" in text
    assert '    +mailing "Weekly" in "Letters" to "Adults" says "Good morning"\n' in text
    assert "mailing Letters/Weekly" in plan_markdown(plan, NOT_COUNTED)
    effects = await effects_of_plan(team.client, plan, Counting(), team.kinds)
    assert list(effects.by_change) == [0], "a mailing has no effect on profiles"
    await team.apply(plan)
    assert api.records["1"].text == "Good morning"
    await nothing_is_left(team)


@with_mailings
async def test_a_saved_plan_has_both_kinds(team: Team, api: MailingApi) -> None:
    team.write("adults.seg", ADULTS)
    team.write("weekly.mail", WEEKLY)
    plan = await team.plan()
    data = write_plan(plan).encode()
    assert read_plan(data, "plan.json", team.kinds) == plan
    with pytest.raises(PlanError, match="a kind that is not known"):
        read_plan(data, "plan.json")
    edited = data.replace(b'"body": "Hello"', b'"body": ""')
    with pytest.raises(PlanError, match=r"changes\[1\] has no text"):
        read_plan(edited, "plan.json", team.kinds)
    await team.apply(read_plan(data, "plan.json", team.kinds))
    assert list(api.records) == ["1"]
    await nothing_is_left(team)


@with_mailings
async def test_a_lock_keeps_kinds_that_this_version_does_not_have(
    team: Team, api: MailingApi
) -> None:
    await both(team)
    lock = load_lock(team.project, "local")
    team.kinds = KINDS
    team.write("adults.seg", ADULTS.replace("18", "21"))
    await team.apply(prune=True)
    mailing = lock.by_ref[Ref(MAILING, "1")]
    assert mailing in load_lock(team.project, "local").entries
    await team.pull()
    assert mailing in load_lock(team.project, "local").entries
    assert list(api.records) == ["1"]


# --- deletions -------------------------------------------------------------------------


@with_mailings
async def test_what_refers_is_deleted_before_what_it_refers_to(team: Team, api: MailingApi) -> None:
    await both(team)
    (team.folder / "adults.seg").unlink()
    (team.folder / "weekly.mail").unlink()
    plan = await team.plan()
    assert [entry.kind for entry in plan.left] == [MAILING, SEGMENT]
    plan = await team.plan(prune=True)
    assert actions(plan) == [("delete", MAILING, "Weekly"), ("delete", SEGMENT, "Adults")]
    assert [change.first for change in plan.changes] == [(), (0,)]
    await team.apply(plan)
    assert (api.records, await team.segments()) == ({}, {})
    assert load_lock(team.project, "local").entries == ()


@with_mailings
async def test_what_a_mailing_still_refers_to_cannot_be_deleted(
    team: Team, api: MailingApi
) -> None:
    await both(team)
    api.put(Record("9", "Somebody's", (), (await team.segments())["Adults"].id, "Hi"))
    (team.folder / "adults.seg").unlink()
    (team.folder / "weekly.mail").unlink()
    report = Report()
    await team.plan(prune=True, report=report)
    [found] = report.diagnostics
    assert found.code.name == "SEG310"
    assert "Somebody's" in found.message


@with_mailings
async def test_a_failure_stops_what_refers_to_it(team: Team, api: MailingApi) -> None:
    team.write("adults.seg", ADULTS)
    team.write("weekly.mail", WEEKLY)
    plan = await team.plan()
    await team.console_create("Adults", {"type": "And", "conditions": []})
    outcomes = await team.apply(plan)
    assert [outcome.done for outcome in outcomes] == ["failed", "not tried"]
    assert api.log == []


# --- names -----------------------------------------------------------------------------


@with_mailings
async def test_a_name_that_nothing_has_is_reported_at_its_place(
    team: Team, api: MailingApi
) -> None:
    team.write("weekly.mail", WEEKLY)
    report = Report()
    await team.plan(report=report)
    [found] = report.diagnostics
    assert (found.code.name, found.message) == (
        "SEG304",
        'no segment on the server is named "Adults"',
    )
    assert found.span is not None
    assert found.span.start == WEEKLY.index('"Adults"')


@with_mailings
async def test_a_name_that_went_to_another_segment_is_not_followed(
    team: Team, api: MailingApi
) -> None:
    team.write("weekly.mail", WEEKLY)
    rule = {"type": "And", "conditions": []}
    old = await team.console_create("Adults", rule)
    await team.apply()
    await team.console_update(old, rule, name="Grown-ups")
    new = await team.console_create("Adults", rule)
    [conflict] = (await team.plan()).conflicts
    assert (conflict.kind, conflict.why) == (MAILING, "a name in it now refers to something else")
    assert conflict.notes == (
        f'"Adults" meant #{old}, which is "Grown-ups" on the server now; it would mean #{new}',
    )
    await team.pull("Weekly")
    assert '"Grown-ups"' in team.files(".mail")["weekly.mail"]
    assert api.records["1"].segment == old
    assert (await team.plan()).conflicts == ()


# --- conflicts -------------------------------------------------------------------------


@with_mailings
async def test_what_both_sides_changed_is_a_conflict(team: Team, api: MailingApi) -> None:
    adults = await both(team)
    api.put(Record("1", "Weekly", ("Letters",), adults, "From the console"))
    [conflict] = (await team.plan()).conflicts
    assert (conflict.kind, conflict.why) == (MAILING, "changed on the server")
    team.write("weekly.mail", WEEKLY.replace("Hello", "From here"))
    plan = await team.plan()
    [conflict] = plan.conflicts
    assert conflict.why == "changed on both sides"
    assert "! conflict  mailing Letters/Weekly (#1)" in plan_text(plan, NOT_COUNTED, color=False)
    assert await team.apply(plan) == []
    assert (await team.pull()).conflicts == (conflict,)
    assert "From here" in team.files(".mail")["weekly.mail"]
    await team.pull("Weekly", keep=True)
    await team.apply()
    assert api.records["1"].text == "From here"
    await nothing_is_left(team)


@with_mailings
async def test_force_overwrites_and_creates_again(team: Team, api: MailingApi) -> None:
    adults = await both(team)
    api.put(Record("1", "Weekly", ("Letters",), adults, "From the console"))
    plan = await team.plan(force=True)
    assert [(change.ref, change.forced) for change in plan.changes] == [(Ref(MAILING, "1"), True)]
    await team.apply(plan)
    assert api.records["1"].text == "Hello"
    del api.records["1"]
    assert [each.why for each in (await team.plan()).conflicts] == ["deleted on the server"]
    await team.apply(await team.plan(force=True))
    assert list(api.records) == ["2"]
    await nothing_is_left(team)


@with_mailings
async def test_what_changes_after_the_plan_is_left(team: Team, api: MailingApi) -> None:
    adults = await both(team)
    team.write("weekly.mail", WEEKLY.replace("Hello", "From here"))
    plan = await team.plan()
    api.put(Record("1", "Weekly", ("Letters",), adults, "From the console"))
    [outcome] = await team.apply(plan)
    assert outcome.done == "failed"
    assert api.records["1"].text == "From the console"


# --- pull ------------------------------------------------------------------------------


@with_mailings
async def test_a_pull_writes_both_kinds_and_a_second_one_nothing(
    team: Team, api: MailingApi
) -> None:
    adults = await team.console_create("Adults", {"type": "And", "conditions": []}, ("Shared",))
    api.put(Record("1", "Weekly", ("Letters",), adults, "Hello"))
    api.put(Record("2", "Quoted", (), adults, 'Say "Hello"'))
    api.next_id = 3
    pull = await team.pull()
    assert {(item.kind, item.what) for item in pull.items} == {
        (SEGMENT, "new"),
        (MAILING, "new"),
        (MAILING, "left alone"),
    }
    assert team.files(".mail") == {"Letters/Weekly.mail": WEEKLY}
    assert list(team.files()) == ["Shared/Adults.seg"]
    await nothing_is_left(team)
    again = await team.pull()
    assert {item.what for item in again.items} == {"the same", "left alone"}
    # A line among others is replaced alone.
    other = 'mailing "Mine" to "Adults" says "Mine"\n'
    team.write("Letters/Weekly.mail", f"# Mondays.\n{WEEKLY}{other}")
    await team.apply()
    api.put(Record("1", "Weekly", ("Letters",), adults, "Good morning"))
    await team.pull()
    new = WEEKLY.replace("Hello", "Good morning")
    assert team.files(".mail") == {"Letters/Weekly.mail": f"# Mondays.\n{new}{other}"}


@with_mailings
async def test_a_pull_keeps_what_a_mailing_means_where_a_segment_is_renamed(
    team: Team, api: MailingApi
) -> None:
    adults = await both(team)
    rule = {"type": "And", "conditions": []}
    await team.console_update(adults, rule, name="Grown-ups")
    pull = await team.pull()
    assert {(item.kind, item.what) for item in pull.items} == {
        (SEGMENT, "changed"),
        (MAILING, "respelled"),
    }
    assert team.files(".mail")["weekly.mail"] == WEEKLY.replace("Adults", "Grown-ups")
    await nothing_is_left(team)


@with_mailings
async def test_what_is_moved_or_renamed_keeps_its_id(team: Team, api: MailingApi) -> None:
    await both(team)
    team.write("weekly.mail", WEEKLY.replace('"Weekly" in "Letters"', '"Monthly" in "Post"'))
    plan = await team.plan()
    assert [(change.ref, change.what) for change in plan.changes] == [
        (Ref(MAILING, "1"), ("moved", "renamed"))
    ]
    await team.apply(plan)
    assert api.records["1"].name == "Monthly"
    # With another text too it only looks like it.
    team.write("weekly.mail", WEEKLY.replace("Weekly", "Monthly!").replace("Hello", "Bye"))
    [rename] = (await team.plan()).renames
    assert (rename.ref, rename.name) == (Ref(MAILING, "1"), "Monthly!")


# --- exactly once ----------------------------------------------------------------------


@with_mailings
async def test_lost_answers_repeat_nothing(team: Team, api: MailingApi) -> None:
    api.lose = 1
    adults = await both(team)
    assert (api.log, len(api.records)) == (["created Weekly"], 1)
    api.lose = 1
    team.write("weekly.mail", WEEKLY.replace("Hello", "Bye"))
    await team.apply()
    assert api.log == ["created Weekly", "updated Weekly"]
    api.lose = 1
    (team.folder / "weekly.mail").unlink()
    await team.apply(prune=True)
    assert api.log == ["created Weekly", "updated Weekly", "deleted Weekly"]
    assert (api.records, list(await team.segments())) == ({}, ["Adults"])
    assert [entry.id for entry in load_lock(team.project, "local").entries] == [adults]


@with_mailings
async def test_a_plan_carried_out_twice_does_nothing_the_second_time(
    team: Team, api: MailingApi
) -> None:
    team.write("adults.seg", ADULTS)
    team.write("weekly.mail", WEEKLY)
    plan = await team.plan()
    await team.apply(plan)
    outcomes = await team.apply(plan)
    assert [outcome.done for outcome in outcomes] == ["there already", "there already"]
    assert api.log == ["created Weekly"]


@with_mailings
async def test_what_somebody_overwrites_right_after_is_reported(
    team: Team, api: MailingApi
) -> None:
    adults = await both(team)
    team.write("weekly.mail", WEEKLY.replace("Hello", "From here"))
    plan = await team.plan()

    def overwrite(outcome: Outcome) -> None:
        api.put(Record("1", "Weekly", ("Letters",), adults, "From the console"))

    [outcome] = await team.apply(plan, on_outcome=overwrite)
    assert outcome.done == "failed"
    assert outcome.error is not None
    assert "the change is lost" in outcome.error.message
