"""Journeys in normal form: equal ones have the same stages and steps in the API.

A stage whose steps go on behind the last one ends (`end`). A wait without a time limit has one
path, so that what is in its block stands behind it. If one block alone goes on, and ends with a
step whose blocks meet, what follows stands behind that step: the API has one merge for both.
Names that say what a step would be called anyway are left out, and so are `reentry never`, UTC and
empty descriptions.
"""

from __future__ import annotations

from typing import TypeVar, assert_never

import msgspec

from segdsl.language import journeys as j
from segdsl.language.activations import WEEKDAYS
from segdsl.language.values import ByName
from segdsl.rules.journeys.paths import default_name
from segdsl.rules.json_values import plain

RuleT = TypeVar("RuleT")
UTC = j.DEFAULT_ZONE
_replace = msgspec.structs.replace


def normal_journey(journey: j.Journey[RuleT]) -> j.Journey[RuleT]:
    """The journey as it is read back from its body; steps that nothing leads to stay."""
    return _Normal(journey.name).journey(journey)


class _Normal:
    def __init__(self, name: str) -> None:
        self._name = name

    def journey(self, journey: j.Journey[RuleT]) -> j.Journey[RuleT]:
        return _replace(
            journey,
            description=journey.description or None,
            reentry=None if journey.reentry == "never" else journey.reentry,
            goal=self._criterion(journey.goal),
            stages=tuple(map(self._stage, journey.stages)),
        )

    def _stage(self, stage: j.JourneyStage[RuleT]) -> j.JourneyStage[RuleT]:
        steps = stage.steps
        if steps and j.goes_on(steps):
            steps = (*steps, j.End())
        return _replace(
            stage,
            description=stage.description or None,
            enter=self._criterion(stage.enter),
            milestone=self._criterion(stage.milestone),
            exits=tuple(map(self._changed, stage.exits)),
            steps=self._block(steps),
        )

    def _criterion(self, criterion: j.Criterion[RuleT] | None) -> j.Criterion[RuleT] | None:
        return None if criterion is None else self._changed(criterion)

    def _changed(self, criterion: j.Criterion[RuleT]) -> j.Criterion[RuleT]:
        jump = None if criterion.jump is None else self._target(criterion.jump)
        return _replace(criterion, jump=jump, description=criterion.description or None)

    def _target(self, target: j.JourneyStageRef) -> j.JourneyStageRef:
        is_own = target.journey == ByName(self._name)
        return _replace(target, journey=None) if is_own else target

    def _block(self, block: j.Block[RuleT]) -> j.Block[RuleT]:
        made: list[j.Step[RuleT]] = []
        waiting = list(reversed(block))
        while waiting:
            step = self._named(waiting.pop())
            if isinstance(step, j.WaitForCondition) and step.timeout is None:
                waiting.extend(reversed(step.then))
                made.append(_replace(step, then=(), otherwise=()))
                continue
            inner = [self._block(each) for each in j.blocks(step)]
            alone = _alone(inner) if waiting else None
            if alone is not None:
                inner[alone] = _pushed(inner[alone], self._block(tuple(reversed(waiting))))
                waiting = []
            made.append(with_blocks(step, inner))
        return tuple(made)

    def _named(self, step: j.Step[RuleT]) -> j.Step[RuleT]:
        """The step itself in normal form, but for its blocks."""
        match step:
            case j.Activate():
                pass
            case j.WaitFor(amount):
                step = _replace(step, amount=plain(amount))
            case j.WaitUntilDate(_, timezone):
                step = _replace(step, timezone=_zone(timezone))
            case j.WaitUntilDays(weekdays, timezone):
                days = tuple(day for day in WEEKDAYS if day in weekdays)
                step = _replace(step, weekdays=days, timezone=_zone(timezone))
            case j.WaitForCondition(criterion, _, timeout):
                limit = None if timeout is None else (plain(timeout[0]), timeout[1])
                step = _replace(step, criterion=self._changed(criterion), timeout=limit)
            case j.Decide(_, branches):
                described = tuple(
                    _replace(branch, description=branch.description or None) for branch in branches
                )
                return _replace(step, branches=described)
            case j.Split(_, variants, by):
                plainly = tuple(
                    _replace(
                        variant,
                        percentage=plain(variant.percentage),
                        cap=None if variant.cap is None else plain(variant.cap),
                    )
                    for variant in variants
                )
                return _replace(step, variants=plainly, by=by or None)
            case j.Jump(target):
                step = _replace(step, target=self._target(target))
            case j.End():
                pass
            case _:
                assert_never(step)
        named = step.name is not None and step.name != default_name(step)
        return step if named else _replace(step, name=None)


def _zone(timezone: str | None) -> str | None:
    return None if timezone in (None, "", UTC) else timezone


def _alone(blocks: list[j.Block[RuleT]]) -> int | None:
    """Which block alone goes on, if it ends with a step whose blocks meet."""
    going = [index for index, block in enumerate(blocks) if j.goes_on(block)]
    if len(going) != 1 or not blocks[going[0]] or not _meets(blocks[going[0]][-1]):
        return None
    return going[0]


def _pushed(block: j.Block[RuleT], rest: j.Block[RuleT]) -> j.Block[RuleT]:
    """A block that ends with a step whose blocks meet, with more steps behind; all are normal."""
    *before, last = block
    inner = list(j.blocks(last))
    alone = _alone(inner)
    if alone is None:
        return (*block, *rest)
    inner[alone] = _pushed(inner[alone], rest)
    return (*before, with_blocks(last, inner))


def _meets(step: j.Step[RuleT]) -> bool:
    """Whether a step has blocks that meet behind it."""
    return bool(j.blocks(step)) and not is_alone(step)


def is_alone(step: j.Step[RuleT]) -> bool:
    """Whether a step has one path by its nature: a wait for a condition without a time limit."""
    return isinstance(step, j.WaitForCondition) and step.timeout is None


def with_blocks(step: j.Step[RuleT], blocks: list[j.Block[RuleT]]) -> j.Step[RuleT]:
    """The step with other blocks, in the order of `segdsl.language.journeys.blocks`."""
    match step:
        case j.WaitForCondition():
            then, *otherwise = blocks
            return _replace(step, then=then, otherwise=otherwise[0] if otherwise else ())
        case j.Decide(_, branches):
            return _replace(
                step,
                branches=tuple(
                    _replace(branch, steps=block)
                    for branch, block in zip(branches, blocks, strict=True)
                ),
            )
        case j.Split(_, variants):
            return _replace(
                step,
                variants=tuple(
                    _replace(variant, steps=block)
                    for variant, block in zip(variants, blocks, strict=True)
                ),
            )
        case j.Activate() | j.WaitFor() | j.WaitUntilDate() | j.WaitUntilDays():
            return step
        case j.Jump() | j.End():
            return step
        case _:
            assert_never(step)
