"""A resolved segment to its rule, and to the request that creates it."""

from __future__ import annotations

from typing import Literal as OneOf
from typing import assert_never

import msgspec

from segdsl.diagnostics import Report
from segdsl.language.condition import tree as c
from segdsl.language.references.ids import IdResolver, Ids
from segdsl.language.values import KIND_NUMBERS
from segdsl.rules.layout import FixedRuleSet, Leaf, Shape, lay_out, lay_out_nested
from segdsl.rules.layout.shape import branch
from segdsl.rules.lower.leaves import lower_leaf, lower_limit, lower_test
from segdsl.rules.rule.model import EVERYONE, Rule

Layout = OneOf["v5", "nested"]


class CreateRequest(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of `POST /audiences/{id}/segments`, without what only a server knows.

    `isVisible` is there for hidden segments alone (observed; no part of the description).
    """

    name: str
    kind: int
    rule: Rule
    description: str | None = None
    is_visible: bool = msgspec.field(name="isVisible", default=True)


def lower(
    segment: c.Segment,
    report: Report,
    *,
    layout: Layout = "v5",
    symbolic: bool = False,
    ids: Ids | None = None,
) -> Rule | None:
    """The segment's rule; None after a report.

    `layout` is `v5`, two levels with Composite, or `nested`, And and Or at any depth as in older
    rules. `ids` are those that names stand for; with `symbolic`, a name without an id is written as
    a symbolic id.
    """
    if isinstance(segment.condition, c.Everyone):
        rule: Rule | None = EVERYONE
    else:
        shape = _shape(segment.condition, False, IdResolver(symbolic, ids or {}), report)
        if shape is None:
            return None
        rule = lay_out(shape, report) if layout == "v5" else lay_out_nested(shape)
    if rule is None or segment.limit is None:
        return rule
    return msgspec.structs.replace(rule, limit=lower_limit(segment.limit))


def lower_in_any_layout(
    segment: c.Segment, report: Report, *, ids: Ids | None = None
) -> Rule | None:
    """The segment's rule in the layout of v5, or nested where that cannot hold it.

    None after a report of what neither layout can hold.
    """
    rule = lower(segment, Report(), ids=ids)
    return lower(segment, report, layout="nested", ids=ids) if rule is None else rule


def create_request(segment: c.Segment, rule: Rule) -> CreateRequest:
    """The body of the request that creates a segment with this rule, without its folder.

    A folder is an id, which only a server knows.
    """
    return CreateRequest(
        segment.name,
        KIND_NUMBERS[segment.kind],
        rule,
        segment.description,
        not segment.hidden,
    )


def _shape(node: c.Condition, negated: bool, ids: IdResolver, report: Report) -> Shape | None:
    """Negation normal form: every `not` pushed down to a leaf."""
    match node:
        case c.Test():
            tested = lower_test(node, negated, ids, report)
            return None if tested is None else Leaf(tested, node.span)
        case c.Limited() | c.Membership() | c.Score():
            condition = lower_leaf(node, negated, ids, report)
            return None if condition is None else Leaf(condition, node.span)
        case c.And(children) | c.Or(children):
            shapes = [_shape(child, negated, ids, report) for child in children]
            known = [shape for shape in shapes if shape is not None]
            if len(known) < len(shapes):
                return None
            kind: OneOf["And", "Or"] = "And" if isinstance(node, c.And) != negated else "Or"
            return branch(kind, known, node.span)
        case c.Not(child):
            return _shape(child, not negated, ids, report)
        case c.RuleSet(label, child):
            assert not negated, "the resolver refuses a negated rule set"
            inner = _shape(child, negated, ids, report)
            return (
                None if inner is None else FixedRuleSet(label or None, inner, node.span, node.via)
            )
        case c.Everyone():
            raise AssertionError("everyone is a whole segment")
        case _:
            assert_never(node)
