"""What a journey is: its stages, and their steps as a graph, as clients write it.

Drafts are loose: almost everything may be missing. What the description marks as read-only is not
kept. The type of an A/B test is `ABTest` here, as real servers write it (observed); the description
has `AbTest`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal as OneOf

import msgspec

StepType = OneOf["WaitStep", "Activation", "DecisionPoint", "ABTest", "Merge", "Jump", "End"]
WaitType = OneOf["Duration", "Date", "DaysOfTheWeek", "Condition"]
Unit = OneOf["day", "week"]
State = OneOf["draft", "simulation", "launched"]
Reentry = OneOf["no_reentry", "reentry_unless_goal_achieved", "reentry_always"]
JumpKind = OneOf["goal", "exit", "jump_step"]


class Part(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """A part of a journey; None is what is not there."""


class Target(Part, frozen=True):
    """The stage that a jump leads to."""

    journey_id: str
    journey_stage_id: str


class Criteria(Part, frozen=True):
    """A goal, or what a stage is entered, passed or left by: the description's JourneyCriteria."""

    name: str | None = None
    segment_id: str | None = None
    description: str | None = None
    target: Target | None = None


class Path(Part, frozen=True):
    """A way on from a step: a branch, a variant, or a condition that is waited for."""

    id: str | None = None
    name: str | None = None
    next: str | None = None
    description: str | None = None
    segment_id: str | None = None
    excluded_path: bool = False
    timed_out_path: bool = False
    move_after: int | None = None
    unit: Unit | None = None
    percentage: int | float | None = None
    is_control_group: bool = False
    capping_at: int | None = None


class Step(Part, frozen=True):
    """A step of any type; which keys have a value depends on the type."""

    type: StepType
    name: str | None = None
    next: str | None = None
    description: str | None = None
    journey_activation_step_id: str | None = None
    wait_step_type: WaitType | None = None
    wait_step: int | None = None
    wait_step_unit: Unit | None = None
    wait_until_date: str | None = None
    wait_until_days_of_the_week: tuple[int, ...] | None = None
    timezone: str | None = None
    conditions: tuple[Path, ...] | None = None
    branches: tuple[Path, ...] | None = None
    variants: tuple[Path, ...] | None = None
    customized_split: bool | None = None
    unique_id: str | None = None
    enabled_capping: bool | None = None
    target: Target | None = None

    @property
    def paths(self) -> tuple[Path, ...]:
        """The ways on of a step that has several."""
        match self.type:
            case "DecisionPoint":
                return self.branches or ()
            case "ABTest":
                return self.variants or ()
            case "WaitStep" if self.wait_step_type == "Condition":
                return self.conditions or ()
            case _:
                return ()

    @property
    def branches_off(self) -> bool:
        return self.type in ("DecisionPoint", "ABTest") or self.wait_step_type == "Condition"

    @property
    def following(self) -> tuple[str, ...]:
        """The ids of the steps that this one leads to."""
        if self.branches_off:
            return tuple(path.next for path in self.paths if path.next is not None)
        if self.type in ("Jump", "End") or self.next is None:
            return ()
        return (self.next,)


class StageContent(Part, frozen=True):
    """What a client defines of a stage. `steps` are keyed by their ids."""

    description: str | None = None
    root_step: str | None = None
    entry_criteria: Criteria | None = None
    milestone: Criteria | None = None
    exit_criterias: tuple[Criteria, ...] = ()
    steps: Mapping[str, Step] = {}

    @property
    def criteria(self) -> Iterator[tuple[str, Criteria]]:
        """The criteria of a stage that are there, with their places in it."""
        if self.entry_criteria is not None:
            yield ".entryCriteria", self.entry_criteria
        if self.milestone is not None:
            yield ".milestone", self.milestone
        for at, each in enumerate(self.exit_criterias):
            yield f".exitCriterias[{at}]", each


class Stage(msgspec.Struct, frozen=True):
    """A stage of a journey; a new one has no `id` yet."""

    id: int | None
    name: str
    content: StageContent = StageContent()


class Bundle(msgspec.Struct, frozen=True):
    """The versions of one journey: its name, and the version that is the latest."""

    id: int
    audience: str
    name: str
    folder: int
    description: str | None
    latest: int
    last_version: int


class Content(msgspec.Struct, frozen=True):
    """What a client defines of a version."""

    name: str
    description: str | None = None
    state: State = "draft"
    reentry: Reentry = "no_reentry"
    goal: Criteria | None = None
    stages: tuple[Stage, ...] = ()


class Journey(msgspec.Struct, frozen=True):
    """A version of a journey, in the folder of its bundle. Times are Unix seconds."""

    id: int
    audience: str
    bundle: int
    version: int
    folder: int
    content: Content
    launched: int | None
    paused: int | None
    created: int
    updated: int

    @property
    def name(self) -> str:
        return self.content.name

    @property
    def stages(self) -> tuple[Stage, ...]:
        return self.content.stages

    @property
    def is_launched(self) -> bool:
        return self.content.state == "launched"

    def stage(self, id: int) -> Stage | None:
        return next((stage for stage in self.stages if stage.id == id), None)


class Jump(msgspec.Struct, frozen=True):
    """A way to a stage: by the goal, by an exit of a stage, or by a step."""

    place: str
    kind: JumpKind
    name: str | None
    stage: int | None
    target: Target


# --- what a journey names -------------------------------------------------------------------


def named_segments(content: Content) -> Iterator[tuple[str, str]]:
    """The ids of segments, each with its place in the attributes of a body."""
    if content.goal is not None and content.goal.segment_id is not None:
        yield ".goal.segmentId", content.goal.segment_id
    for number, stage in enumerate(content.stages):
        place = f".journeyStages[{number}]"
        for at, criteria in stage.content.criteria:
            if criteria.segment_id is not None:
                yield f"{place}{at}.segmentId", criteria.segment_id
        for id, step in stage.content.steps.items():
            for path in step.paths:
                if path.segment_id is not None:
                    yield f"{place}.steps.{id}", path.segment_id


def jumps(content: Content) -> Iterator[tuple[str, Jump]]:
    """The jumps of a journey, each with its place in the attributes of a body."""
    goal = content.goal
    if goal is not None and goal.target is not None:
        yield ".goal.target", Jump("goal", "goal", goal.name, None, goal.target)
    for number, stage in enumerate(content.stages):
        place = f".journeyStages[{number}]"
        for at, exit in enumerate(stage.content.exit_criterias):
            if exit.target is not None:
                jump = Jump(f"{stage.id}-exit-{at}", "exit", exit.name, stage.id, exit.target)
                yield f"{place}.exitCriterias[{at}].target", jump
        for id, step in stage.content.steps.items():
            if step.type == "Jump" and step.target is not None:
                jump = Jump(f"{stage.id}-{id}", "jump_step", step.name, stage.id, step.target)
                yield f"{place}.steps.{id}.target", jump


def map_content(
    content: Content,
    segment: Mapping[str, str],
    activation: Mapping[str, str],
    target: Mapping[tuple[str, str], tuple[str, str]],
) -> Content:
    """The content with other ids of segments, activations and jump targets; others stay."""

    def targeted(of: Target | None) -> Target | None:
        if of is None:
            return None
        return Target(*target.get((of.journey_id, of.journey_stage_id), _pair(of)))

    def criteria(of: Criteria | None) -> Criteria | None:
        return None if of is None else changed(of)

    def changed(of: Criteria) -> Criteria:
        id = of.segment_id
        return msgspec.structs.replace(
            of, segment_id=id and segment.get(id, id), target=targeted(of.target)
        )

    def paths(of: tuple[Path, ...] | None) -> tuple[Path, ...] | None:
        if of is None:
            return None
        return tuple(
            msgspec.structs.replace(
                path, segment_id=path.segment_id and segment.get(path.segment_id, path.segment_id)
            )
            for path in of
        )

    def step(of: Step) -> Step:
        id = of.journey_activation_step_id
        return msgspec.structs.replace(
            of,
            journey_activation_step_id=id and activation.get(id, id),
            conditions=paths(of.conditions),
            branches=paths(of.branches),
            target=targeted(of.target),
        )

    def stage(of: Stage) -> Stage:
        inner = of.content
        mapped = msgspec.structs.replace(
            inner,
            entry_criteria=criteria(inner.entry_criteria),
            milestone=criteria(inner.milestone),
            exit_criterias=tuple(map(changed, inner.exit_criterias)),
            steps={id: step(each) for id, each in inner.steps.items()},
        )
        return msgspec.structs.replace(of, content=mapped)

    return msgspec.structs.replace(
        content, goal=criteria(content.goal), stages=tuple(map(stage, content.stages))
    )


def _pair(target: Target) -> tuple[str, str]:
    return target.journey_id, target.journey_stage_id
