"""Graphs of steps move profiles as the blocks do that they are made of."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from quick import IS_QUICK
from segdsl.language import journeys as j
from segdsl.language.activations import WEEKDAYS
from segdsl.language.values import ByName
from segdsl.server.kinds.journeys.model import (
    Content,
    Criteria,
    Journey,
    Stage,
    StageContent,
    Step,
    Target,
)
from segdsl.server.kinds.journeys.programs import JourneyProgram, program_of
from segdsl.server.kinds.journeys.states import (
    between,
    pack_bits,
    pack_ids,
    pack_state,
    unpack_bits,
    unpack_ids,
    unpack_state,
)
from segdsl.simulation import program as sim
from segdsl.simulation.bits import Bits
from segdsl.simulation.clock import Evaluation, daily
from segdsl.simulation.evaluation import evaluate
from segdsl.simulation.profiles import Profiles
from segdsl.simulation.simulate import simulate
from segdsl.simulation.state import JourneyState, Jumping, Outcome
from strategies.journeys import FIRST_DAY, RULES, ZONES, journeys

DAYS, PROFILES = 12, 20
NOWHERE = Target("9999", "9999")
_ID = {"id": "x"}


class Lowered:
    """The journeys as the API has them; the ids of stages are 100 times that of the journey."""

    def __init__(self, written: tuple[j.Journey[str], ...]) -> None:
        self._written = written
        self._number = 0
        self._steps: dict[str, Any] = {}

    def journey(self, number: int) -> Journey:
        of = self._written[number]
        stages = tuple(
            Stage(100 * (number + 1) + at, stage.name, self._stage(stage, number))
            for at, stage in enumerate(of.stages)
        )
        goal = self._criteria(of.goal, number)
        reentry: Any = j.REENTRY[of.reentry or "never"]
        content = Content(of.name, None, "launched", reentry, goal, stages)
        return Journey(number + 1, "7", number + 1, 1, 1, content, 0, None, 0, 0)

    def _criteria(self, of: j.Criterion[str] | None, number: int) -> Criteria | None:
        if of is None:
            return None
        target = None if of.jump is None else self._target(of.jump, number)
        return Criteria(of.name, str(RULES.index(of.rule)), None, target)

    def _target(self, of: j.JourneyStageRef, number: int) -> Target:
        if of.journey is not None:
            names = [each.name for each in self._written]
            if not isinstance(of.journey, ByName) or of.journey.name not in names:
                return NOWHERE
            number = names.index(of.journey.name)
        stages = [each.name for each in self._written[number].stages]
        if not isinstance(of.stage, ByName) or of.stage.name not in stages:
            return NOWHERE
        at = stages.index(of.stage.name)
        return Target(str(number + 1), str(100 * (number + 1) + at))

    def _stage(self, of: j.JourneyStage[str], number: int) -> StageContent:
        self._number, self._steps = 0, {}
        root = self._block(of.steps, None, number)
        exits = [self._criteria(each, number) for each in of.exits]
        return StageContent(
            None,
            root,
            self._criteria(of.enter, number),
            self._criteria(of.milestone, number),
            tuple(each for each in exits if each is not None),
            msgspec.convert(self._steps, dict[str, Step]),
        )

    def _block(self, block: j.Block[str], after: str | None, number: int) -> str | None:
        """Adds the steps of a block; the id of the first, or what follows an empty block."""
        first = after
        previous: Any = None
        for position, step in enumerate(block):
            id = f"n{self._number}"
            self._number += 1
            if position == 0:
                first = id
            elif previous is not None:
                previous["next"] = id
            is_last = position + 1 == len(block)
            inner = j.blocks(step)
            if inner:
                merge = {"type": "Merge", "next": after if is_last else None}
                self._steps[id] = {}
                firsts = [self._block(each, f"m-{id}", number) for each in inner]
                self._steps[id] = self._branching(step, firsts)
                self._steps[f"m-{id}"] = previous = merge
            else:
                previous = self._plain(step, number)
                previous["next"] = after if is_last else None
                self._steps[id] = previous
        return first

    def _branching(self, step: Any, firsts: list[str | None]) -> Any:
        match step:
            case j.WaitForCondition():
                ways: list[Any] = [{**_ID, "segmentId": str(RULES.index(step.criterion.rule))}]
                if step.timeout is not None:
                    amount, unit = step.timeout
                    late = {"moveAfter": int(amount.text), "unit": unit, "timedOutPath": True}
                    # The order in which they are written does not matter.
                    ways.insert(0, {"id": "y", **late})
                    firsts = firsts[::-1]
                listed = [{**way, "next": next} for way, next in zip(ways, firsts, strict=True)]
                return {"type": "WaitStep", "waitStepType": "Condition", "conditions": listed}
            case j.Decide():
                listed = [
                    {
                        "id": branch.name,
                        "name": branch.name,
                        "segmentId": None if branch.rule is None else str(RULES.index(branch.rule)),
                        "excludedPath": branch.rule is None,
                        "next": next,
                    }
                    for branch, next in zip(step.branches, firsts, strict=True)
                ]
                return {"type": "DecisionPoint", "name": step.name, "branches": listed}
            case _:
                listed = [
                    {
                        "id": each.name,
                        "name": each.name,
                        "percentage": float(each.percentage.text),
                        "isControlGroup": each.control,
                        "cappingAt": None if each.cap is None else int(each.cap.text),
                        "next": next,
                    }
                    for each, next in zip(step.variants, firsts, strict=True)
                ]
                test = {"type": "ABTest", "name": step.name, "uniqueId": step.by}
                return {**test, "enabledCapping": True, "variants": listed}

    def _plain(self, step: j.Step[str], number: int) -> Any:
        match step:
            case j.Activate():
                return {"type": "Activation", "journeyActivationStepId": step.activation}
            case j.WaitFor():
                wait = {"waitStepType": "Duration", "waitStep": int(step.amount.text)}
                return {"type": "WaitStep", **wait, "waitStepUnit": step.unit}
            case j.WaitUntilDate():
                wait = {"waitStepType": "Date", "waitUntilDate": step.date}
                return {"type": "WaitStep", **wait, "timezone": step.timezone}
            case j.WaitUntilDays():
                days = [WEEKDAYS.index(day) + 1 for day in step.weekdays]
                wait = {"waitStepType": "DaysOfTheWeek", "waitUntilDaysOfTheWeek": days}
                return {"type": "WaitStep", **wait, "timezone": step.timezone}
            case j.Jump():
                target = msgspec.to_builtins(self._target(step.target, number))
                return {"type": "Jump", "target": target}
            case _:
                return {"type": "End"}


def sizes(program: JourneyProgram, state: JourneyState) -> dict[Any, Bits]:
    """Where profiles are, by the ids of steps."""
    return {
        (at.stage, program.stages[at.stage].step_id(at.step), at.since): bits
        for at, bits in state.places.items()
    }


def expected_sizes(program: sim.Program[str], state: JourneyState) -> dict[Any, Bits]:
    ends = [len(stage.nodes) - 1 for stage in program.stages]
    return {
        (at.stage, "" if at.step == ends[at.stage] else f"n{at.step}", at.since): bits
        for at, bits in state.places.items()
    }


class Server:
    """Runs lowered journeys as the local API does: what is between two runs is packed."""

    def __init__(self, written: tuple[j.Journey[str], ...], profiles: Profiles) -> None:
        lowered = Lowered(written)
        self.programs = [
            program_of(lowered.journey(number), of.name) for number, of in enumerate(written)
        ]
        self._profiles = profiles
        self._states: list[bytes | None] = [None] * len(written)
        self._arrivals: list[tuple[int, int, int, bool, bytes]] = []

    def run(self, sets: dict[int, Bits], evaluation: Evaluation) -> list[Outcome]:
        arrivals, self._arrivals = self._arrivals, []
        return [
            self._run(number, arrivals, sets, evaluation) for number in range(len(self.programs))
        ]

    def _run(
        self, number: int, arrivals: Iterable[Any], sets: dict[int, Bits], evaluation: Evaluation
    ) -> Outcome:
        program, content = self.programs[number], self._states[number]
        state = JourneyState() if content is None else unpack_state(content, program, None)
        stages = [stage.id for stage in program.stages]
        coming = [
            Jumping(
                0 if within else source + 1,
                sim.Target(0, stages.index(str(stage))),
                unpack_bits(bits),
                within,
            )
            for source, target, stage, within, bits in arrivals
            if target == number + 1
        ]
        outcome = evaluate(
            program.program, state, coming, sets.__getitem__, evaluation, self._profiles
        )
        self._states[number] = pack_state(outcome.state, program)
        for jump in outcome.jumps:
            at = jump.target
            if at.journey == 0:
                target, stage = number + 1, int(program.stages[at.stage].id)
            else:
                target, stage = program.targets[at.journey - 1]
            self._arrivals.append((number, target, stage, jump.within, pack_bits(jump.profiles)))
        return outcome


@settings(max_examples=5 if IS_QUICK else 40, deadline=None)
@given(journeys(), st.integers(0, 2**32), st.sampled_from(ZONES))
def test_a_graph_moves_profiles_as_its_blocks_do(
    written: tuple[j.Journey[str], ...], seed: int, zone: str
) -> None:
    chance = random.Random(seed)
    profiles = Profiles((f"p{number}" for number in range(PROFILES)), lambda _: ["x"] * PROFILES)
    sets = [
        {
            number: sum(1 << at for at in range(PROFILES) if chance.random() < 0.3)
            for number in range(len(RULES))
        }
        for _ in range(DAYS)
    ]

    def members(rule: str, evaluation: Evaluation) -> Bits:
        return sets[evaluation.number - 1][RULES.index(rule)]

    evaluations = list(daily(datetime(2025, 10, FIRST_DAY, 3), DAYS, zone))
    server = Server(written, profiles)
    blocks = sim.programs(written)
    for day in simulate(written, members, evaluations, profiles):
        outcomes = server.run(sets[day.evaluation.number - 1], day.evaluation)
        for number, (found, wanted) in enumerate(zip(outcomes, day.outcomes, strict=True)):
            program = server.programs[number]
            assert sizes(program, found.state) == expected_sizes(blocks[number], wanted.state)
            for name in ("underway", "been", "achieved", "received", "milestones"):
                assert getattr(found.state, name) == getattr(wanted.state, name), name
            packed = pack_state(found.state, program)
            assert unpack_state(packed, program, None) == found.state


ids = st.lists(st.text("abc", min_size=1, max_size=3), unique=True).map(sorted)


@given(ids, ids, st.data())
def test_sets_follow_profiles_to_another_population(
    before: list[str], after: list[str], data: st.DataObject
) -> None:
    chosen = data.draw(st.sets(st.sampled_from(before))) if before else set()
    bits = sum(1 << before.index(id) for id in chosen)
    moved = between(before, after)(bits)
    assert moved == sum(1 << after.index(id) for id in chosen if id in after)
    assert unpack_ids(pack_ids(before)) == before
    assert unpack_bits(pack_bits(bits)) == bits
