"""Ids in the place of the names that they are known for, and names that mean several things.

What is known comes from a schema or a lock; a name that neither has stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from segdsl.diagnostics import Code, Report
from segdsl.language.condition import tree as c
from segdsl.language.condition.walk import map_children
from segdsl.language.references.ids import Ids
from segdsl.language.syntax.spelling import reference
from segdsl.language.values import ById, ByName, Reference

Several = Mapping[tuple[str, ByName], Sequence[str]]
"""The ids of names that several things of a kind have."""
NONE: Several = {}


def with_ids(segment: c.Segment, ids: Ids) -> c.Segment:
    """The segment with the ids of those names that `ids` has."""
    if not ids:
        return segment
    placed = _Placing(ids, NONE, Report()).placed(segment.condition)
    return msgspec.structs.replace(segment, condition=placed)


def with_known(segment: c.Segment, ids: Ids, several: Several, report: Report) -> c.Segment | None:
    """The same; None where it refers to one of `several`, which is reported."""
    if not several:
        return with_ids(segment, ids)
    own = Report()
    placed = _Placing(ids, several, own).placed(segment.condition)
    report.diagnostics.extend(own.diagnostics)
    return None if own.has_errors else msgspec.structs.replace(segment, condition=placed)


class _Placing(msgspec.Struct, frozen=True):
    ids: Ids
    several: Several
    report: Report

    def placed(self, of: c.Condition) -> c.Condition:
        match of:
            case c.Membership(kind, target):
                return msgspec.structs.replace(of, target=self.id(kind, target, of))
            case c.Score(model):
                return msgspec.structs.replace(of, model=self.id("predictive model", model, of))
            case c.Test(c.MlAttribute() as subject):
                model = self.id(f"{subject.solution} model", subject.model, of)
                placed = msgspec.structs.replace(subject, model=model)
                return msgspec.structs.replace(of, subject=placed)
            case _:
                return map_children(of, self.placed)

    def id(self, kind: str, target: Reference, of: c.Leaf) -> Reference:
        match target:
            case ByName() if (kind, target) in self.ids:
                return ById(self.ids[kind, target])
            case ByName() if (kind, target) in self.several:
                found = self.several[kind, target]
                self.report.add(
                    Code.SEG305,
                    of.span,
                    f"{len(found)} {kind}s are named {reference(target, kind)}",
                    help=f"say which by its id: {' or '.join(f'#{id}' for id in found)}",
                    via=of.via,
                )
                return target
            case _:
                return target
