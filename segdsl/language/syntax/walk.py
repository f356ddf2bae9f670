"""Visiting and rebuilding syntax trees: the one place that knows what each node contains.

Iterating is done with an explicit stack; rebuilding recurses, as deep as the parser lets a tree
be.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from itertools import chain
from typing import assert_never

import msgspec

from segdsl.language.predicates import values_of, values_of_duration
from segdsl.language.syntax.tree import (
    Activation,
    ActivationTemplate,
    Aggregate,
    Chain,
    Expression,
    FixedRuleSet,
    Funnel,
    Has,
    Import,
    Item,
    Journey,
    Let,
    Limited,
    Listing,
    Membership,
    Negation,
    Param,
    PredictiveSegment,
    Score,
    Segment,
    StageRule,
    Subject,
    Test,
    Use,
)
from segdsl.language.values import Limit, Value

Change = Callable[[Expression], Expression]


def children(node: Expression) -> tuple[Expression, ...]:
    """The expressions directly below a node, as written, filters among them."""
    match node:
        case Test():
            inside = _filter(node.subject)
            return () if inside is None else (inside,)
        case Has():
            return () if node.filter is None else (node.filter,)
        case Chain():
            return node.operands
        case Listing():
            return node.items
        case Negation() | FixedRuleSet() | Limited():
            return (node.operand,)
        case Membership() | Score() | Use():
            return ()
        case _:
            assert_never(node)


def walk(expression: Expression) -> Iterator[Expression]:
    """The expression and every expression below it, parents first, in the order written."""
    waiting = [expression]
    while waiting:
        node = waiting.pop()
        yield node
        below = children(node)
        if below:
            waiting.extend(reversed(below))


def bodies(item: Item) -> tuple[Expression, ...]:
    """The expressions of a segment, a definition, or the rules of a funnel or journey, in order."""
    match item:
        case Segment():
            return () if item.where is None else (item.where,)
        case Let():
            return (item.body,)
        case Funnel() | Journey():
            return tuple(each.where for each in _rules(item) if each.where is not None)
        case Param() | Import() | Activation() | ActivationTemplate() | PredictiveSegment():
            return ()
        case _:
            assert_never(item)


def limits(item: Item) -> tuple[Limit, ...]:
    """The limits of a segment, or in the rules of others; those inside expressions aside."""
    match item:
        case Segment():
            return () if item.limit is None else (item.limit,)
        case Funnel() | Journey():
            return tuple(each.limit for each in _rules(item) if each.limit is not None)
        case Let() | Param() | Import() | Activation() | ActivationTemplate():
            return ()
        case PredictiveSegment():
            return ()
        case _:
            assert_never(item)


def _rules(item: Funnel | Journey) -> Iterator[StageRule]:
    """The rules of the stages of a funnel, or all of a journey, in the order written."""
    if isinstance(item, Funnel):
        return (stage.rule for stage in item.stages if stage.rule is not None)
    # Only a journey needs what it is made of.
    from segdsl.language.journeys import rules
    from segdsl.language.syntax.model_items import journey_of

    return rules(journey_of(item))


def walk_item(item: Item) -> Iterator[Expression]:
    """Every expression in an item; see `walk`."""
    return chain.from_iterable(map(walk, bodies(item)))


def values(node: Expression) -> Iterator[Value]:
    """The values written in a node itself, without those of the expressions below it."""
    match node:
        case Test():
            yield from values_of(node.predicate)
            if isinstance(node.subject, Aggregate) and node.subject.window is not None:
                yield from values_of_duration(node.subject.window)
            if node.quantifier is not None and node.quantifier.number is not None:
                yield node.quantifier.number
        case Score():
            yield node.low
            yield node.high
        case Limited():
            yield node.limit.number
        case Use():
            yield from node.arguments or ()
        case Has() | Chain() | Listing() | Negation() | FixedRuleSet() | Membership():
            pass
        case _:
            assert_never(node)


def values_in(item: Item) -> Iterator[Value]:
    """The values written anywhere in conditions and limits of an item, and a param's default."""
    for node in walk_item(item):
        yield from values(node)
    for limit in limits(item):
        yield limit.number
    if isinstance(item, Param) and item.default is not None:
        yield item.default


def map_children(node: Expression, change: Change) -> Expression:
    """The node with the results of `change` as its children; the node itself if none changes."""
    below = children(node)
    changed = tuple(map(change, below))
    if all(map(operator.is_, changed, below)):
        return node
    match node:
        case Test():
            subject = msgspec.structs.replace(node.subject, filter=changed[0])
            return msgspec.structs.replace(node, subject=subject)
        case Has():
            return msgspec.structs.replace(node, filter=changed[0])
        case Chain():
            return msgspec.structs.replace(node, operands=changed)
        case Listing():
            return msgspec.structs.replace(node, items=changed)
        case Negation() | FixedRuleSet() | Limited():
            return msgspec.structs.replace(node, operand=changed[0])
        case Membership() | Score() | Use():
            return node
        case _:
            assert_never(node)


def _filter(subject: Subject) -> Expression | None:
    return subject.filter if isinstance(subject, Aggregate) else None
