"""What a journey says: its stages, and the steps that profiles go through in each.

The same nodes are in the syntax tree and behind the resolver; they differ in what a rule is: there
a `StageRule` of the syntax tree, here a `Segment` of the condition tree with the rule's name. The
API has a segment of its own for each of them (`segmentId`). Steps nest: a block is a tuple of
steps, and the blocks of one step meet behind it, where the API has a `Merge`. API names stand in
the docstrings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar, assert_never
from typing import Literal as OneOf

import msgspec

from segdsl.language.activations import Weekday
from segdsl.language.values import Number, Reference
from segdsl.source import NOWHERE, Span

RuleT = TypeVar("RuleT")
OtherT = TypeVar("OtherT")

Reentry = OneOf["never", "unless goal achieved", "always"]
REENTRY: dict[Reentry, str] = {
    "never": "no_reentry",
    "unless goal achieved": "reentry_unless_goal_achieved",
    "always": "reentry_always",
}
"""Whether a profile that has left may enter again, and the API's `reentryMode` (described)."""
WaitUnit = OneOf["day", "week"]
DEFAULT_ZONE = "UTC"
"""The time zone of a wait that names none: the API needs one, and has this one there (observed)."""
MAX_STAGES = 8
MAX_CAP = 1_000_000
"""The most profiles of a variant (`cappingAt`, described)."""
MAX_NESTING = 50
"""Levels of blocks in one stage: our own limit."""


class JourneyStageRef(msgspec.Struct, frozen=True, gc=False):
    """`stage "Loyal" of journey "VIP"`, or a stage by its id: the API's JourneyJumpTarget.

    `journey` is None where the stage is one of the same journey.
    """

    stage: Reference
    journey: Reference | None = None
    span: Span = NOWHERE


class Criterion(msgspec.Struct, Generic[RuleT], frozen=True, gc=False):
    """`"New sign-ups" description "…" where …`: a name, and who meets it (JourneyCriteria).

    `jump` is where those who meet it go on, for a goal and for exits. The description of what a
    wait is for is that of the step.
    """

    name: str
    rule: RuleT
    jump: JourneyStageRef | None = None
    span: Span = NOWHERE
    name_span: Span = NOWHERE
    description: str | None = None


# --- steps ---------------------------------------------------------------------------


class Activate(msgspec.Struct, frozen=True, gc=False):
    """`activate "Welcome mail" as "First mail"`: an activation of this journey, by its name."""

    activation: str
    name: str | None = None
    span: Span = NOWHERE


class WaitFor(msgspec.Struct, frozen=True, gc=False):
    """`wait 3 days`: a WaitStep of the type Duration."""

    amount: Number
    unit: WaitUnit
    name: str | None = None
    span: Span = NOWHERE


class WaitUntilDate(msgspec.Struct, frozen=True, gc=False):
    """`wait until 2025-12-01 in "Asia/Tokyo"`; without a time zone it is UTC.

    Steps for which nobody chose a time zone have that one (observed).
    """

    date: str
    timezone: str | None = None
    name: str | None = None
    span: Span = NOWHERE


class WaitUntilDays(msgspec.Struct, frozen=True, gc=False):
    """`wait until Monday or Friday in "Asia/Tokyo"`: a WaitStep of the type DaysOfTheWeek."""

    weekdays: tuple[Weekday, ...]
    timezone: str | None = None
    name: str | None = None
    span: Span = NOWHERE


class WaitForCondition(msgspec.Struct, Generic[RuleT], frozen=True, gc=False):
    """`wait for "Purchase" as "Wait" where … up to 2 weeks then (…) otherwise (…)`.

    `timeout` is None where profiles wait for ever; they have no `otherwise` then.
    `otherwise_span` is where that block stands with its word.
    """

    criterion: Criterion[RuleT]
    then: tuple[Step[RuleT], ...] = ()
    timeout: tuple[Number, WaitUnit] | None = None
    otherwise: tuple[Step[RuleT], ...] = ()
    name: str | None = None
    span: Span = NOWHERE
    otherwise_span: Span = NOWHERE


class Branch(msgspec.Struct, Generic[RuleT], frozen=True, gc=False):
    """`when "Opened" where … then (…)`, or `otherwise "Rest" then (…)`, whose rule is None."""

    name: str
    rule: RuleT | None
    steps: tuple[Step[RuleT], ...] = ()
    span: Span = NOWHERE
    name_span: Span = NOWHERE
    description: str | None = None


class Decide(msgspec.Struct, Generic[RuleT], frozen=True, gc=False):
    """`decide "Opened?" (…)`: a DecisionPoint; a profile takes the first branch that it meets."""

    name: str
    branches: tuple[Branch[RuleT], ...] = ()
    span: Span = NOWHERE


class Variant(msgspec.Struct, Generic[RuleT], frozen=True, gc=False):
    """`50% "Casual" up to 1000 then (…)`; `cap` is `cappingAt`, `control` `isControlGroup`."""

    name: str
    percentage: Number
    control: bool = False
    cap: Number | None = None
    steps: tuple[Step[RuleT], ...] = ()
    span: Span = NOWHERE
    name_span: Span = NOWHERE


class Split(msgspec.Struct, Generic[RuleT], frozen=True, gc=False):
    """`split "Tone" by email (…)`: an AbTest.

    `by` is the attribute that the variant of a profile is drawn from (`uniqueId`), None where it is
    the id of the profile.
    """

    name: str
    variants: tuple[Variant[RuleT], ...] = ()
    by: str | None = None
    span: Span = NOWHERE


class Jump(msgspec.Struct, frozen=True, gc=False):
    """`jump to stage "Loyal" of journey "VIP"`: profiles leave for another stage."""

    target: JourneyStageRef
    name: str | None = None
    span: Span = NOWHERE


class End(msgspec.Struct, frozen=True, gc=False):
    """`end`: profiles stay in the stage, with no further step."""

    name: str | None = None
    span: Span = NOWHERE


Step = (
    Activate
    | WaitFor
    | WaitUntilDate
    | WaitUntilDays
    | WaitForCondition[RuleT]
    | Decide[RuleT]
    | Split[RuleT]
    | Jump
    | End
)
Block = tuple[Step[RuleT], ...]


# --- the whole -----------------------------------------------------------------------


class JourneyStage(msgspec.Struct, Generic[RuleT], frozen=True, gc=False):
    """A stage: who enters it, its milestone, its exits in order, and its steps."""

    name: str
    description: str | None = None
    enter: Criterion[RuleT] | None = None
    milestone: Criterion[RuleT] | None = None
    exits: tuple[Criterion[RuleT], ...] = ()
    steps: tuple[Step[RuleT], ...] = ()
    span: Span = NOWHERE
    name_span: Span = NOWHERE


class Journey(msgspec.Struct, Generic[RuleT], frozen=True, gc=False):
    """A journey; None is what is not written. `reentry` is `never` on the server then."""

    name: str
    stages: tuple[JourneyStage[RuleT], ...] = ()
    description: str | None = None
    folder: str | None = None
    reentry: Reentry | None = None
    goal: Criterion[RuleT] | None = None
    span: Span = NOWHERE
    name_span: Span = NOWHERE


# --- what contains what ----------------------------------------------------------------


def blocks(step: Step[RuleT]) -> tuple[Block[RuleT], ...]:
    """The blocks of a step, in the order written; none of a step that has one way on."""
    match step:
        case WaitForCondition():
            return (step.then, step.otherwise) if step.timeout is not None else (step.then,)
        case Decide():
            return tuple(branch.steps for branch in step.branches)
        case Split():
            return tuple(variant.steps for variant in step.variants)
        case Activate() | WaitFor() | WaitUntilDate() | WaitUntilDays() | Jump() | End():
            return ()
        case _:
            assert_never(step)


def walk_steps(block: Block[RuleT]) -> Iterator[Step[RuleT]]:
    """Every step of a block and of the blocks in it, in the order written."""
    waiting = list(reversed(block))
    while waiting:
        step = waiting.pop()
        yield step
        for inner in reversed(blocks(step)):
            waiting.extend(reversed(inner))


def goes_on(block: Block[RuleT]) -> bool:
    """Whether a profile may come through a block to what is behind it; it comes through none."""
    return all(map(step_goes_on, block))


def step_goes_on(step: Step[RuleT]) -> bool:
    """Whether a profile may come to what is behind a step, on one of its paths at least."""
    match step:
        case Jump() | End():
            return False
        case WaitForCondition() | Decide() | Split():
            return any(map(goes_on, blocks(step)))
        case Activate() | WaitFor() | WaitUntilDate() | WaitUntilDays():
            return True
        case _:
            assert_never(step)


def step_rules(step: Step[RuleT]) -> tuple[RuleT, ...]:
    """The rules of a step itself, without those of the steps in it."""
    match step:
        case WaitForCondition():
            return (step.criterion.rule,)
        case Decide():
            return tuple(branch.rule for branch in step.branches if branch.rule is not None)
        case Split() | Activate() | WaitFor() | WaitUntilDate() | WaitUntilDays() | Jump() | End():
            return ()
        case _:
            assert_never(step)


def named_rules(journey: Journey[RuleT]) -> Iterator[tuple[str, RuleT]]:
    """Every rule of a journey with the name of its criterion or branch, in the order written.

    The goal comes first, and in a stage who enters, the milestone, exits, and the steps.
    """
    if journey.goal is not None:
        yield journey.goal.name, journey.goal.rule
    for stage in journey.stages:
        yield from _stage_rules(stage)


def _stage_rules(stage: JourneyStage[RuleT]) -> Iterator[tuple[str, RuleT]]:
    for criterion in (stage.enter, stage.milestone, *stage.exits):
        if criterion is not None:
            yield criterion.name, criterion.rule
    yield from _block_rules(stage.steps)


def stage_rules(stage: JourneyStage[RuleT]) -> Iterator[RuleT]:
    """The rules of a stage: to enter, the milestone, exits, and those of its steps."""
    return (rule for _, rule in _stage_rules(stage))


def _block_rules(block: Block[RuleT]) -> Iterator[tuple[str, RuleT]]:
    for step in block:
        match step:
            case WaitForCondition():
                yield step.criterion.name, step.criterion.rule
                for inner in blocks(step):
                    yield from _block_rules(inner)
            case Decide():
                for branch in step.branches:
                    if branch.rule is not None:
                        yield branch.name, branch.rule
                    yield from _block_rules(branch.steps)
            case _:
                for inner in blocks(step):
                    yield from _block_rules(inner)


def rules(journey: Journey[RuleT]) -> Iterator[RuleT]:
    """Every rule of a journey, in the order of `named_rules`."""
    return (rule for _, rule in named_rules(journey))


def map_rules(journey: Journey[RuleT], change: Callable[[RuleT], OtherT]) -> Journey[OtherT]:
    """The journey with another thing in the place of each rule, in the order of `named_rules`."""
    return _Mapped(change).journey(journey)


class _Mapped(Generic[RuleT, OtherT]):
    """Rebuilds a journey, as deep as the parser lets blocks nest."""

    def __init__(
        self,
        change: Callable[[RuleT], OtherT],
        target: Callable[[JourneyStageRef], JourneyStageRef] | None = None,
    ) -> None:
        self._change = change
        self._target = target or (lambda target: target)

    def journey(self, journey: Journey[RuleT]) -> Journey[OtherT]:
        goal = self._criterion(journey.goal)
        stages = tuple(map(self._stage, journey.stages))
        return Journey(
            journey.name,
            stages,
            journey.description,
            journey.folder,
            journey.reentry,
            goal,
            journey.span,
            journey.name_span,
        )

    def _stage(self, stage: JourneyStage[RuleT]) -> JourneyStage[OtherT]:
        return JourneyStage(
            stage.name,
            stage.description,
            self._criterion(stage.enter),
            self._criterion(stage.milestone),
            tuple(map(self._changed, stage.exits)),
            self._block(stage.steps),
            stage.span,
            stage.name_span,
        )

    def _criterion(self, criterion: Criterion[RuleT] | None) -> Criterion[OtherT] | None:
        return None if criterion is None else self._changed(criterion)

    def _changed(self, criterion: Criterion[RuleT]) -> Criterion[OtherT]:
        return Criterion(
            criterion.name,
            self._change(criterion.rule),
            None if criterion.jump is None else self._target(criterion.jump),
            criterion.span,
            criterion.name_span,
            criterion.description,
        )

    def _block(self, block: Block[RuleT]) -> Block[OtherT]:
        return tuple(map(self._step, block))

    def _step(self, step: Step[RuleT]) -> Step[OtherT]:
        match step:
            case WaitForCondition():
                return WaitForCondition(
                    self._changed(step.criterion),
                    self._block(step.then),
                    step.timeout,
                    self._block(step.otherwise),
                    step.name,
                    step.span,
                    step.otherwise_span,
                )
            case Decide():
                return Decide(step.name, tuple(map(self._branch, step.branches)), step.span)
            case Split():
                return Split(
                    step.name, tuple(map(self._variant, step.variants)), step.by, step.span
                )
            case Jump(target):
                return msgspec.structs.replace(step, target=self._target(target))
            case Activate() | WaitFor() | WaitUntilDate() | WaitUntilDays() | End():
                return step
            case _:
                assert_never(step)

    def _branch(self, branch: Branch[RuleT]) -> Branch[OtherT]:
        rule = None if branch.rule is None else self._change(branch.rule)
        return Branch(
            branch.name,
            rule,
            self._block(branch.steps),
            branch.span,
            branch.name_span,
            branch.description,
        )

    def _variant(self, variant: Variant[RuleT]) -> Variant[OtherT]:
        return Variant(
            variant.name,
            variant.percentage,
            variant.control,
            variant.cap,
            self._block(variant.steps),
            variant.span,
            variant.name_span,
        )


def map_targets(
    journey: Journey[RuleT], change: Callable[[JourneyStageRef], JourneyStageRef]
) -> Journey[RuleT]:
    """The journey with another stage in the place of each that it jumps to."""

    def same(rule: RuleT) -> RuleT:
        return rule

    return _Mapped(same, change).journey(journey)
