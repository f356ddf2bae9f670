"""Journeys as the simulation runs them: the steps of each stage in an order that it can follow.

The rule of a criterion is the id of its segment. Steps are numbered so that every way leads to a
higher number; the number after the last is the end of the steps. A graph need not nest, so it is
not read as blocks.
"""

from __future__ import annotations

from functools import cached_property

import msgspec

from segdsl.errors import SegdslError
from segdsl.language.activations import WEEKDAYS
from segdsl.language.journeys import (
    REENTRY,
    Activate,
    Branch,
    Criterion,
    Decide,
    End,
    JourneyStage,
    JourneyStageRef,
    Split,
    Variant,
    WaitFor,
    WaitForCondition,
    WaitUntilDate,
    WaitUntilDays,
)
from segdsl.language.journeys import Journey as LanguageJourney
from segdsl.language.journeys import Jump as JumpStep
from segdsl.language.journeys import Step as LanguageStep
from segdsl.language.values import ById, Number
from segdsl.server.kinds.journeys.model import (
    Content,
    Criteria,
    Journey,
    Path,
    Stage,
    StageContent,
    Step,
    Target,
)
from segdsl.simulation.program import Leaving, Node, Program
from segdsl.simulation.program import Stage as ProgramStage
from segdsl.simulation.program import Target as ProgramTarget

Rule = int
"""The id of a segment."""
_REENTRY = {api: mode for mode, api in REENTRY.items()}


class LoopError(SegdslError):
    """Steps that lead back to one before; the text is the id of such a step."""


class StageSteps(msgspec.Struct, frozen=True, dict=True):
    """A stage with the ids of its steps by their numbers, without the end."""

    id: str
    content: StageContent
    order: tuple[str, ...]

    def step_id(self, number: int) -> str:
        """The id of a step; `` for the end of the steps."""
        return self.order[number] if number < len(self.order) else ""

    def number_of(self, id: str) -> int | None:
        return len(self.order) if id == "" else self._numbers.get(id)

    def choices(self, number: int) -> tuple[str, ...]:
        """The ids of the ways on from a step."""
        if number >= len(self.order):
            return ()
        return choice_ids(self.content.steps[self.order[number]])

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {id: number for number, id in enumerate(self.order)}


class JourneyProgram(msgspec.Struct, frozen=True):
    """A journey as a program of number 0, its stages, and where its jumps lead.

    `targets` are the journey and the stage, as ids, of the targets with the numbers from 1.
    """

    program: Program[Rule]
    stages: tuple[StageSteps, ...]
    targets: tuple[tuple[int, int], ...]


def choice_ids(step: Step) -> tuple[str, ...]:
    """The ids of the ways on from a step; one without an id has its place."""
    return tuple(path.id or str(at) for at, path in enumerate(step.paths))


def step_order(stage: StageContent) -> tuple[str, ...]:
    """The steps that can be reached from the first, each before those that it leads to.

    Raises LoopError.
    """
    steps = stage.steps
    if stage.root_step is None or stage.root_step not in steps:
        return ()
    order: list[str] = []
    state: dict[str, bool] = {}
    # Whether a step is finished; its followers are visited before it is.
    waiting = [(stage.root_step, False)]
    while waiting:
        id, is_finished = waiting.pop()
        if is_finished:
            state[id] = True
            order.append(id)
            continue
        if id in state:
            if not state[id]:
                raise LoopError(id)
            continue
        state[id] = False
        waiting.append((id, True))
        for following in reversed(steps[id].following):
            if following not in steps:
                continue
            if state.get(following) is False:
                raise LoopError(following)
            if following not in state:
                waiting.append((following, False))
    return tuple(reversed(order))


def program_of(journey: Journey, name: str) -> JourneyProgram:
    """The program of a journey, called by the name of its bundle. Raises LoopError."""
    return _Builder(journey, name).build()


class _Builder:
    def __init__(self, journey: Journey, name: str) -> None:
        self._journey = journey
        self._name = name
        self._own = {stage.id: number for number, stage in enumerate(journey.stages)}
        self._targets: list[tuple[int, int]] = []

    def build(self) -> JourneyProgram:
        content = self._journey.content
        steps = tuple(
            StageSteps(str(stage.id), stage.content, step_order(stage.content))
            for stage in content.stages
        )
        stages = tuple(map(self._stage, content.stages, steps))
        program = Program(
            0,
            LanguageJourney[Rule](
                self._name,
                tuple(stage.stage for stage in stages),
                reentry=_REENTRY[content.reentry],
            ),
            self._goal(content),
            stages,
        )
        return JourneyProgram(program, steps, tuple(self._targets))

    def _goal(self, content: Content) -> Leaving[Rule] | None:
        return None if content.goal is None else self._leaving(content.goal)

    def _stage(self, stage: Stage, steps: StageSteps) -> ProgramStage[Rule]:
        content = stage.content
        end = len(steps.order)
        nodes = [self._node(content.steps[id], steps, end) for id in steps.order]
        written = JourneyStage[Rule](
            stage.name,
            enter=_criterion(content.entry_criteria),
            milestone=_criterion(content.milestone),
        )
        exits = tuple(
            leaving for leaving in map(self._leaving, content.exit_criterias) if leaving is not None
        )
        return ProgramStage(written, (*nodes, Node(End(), end)), exits)

    def _leaving(self, criteria: Criteria) -> Leaving[Rule] | None:
        criterion = _criterion(criteria)
        if criterion is None:
            return None
        return Leaving(criterion, self._target(criteria.target))

    def _target(self, target: Target | None) -> ProgramTarget | None:
        """The number of a target: 0 is this journey, others are numbered as they are met."""
        if target is None:
            return None
        journey, stage = int(target.journey_id), int(target.journey_stage_id)
        if journey == self._journey.id:
            return None if stage not in self._own else ProgramTarget(0, self._own[stage])
        if (journey, stage) not in self._targets:
            self._targets.append((journey, stage))
        return ProgramTarget(self._targets.index((journey, stage)) + 1, 0)

    def _node(self, step: Step, steps: StageSteps, end: int) -> Node[Rule]:
        def number(id: str | None) -> int:
            found = None if id is None else steps.number_of(id)
            return end if found is None else found

        built = _step(step)
        if step.branches_off:
            return Node(built, end, tuple(number(path.next) for path in _ways(step)))
        return Node(built, number(step.next), target=self._target(step.target))


def _ways(step: Step) -> tuple[Path, ...]:
    """The ways on in the order of the simulation: of a wait, first the one with a condition."""
    if step.type != "WaitStep":
        return step.paths
    return tuple(sorted(step.paths, key=lambda path: path.timed_out_path))


def _criterion(criteria: Criteria | None) -> Criterion[Rule] | None:
    if criteria is None or criteria.segment_id is None:
        return None
    jump = criteria.target
    where = None if jump is None else _stage_ref(jump)
    return Criterion(criteria.name or "", int(criteria.segment_id), where)


def _stage_ref(target: Target) -> JourneyStageRef:
    return JourneyStageRef(ById(target.journey_stage_id), ById(target.journey_id))


def _step(step: Step) -> LanguageStep[Rule]:
    match step.type:
        case "WaitStep":
            return _wait(step)
        case "Activation":
            return Activate(step.journey_activation_step_id or "")
        case "DecisionPoint":
            return Decide(step.name or "", tuple(map(_branch, step.paths)))
        case "ABTest":
            variants = tuple(_variant(path, step) for path in step.paths)
            return Split(step.name or "", variants, step.unique_id)
        case "Merge":
            # Profiles pass at once, and are counted as those who came.
            return WaitFor(Number("0"), "day")
        case "Jump":
            assert step.target is not None, "a launched journey knows its targets"
            return JumpStep(_stage_ref(step.target))
        case "End":
            return End()


def _wait(step: Step) -> LanguageStep[Rule]:
    match step.wait_step_type:
        case "Date":
            return WaitUntilDate(step.wait_until_date or "", step.timezone)
        case "DaysOfTheWeek":
            days = step.wait_until_days_of_the_week or ()
            return WaitUntilDays(tuple(WEEKDAYS[day - 1] for day in days), step.timezone)
        case "Condition":
            met, *late = _ways(step)
            timeout = None
            if late and late[0].move_after is not None:
                timeout = (Number(str(late[0].move_after)), late[0].unit or "day")
            criterion = Criterion(met.name or "", int(met.segment_id or 0))
            return WaitForCondition(criterion, timeout=timeout)
        case "Duration" | None:
            # A step without a type is one of a duration (observed in clients).
            return WaitFor(Number(str(step.wait_step or 0)), step.wait_step_unit or "day")


def _branch(path: Path) -> Branch[Rule]:
    rule = None if path.excluded_path or path.segment_id is None else int(path.segment_id)
    return Branch(path.name or "", rule)


def _variant(path: Path, step: Step) -> Variant[Rule]:
    cap = path.capping_at if step.enabled_capping else None
    return Variant(
        path.name or "",
        Number(str(path.percentage or 0)),
        path.is_control_group,
        None if cap is None else Number(str(cap)),
    )
