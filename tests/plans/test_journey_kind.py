"""Journeys of a workspace: planned, applied with their activations, pulled, and their versions."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from local_api import NOW
from segdsl.api.journey_records import Journey
from segdsl.api.transport import JSON_API
from segdsl.diagnostics import Report
from segdsl.server import open_local
from segdsl.workspace.kinds.effects import NOT_COUNTED
from segdsl.workspace.project.known_ids import names_of
from segdsl.workspace.project.lock_file import load_lock
from segdsl.workspace.remote.journeys import carry_out, find_versions
from segdsl.workspace.sync.plan import Plan, read_plan, write_plan
from segdsl.workspace.sync.plan_text import plan_text
from teams import Team, connected
from test_activation_kind import data, with_account
from test_funnel_kind import Killed, KilledError

ADULTS = 'segment "Adults"\n  folder "Shared"\n\nwhere\n  age >= 18\n'
WELCOME = """\
journey "Welcome"
  description "From the first visit"
  folder "Lifecycle"
  reentry always
  goal "Old" where age > 60
    jump to stage "Loyal" of journey "Regulars"

stage "First days"
  enter "Everybody" where everyone
  milestone "Grown up" is segment "Adults"
  exit "Abroad" where country = "US"
  steps (
    activate "Mail",
    wait 3 days as "Three days",
    decide "Land?" (
      when "Japan" where country = "JP" then (activate "Tips"),
      otherwise "Rest" then (wait 1 week),
    ),
    wait for "Came back" where age > 30
      up to 2 weeks
      then (wait 1 day)
      otherwise (jump to stage "Second"),
    split "Tone" (
      60% "Casual" then (wait 2 days),
      40% "Formal" then (wait until Monday in "Asia/Tokyo"),
    ),
    end,
  )

stage "Second"
  description "The second stage"
  enter "Grown ups" is segment "Adults"
  steps (jump to stage "Loyal" of journey "Regulars" as "To the club")

activation "Mail" of journey "Welcome"
  to connection "s3"
  columns (age)
  after journey refresh
  with (bucket = "exports")

activation "Tips" of journey "Welcome"
  to connection "s3"
  columns all
  every day starting 2025-04-01T03:00 in "Asia/Tokyo"
  notify "team@example.com" on failure
"""
REGULARS = """\
journey "Regulars"

stage "Loyal"
  enter "Old ones" where age > 50
  steps (
    wait 4 weeks,
    jump to stage "First days" of journey "Welcome",
  )
"""


def write_all(team: Team) -> None:
    team.write("adults.seg", ADULTS)
    team.write("Lifecycle/Welcome.seg", WELCOME)
    team.write("Regulars.seg", REGULARS)


def actions(plan: Plan) -> list[tuple[str, str, str]]:
    return [(change.action, change.kind, change.state.name) for change in plan.changes]


def text_of(plan: Plan) -> str:
    return " ".join(plan_text(plan, NOT_COUNTED, color=False).split())


async def nothing_is_left(team: Team) -> None:
    plan = await team.plan()
    assert (plan.changes, plan.conflicts, plan.left, plan.others) == ((), (), (), 0)


async def versions(team: Team, name: str) -> list[Journey]:
    """The versions of a journey, the oldest first."""
    found = [each for each in await team.client.journeys("7") if each.bundle_name == name]
    return sorted(found, key=lambda each: each.version or 0)


async def launch(team: Team, name: str) -> None:
    [version] = await find_versions(team.client, "7", name, "launch")
    await carry_out(team.client, version, "launch")


async def segments_of(team: Team, journey: Journey) -> set[str]:
    """The ids of the segments that a version names."""
    return set(_segment_ids((await team.client.journey(journey.id)).decoded()))


def _segment_ids(value: Any) -> list[str]:
    match value:
        case dict():
            own = [value["segmentId"]] if value.get("segmentId") else []
            return [*own, *(id for inner in value.values() for id in _segment_ids(inner))]
        case list():
            return [id for inner in value for id in _segment_ids(inner)]
        case _:
            return []


@with_account
async def test_two_that_jump_to_each_other_are_created_and_nothing_is_left(team: Team) -> None:
    write_all(team)
    plan = await team.plan()
    assert read_plan(write_plan(plan).encode(), "plan") == plan
    assert {name for _, _, name in actions(plan)} == {"Adults", "Welcome", "Regulars"}
    assert actions(plan)[0] == ("create", "segment", "Adults")
    assert (
        "a draft with 2 stages and 2 activations: no profile enters it before it is launched, with "
        '`segdsl journey launch "Welcome"`'
    ) in text_of(plan)
    done: list[str] = []
    outcomes = await team.apply(plan, on_outcome=lambda each: done.append(each.change.state.name))
    assert {each.done for each in outcomes} == {"created"}
    assert sorted(done) == ["Adults", "Regulars", "Welcome"]
    await nothing_is_left(team)
    [welcome], [regulars] = await versions(team, "Welcome"), await versions(team, "Regulars")
    assert (welcome.state, regulars.state) == ("draft", "draft")
    text = bytes((await team.client.journey(welcome.id)).document).decode()
    assert f'"journeyStageId":"{regulars.stages[0].id}"' in text.replace(" ", "")
    entry = {each.name: each for each in load_lock(team.project, "local").entries}["Welcome"]
    assert entry.id == welcome.bundle_id
    assert entry.parts["journey stage"] == {each.name: each.id for each in welcome.stages}
    assert set(entry.parts["journey activation"]) == {"Mail", "Tips"}
    assert entry.source == WELCOME
    assert entry.refers_in["journey stage"] == {"Regulars": {"Loyal": regulars.stages[0].id}}
    # Every rule has a segment of its own, which no list of segments has.
    assert {each.state.name for each in (await team.resources()).values()} == {"Adults"}
    kinds = [await team.client.segment("7", id) for id in await segments_of(team, welcome)]
    assert {each.kind for each in kinds} == {"journey"}
    assert {each.done for each in await team.apply(plan)} == {"there already"}
    await nothing_is_left(team)


@with_account
async def test_a_pull_writes_them_and_a_plan_after_it_is_empty(team: Team) -> None:
    write_all(team)
    await team.apply()
    team.clear()
    pull = await team.pull()
    assert {(item.kind, item.what) for item in pull.items} == {
        ("segment", "new"),
        ("journey", "new"),
    }
    files = team.files()
    assert files["Lifecycle/Welcome.seg"] == WELCOME
    assert files["Regulars.seg"] == REGULARS
    await nothing_is_left(team)
    assert {item.what for item in (await team.pull()).items} == {"the same"}


@with_account
async def test_a_draft_is_changed_where_it_is(team: Team) -> None:
    write_all(team)
    await team.apply()
    [before] = await versions(team, "Welcome")
    segments = await segments_of(team, before)
    text = WELCOME.replace("age > 60", "age > 61").replace("wait 3 days", "wait 4 days")
    text = text.replace('"The second stage"', '"Another"').replace("columns (age)", "columns all")
    text = text.replace("reentry always", "reentry never")
    team.write("Lifecycle/Welcome.seg", text)
    plan = await team.plan()
    assert actions(plan) == [("update", "journey", "Welcome")]
    shown = text_of(plan)
    assert "changes version 1, which is a draft" in shown
    assert "the activation “Mail” changes" in shown
    assert "reentry, steps, rule, activations" in shown
    assert [each.done for each in await team.apply(plan)] == ["updated"]
    await nothing_is_left(team)
    [after] = await versions(team, "Welcome")
    assert after.id == before.id
    # The rule was changed in its segment, and steps kept their ids.
    assert await segments_of(team, after) == segments
    entries = {each.name: each for each in load_lock(team.project, "local").entries}
    assert entries["Welcome"].id == before.bundle_id
    steps = await step_names(team, before)
    assert (await step_names(team, after)).keys() == steps.keys()


async def step_names(team: Team, journey: Journey) -> dict[str, str]:
    """The names of the steps of the first stage, by their ids."""
    attributes = (await team.client.journey(journey.id)).decoded()["attributes"]
    steps = attributes["journeyStages"][0]["steps"]
    return {id: step.get("name") or "" for id, step in steps.items()}


@with_account
async def test_a_launched_journey_gets_a_new_version_and_then_changes_there(team: Team) -> None:
    write_all(team)
    await team.apply()
    await launch(team, "Welcome")
    await nothing_is_left(team)
    launched = (await versions(team, "Welcome"))[0]
    document = (await team.client.journey(launched.id)).document
    team.write("Lifecycle/Welcome.seg", WELCOME.replace("age > 60", "age > 61"))
    plan = await team.plan()
    assert "makes version 2, a draft: version 1 is launched, and stays as it is" in text_of(plan)
    assert [each.done for each in await team.apply(plan)] == ["updated"]
    await nothing_is_left(team)
    first, second = await versions(team, "Welcome")
    assert (first.id, first.state, second.state) == (launched.id, "launched", "draft")
    assert (await team.client.journey(first.id)).document == document
    rules = [await team.client.segment("7", id) for id in await segments_of(team, first)]
    assert "60" in "".join(bytes(each.rule or b"").decode() for each in rules)
    assert not (await segments_of(team, first)) & (await segments_of(team, second))
    # What jumps there leads to the launched version still, and that is what its file says.
    team.write("Lifecycle/Welcome.seg", WELCOME.replace("age > 60", "age > 62"))
    plan = await team.plan()
    assert "changes version 2, which is a draft" in text_of(plan)
    assert {each.done for each in await team.apply(plan)} == {"updated"}
    assert len(await versions(team, "Welcome")) == 2
    await nothing_is_left(team)
    team.clear()
    await team.pull()
    assert "age > 62" in team.files()["Lifecycle/Welcome.seg"]
    await nothing_is_left(team)


@with_account
async def test_what_a_launched_version_lets_change_makes_no_new_one(team: Team) -> None:
    write_all(team)
    await team.apply()
    await launch(team, "Welcome")
    text = WELCOME.replace("From the first visit", "Another").replace(
        "columns (age)", "columns all"
    )
    team.write("Lifecycle/Welcome.seg", text)
    assert [each.done for each in await team.apply()] == ["updated"]
    text = text.replace('journey "Welcome"', 'journey "Hello"').replace('"Lifecycle"', '"Life"')
    team.write("Lifecycle/Welcome.seg", text)
    team.write("Regulars.seg", REGULARS.replace('"Welcome"', '"Hello"'))
    plan = await team.plan()
    assert actions(plan) == [("update", "journey", "Hello")]
    assert "changes version 1, which is launched: its stages, rules and steps stay" in text_of(plan)
    assert [each.done for each in await team.apply(plan)] == ["updated"]
    await nothing_is_left(team)
    [version] = await versions(team, "Hello")
    assert version.state == "launched"


@with_account
async def test_stages_that_come_go_and_are_renamed(team: Team) -> None:
    write_all(team)
    await team.apply()
    [before] = await versions(team, "Welcome")
    text = WELCOME.replace('stage "First days"', 'stage "New here"').replace(
        'stage "Second"', 'stage "Third"', 1
    )
    text = text.replace(
        'activation "Mail"',
        'stage "Last"\n  enter "All" where everyone\n  steps (wait 1 day, end)\n\n'
        'activation "Mail"',
        1,
    ).replace('stage "Second"', 'stage "Third"')
    team.write("Lifecycle/Welcome.seg", text)
    team.write("Regulars.seg", REGULARS.replace("First days", "New here"))
    plan = await team.plan()
    assert actions(plan) == [("update", "journey", "Welcome")]
    assert "the stage “Last” is new" in text_of(plan)
    outcomes = await team.apply(plan)
    assert [(each.done, each.error) for each in outcomes] == [("updated", None)]
    await nothing_is_left(team)
    [after] = await versions(team, "Welcome")
    assert [each.name for each in after.stages] == ["New here", "Third", "Last"]
    assert after.stages[0].id == before.stages[0].id


@with_account
async def test_one_that_somebody_changed_is_a_conflict_and_comes_by_a_pull(team: Team) -> None:
    write_all(team)
    await team.apply()
    await console(team, "Welcome", lambda body: body.replace('"waitStep":3', '"waitStep":5'))
    pull = await team.pull()
    assert ("journey", "changed") in {(each.kind, each.what) for each in pull.items}
    files = team.files()["Lifecycle/Welcome.seg"]
    assert files == WELCOME.replace("wait 3 days", "wait 5 days")
    await nothing_is_left(team)
    await console(team, "Welcome", lambda body: body.replace('"waitStep":5', '"waitStep":6'))
    team.write("Lifecycle/Welcome.seg", files.replace("age > 60", "age > 61"))
    [conflict] = (await team.plan()).conflicts
    assert (conflict.kind, conflict.why) == ("journey", "changed on both sides")
    plan = await team.plan(force=True)
    assert {each.done for each in await team.apply(plan)} == {"updated"}
    await nothing_is_left(team)


async def console(team: Team, name: str, change: Any) -> None:
    """Somebody changes the newest version in the console."""
    version = (await versions(team, name))[-1]
    attributes = (await team.client.journey(version.id)).decoded()["attributes"]
    kept = {key: attributes[key] for key in ("name", "goal", "journeyStages", "state")}
    text = change(msgspec.json.encode({"type": "journey", "attributes": kept}).decode())
    path = f"/entities/journeys/{version.id}"
    body = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    await team.client._transport.send("PATCH", path, body=body, media=JSON_API)


@with_account
async def test_a_graph_that_does_not_nest_is_left_alone_with_the_step(team: Team) -> None:
    write_all(team)
    await team.apply()

    def tangled(body: str) -> str:
        decoded = msgspec.json.decode(body)
        ends = {"type": "End", "name": "End"}
        wait = {"type": "WaitStep", "waitStepType": "Duration", "waitStep": 1}
        wait |= {"waitStepUnit": "day", "name": "Loop", "next": "w"}
        stage = decoded["attributes"]["journeyStages"][1]
        stage |= {"rootStep": "w", "steps": {"w": wait, "e": ends}}
        encoded: str = msgspec.json.encode(decoded).decode()
        return encoded

    await console(team, "Welcome", tangled)
    team.clear()
    pull = await team.pull()
    [item] = [each for each in pull.items if each.kind == "journey" and each.name == "Welcome"]
    assert item.what == "left alone"
    assert "Loop" in item.why
    team.write("Lifecycle/Welcome.seg", WELCOME)
    plan = await team.plan()
    [left] = [each for each in plan.unmanaged if each.name == "Welcome"]
    assert left.why == item.why


@with_account
async def test_they_are_deleted_after_what_leads_to_them(team: Team) -> None:
    write_all(team)
    team.write(
        "Regulars.seg",
        REGULARS.replace(',\n    jump to stage "First days" of journey "Welcome"', ""),
    )
    await team.apply()
    (team.folder / "Lifecycle/Welcome.seg").unlink()
    (team.folder / "Regulars.seg").unlink()
    (team.folder / "adults.seg").unlink()
    plan = await team.plan(prune=True)
    assert (
        actions(plan)
        == [
            ("delete", "journey", "Welcome"),
            ("delete", "journey", "Regulars"),
            ("delete", "segment", "Adults"),
        ]
        or [each[2] for each in actions(plan)].index("Welcome") < 2
    )
    assert {each.done for each in await team.apply(plan)} == {"deleted"}
    assert list(await team.client.journeys("7")) == []


@with_account
async def test_thirty_versions_are_the_most(team: Team) -> None:
    write_all(team)
    await team.apply()
    bundle = (await versions(team, "Regulars"))[0].bundle_id
    for _ in range(29):
        await team.client.create_journey_version(bundle or "")
    await launch(team, "Regulars")
    await team.pull()
    team.write("Regulars.seg", REGULARS.replace("4 weeks", "5 weeks"))
    report = Report()
    await team.plan(report=report)
    [found] = [each for each in report.diagnostics if each.severity == "error"]
    assert found.code.name == "SEG313"
    assert "has 30 versions, and no journey has more" in found.message


@with_account
async def test_the_segment_of_a_criterion_goes_where_nobody_else_has_it(team: Team) -> None:
    write_all(team)
    await team.apply()
    [before] = await versions(team, "Welcome")
    rules = {each: await team.client.segment("7", each) for each in await segments_of(team, before)}
    by_name = {each.name: id for id, each in rules.items()}
    shared, own = by_name["Japan"], by_name["Abroad"]
    # Somebody has the rule of a branch as the goal of a version of another journey.
    goal = {"name": "Japan", "segmentId": shared}
    body = {"type": "journey", "attributes": {"name": "Regulars", "goal": goal}}
    [other] = await versions(team, "Regulars")
    await team.client._transport.send(
        "PATCH", f"/entities/journeys/{other.id}", body=body, media=JSON_API
    )
    text = WELCOME.replace('  exit "Abroad" where country = "US"\n', "")
    team.write("Lifecycle/Welcome.seg", text.replace('country = "JP"', 'country = "FR"'))
    team.write("Regulars.seg", REGULARS)
    plan = await team.plan(paths=[str(team.folder / "Lifecycle")])
    assert {each.done for each in await team.apply(plan)} == {"updated"}
    assert await team.client.segment_or_none("7", own) is None
    kept = bytes((await team.client.segment("7", shared)).rule or b"").decode()
    assert '"JP"' in kept
    assert shared not in await segments_of(team, before)


@with_account
async def test_what_is_compiled_has_the_ids_of_steps_that_the_lock_has(team: Team) -> None:
    write_all(team)
    await team.apply()
    entry = {each.name: each for each in load_lock(team.project, "local").entries}["Welcome"]
    ids = names_of(team.project, None, segments=True).ids
    steps = {name.name: id for (kind, name), id in ids.items() if kind == "journey step"}
    assert entry.parts["journey step"].items() <= steps.items()
    # Those of the journey and its stages are of all versions together, and go into no request.
    assert not {kind for kind, _ in ids} & {"journey", "journey stage", "journey activation"}


@with_account
async def test_activations_stand_in_the_file_of_their_journey(team: Team) -> None:
    head, mail, tips = WELCOME.partition('activation "Mail"')
    write_all(team)
    team.write("Lifecycle/Welcome.seg", head)
    team.write("other.seg", mail + tips)
    report = Report()
    await team.plan(report=report)
    assert [each.message for each in report.diagnostics if each.severity == "error"] == [
        'the activation "Mail" cannot be in a plan: its file has not its journey',
        'the activation "Tips" cannot be in a plan: its file has not its journey',
        'the file of the journey "Welcome" has no activation "Mail"',
        'the file of the journey "Welcome" has no activation "Tips"',
    ]


@with_account
async def test_a_pull_keeps_what_stands_around_the_parts(team: Team) -> None:
    head, _, rest = WELCOME.partition('activation "Mail"')
    mail, _, tips = rest.partition('activation "Tips"')
    text = (
        f'{head}segment "Between" where age > 3\n\nactivation "Mail"{mail}activation "Tips"{tips}'
    )
    write_all(team)
    team.write("Lifecycle/Welcome.seg", text)
    await team.apply()
    await console(team, "Welcome", lambda body: body.replace('"waitStep":3', '"waitStep":5'))
    await team.pull()
    found = team.files()["Lifecycle/Welcome.seg"]
    assert found.count('activation "Mail"') == found.count('activation "Tips"') == 1
    assert found == WELCOME.replace("3 days", "5 days") + '\nsegment "Between" where age > 3\n'
    await nothing_is_left(team)


# --- interrupted -----------------------------------------------------------------------


def killed_and_carried_on(
    tmp_path: Path, writes: int, before: str | None, *, launched: bool = False
) -> tuple[list[str], int]:
    """What is written where an apply is killed after so many writes, and run again; and how many
    segments were created beyond those that are used."""

    async def inside() -> tuple[list[str], int]:
        async with open_local(data(tmp_path), None, NOW, None) as transport:
            killed = Killed(transport)
            async with connected(tmp_path, killed) as team:
                team.write("adults.seg", ADULTS)
                if before is not None:
                    team.write("Lifecycle/Welcome.seg", before)
                    team.write("Regulars.seg", REGULARS)
                await team.apply()
                if launched:
                    await launch(team, "Welcome")
                    await team.pull()
                lock = (team.folder / "local.lock.toml").read_text()
                used = await all_segments(team)
                team.write("Lifecycle/Welcome.seg", CHANGED if before else WELCOME)
                team.write("Regulars.seg", REGULARS)
                killed.writes.clear()
                killed.left = writes
                with pytest.raises(KilledError):
                    await team.apply()
                killed.left = None
                (team.folder / "local.lock.toml").write_text(lock)
                plan = await team.plan()
                assert not plan.conflicts
                outcomes = await team.apply(plan)
                assert all(each.is_done for each in outcomes), outcomes
                await nothing_is_left(team)
                assert len(await versions(team, "Welcome")) == (2 if launched else 1)
                assert len(await versions(team, "Regulars")) == 1
                newest = (await versions(team, "Welcome"))[-1]
                listed = await team.client.journey_activations(newest.id)
                assert sorted(each.name for each in listed) == ["Mail", "Tips"]
                made = [each for each in killed.writes if each == "POST /audiences/7/segments"]
                new = await all_segments(team) - used
                copies = 6 if launched else 0
                return killed.writes, len(made) - (len(new) - copies)

    return asyncio.run(inside())


async def all_segments(team: Team) -> set[str]:
    """The segments that any version names, without those of excluded paths."""
    found: set[str] = set()
    for each in await team.client.journeys("7"):
        for id in await segments_of(team, each):
            if (await team.client.segment("7", id)).name != "Rest":
                found.add(id)
    return found


CHANGED = (
    WELCOME.replace("age > 60", "age > 61")
    .replace("columns (age)", "columns all")
    .replace("wait 3 days", "wait 4 days")
    .replace('exit "Abroad" where country = "US"\n', 'exit "Away" where country = "FR"\n')
)


@pytest.mark.parametrize("writes", range(15))
def test_a_creation_that_is_killed_is_carried_on(tmp_path: Path, writes: int) -> None:
    written, spare = killed_and_carried_on(tmp_path, writes, None)
    assert written.count("POST /entities/journeys") == 2
    # No list has segments of criteria: those that nothing names yet are created again.
    assert 0 <= spare <= 7


@pytest.mark.parametrize("writes", range(4))
def test_an_update_of_a_draft_that_is_killed_is_carried_on(tmp_path: Path, writes: int) -> None:
    written, spare = killed_and_carried_on(tmp_path, writes, WELCOME)
    assert "POST /entities/journeys" not in written
    assert 0 <= spare <= 1


@pytest.mark.parametrize("writes", range(5))
def test_a_new_version_that_is_killed_is_made_once(tmp_path: Path, writes: int) -> None:
    written, spare = killed_and_carried_on(tmp_path, writes, WELCOME, launched=True)
    [made] = [each for each in written if each.endswith("/journeys")]
    assert made.startswith("POST /entities/journey_bundles/")
    assert 0 <= spare <= 1
