"""Funnels to syntax trees in the canonical spelling."""

from __future__ import annotations

from collections.abc import Mapping

from segdsl.language.syntax import tree as t
from segdsl.rules.activations.fields import Attempts, FieldReader
from segdsl.rules.funnels.reading import (
    FunnelParts,
    StageParts,
    StageSegment,
    refuse_unknown_rule,
)
from segdsl.rules.lift.segments import lift_rule


def lift_funnel(
    parts: FunnelParts,
    segments: Mapping[str, StageSegment],
    reader: FieldReader,
    *,
    folder: str | None = None,
    path: str = "$",
) -> t.Funnel:
    """The item of a funnel; `segments` are the rules of its stages by the ids of segments.

    A rule that is one segment is written `is segment`. A stage whose segment is not among them is
    reported at `path`, where the funnel's fields are, with UnreadableError.
    """
    clauses: list[t.FunnelClause] = []
    if parts.description is not None:
        clauses.append(t.FunnelClause("description", parts.description))
    if folder is not None:
        clauses.append(t.FunnelClause("folder", folder))
    attempts = Attempts()
    stages = [
        attempts.read(
            lambda stage=stage, at=f"{path}.stages[{index}]": lift_stage(  # type: ignore[misc]
                stage, segments, at, reader
            ),
            t.Stage(stage.name),
        )
        for index, stage in enumerate(parts.stages)
    ]
    attempts.done()
    return t.Funnel(parts.name, tuple(clauses), tuple(stages))


def lift_stage(
    stage: StageParts, segments: Mapping[str, StageSegment], path: str, reader: FieldReader
) -> t.Stage:
    if stage.segment_id is None:
        return t.Stage(stage.name)
    segment = segments.get(stage.segment_id)
    if segment is None:
        refuse_unknown_rule(stage, path, reader)
    clauses: tuple[t.FunnelClause, ...] = ()
    if segment.description is not None:
        clauses = (t.FunnelClause("description", segment.description),)
    lifted = lift_rule(segment.rule, stage.name)
    return t.Stage(stage.name, clauses, t.StageRule(lifted.where, lifted.limit))
