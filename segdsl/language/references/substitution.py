"""Conditions with ids in place of the names whose ids are known.

The ids come from a schema or a lock; a name that neither has stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from segdsl.diagnostics import Code, Report
from segdsl.language.condition import tree as c
from segdsl.language.condition.walk import map_children
from segdsl.language.references.ids import NO_AMBIGUOUS_NAMES, AmbiguousNames, Ids
from segdsl.language.syntax.spelling import reference
from segdsl.language.values import ById, ByName, Reference
from segdsl.source import Span


def with_ids(segment: c.Segment, ids: Ids) -> c.Segment:
    """The segment with the ids of the names in `ids`."""
    if not ids:
        return segment
    substitution = _Substitution(ids, NO_AMBIGUOUS_NAMES, Report())
    return msgspec.structs.replace(segment, condition=substitution.of(segment.condition))


def with_names(segment: c.Segment, ids: Ids) -> c.Segment:
    """The segment with the names in `ids` in place of their ids; an id of several names stays."""
    names: dict[tuple[str, str], list[ByName]] = {}
    for (kind, name), id in ids.items():
        names.setdefault((kind, id), []).append(name)
    unique = {key: found[0] for key, found in names.items() if len(found) == 1}
    if not unique:
        return segment
    return msgspec.structs.replace(segment, condition=_Naming(unique).of(segment.condition))


def with_unambiguous_ids(
    segment: c.Segment, ids: Ids, ambiguous: AmbiguousNames, report: Report
) -> c.Segment | None:
    """The segment with the ids of the names in `ids`; None after a report of an ambiguous name."""
    if not ambiguous:
        return with_ids(segment, ids)
    own = Report()
    condition = _Substitution(ids, ambiguous, own).of(segment.condition)
    report.diagnostics.extend(own.diagnostics)
    return None if own.has_errors else msgspec.structs.replace(segment, condition=condition)


def funnel_with_ids(
    funnel: c.Funnel, ids: Ids, ambiguous: AmbiguousNames, report: Report
) -> c.Funnel | None:
    """The same for the rules of a funnel's stages; None where one of them has such a name."""
    stages: list[c.Stage] = []
    for stage in funnel.stages:
        segment = stage.segment
        if segment is not None:
            segment = with_unambiguous_ids(segment, ids, ambiguous, report)
            if segment is None:
                continue
        stages.append(msgspec.structs.replace(stage, segment=segment))
    if len(stages) < len(funnel.stages):
        return None
    return msgspec.structs.replace(funnel, stages=tuple(stages))


class _References(msgspec.Struct, frozen=True):
    def of(self, condition: c.Condition) -> c.Condition:
        match condition:
            case c.Membership(kind, target):
                target = self._reference(kind, target, condition)
                return msgspec.structs.replace(condition, target=target)
            case c.Score(model):
                model = self._reference("predictive model", model, condition)
                return msgspec.structs.replace(condition, model=model)
            case c.Test(c.MlAttribute() as subject):
                model = self._reference(f"{subject.solution} model", subject.model, condition)
                subject = msgspec.structs.replace(subject, model=model)
                return msgspec.structs.replace(condition, subject=subject)
            case _:
                return map_children(condition, self.of)

    def _reference(self, kind: str, target: Reference, node: c.Leaf) -> Reference:
        raise NotImplementedError


class _Naming(_References, frozen=True):
    names: Mapping[tuple[str, str], ByName]

    def _reference(self, kind: str, target: Reference, node: c.Leaf) -> Reference:
        return self.names.get((kind, target.id), target) if isinstance(target, ById) else target


class _Substitution(_References, frozen=True):
    ids: Ids
    ambiguous: AmbiguousNames
    report: Report

    def _reference(self, kind: str, target: Reference, node: c.Leaf) -> Reference:
        return reference_with_id(
            kind, target, node.span, node.via, self.ids, self.ambiguous, self.report
        )


def reference_with_id(
    kind: str,
    target: Reference,
    span: Span,
    via: tuple[Span, ...],
    ids: Ids,
    ambiguous: AmbiguousNames,
    report: Report,
) -> Reference:
    """The reference with the id of a name in `ids`; an ambiguous name is reported and stays."""
    match target:
        case ByName() if (kind, target) in ids:
            return ById(ids[kind, target])
        case ByName() if (kind, target) in ambiguous:
            several = ambiguous[kind, target]
            report.add(
                Code.SEG305,
                span,
                f"{len(several)} {kind}s are named {reference(target, kind)}",
                help=f"specify one by its id: {' or '.join(f'#{id}' for id in several)}",
                via=via,
            )
            return target
        case _:
            return target
