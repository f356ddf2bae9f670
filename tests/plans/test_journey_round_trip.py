"""Generated journeys on the local API: created, pulled as they were written, and changed again."""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import Phase, given, settings

from local_api import NOW
from quick import scaled
from segdsl.diagnostics import Report
from segdsl.language import activations as a
from segdsl.language import journeys as j
from segdsl.language.format import format_file
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.model_items import journey_item
from segdsl.language.syntax.parser import parse
from segdsl.language.values import ByName
from segdsl.rules.activations.lift import lift_activation
from segdsl.rules.journeys.normal import normal_journey, with_blocks
from segdsl.server import open_local
from segdsl.source import Source
from strategies.journeys import RULES, journeys
from teams import Team, connected
from test_activation_kind import data

_replace = msgspec.structs.replace
MOST_STEPS = 30
"""In a stage, so that no limit of a journey is met."""


class Written:
    """Journeys as a file can have them: without steps that nothing leads to, with names that differ
    in a stage, and jumps to stages that there are."""

    def __init__(self, generated: tuple[j.Journey[str], ...]) -> None:
        self.stages = {each.name: [stage.name for stage in each.stages] for each in generated}
        self.number = 0
        self.steps = 0
        self.journeys = [self._journey(each) for each in generated]

    def texts(self, more: int = 0) -> Iterator[tuple[str, str]]:
        """The files; rules have other numbers with `more`."""
        for journey in self.journeys:
            placed = j.map_rules(journey, lambda name: _rule(RULES.index(name) + 1 + more))
            used = {
                step.activation: None
                for stage in journey.stages
                for step in j.walk_steps(stage.steps)
                if isinstance(step, j.Activate)
            }
            items: list[t.Item] = [journey_item(placed)]
            items += (lift_activation(_activation(name, journey.name)) for name in sorted(used))
            text = format_file(t.File(tuple(items)))
            yield f"{journey.name}.seg", re.sub(r"\b0 (day|week)s", r"1 \1", text)

    def _journey(self, journey: j.Journey[str]) -> j.Journey[str]:
        stages = tuple(self._stage(each, journey.name) for each in journey.stages)
        placed = j.map_targets(
            _replace(journey, stages=stages), lambda target: self._target(target, journey.name)
        )
        return normal_journey(placed)

    def _target(self, target: j.JourneyStageRef, own: str) -> j.JourneyStageRef:
        journey = target.journey.name if isinstance(target.journey, ByName) else own
        journey = journey if journey in self.stages else own
        stage = target.stage.name if isinstance(target.stage, ByName) else ""
        stage = stage if stage in self.stages[journey] else self.stages[journey][0]
        return j.JourneyStageRef(ByName(stage), None if journey == own else ByName(journey))

    def _stage(self, stage: j.JourneyStage[str], journey: str) -> j.JourneyStage[str]:
        self.number = self.steps = 0
        exits = tuple(_replace(each, name=f"Exit {at}") for at, each in enumerate(stage.exits))
        return _replace(stage, exits=exits, steps=self._block(stage.steps))

    def _block(self, block: j.Block[str]) -> j.Block[str]:
        made: list[j.Step[str]] = []
        for step in block:
            if self.steps >= MOST_STEPS or (made and not j.step_goes_on(made[-1])):
                break
            self.steps += 1
            made.append(self._step(step))
        return tuple(made)

    def _step(self, step: j.Step[str]) -> j.Step[str]:
        self.number += 1
        number = self.number
        inner = with_blocks(step, [self._block(each) for each in j.blocks(step)])
        match inner:
            case j.Decide() | j.Split():
                return _replace(inner, name=f"Step {number}")
            case j.WaitForCondition(criterion):
                return _replace(inner, criterion=_replace(criterion, name=f"Met {number}"))
            case _:
                return inner


def _rule(number: int) -> t.StageRule:
    text = 'in segment "Adults"' if number == 1 else f"age > {number}"
    [item] = parse(Source("rule", f'segment "x" where {text}'), Report()).items
    assert isinstance(item, t.Segment)
    return t.StageRule(item.where)


def _activation(name: str, journey: str) -> a.Activation:
    delivery: Any = a.Delivery(
        connection=a.Connection(ByName("s3")),
        columns=a.Columns(all=True),
        schedule=a.AfterJourney(),
    )
    return a.Activation(name, a.Target("journey", ByName(journey)), None, None, delivery)


async def round_trip(written: Written, folder: Path) -> None:
    async with (
        open_local(data(folder), None, NOW, None) as transport,
        connected(folder, transport) as team,
    ):
        await applied(team, written, 0)
        files = team.files()
        team.clear()
        await team.pull()
        assert team.files() == files
        await applied(team, written, 10)


async def applied(team: Team, written: Written, more: int) -> None:
    team.write("Adults.seg", 'segment "Adults"\n\nwhere\n  age >= 18\n')
    for path, text in written.texts(more):
        team.write(path, text)
    outcomes = await team.apply()
    assert [each.error for each in outcomes if not each.is_done] == []
    plan = await team.plan()
    assert (plan.changes, plan.conflicts, plan.left, plan.others) == ((), (), (), 0)


# Every try is a server of its own: one that fails is told as it is.
@settings(max_examples=scaled(5), phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(journeys())
def test_what_is_applied_is_pulled_as_it_was_written(generated: tuple[j.Journey[str], ...]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(round_trip(Written(generated), Path(folder)))
