"""Predictive segments of a workspace: planned, applied, pulled, and named by rules."""

from __future__ import annotations

import msgspec

from segdsl.api.predictive_records import NewPredictiveSegment
from segdsl.diagnostics import Report
from segdsl.workspace.kinds.effects import NOT_COUNTED, Counting
from segdsl.workspace.project.lock_file import load_lock
from segdsl.workspace.sync.effects import effects_of_plan
from segdsl.workspace.sync.plan import Plan, read_plan, write_plan
from segdsl.workspace.sync.plan_text import plan_text
from teams import Team, with_team

ADULTS = 'segment "Adults" where age >= 18\n'
MODEL = """\
predictive segment "Buys again"
  description "Who orders once more"
  folder "Models"
  predicts segment "Adults"
  among segment "Everyone"
  grades 75, 50, 25
  features (
    number age,
    category place = country | replace("J", "j"),
  )
"""
GRADED = 'segment "Likely" where score of "Buys again" between 3 and 4\n'


def write_all(team: Team, model: str = MODEL) -> None:
    team.write("adults.seg", ADULTS)
    team.write("everyone.seg", 'segment "Everyone" where everyone\n')
    team.write("model.seg", model)
    team.write("likely.seg", GRADED)


def actions(plan: Plan) -> list[tuple[str, str, str]]:
    return [(change.action, change.kind, change.state.name) for change in plan.changes]


async def nothing_is_left(team: Team) -> None:
    plan = await team.plan()
    assert (plan.changes, plan.conflicts, plan.left, plan.others) == ((), (), (), 0)


@with_team
async def test_one_is_created_between_what_it_names_and_what_names_it(team: Team) -> None:
    write_all(team)
    plan = await team.plan()
    assert read_plan(write_plan(plan).encode(), "plan") == plan
    places = {name: at for at, (_, _, name) in enumerate(actions(plan))}
    assert max(places["Adults"], places["Everyone"]) < places["Buys again"] < places["Likely"]
    text = plan_text(plan, NOT_COUNTED, color=False)
    assert (
        "predicts who comes into the segment “Adults”, learns from the segment “Everyone” by “age” "
        "and “place”, and gives scores to all profiles"
    ) in " ".join(text.split())
    assert {each.done for each in await team.apply(plan)} == {"created"}
    await nothing_is_left(team)
    [model] = await team.client.predictive_segments("7")
    rule = (await team.segments())["Likely"].rule
    assert f'"id":"{model.id}"' in bytes(rule or b"").decode().replace(" ", "")
    entry = {each.name: each for each in load_lock(team.project, "local").entries}
    assert entry["Likely"].refers == {"predictive segment": {"Buys again": model.id}}
    assert entry["Buys again"].source == MODEL
    assert {each.done for each in await team.apply(plan)} == {"there already"}


@with_team
async def test_who_has_a_score_that_nobody_has_yet_is_not_counted(team: Team) -> None:
    write_all(team)
    plan = await team.plan()
    effects = await effects_of_plan(team.client, plan, Counting())
    found = {plan.changes[at].state.name: effect for at, effect in effects.by_change.items()}
    assert found["Likely"].error == "it goes by the scores of a predictive segment that is new"
    assert found["Everyone"].after == 6
    await team.apply(plan)
    team.write("likely.seg", GRADED.replace("3 and 4", "2 and 4"))
    plan = await team.plan()
    [effect] = (await effects_of_plan(team.client, plan, Counting())).by_change.values()
    assert (effect.before, effect.after) == (0, 0)


@with_team
async def test_a_pull_writes_them_and_a_plan_after_it_is_empty(team: Team) -> None:
    write_all(team)
    await team.apply()
    team.clear()
    pull = await team.pull()
    assert {(item.kind, item.what) for item in pull.items} == {
        ("segment", "new"),
        ("predictive segment", "new"),
    }
    assert team.files()["Models/Buys again.seg"] == MODEL
    assert 'score of "Buys again" between 3 and 4' in team.files()["Likely.seg"]
    await nothing_is_left(team)


@with_team
async def test_changes_are_told_in_plain_words(team: Team) -> None:
    write_all(team)
    await team.apply()
    team.write(
        "model.seg",
        MODEL.replace('  among segment "Everyone"\n', "")
        .replace("75, 50, 25", "80, 50, 25")
        .replace("    number age,\n", "    number ltv,\n"),
    )
    plan = await team.plan()
    assert actions(plan) == [("update", "predictive segment", "Buys again")]
    text = " ".join(plan_text(plan, NOT_COUNTED, color=False).split())
    assert "among, grades, features" in text
    for sentence in (
        "learns from all profiles now, and no longer from the segment “Everyone”",
        "learns by “ltv” too",
        "no longer learns by “age”",
        "its model and its scores stay as they are until it is trained again",
        "grades change from 75, 50, 25 to 80, 50, 25",
    ):
        assert sentence in text, sentence
    assert [each.done for each in await team.apply(plan)] == ["updated"]
    await nothing_is_left(team)


@with_team
async def test_what_features_were_computed_from_is_taken_back(team: Team) -> None:
    """Also where the feature keeps its name."""
    write_all(team)
    await team.apply()
    plain = MODEL.replace(' = country | replace("J", "j")', "").replace("place", "country")
    named = MODEL.replace("place =", "country =")
    for model in (plain, plain.replace("75, 50, 25", "80, 50, 25"), named, plain, MODEL):
        team.write("model.seg", model)
        assert [each.done for each in await team.apply()] == ["updated"]
        await nothing_is_left(team)


@with_team
async def test_one_renamed_keeps_its_id_and_those_that_name_it(team: Team) -> None:
    write_all(team)
    await team.apply()
    [before] = await team.client.predictive_segments("7")
    team.write("model.seg", MODEL.replace('"Buys again"', '"Returns"').replace("Models", "M"))
    team.write("likely.seg", GRADED.replace("Buys again", "Returns"))
    plan = await team.plan()
    assert actions(plan) == [("update", "predictive segment", "Returns")]
    assert [each.done for each in await team.apply(plan)] == ["updated"]
    [after] = await team.client.predictive_segments("7")
    assert (after.id, after.name) == (before.id, "Returns")
    await nothing_is_left(team)


@with_team
async def test_a_name_that_changes_on_the_server_is_followed_by_a_pull(team: Team) -> None:
    write_all(team)
    await team.apply()
    [model] = await team.client.predictive_segments("7")
    new = await renamed(team, model.id, "Comes back")
    assert new == "Comes back"
    pull = await team.pull()
    assert ("predictive segment", "changed") in {(each.kind, each.what) for each in pull.items}
    files = team.files()
    assert files["likely.seg"] == GRADED.replace("Buys again", "Comes back")
    assert files["model.seg"] == MODEL.replace("Buys again", "Comes back")
    await nothing_is_left(team)


async def renamed(team: Team, id: str, name: str) -> str:
    """Renames one at the console."""
    there = await team.client.predictive_segment("7", id)
    raw = msgspec.Raw(
        msgspec.json.encode({"type": "predictive-segment", "attributes": {"name": name}})
    )
    new = NewPredictiveSegment(name, raw, there.folder_id)
    return (await team.client.update_predictive_segment("7", id, new)).name


@with_team
async def test_what_changes_on_both_sides_is_a_conflict(team: Team) -> None:
    write_all(team)
    await team.apply()
    [model] = await team.client.predictive_segments("7")
    raw = msgspec.Raw(
        msgspec.json.encode(
            {"type": "predictive-segment", "attributes": {"gradeThresholds": [90, 50, 10]}}
        )
    )
    await team.client.update_predictive_segment(
        "7", model.id, NewPredictiveSegment(model.name, raw, model.folder_id)
    )
    [conflict] = (await team.plan()).conflicts
    assert (conflict.kind, conflict.why) == ("predictive segment", "changed on the server")
    team.write("model.seg", MODEL.replace("once more", "again"))
    [conflict] = (await team.plan()).conflicts
    assert conflict.why == "changed on both sides"
    await team.pull("Models/Buys again", force=True)
    assert "grades 90, 50, 10" in team.files()["model.seg"]
    await nothing_is_left(team)


@with_team
async def test_one_is_deleted_after_what_names_it_and_before_what_it_names(team: Team) -> None:
    write_all(team)
    await team.apply()
    (team.folder / "model.seg").unlink()
    report = Report()
    (team.folder / "likely.seg").rename(team.folder / "still.seg")
    await team.plan(prune=True, report=report)
    assert {each.code.name for each in report.diagnostics} == {"SEG310"}
    for file in ("still.seg", "adults.seg", "everyone.seg"):
        (team.folder / file).unlink()
    plan = await team.plan(prune=True)
    places = {name: at for at, (_, _, name) in enumerate(actions(plan))}
    assert places["Likely"] < places["Buys again"] < min(places["Adults"], places["Everyone"])
    assert {each.done for each in await team.apply(plan)} == {"deleted"}
    assert list(await team.client.predictive_segments("7")) == []


@with_team
async def test_features_that_the_server_proposes_are_sent_and_pulled(team: Team) -> None:
    guessed = MODEL[: MODEL.index("  grades")] + "  features guessed\n"
    write_all(team, guessed)
    plan = await team.plan()
    assert read_plan(write_plan(plan).encode(), "plan") == plan
    text = " ".join(plan_text(plan, NOT_COUNTED, color=False).split())
    assert "by features that the server proposes" in text
    assert {each.done for each in await team.apply(plan)} == {"created"}
    assert {each.done for each in await team.apply(plan)} == {"there already"}
    await nothing_is_left(team)
    assert team.files()["model.seg"] == guessed
    await team.pull()
    written = team.files()["model.seg"]
    assert "features guessed" not in written
    assert "categories tags," in written
    await nothing_is_left(team)
    assert {item.what for item in (await team.pull()).items} == {"the same"}


@with_team
async def test_two_of_one_place_are_reported(team: Team) -> None:
    write_all(team)
    team.write("other.seg", MODEL)
    report = Report()
    await team.plan(report=report)
    assert [each.message for each in report.diagnostics] == [
        'a predictive segment of another file is named "Buys again" too',
        '2 predictive segments are named "Buys again"',
    ]


@with_team
async def test_an_unknown_model_is_reported_with_its_place(team: Team) -> None:
    team.write("likely.seg", GRADED)
    report = Report()
    await team.plan(report=report)
    [found] = report.diagnostics
    assert found.message.startswith("no predictive segment on the server is named")
