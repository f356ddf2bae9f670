"""A rule to the body of a segment: rule sets to groups, conditions to tests."""

from __future__ import annotations

from typing import assert_never

from segdsl.language.syntax import tree as t
from segdsl.language.values import SegmentKind
from segdsl.rules.layout import Branch, FixedRuleSet, Leaf, Shape
from segdsl.rules.layout.unfold import unfold
from segdsl.rules.lift.conditions import lift_condition, lift_limit
from segdsl.rules.rule.model import Rule


def lift_rule(
    rule: Rule,
    name: str,
    description: str | None = None,
    kind: SegmentKind = "batch",
    *,
    hidden: bool = False,
) -> t.Segment:
    """A segment with that rule, in the canonical spelling."""
    clauses = [] if description is None else [t.Clause("description", description)]
    if kind != "batch":
        clauses.append(t.Clause("kind", kind))
    if hidden:
        clauses.append(t.Clause("hidden"))
    shape = unfold(rule)
    where = None if shape is None else _top(shape)
    limit = None if rule.limit is None else lift_limit(rule.limit)
    return t.Segment(name, tuple(clauses), where, limit)


def _top(shape: Shape) -> t.Expression:
    """The whole `where`, a chain at the top; groups below are lists."""
    match shape:
        case Branch(kind, children):
            return t.Chain(
                "and" if kind == "And" else "or", tuple(_group(each) for each in children)
            )
        case Leaf() | FixedRuleSet():
            return _group(shape)
        case _:
            assert_never(shape)


def _group(shape: Shape) -> t.Expression:
    match shape:
        case Leaf(condition):
            return lift_condition(condition)
        case Branch(kind, children):
            items = tuple(_group(each) for each in children)
            return t.Listing("all" if kind == "And" else "any", items)
        case FixedRuleSet(label, child):
            return t.FixedRuleSet(label, _group(child))
        case _:
            assert_never(shape)
