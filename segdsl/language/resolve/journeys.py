"""Journeys with their rules resolved: a segment of the kind `journey` for each of them."""

from __future__ import annotations

from collections.abc import Iterator

from segdsl.diagnostics import Code
from segdsl.language import journeys as j
from segdsl.language.condition.tree import Everyone, Segment
from segdsl.language.resolve.names import Names
from segdsl.language.resolve.program import Scope
from segdsl.language.resolve.resolver import Resolver
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.model_items import journey_of
from segdsl.language.syntax.spelling import string
from segdsl.language.values import ByName
from segdsl.source import Span


def resolve_journey(
    item: t.Journey, resolver: Resolver, scope: Scope, names: Names
) -> j.Journey[Segment] | None:
    """The journey, or None after a report; each of its rules is looked at."""
    journey = journey_of(item)
    is_named = names.take(
        "journey",
        journey.name,
        journey.folder,
        journey.name_span,
        "another journey of this file is",
    )
    has_names = _check_names(journey, names)
    rules = [
        _segment(name, rule, journey.folder, resolver, scope)
        for name, rule in j.named_rules(journey)
    ]
    resolved = [rule for rule in rules if rule is not None]
    if not is_named or not has_names or len(resolved) < len(rules):
        return None
    following = iter(resolved)
    return j.map_rules(journey, lambda rule: next(following))


def _segment(
    name: str, rule: t.StageRule, folder: str | None, resolver: Resolver, scope: Scope
) -> Segment | None:
    """The rule of a criterion or a branch with its name, or None after a report."""
    condition = (
        Everyone(span=rule.where_span)
        if rule.where is None
        else resolver.segment(rule.where, scope)
    )
    limit = resolver.limit(rule.limit, scope)
    if condition is None or (limit is None) != (rule.limit is None):
        return None
    return Segment(name, condition, None, folder, "journey", limit, rule.span)


# --- names -----------------------------------------------------------------------------


def _check_names(journey: j.Journey[t.StageRule], names: Names) -> bool:
    """Whether names inside a journey are fine: none is blank, none is there twice, jumps lead on.

    Those of its stages are its own, those of exits and steps their stage's, and those of branches
    and variants their step's. What two criteria are called does not matter.
    """
    stages = Names(names.report)
    known = [stage.name for stage in journey.stages]
    of_stages = "another stage of this journey is"
    results = [_has_criterion(journey.goal, "goal", known, names)]
    for stage in journey.stages:
        results.append(stages.take("journey stage", stage.name, None, stage.name_span, of_stages))
        own = Names(names.report)
        results.append(_has_criterion(stage.enter, "criterion", known, names))
        results.append(_has_criterion(stage.milestone, "milestone", known, names))
        for each in stage.exits:
            other = "another exit of this stage is"
            results.append(own.take("exit", each.name, None, each.name_span, other))
            results.append(_leads_on(each.jump, known, names))
        for step in j.walk_steps(stage.steps):
            results += _step_names(step, own, known)
    return all(results)


def _has_criterion(
    criterion: j.Criterion[t.StageRule] | None, kind: str, stages: list[str], names: Names
) -> bool:
    if criterion is None:
        return True
    is_named = names.is_named(kind, criterion.name, criterion.name_span)
    return _leads_on(criterion.jump, stages, names) and is_named


def _step_names(step: j.Step[t.StageRule], names: Names, stages: list[str]) -> Iterator[bool]:
    """Whether each name of a step is fine; `names` are those of its stage."""
    name = step.name
    if name is not None:
        yield names.take("step", name, None, step.span, "another step of this stage is")
    inner = Names(names.report)
    match step:
        case j.Activate(activation):
            yield names.refers("activation", ByName(activation), step.span)
        case j.WaitForCondition(criterion):
            yield names.is_named("criterion", criterion.name, criterion.name_span)
        case j.Decide(_, branches):
            for branch in branches:
                other = "another branch of this decision is"
                yield inner.take("branch", branch.name, None, branch.name_span, other)
        case j.Split(_, variants):
            for variant in variants:
                other = "another variant of this split is"
                yield inner.take("variant", variant.name, None, variant.name_span, other)
        case j.Jump(target):
            yield _leads_on(target, stages, names)
        case j.WaitFor() | j.WaitUntilDate() | j.WaitUntilDays() | j.End():
            pass


def _leads_on(target: j.JourneyStageRef | None, stages: list[str], names: Names) -> bool:
    """Whether a jump names a stage, which is there if it is one of the same journey."""
    if target is None:
        return True
    is_named = names.refers("stage", target.stage, target.span)
    if target.journey is not None:
        return names.refers("journey", target.journey, target.span) and is_named
    if not is_named or not isinstance(target.stage, ByName) or target.stage.name in stages:
        return is_named
    _report_no_stage(target.stage.name, stages, target.span, names)
    return False


def _report_no_stage(name: str, stages: list[str], span: Span, names: Names) -> None:
    help = 'for a stage of another journey add `of journey "…"`'
    names.report.add(
        Code.SEG117,
        span,
        f"this journey has no stage {string(name)}",
        help=names.report.did_you_mean(name, stages, help),
    )
