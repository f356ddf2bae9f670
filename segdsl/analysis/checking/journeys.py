"""What is wrong with a journey in itself, without a schema or other files.

Limits are documented, or described where that is said. What the API takes for a draft and refuses
for a launch is a warning: a journey grows in the files too. What proofs say of its rules is a lint.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from segdsl.analysis.checking.journey_steps import check_ends, check_waits
from segdsl.analysis.checking.segments import PROFILE_ID
from segdsl.analysis.checking.types import ELEMENTS
from segdsl.diagnostics import Code, Note, Report
from segdsl.diagnostics.places import counted
from segdsl.language import journeys as j
from segdsl.language.condition import tree as c
from segdsl.language.syntax.spelling import name, string
from segdsl.schema.model import Schema
from segdsl.source import Span

_PULL = "if it is new, run `segdsl schema pull`"
MAX_EVENTS = 120
"""Events of a journey."""
MAX_STAGE_EVENTS = 70
MAX_ACTIVATIONS = 50
"""Activations that a journey with `MAX_EVENTS` has fewer of."""
MIN_WAYS, MAX_WAYS = 2, 6
"""Branches of a decision, `otherwise` included."""
MAX_VARIANTS = 8
"""Variants of a split beside its control variant."""
MAX_DECISION_LAYERS = 2
MAX_SPLIT_LAYERS = 4

Journey = j.Journey[c.Segment]
Stage = j.JourneyStage[c.Segment]
Step = j.Step[c.Segment]
Block = j.Block[c.Segment]


def check_journey(journey: Journey, report: Report) -> None:
    """Reports what no other file is needed for."""
    _check_size(journey, report)
    last = len(journey.stages) - 1
    for number, stage in enumerate(journey.stages):
        _check_completeness(stage, is_last=number == last, report=report)
        _check_names(stage, report)
        check_ends(stage.steps, report)
        check_waits(stage.steps, report)
        for step, decisions, splits in _layers(stage.steps):
            _check_step(step, decisions, splits, report)
    if journey.reentry == "unless goal achieved" and journey.goal is None:
        report.add(
            Code.SEG637,
            journey.name_span,
            f"the journey {string(journey.name)} is entered again `unless goal achieved`, but has "
            "no `goal`",
            help='add one, as in `goal "Bought" where …`, or write `reentry always`',
        )


def check_seeds(journey: Journey, schema: Schema, report: Report) -> None:
    """Reports attributes that variants are drawn by, and that the parent segment does not have."""
    for stage in journey.stages:
        for step in j.walk_steps(stage.steps):
            if not isinstance(step, j.Split) or step.by is None or step.by == PROFILE_ID.name:
                continue
            column = schema.attributes_by_name.get(step.by)
            written = f"`{name(step.by)}`"
            if column is None:
                names = [each.name for each in schema.attributes]
                report.add(
                    Code.SEG501,
                    step.span,
                    f"there is no attribute {written}",
                    help=report.did_you_mean(step.by, names, _PULL),
                )
            elif column.type in ELEMENTS:
                report.add(
                    Code.SEG508,
                    step.span,
                    f"{written} is of type {column.type}, and variants are drawn by one value",
                    help="use an attribute with one value for each profile, such as its id",
                )


# --- how much ------------------------------------------------------------------------


def events_of(stage: Stage) -> int:
    """The events of a stage: each step but `end`, and one for who enters it (assumed).

    The documentation counts 24 in eight stages that each have an entry, a wait and an activation.
    """
    return 1 + sum(not isinstance(step, j.End) for step in j.walk_steps(stage.steps))


def _check_size(journey: Journey, report: Report) -> None:
    number = len(journey.stages)
    if not 1 <= number <= j.MAX_STAGES:
        stages = counted(number, "stage") if number else "no stages"
        report.add(
            Code.SEG244,
            journey.name_span,
            f"the journey {string(journey.name)} has {stages}",
            help=f"a journey has from 1 to {j.MAX_STAGES} stages",
        )
    sizes = [events_of(stage) for stage in journey.stages]
    for stage, size in zip(journey.stages, sizes, strict=True):
        if size > MAX_STAGE_EVENTS:
            report.add(
                Code.SEG245,
                stage.name_span,
                f"the stage {string(stage.name)} has {size} events",
                help=f"a stage has at most {MAX_STAGE_EVENTS}: move steps to another stage",
            )
    total = sum(sizes)
    if total > MAX_EVENTS:
        report.add(
            Code.SEG245,
            journey.name_span,
            f"the journey {string(journey.name)} has {total} events",
            help=f"a journey has at most {MAX_EVENTS}: make two journeys, and jump from one to "
            "the other",
        )
    steps = (step for stage in journey.stages for step in j.walk_steps(stage.steps))
    activations = sum(isinstance(step, j.Activate) for step in steps)
    if total == MAX_EVENTS and activations >= MAX_ACTIVATIONS:
        report.add(
            Code.SEG245,
            journey.name_span,
            f"the journey {string(journey.name)} has {activations} activations",
            help=f"one with {MAX_EVENTS} events has fewer than {MAX_ACTIVATIONS}",
        )


# --- what is missing -----------------------------------------------------------------


def _check_completeness(stage: Stage, *, is_last: bool, report: Report) -> None:
    """What a launch needs: criteria, steps, and a milestone that leads to the next stage."""
    shown = f"the stage {string(stage.name)}"
    if stage.enter is None:
        report.add(
            Code.SEG628,
            stage.name_span,
            f"{shown} has no `enter`",
            help='a launch needs one: `enter "…" where …`',
        )
    if not is_last and stage.milestone is None:
        report.add(
            Code.SEG628,
            stage.name_span,
            f"{shown} has no `milestone`",
            help='nobody goes on to the next stage: add `milestone "…" where …`',
        )
    if is_last and stage.milestone is not None:
        report.add(
            Code.SEG628,
            stage.milestone.span,
            f"{shown} is the last one, and its milestone leads nowhere",
            help="add a stage behind it, or remove the milestone",
        )
    if not stage.steps:
        report.add(
            Code.SEG628,
            stage.name_span,
            f"{shown} has no `steps`",
            help="add what happens in it: `steps (activate …, wait 3 days, end)`",
        )


def _check_names(stage: Stage, report: Report) -> None:
    """Steps that have one name, at least one of them because nothing else is written."""
    first: dict[str, Step] = {}
    for step in j.walk_steps(stage.steps):
        called = step.name or _default_name(step)
        if called is None:
            continue
        before = first.setdefault(called, step)
        if before is not step and (step.name is None or before.name is None):
            report.add(
                Code.SEG638,
                step.span,
                f"another step of this stage is called {string(called)} too",
                help='statistics show both under one name: give it another one, `as "…"`',
                notes=(Note("the first one", before.span),),
            )


def _default_name(step: Step) -> str | None:
    """What a step is called that has no name; None where nobody reads it."""
    match step:
        case j.Activate(activation):
            return activation
        case j.WaitForCondition(criterion):
            return criterion.name
        case _:
            return None


# --- branches ------------------------------------------------------------------------


def _layers(block: Block) -> Iterator[tuple[Step, int, int]]:
    """Every step with the number of decisions and of splits that it is in."""
    waiting = [(step, 0, 0) for step in reversed(block)]
    while waiting:
        step, decisions, splits = waiting.pop()
        yield step, decisions, splits
        inside = (decisions + isinstance(step, j.Decide), splits + isinstance(step, j.Split))
        for inner in reversed(j.blocks(step)):
            waiting.extend((each, *inside) for each in reversed(inner))


def _check_step(step: Step, decisions: int, splits: int, report: Report) -> None:
    match step:
        case j.Decide():
            _check_ways(step, report)
            _check_layers(step.span, "decisions", decisions, MAX_DECISION_LAYERS, report)
        case j.Split():
            _check_variants(step.variants, step.span, report)
            _check_shares(step.variants, step.span, report)
            _check_caps(step.variants, report)
            _check_layers(step.span, "splits", splits, MAX_SPLIT_LAYERS, report)
        case _:
            pass


def _check_layers(span: Span, what: str, outside: int, most: int, report: Report) -> None:
    if outside == most:
        report.add(
            Code.SEG249,
            span,
            f"{what} are nested in more than {most} layers",
            help="move the inner ones to another stage, and jump there",
        )


def _check_ways(step: j.Decide[c.Segment], report: Report) -> None:
    number = len(step.branches)
    if not MIN_WAYS <= number <= MAX_WAYS:
        branches = f"{number or 'no'} branch{'' if number == 1 else 'es'}"
        report.add(
            Code.SEG248,
            step.span,
            f"the decision {string(step.name)} has {branches}",
            help=f"a decision has from {MIN_WAYS} to {MAX_WAYS}: add "
            '`otherwise "…" then (…)` for those who meet none'
            if number < MIN_WAYS
            else f"a decision has from {MIN_WAYS} to {MAX_WAYS}, with `otherwise`",
        )


def _check_variants(variants: Sequence[j.Variant[c.Segment]], span: Span, report: Report) -> None:
    controls = [each for each in variants if each.control]
    others = len(variants) - len(controls)
    if others > MAX_VARIANTS or not variants:
        report.add(
            Code.SEG248,
            span,
            f"this split has {others or 'no'} variants",
            help=f"a split has at most {MAX_VARIANTS}, and a control variant beside them",
        )
    for each in controls[1:]:
        report.add(
            Code.SEG248,
            each.name_span,
            "this split already has a control variant",
            help="remove `control` from one of them",
            notes=(Note("the first one", controls[0].name_span),),
        )


def _check_shares(variants: Sequence[j.Variant[c.Segment]], span: Span, report: Report) -> None:
    total = sum((each.percentage.value for each in variants), Decimal(0))
    if variants and total != 100:
        shown = f"{total.normalize():f}"
        difference = f"{abs(100 - total).normalize():f}"
        what = "too much" if total > 100 else "missing"
        report.add(
            Code.SEG246,
            span,
            f"the shares of this split sum to {shown}%",
            help=f"they must sum to 100%: {difference}% is {what}",
        )


def _check_caps(variants: Sequence[j.Variant[c.Segment]], report: Report) -> None:
    """Caps need a control variant, and one for each other variant (described)."""
    capped = next((each for each in variants if each.cap is not None), None)
    if capped is None:
        return
    if not any(each.control for each in variants):
        report.add(
            Code.SEG247,
            capped.span,
            f"the variant {string(capped.name)} has a cap, but this split has no control variant",
            help="who comes when a variant is full needs another one: mark it with `control`",
        )
    for each in variants:
        if each.cap is None and not each.control:
            report.add(
                Code.SEG247,
                each.name_span,
                f"the variant {string(each.name)} has no cap, but another one has",
                help="with one cap every variant but the control has one: add `up to 1000`",
                notes=(Note("the one with a cap", capped.name_span),),
            )
