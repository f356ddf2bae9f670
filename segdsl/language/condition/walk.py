"""Visiting and rebuilding condition trees: the one place that knows what each node contains.

Iterating is done with an explicit stack; rebuilding recurses, as deep as the resolver and the
rule reader let a tree be.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import assert_never

import msgspec

from segdsl.language.condition.tree import (
    Aggregate,
    And,
    Condition,
    Everyone,
    Limited,
    Membership,
    Not,
    Or,
    RuleSet,
    Score,
    Test,
)

Change = Callable[[Condition], Condition]


def children(node: Condition) -> tuple[Condition, ...]:
    """The conditions directly below a node, as written; an aggregate's filter is not one."""
    match node:
        case Test() | Membership() | Score() | Everyone():
            return ()
        case And() | Or():
            return node.children
        case Not() | RuleSet() | Limited():
            return (node.child,)
        case _:
            assert_never(node)


def filter_of(node: Condition) -> Condition | None:
    """The filter of the aggregate that a node tests, a condition on the behavior's columns."""
    if isinstance(node, Test) and isinstance(node.subject, Aggregate):
        return node.subject.filter
    return None


def walk(condition: Condition, *, filters: bool = False) -> Iterator[Condition]:
    """The condition and every condition below it, parents first, in the order written.

    With `filters` those in the filters of aggregates too, each after its test.
    """
    waiting = [condition]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, Test):
            inside = filter_of(node) if filters else None
            if inside is not None:
                waiting.append(inside)
        else:
            waiting.extend(reversed(children(node)))


def depth(condition: Condition) -> int:
    """The number of levels, the condition itself included; filters are not entered."""
    levels = 0
    level = [condition]
    while level:
        levels += 1
        level = [child for node in level for child in children(node)]
    return levels


def map_children(node: Condition, change: Change) -> Condition:
    """The node with the results of `change` as its children; the node itself if none changes."""
    match node:
        case Test() | Membership() | Score() | Everyone():
            return node
        case And() | Or():
            changed = tuple(map(change, node.children))
            if all(map(operator.is_, changed, node.children)):
                return node
            return msgspec.structs.replace(node, children=changed)
        case Not() | RuleSet() | Limited():
            child = change(node.child)
            return node if child is node.child else msgspec.structs.replace(node, child=child)
        case _:
            assert_never(node)
