"""A rule back to a shape: the inverse of laying out, and the normal form it gives.

A rule keeps its rule sets: each becomes a fixed rule set, and these are then dropped wherever the
layout makes the same rule sets without them. What carries no meaning is not kept: the
kind of a group of one, names and parentheses of an expression, conditions right under
the rule, and groups of a kind inside one of the same kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from segdsl.diagnostics import Report
from segdsl.rules.layout.shape import Branch, FixedRuleSet, Kind, Leaf, Shape, branch, without_fixed
from segdsl.rules.layout.two_levels import lay_out, lay_out_nested
from segdsl.rules.rule.composite import Combined, Expr, Named, over_rule_sets, read_expr
from segdsl.rules.rule.model import Condition, Group, Rule


def unfold(rule: Rule) -> Shape | None:
    """The shape that lays out as the rule's normal form; None for everyone.

    The rule's groups are not empty and its expressions fit (see `segdsl.rules.rule.reader`).
    """
    if not rule.conditions:
        return None
    fixed = _rule(rule)
    wanted = lay_out(fixed, Report())
    for candidate in _candidates(fixed):
        if wanted is not None and lay_out(candidate, Report()) == wanted:
            return candidate
    return fixed if wanted is not None else without_fixed(fixed, keep_labels=True)


def normalise(rule: Rule) -> Rule:
    """The rule that the compiler would write for the same rule sets.

    Rules that no two levels can hold (older ones) are normalised to nested groups.
    """
    shape = unfold(rule)
    if shape is None:
        return Group("And", (), limit=rule.limit)
    made = lay_out(shape, Report()) or lay_out_nested(shape)
    return Group(made.type, made.conditions, made.description, made.expr, rule.limit)


def _candidates(fixed: Shape) -> Iterator[Shape]:
    """Shapes with fewer fixed rule sets, fewest first."""
    yield without_fixed(fixed, keep_labels=True)
    match fixed:
        case FixedRuleSet(None, child):
            yield child
        case Branch(kind, children, span):
            same = [child for child in children if _is_like(child, kind)]
            kept = [
                child.child
                if isinstance(child, FixedRuleSet)
                and child.label is None
                and (
                    _is_like(child, "Or" if kind == "And" else "And", several=True)
                    or [child] == same
                )
                else child
                for child in children
            ]
            yield branch(kind, kept, span)


def _is_like(shape: Shape, kind: Kind, *, several: bool = False) -> bool:
    """Whether it is an unlabelled fixed rule set of conditions joined by that kind.

    One condition counts, too, unless `several`.
    """
    if not isinstance(shape, FixedRuleSet) or shape.label is not None:
        return False
    match shape.child:
        case Leaf():
            return not several
        case Branch(inner, children):
            return inner == kind and all(isinstance(child, Leaf) for child in children)
        case FixedRuleSet():
            return False


def _rule(rule: Rule) -> Shape:
    if _is_deep(rule):
        return _deep(rule, top=True)
    sets = [
        FixedRuleSet(part.description, _expression(part, [Leaf(c) for c in _conditions(part)]))
        if isinstance(part, Group)
        else Leaf(part)
        for part in rule.conditions
    ]
    return _expression(rule, sets, top=True)


def _conditions(group: Group) -> Iterator[Condition]:
    for part in group.conditions:
        assert not isinstance(part, Group)
        yield part


def _is_deep(rule: Rule) -> bool:
    return any(
        isinstance(part, Group) and any(isinstance(inner, Group) for inner in part.conditions)
        for part in rule.conditions
    )


def _deep(group: Group, *, top: bool = False) -> Shape:
    """An older rule: groups at any depth, of which only those with a description are kept."""
    parts: list[Shape] = []
    for part in group.conditions:
        if not isinstance(part, Group):
            parts.append(Leaf(part))
            continue
        inner = _deep(part)
        parts.append(inner if part.description is None else FixedRuleSet(part.description, inner))
    return _expression(group, parts, top=top)


def _expression(group: Group, parts: Sequence[Shape], *, top: bool = False) -> Shape:
    if group.type != "Composite":
        return branch(group.type, parts)
    assert group.expr is not None
    groups = any(isinstance(part, Group) for part in group.conditions)
    rule_sets = over_rule_sets(group.expr, holds_groups=groups, top=top)
    return _named(read_expr(group.expr, rule_sets=rule_sets), list(parts))


def _named(expr: Expr, parts: list[Shape]) -> Shape:
    match expr:
        case Named(index):
            return parts[index]
        case Combined(word, inner):
            return branch("And" if word == "and" else "Or", [_named(part, parts) for part in inner])
