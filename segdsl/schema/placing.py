"""Ids in the place of names of what is no segment of the workspace: stages, variants, models."""

from __future__ import annotations

import msgspec

from segdsl.condition import tree as c
from segdsl.lower.references import Ids
from segdsl.values import ById, ByName, Reference


def with_ids(segment: c.Segment, ids: Ids) -> c.Segment:
    """The segment with the ids of those names that `ids` has; other names stay as they are."""
    if not ids:
        return segment
    return msgspec.structs.replace(segment, condition=_placed(segment.condition, ids))


def _placed(of: c.Condition, ids: Ids) -> c.Condition:
    match of:
        case c.And(children) | c.Or(children):
            return msgspec.structs.replace(
                of, children=tuple(_placed(one, ids) for one in children)
            )
        case c.Not(child) | c.RuleSet(_, child) | c.Limited(child, _):
            return msgspec.structs.replace(of, child=_placed(child, ids))
        case c.Membership(kind, target):
            return msgspec.structs.replace(of, target=_id(kind, target, ids))
        case c.Score(model):
            return msgspec.structs.replace(of, model=_id("model", model, ids))
        case c.Test(c.MlAttribute() as subject):
            placed = msgspec.structs.replace(subject, model=_id("model", subject.model, ids))
            return msgspec.structs.replace(of, subject=placed)
        case _:
            return of


def _id(kind: str, target: Reference, ids: Ids) -> Reference:
    match target:
        case ByName() if (kind, target) in ids:
            return ById(ids[kind, target])
        case _:
            return target
