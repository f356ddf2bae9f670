"""The numbers of one run of a journey, counted from what the simulation says happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from segdsl.server.kinds.journeys.programs import JourneyProgram, StageSteps
from segdsl.server.kinds.journeys.run_table import HistoryRecord, StageRecord
from segdsl.simulation.bits import Bits
from segdsl.simulation.state import Event, EventKind, JourneyState, Outcome

_ENTERED_STAGE: tuple[EventKind, ...] = ("entered", "continued", "arrived", "moved")


class _Fact(msgspec.Struct, frozen=True):
    """An event with what it was about: `by` is the event whose jump it is, `within` the journey."""

    event: Event
    number: int
    by: EventKind | None = None
    within: bool = False


def record_of(program: JourneyProgram, outcome: Outcome, gone: JourneyState) -> HistoryRecord:
    """The numbers of a run; `gone` are those who are no longer profiles.

    They count as those who left by no exit. A jump of the goal counts as the goal alone, and a
    jump within the journey leaves its stage and not the journey.
    """
    facts = list(_facts(program, outcome.events))
    lost = _stage_sizes(gone)
    resting = _stage_sizes(outcome.state)
    stages = {
        stage.id: _stage_record(
            program, number, [fact for fact in facts if fact.event.stage == number],
            outcome.state, resting[number], lost[number],
        )
        for number, stage in enumerate(program.stages)
    }  # fmt: skip
    left = sum(lost.values()) + gone.underway.bit_count()
    exits = sum(fact.number for fact in facts if _is_plain_exit(program, fact))
    return HistoryRecord(
        size=sum(resting.values()) + outcome.state.underway.bit_count(),
        entered=_sum(facts, "entered", "arrived"),
        goal=_sum(facts, "goal"),
        exited=exits + _sum(facts, "dropped") + left,
        jumped=sum(fact.number for fact in facts if _is_jump(fact) and not fact.within),
        stages=stages,
    )


def _facts(program: JourneyProgram, events: Iterable[Event]) -> Iterator[_Fact]:
    before: Event | None = None
    for event in events:
        number = event.profiles.bit_count()
        if event.kind != "jumped":
            yield _Fact(event, number)
        elif before is not None and before.kind in ("goal", "exit"):
            # A goal or an exit is followed by the jump that it leads to.
            yield _Fact(event, number, before.kind, _exit_stays(program, before))
        else:
            yield _Fact(event, number, None, _step_stays(program, event))
        before = event


def _exit_stays(program: JourneyProgram, event: Event) -> bool:
    if event.kind != "exit" or event.stage is None or event.choice is None:
        return False
    target = program.program.stages[event.stage].exits[event.choice].target
    return target is not None and target.journey == 0


def _step_stays(program: JourneyProgram, event: Event) -> bool:
    if event.stage is None or event.step is None:
        return False
    target = program.program.stages[event.stage].nodes[event.step].target
    return target is not None and target.journey == 0


def _is_jump(fact: _Fact) -> bool:
    return fact.event.kind == "jumped" and fact.by != "goal"


def _is_plain_exit(program: JourneyProgram, fact: _Fact) -> bool:
    event = fact.event
    if event.kind != "exit" or event.stage is None or event.choice is None:
        return False
    return not program.program.stages[event.stage].exits[event.choice].jumps


def _sum(facts: Iterable[_Fact], *kinds: EventKind) -> int:
    return sum(fact.number for fact in facts if fact.event.kind in kinds)


def _stage_sizes(state: JourneyState) -> Counter[int]:
    sizes: Counter[int] = Counter()
    for place, bits in state.places.items():
        sizes[place.stage] += bits.bit_count()
    return sizes


def _stage_record(
    program: JourneyProgram,
    number: int,
    facts: list[_Fact],
    state: JourneyState,
    size: int,
    gone: int,
) -> StageRecord:
    stage = program.stages[number]
    exits = [
        sum(
            fact.number
            for fact in facts
            if fact.event.kind == "exit" and fact.event.choice == choice
        )
        for choice in range(len(program.program.stages[number].exits))
    ]
    return StageRecord(
        size=size,
        entered=_sum(facts, *_ENTERED_STAGE),
        milestone=_sum(facts, "milestone"),
        exited=sum(fact.number for fact in facts if _is_plain_exit(program, fact)) + gone,
        jumped=sum(fact.number for fact in facts if _is_jump(fact)),
        goal=_sum(facts, "goal"),
        advanced=_sum(facts, "advanced"),
        exits=tuple(exits),
        step_sizes=_step_sizes(stage, number, state),
        step_influxes=_step_influxes(stage, facts),
    )


def _step_sizes(stage: StageSteps, number: int, state: JourneyState) -> Mapping[str, int]:
    sizes = dict.fromkeys(stage.content.steps, 0)
    for place, bits in state.places.items():
        if place.stage == number and (id := stage.step_id(place.step)):
            sizes[id] += bits.bit_count()
    return sizes


def _step_influxes(stage: StageSteps, facts: Iterable[_Fact]) -> Mapping[str, int]:
    influxes = dict.fromkeys(stage.content.steps, 0)
    for fact in facts:
        step = fact.event.step
        if fact.event.kind == "step" and step is not None and (id := stage.step_id(step)):
            influxes[id] += fact.number
    return influxes


def sent(program: JourneyProgram, outcome: Outcome) -> dict[str, Bits]:
    """Who was sent to each activation, by its id."""
    found: dict[str, Bits] = {}
    for event in outcome.events:
        if event.kind == "sent" and event.stage is not None and event.step is not None:
            stage = program.stages[event.stage]
            step = stage.content.steps[stage.step_id(event.step)]
            id = step.journey_activation_step_id or ""
            found[id] = found.get(id, 0) | event.profiles
    return found
