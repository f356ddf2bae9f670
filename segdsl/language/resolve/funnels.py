"""Funnels with the rules of their stages resolved: a segment of the kind `funnel_stage` each."""

from __future__ import annotations

from segdsl.language.condition.tree import Everyone, Funnel, Segment, Stage
from segdsl.language.resolve.names import Names
from segdsl.language.resolve.program import Scope
from segdsl.language.resolve.resolver import Resolver
from segdsl.language.syntax import tree as t


def resolve_funnel(item: t.Funnel, resolver: Resolver, scope: Scope, names: Names) -> Funnel | None:
    """The funnel, or None after a report; each of its stages is looked at."""
    folder = item.clause("folder")
    is_named = names.take(
        "funnel", item.name, folder, item.name_span, "another funnel of this file is"
    )
    of_stages = Names(names.report)
    stages = [_stage(stage, folder, resolver, scope, of_stages) for stage in item.stages]
    resolved = tuple(stage for stage in stages if stage is not None)
    if not is_named or len(resolved) < len(stages):
        return None
    return Funnel(
        item.name, resolved, item.clause("description"), folder, item.span, item.name_span
    )


def _stage(
    stage: t.Stage, folder: str | None, resolver: Resolver, scope: Scope, names: Names
) -> Stage | None:
    """The stage, or None after a report; `folder` and `names` are those of its funnel."""
    is_named = names.take(
        "stage", stage.name, None, stage.name_span, "another stage of this funnel is"
    )
    rule = stage.rule
    if rule is None:
        return Stage(stage.name, None, stage.span) if is_named else None
    condition = (
        Everyone(span=rule.where_span)
        if rule.where is None
        else resolver.segment(rule.where, scope)
    )
    limit = resolver.limit(rule.limit, scope)
    if not is_named or condition is None or (limit is None) != (rule.limit is None):
        return None
    segment = Segment(
        stage.name,
        condition,
        stage.description,
        folder,
        "funnel_stage",
        limit,
        stage.span,
    )
    return Stage(stage.name, segment, stage.span)
