"""A rule's logic without its layout: And and Or over the API's conditions.

`Branch`es are flat: none holds one of its own kind, and each has two children or
more. A `FixedRuleSet` is a group that must be a rule set of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal as OneOf

import msgspec

from segdsl.rules.rule.model import Condition
from segdsl.source import NOWHERE, Span

Kind = OneOf["And", "Or"]


class Leaf(msgspec.Struct, frozen=True, gc=False):
    condition: Condition
    span: Span = NOWHERE


class Branch(msgspec.Struct, frozen=True, gc=False):
    kind: Kind
    children: tuple[Shape, ...]
    span: Span = NOWHERE


class FixedRuleSet(msgspec.Struct, frozen=True, gc=False):
    label: str | None
    child: Shape
    span: Span = NOWHERE
    via: tuple[Span, ...] = ()


Shape = Leaf | Branch | FixedRuleSet


def branch(kind: Kind, children: Iterable[Shape], span: Span = NOWHERE) -> Shape:
    """A branch with children of its own kind taken in; a single child is itself."""
    flat: list[Shape] = []
    for child in children:
        if isinstance(child, Branch) and child.kind == kind:
            flat.extend(child.children)
        else:
            flat.append(child)
    return flat[0] if len(flat) == 1 else Branch(kind, tuple(flat), span)


def leaves(shape: Shape) -> Iterator[Leaf]:
    """Every condition, in order."""
    match shape:
        case Leaf():
            yield shape
        case Branch(_, children):
            for child in children:
                yield from leaves(child)
        case FixedRuleSet(_, child):
            yield from leaves(child)


def is_flat(shape: Shape) -> bool:
    """Whether one And or Or over conditions says it: a rule set without Composite."""
    match shape:
        case Leaf():
            return True
        case Branch(_, children):
            return all(isinstance(child, Leaf) for child in children)
        case FixedRuleSet():
            return False


def without_fixed(shape: Shape, *, keep_labels: bool) -> Shape:
    """The same logic with fixed rule sets dissolved; those with a label stay where asked."""
    match shape:
        case Leaf():
            return shape
        case Branch(kind, children, span):
            return branch(kind, (without_fixed(c, keep_labels=keep_labels) for c in children), span)
        case FixedRuleSet(label, child, span, via):
            inner = without_fixed(child, keep_labels=keep_labels)
            return (
                FixedRuleSet(label, inner, span, via)
                if keep_labels and label is not None
                else inner
            )
