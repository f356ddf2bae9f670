"""Journeys to the API's stages and steps.

The blocks of a step meet at a merge, which leads to what is behind the step. Where a block ends
with such a step, the paths of both go to the merge of the outer one: a merge never leads to a
merge. A path without steps goes to the merge itself, as in launched journeys (observed).
"""

from __future__ import annotations

from typing import TypeVar, cast

from segdsl.diagnostics import Code, Report
from segdsl.language import journeys as j
from segdsl.language.activations import WEEKDAYS
from segdsl.language.references.ids import IdResolver, Ids
from segdsl.language.values import ByName, Reference
from segdsl.rules.journeys import model as m
from segdsl.rules.journeys.normal import UTC, is_alone, normal_journey
from segdsl.rules.journeys.paths import (
    ENTER,
    GOAL,
    MERGE,
    MILESTONE,
    STEPS,
    Path,
    amount_text,
    block_paths,
    exit_paths,
    name_of,
    new_id,
    path_text,
    stage_paths,
    step_paths,
)
from segdsl.source import Span

RuleT = TypeVar("RuleT")


def lower_journey(
    journey: j.Journey[RuleT], ids: Ids, report: Report, *, symbolic: bool = False
) -> m.Journey | None:
    """The journey with the ids of its parts; None after a report.

    `ids` has those of `segdsl.rules.journeys.paths`, and those of journeys and stages that are
    jumped to. A segment or an activation without an id is reported, unless it is `symbolic`. A
    step without one gets an id that is the same each time; a stage, and the path `otherwise` of a
    decision, none.
    """
    own = Report()
    lowered = _Journey(normal_journey(journey), ids, own, symbolic).lowered()
    report.diagnostics.extend(own.diagnostics)
    return None if own.has_errors else lowered


class _Journey:
    def __init__(self, journey: j.Journey[RuleT], ids: Ids, report: Report, symbolic: bool) -> None:
        self._journey = cast("j.Journey[object]", journey)
        self._ids = ids
        self._symbolic = symbolic
        self._resolver = IdResolver(symbolic, ids)
        self._report = report
        self._own: dict[Path, str] = {}

    def lowered(self) -> m.Journey:
        journey = self._journey
        return m.Journey(
            journey.name,
            tuple(
                self._stage(stage, at)
                for at, stage in zip(stage_paths(journey), journey.stages, strict=True)
            ),
            journey.description,
            cast(m.Mode, j.REENTRY[journey.reentry or "never"]),
            self._criterion(journey.goal, GOAL),
            self._ids.get(("journey", ByName(journey.name))),
        )

    def _stage(self, stage: j.JourneyStage[object], at: Path) -> m.Stage:
        steps: dict[str, m.Step] = {}
        inside = (*at, STEPS)
        root = self._block(stage.steps, inside, None, steps)
        return m.Stage(
            stage.name,
            stage.description,
            self._ids.get(("journey stage", ByName(at[0], self._journey.name))),
            self._criterion(stage.enter, (*at, ENTER)),
            self._criterion(stage.milestone, (*at, MILESTONE)),
            tuple(
                self._known(criterion, path)
                for path, criterion in zip(exit_paths(stage, at), stage.exits, strict=True)
            ),
            root,
            steps,
        )

    # --- ids ---------------------------------------------------------------------------

    def _named(self, path: Path) -> ByName:
        return ByName(path_text(path), self._journey.name)

    def _id(self, path: Path) -> str:
        """The uuid of a step or of one of its paths; no two have the same."""
        if path not in self._own:
            known = self._ids.get(("journey step", self._named(path)))
            is_free = known is not None and known not in self._own.values()
            self._own[path] = known if known and is_free else new_id(self._journey.name, path)
        return self._own[path]

    def _segment(self, path: Path, span: Span) -> str:
        found = self._resolver.id_at("journey segment", self._named(path), span, (), self._report)
        return found or ""

    def _target(self, target: j.JourneyStageRef) -> m.Target:
        own = ByName(self._journey.name)
        journey: Reference = own if target.journey is None else target.journey
        stage = target.stage
        if isinstance(stage, ByName):
            stage = ByName(stage.name, self._name_of(journey))
        if isinstance(stage, ByName) and target.journey is None:
            names = [each.name for each in self._journey.stages]
            if stage.name not in names:
                self._report.add(
                    Code.SEG313,
                    target.span,
                    f"this journey has no stage “{stage.name}”",
                    help="name one of its stages, or add the journey: "
                    f'`jump to stage "{stage.name}" of journey "…"`',
                )
                return m.Target("", "")
        ids = self._resolver
        return m.Target(
            ids.id_at("journey", journey, target.span, (), self._report) or "",
            ids.id_at("journey stage", stage, target.span, (), self._report) or "",
        )

    def _name_of(self, journey: Reference) -> str:
        """The name under which the stages of a journey have ids."""
        if isinstance(journey, ByName):
            return journey.name
        named = (
            name.name
            for (kind, name), id in self._ids.items()
            if kind == "journey" and id == journey.id
        )
        return next(named, f"#{journey.id}")

    # --- parts -------------------------------------------------------------------------

    def _criterion(self, criterion: j.Criterion[object] | None, path: Path) -> m.Criteria | None:
        return None if criterion is None else self._known(criterion, path)

    def _known(self, criterion: j.Criterion[object], path: Path) -> m.Criteria:
        segment = self._segment(path, criterion.span)
        jump = criterion.jump
        target = None if jump is None else self._target(jump)
        return m.Criteria(criterion.name, segment, target, criterion.description)

    def _block(
        self,
        block: j.Block[object],
        inside: Path,
        after: str | None,
        steps: dict[str, m.Step],
    ) -> str | None:
        """Adds the steps of a block that goes on to `after`; returns where it begins."""
        paths = step_paths(block, inside)
        own = [*map(self._id, paths)]
        entries = [*own, after]
        for index, (path, step) in enumerate(zip(paths, block, strict=True)):
            at, next_id = own[index], entries[index + 1]
            is_last = index == len(block) - 1
            if not is_last and not j.step_goes_on(step):
                self._refuse_unreachable(block[index + 1])
                break
            if not j.blocks(step) or is_alone(step):
                steps[at] = self._step(step, path, next_id)
                continue
            meeting = next_id if is_last else self._id((*path, MERGE))
            # The step stands before the steps in it.
            steps[at] = m.Merge()
            steps[at] = self._branching(
                step,
                path,
                [
                    self._block(inner, where, meeting, steps)
                    for where, inner in zip(block_paths(step, path), j.blocks(step), strict=True)
                ],
            )
            if meeting is not None and not is_last:
                steps[meeting] = m.Merge(next_id)
        return entries[0]

    def _refuse_unreachable(self, step: j.Step[object]) -> None:
        self._report.add(
            Code.SEG313,
            step.span,
            "no profile comes to this step: every path before it ends or jumps",
            help="remove it, or let a path go on to it",
        )

    def _step(self, step: j.Step[object], path: Path, next_id: str | None) -> m.Step:
        name = name_of(step)
        match step:
            case j.Activate(activation):
                id = self._resolver.id_at(
                    "journey activation",
                    ByName(activation, self._journey.name),
                    step.span,
                    (),
                    self._report,
                )
                return m.Activation(name, id, next_id)
            case j.WaitFor(amount, unit):
                return m.WaitDuration(name, amount, unit, next_id)
            case j.WaitUntilDate(date, timezone):
                return m.WaitDate(name, date, timezone or UTC, next_id)
            case j.WaitUntilDays(weekdays, timezone):
                days = tuple(WEEKDAYS.index(day) + 1 for day in weekdays)
                return m.WaitDays(name, days, timezone or UTC, next_id)
            case j.Jump(target):
                return m.Jump(name, self._target(target))
            case j.End():
                return m.End(name)
            case j.WaitForCondition() | j.Decide() | j.Split():
                return self._branching(step, path, [next_id])

    def _branching(self, step: j.Step[object], path: Path, paths_on: list[str | None]) -> m.Step:
        name = name_of(step)
        placed = list(zip(block_paths(step, path), paths_on, strict=False))
        match step:
            case j.WaitForCondition():
                conditions = tuple(self._conditions(step, placed))
                return m.WaitCondition(name, conditions, step.criterion.description)
            case j.Decide(_, branches):
                return m.Decision(
                    name,
                    tuple(
                        self._branch(branch, at, next_id)
                        for branch, (at, next_id) in zip(branches, placed, strict=True)
                    ),
                )
            case j.Split(_, variants, by):
                shares = {variant.percentage for variant in variants}
                return m.Test(
                    name,
                    tuple(
                        m.VariantPath(
                            self._id(at),
                            variant.name,
                            variant.percentage,
                            variant.control,
                            variant.cap,
                            next_id,
                        )
                        for variant, (at, next_id) in zip(variants, placed, strict=True)
                    ),
                    len(shares) > 1,
                    by,
                    any(variant.cap is not None for variant in variants),
                )
            case _:
                raise AssertionError("a step without blocks has no paths")

    def _conditions(
        self, step: j.WaitForCondition[object], placed: list[tuple[Path, str | None]]
    ) -> list[m.ConditionPath]:
        (met, met_next), *others = placed
        criterion = step.criterion
        segment = self._segment(met, criterion.span)
        made = [m.ConditionPath(self._id(met), criterion.name, segment, False, next=met_next)]
        if step.timeout is not None and others:
            amount, unit = step.timeout
            [(at, next_id)] = others
            name = f"Max wait {amount_text(amount.text, unit)}"
            made.append(m.ConditionPath(self._id(at), name, None, True, amount, unit, next_id))
        return made

    def _branch(self, branch: j.Branch[object], at: Path, next_id: str | None) -> m.BranchPath:
        if branch.rule is not None:
            segment: str | None = self._segment(at, branch.span)
        else:
            segment = self._ids.get(("journey segment", self._named(at)))
        excluded, described = branch.rule is None, branch.description
        return m.BranchPath(self._id(at), branch.name, segment, excluded, next_id, described)
