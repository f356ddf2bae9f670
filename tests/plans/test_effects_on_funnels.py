"""`plan --count` of funnels: each stage that changes, before and after, as the server has it then.

Ages: 31 JP, none JP, 45 US, 22 of no country, 67 JP, 18 FR.
"""

from __future__ import annotations

import msgspec

from segdsl.output.plans import plan_output
from segdsl.workspace.kinds.effects import Counting, Effect, Effects
from segdsl.workspace.sync.effects import effects_of_plan
from segdsl.workspace.sync.plan import Plan
from segdsl.workspace.sync.plan_text import plan_markdown, plan_text
from teams import Team
from test_funnel_kind import with_stages

Numbers = tuple[int | None, int | None, int | None, int | None] | str
ADULTS = 'segment "Adults" where age >= 20\n'
FUNNEL = """\
funnel "Ages"

stage "All" where everyone

stage "Adults" is segment "Adults"

stage "Old" where in stage "Adults" of funnel "Ages" and age > 40

stage "Empty"
"""


def numbers(of: Effect) -> Numbers:
    return of.error or (of.before, of.after, of.joins, of.leaves)


async def effects(team: Team, plan: Plan) -> Effects:
    return await effects_of_plan(team.client, plan, Counting())


def by_stage(plan: Plan, effects: Effects) -> dict[str, Numbers]:
    (number,) = [at for at, each in enumerate(plan.changes) if each.kind == "funnel"]
    return {each.name: numbers(each.effect) for each in effects.parts[number]}


@with_stages
async def test_a_new_funnel_of_a_new_segment(team: Team) -> None:
    team.write("adults.seg", ADULTS)
    team.write("ages.seg", FUNNEL)
    plan = await team.plan()
    found = by_stage(plan, await effects(team, plan))
    assert found == {
        "All": (None, 6, 6, 0),
        "Adults": (None, 4, 4, 0),
        "Old": (None, 2, 2, 0),
    }


@with_stages
async def test_stages_that_change_come_and_go(team: Team) -> None:
    team.write("adults.seg", ADULTS)
    team.write("ages.seg", FUNNEL)
    await team.apply()
    changed = FUNNEL.replace('is segment "Adults"', "where age > 30")
    changed = changed.replace('stage "Empty"', 'stage "Japan" where country = "JP"')
    changed = changed.replace('stage "All" where everyone\n\n', "")
    team.write("ages.seg", changed)
    plan = await team.plan()
    found = await effects(team, plan)
    assert by_stage(plan, found) == {
        "Adults": (4, 3, 0, 1),
        # Through the stage before.
        "Old": (2, 2, 0, 0),
        "Japan": (None, 3, 3, 0),
        "All": (6, None, 0, 6),
    }
    text = plan_text(plan, found, color=False)
    assert "    “Adults”: 4 → 3 profiles: 0 join, 1 leave\n" in text
    assert "\n- “Adults”: 4 → 3 profiles: 0 join, 1 leave\n" in plan_markdown(plan, found)
    document = msgspec.to_builtins(plan_output(plan, found))
    (change,) = document["changes"]
    assert change["effect"] is None
    assert [each["name"] for each in change["stages"]] == ["Adults", "Old", "Japan", "All"]
    assert change["stages"][0]["effect"]["after"] == 3


@with_stages
async def test_a_description_changes_nobody(team: Team) -> None:
    team.write("adults.seg", ADULTS)
    team.write("ages.seg", FUNNEL)
    await team.apply()
    team.write("ages.seg", FUNNEL.replace('"Ages"\n\n', '"Ages"\n  description "By age"\n\n', 1))
    plan = await team.plan()
    assert len(plan.changes) == 1
    assert (await effects(team, plan)).parts == {}


@with_stages
async def test_a_deleted_funnel(team: Team) -> None:
    team.write("adults.seg", ADULTS)
    team.write("ages.seg", FUNNEL)
    await team.apply()
    (team.folder / "ages.seg").unlink()
    plan = await team.plan(prune=True)
    found = by_stage(plan, await effects(team, plan))
    assert found["All"] == (6, None, 0, 6)


@with_stages
async def test_a_stage_that_refers_to_one_with_a_limit(team: Team) -> None:
    team.write("adults.seg", ADULTS)
    team.write("ages.seg", FUNNEL.replace('is segment "Adults"', "where age > 20 limit 2"))
    plan = await team.plan()
    found = by_stage(plan, await effects(team, plan))
    assert found["Adults"] == (None, 2, 2, 0)
    assert found["Old"] == (
        "it refers to the stage “Adults”, which changes too and has a limit that no other rule can "
        "hold"
    )
