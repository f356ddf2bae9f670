"""Resources with named parts, and resources that belong to others, through the engine.

The kinds are made up (`ladders`): a ladder has rungs that a segment's rule and a letter name as
stages of funnels, and a letter belongs to a segment or to a rung.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from ladders import LADDER, LETTER, Api, KilledError, LadderKind, LetterKind, StoredLadder
from segdsl.diagnostics import Report
from segdsl.workspace.kinds.registry import KINDS
from segdsl.workspace.project.keys import SEGMENT, Ref
from segdsl.workspace.project.lock_file import load_lock
from segdsl.workspace.sync.plan import Plan, read_plan, write_plan
from teams import Team, team

ADULTS = 'segment "Adults" where age >= 18\n'
LADDER_TEXT = 'ladder "Onboarding" in "Life": "Interest" = age > 1, "Paid" in "Adults"\n'
PAYERS = 'segment "Payers" where in stage "Paid" of funnel "Onboarding"\n'
OF_SEGMENT = 'letter "Weekly" of segment "Adults": "Hello"\n'
OF_STAGE = 'letter "Thanks" of stage "Paid" of funnel "Onboarding": "Hi"\n'


@asynccontextmanager
async def ladders(folder: Path) -> AsyncIterator[tuple[Team, Api]]:
    """A team that has ladders and letters beside its segments; its data has stages."""
    (folder / "data").mkdir()
    (folder / "data" / "funnel_stages.csv").write_text("cdp_customer_id,stage_id\n")
    async with team(folder) as one:
        api = Api()
        one.kinds = {**KINDS, LADDER: LadderKind(api), LETTER: LetterKind(api)}
        yield one, api


def with_ladders(test: Callable[[Team, Api], Awaitable[None]]) -> Callable[[Path], None]:
    """An async test of a team that has ladders and letters beside its segments."""

    def run(tmp_path: Path) -> None:
        async def inside() -> None:
            async with ladders(tmp_path) as (one, api):
                await test(one, api)

        asyncio.run(inside())

    run.__name__ = getattr(test, "__name__", "test")
    run.__doc__ = test.__doc__
    return run


def write_all(team: Team) -> None:
    team.write("adults.seg", ADULTS)
    team.write("payers.seg", PAYERS)
    team.write("o.ladder", LADDER_TEXT)
    team.write("l.letter", OF_SEGMENT + OF_STAGE)


def actions(plan: Plan) -> list[tuple[str, str, str]]:
    return [(change.action, change.kind, change.state.name) for change in plan.changes]


async def nothing_is_left(team: Team) -> None:
    plan = await team.plan()
    assert (plan.changes, plan.conflicts, plan.left) == ((), (), ())


# --- in order --------------------------------------------------------------------------


@with_ladders
async def test_everything_is_created_in_the_order_of_references(team: Team, api: Api) -> None:
    write_all(team)
    plan = await team.plan()
    assert read_plan(write_plan(plan).encode(), "plan", team.kinds) == plan
    places = {name: at for at, (_, _, name) in enumerate(actions(plan))}
    assert places["Adults"] < places["Onboarding"] < places["Payers"]
    assert places["Adults"] < places["Weekly"]
    assert places["Onboarding"] < places["Thanks"]
    assert {each.done for each in await team.apply(plan)} == {"created"}
    segments = await team.segments()
    paid = api.rung("Onboarding", "Paid")
    assert paid.rule == f"in #{segments['Adults'].id}"
    assert f'"FunnelStageReference","id":"{paid.id}"' in bytes(
        segments["Payers"].rule or b""
    ).decode().replace(" ", "")
    assert {(each.name, each.owner) for each in api.letters.values()} == {
        ("Weekly", Ref(SEGMENT, segments["Adults"].id)),
        ("Thanks", Ref("stage", paid.id)),
    }
    await nothing_is_left(team)
    entries = {entry.name: entry for entry in load_lock(team.project, "local").entries}
    assert entries["Onboarding"].parts["stage"]["Paid"] == paid.id
    assert entries["Payers"].refers_in == {"stage": {"Onboarding": {"Paid": paid.id}}}
    assert entries["Thanks"].folder == ("Life", "Onboarding", "Paid")


@with_ladders
async def test_what_refers_to_a_part_is_deleted_before_it(team: Team, api: Api) -> None:
    write_all(team)
    await team.apply()
    for file in ("adults.seg", "payers.seg", "o.ladder", "l.letter"):
        (team.folder / file).unlink()
    plan = await team.plan(prune=True)
    places = {name: at for at, (_, _, name) in enumerate(actions(plan))}
    assert max(places["Payers"], places["Thanks"]) < places["Onboarding"] < places["Adults"]
    await team.apply(plan)
    assert (api.ladders, api.letters, await team.segments()) == ({}, {}, {})
    assert load_lock(team.project, "local").entries == ()


@with_ladders
async def test_a_part_that_something_refers_to_is_not_removed(team: Team, api: Api) -> None:
    write_all(team)
    await team.apply()
    rule = (await team.segments())["Payers"].rule
    await team.console_create("Console's", rule)
    team.write("o.ladder", 'ladder "Onboarding" in "Life": "Interest" = age > 1\n')
    team.write("l.letter", OF_SEGMENT)
    (team.folder / "payers.seg").unlink()
    report = Report()
    await team.plan(prune=True, report=report)
    [found] = report.diagnostics
    paid = api.rung("Onboarding", "Paid").id
    assert found.message == (
        f'the stage "Paid" of "Onboarding" (#{paid}) cannot be deleted: "Console\'s" still '
        "refers to it"
    )


@with_ladders
async def test_a_part_is_removed_after_what_refers_to_it(team: Team, api: Api) -> None:
    write_all(team)
    await team.apply()
    team.write("o.ladder", 'ladder "Onboarding" in "Life": "Interest" = age > 1\n')
    team.write("l.letter", OF_SEGMENT)
    team.write("payers.seg", 'segment "Payers" where in segment "Adults"\n')
    plan = await team.plan(prune=True)
    assert [name for _, _, name in actions(plan)][-1] == "Onboarding"
    assert len(plan.changes[-1].first) == 2
    await team.apply(plan)
    await nothing_is_left(team)


@with_ladders
async def test_a_part_that_nothing_has_is_reported_at_its_place(team: Team, api: Api) -> None:
    write_all(team)
    await team.apply()
    team.write("payers.seg", PAYERS.replace("Paid", "Piad"))
    report = Report()
    await team.plan(report=report)
    [found] = report.diagnostics
    assert found.message == 'no stage on the server is named "Piad" of funnel "Onboarding"'
    assert found.help == "did you mean `Paid`?"
    team.write("payers.seg", PAYERS.replace("Onboarding", "Other"))
    report = Report()
    await team.plan(report=report)
    [found] = report.diagnostics
    assert found.help == 'there is one in the funnel "Onboarding"'


# --- renames ---------------------------------------------------------------------------


@with_ladders
async def test_a_part_that_is_renamed_or_moved_keeps_its_id(team: Team, api: Api) -> None:
    write_all(team)
    await team.apply()
    before = {rung.name: rung.id for rung in next(iter(api.ladders.values())).rungs}
    team.write("o.ladder", 'ladder "Onboarding" in "Life": "Payment" in "Adults", "Interest"\n')
    team.write("payers.seg", PAYERS.replace("Paid", "Payment"))
    team.write("l.letter", OF_SEGMENT + OF_STAGE.replace("Paid", "Payment"))
    plan = await team.plan()
    assert actions(plan) == [("update", LADDER, "Onboarding")]
    await team.apply(plan)
    after = {rung.name: rung.id for rung in next(iter(api.ladders.values())).rungs}
    assert after == {"Payment": before["Paid"], "Interest": before["Interest"]}
    await nothing_is_left(team)


@with_ladders
async def test_what_belongs_to_a_renamed_resource_stays_the_same(team: Team, api: Api) -> None:
    write_all(team)
    await team.apply()
    letters = dict(api.letters)
    team.write("adults.seg", 'segment "Grown-ups" where age >= 18\n')
    team.write("o.ladder", LADDER_TEXT.replace("Adults", "Grown-ups").replace("Onboard", "Board"))
    team.write("payers.seg", PAYERS.replace("Onboard", "Board"))
    team.write(
        "l.letter",
        OF_SEGMENT.replace("Adults", "Grown-ups") + OF_STAGE.replace("Onboard", "Board"),
    )
    plan = await team.plan()
    assert {(action, name) for action, _, name in actions(plan)} == {
        ("update", "Grown-ups"),
        ("update", "Boarding"),
    }
    await team.apply(plan)
    assert api.letters == letters
    await nothing_is_left(team)
    entries = {entry.name: entry for entry in load_lock(team.project, "local").entries}
    await team.apply()
    entries = {entry.name: entry for entry in load_lock(team.project, "local").entries}
    assert entries["Thanks"].folder == ("Life", "Boarding", "Paid")
    assert entries["Weekly"].folder == ("Grown-ups",)


@with_ladders
async def test_a_pull_follows_names_of_parts(team: Team, api: Api) -> None:
    write_all(team)
    await team.apply()
    [ladder] = api.ladders.values()
    api.ladders[ladder.id] = StoredLadder(
        ladder.id,
        ladder.folder,
        "Boarding",
        (ladder.rungs[0], msgspec.structs.replace(ladder.rungs[1], name="Payment")),
    )
    pull = await team.pull()
    assert {(item.name, item.what) for item in pull.items} == {
        ("Adults", "the same"),
        ("Boarding", "changed"),
        ("Payers", "respelled"),
        ("Thanks", "respelled"),
        ("Weekly", "the same"),
    }
    assert 'in stage "Payment" of funnel "Boarding"' in team.files()["payers.seg"]
    assert 'of stage "Payment" of funnel "Boarding"' in team.files(".letter")["l.letter"]
    await nothing_is_left(team)


@with_ladders
async def test_a_letter_goes_to_no_other_owner(team: Team, api: Api) -> None:
    write_all(team)
    team.write("others.seg", 'segment "Others" where age < 18\n')
    await team.apply()
    [old] = [each for each in api.letters.values() if each.name == "Weekly"]
    team.write("l.letter", OF_SEGMENT.replace("Adults", "Others") + OF_STAGE)
    plan = await team.plan()
    assert actions(plan) == [("create", LETTER, "Weekly")]
    assert [entry.id for entry in plan.left] == [old.id]
    assert plan.renames == ()
    await team.apply(prune=True)
    [new] = [each for each in api.letters.values() if each.name == "Weekly"]
    assert new.id != old.id
    await nothing_is_left(team)


@with_ladders
async def test_a_letter_is_renamed_beside_its_owner(team: Team, api: Api) -> None:
    write_all(team)
    team.write("others.seg", 'segment "Others" where age < 18\n')
    team.write("o.letter", OF_SEGMENT.replace("Adults", "Others"))
    await team.apply()
    ids = {each.owner: each.id for each in api.letters.values()}
    team.write("l.letter", OF_SEGMENT.replace("Weekly", "Monthly") + OF_STAGE)
    team.write("o.letter", OF_SEGMENT.replace("Adults", "Others").replace("Weekly", "Yearly"))
    plan = await team.plan()
    assert [(action, name) for action, _, name in actions(plan)] == [
        ("update", "Monthly"),
        ("update", "Yearly"),
    ]
    await team.apply(plan)
    assert {each.owner: each.id for each in api.letters.values()} == ids
    await nothing_is_left(team)


@with_ladders
async def test_two_letters_of_one_name_and_owner_are_reported(team: Team, api: Api) -> None:
    write_all(team)
    adults = await created(team)
    team.write("l.letter", OF_SEGMENT + OF_SEGMENT.replace('"Adults"', f"#{adults}"))
    report = Report()
    await team.plan(report=report)
    [found] = report.diagnostics
    assert found.message == 'another letter of the same segment is named "Weekly" too'


async def created(team: Team) -> str:
    await team.apply()
    return (await team.segments())["Adults"].id


@with_ladders
async def test_a_name_that_went_to_another_segment_keeps_its_letter(team: Team, api: Api) -> None:
    write_all(team)
    old = await created(team)
    rule = {"type": "And", "conditions": []}
    await team.console_update(old, rule, name="Grown-ups")
    await team.console_create("Adults", rule)
    for file in ("adults.seg", "payers.seg", "o.ladder"):
        (team.folder / file).unlink()
    plan = await team.plan()
    found = {conflict.name: conflict.why for conflict in plan.conflicts}
    assert found == {"Weekly": "a name in it now refers to something else"}
    await team.pull("Weekly")
    assert 'of segment "Grown-ups"' in team.files(".letter")["l.letter"]
    assert api.log.count("create Weekly") == 1


@with_ladders
async def test_a_segment_that_has_letters_is_not_deleted(team: Team, api: Api) -> None:
    write_all(team)
    await team.apply()
    for file in ("adults.seg", "payers.seg", "o.ladder"):
        (team.folder / file).unlink()
    team.write("l.letter", OF_STAGE)
    report = Report()
    await team.plan(prune=True, report=report)
    assert [each.message.partition(" cannot")[0] for each in report.diagnostics]


# --- interrupted -----------------------------------------------------------------------


@pytest.mark.parametrize("requests", range(3))
def test_a_creation_that_is_killed_is_carried_on(tmp_path: Path, requests: int) -> None:
    async def inside() -> None:
        async with ladders(tmp_path) as (one, api):
            write_all(one)
            one.write("l.letter", "")
            await killed(one, api, requests)
            await one.apply()
            await nothing_is_left(one)
            assert len(api.ladders) == 1
            assert len(set(api.log)) == len(api.log), "each request was sent once"

    asyncio.run(inside())


@pytest.mark.parametrize("requests", range(4))
def test_an_update_that_is_killed_is_carried_on(tmp_path: Path, requests: int) -> None:
    async def inside() -> None:
        async with ladders(tmp_path) as (one, api):
            write_all(one)
            await one.apply()
            api.log.clear()
            one.write(
                "o.ladder",
                'ladder "Onboarding" in "Life": "New" = age > 5, "Interest" = age > 2, "Paid"\n',
            )
            await killed(one, api, requests)
            await one.apply()
            await nothing_is_left(one)
            assert api.log == [
                "update Onboarding",
                "rule of New",
                "rule of Interest",
                "rule of Paid",
            ]

    asyncio.run(inside())


async def killed(one: Team, api: Api, requests: int) -> None:
    """An apply that is killed after so many requests, before it saved the lock."""
    lock = one.folder / "local.lock.toml"
    text = lock.read_text() if lock.exists() else None
    api.left = requests
    with pytest.raises(KilledError):
        await one.apply()
    api.left = None
    if text is None:
        lock.unlink(missing_ok=True)
    else:
        lock.write_text(text)


@with_ladders
async def test_what_somebody_else_did_in_between_is_a_conflict(team: Team, api: Api) -> None:
    write_all(team)
    await team.apply()
    team.write("o.ladder", LADDER_TEXT.replace("age > 1", "age > 2"))
    [ladder] = api.ladders.values()
    first, second = ladder.rungs
    api.ladders[ladder.id] = msgspec.structs.replace(
        ladder, rungs=(first, msgspec.structs.replace(second, rule="= age > 9"))
    )
    [conflict] = (await team.plan()).conflicts
    assert conflict.why == "changed on both sides"
