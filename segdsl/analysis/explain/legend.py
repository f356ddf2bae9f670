"""What the console calls the attributes, behaviors and columns that a segment names."""

from __future__ import annotations

from collections.abc import Iterator

from segdsl.analysis.explain.verbs import listed
from segdsl.language.condition import tree as c
from segdsl.language.condition.walk import children, walk
from segdsl.language.syntax.spelling import behavior, name
from segdsl.language.values import Limit
from segdsl.schema.labels import Labels
from segdsl.terminal import visible


def legend(segment: c.Segment, labels: Labels) -> str | None:
    """One sentence with the labels of what a segment names, in the order in which it does.

    None where no label says more than the name.
    """
    called = dict.fromkeys(_labelled(segment.condition, labels))
    called.update(dict.fromkeys(_ordered(segment.limit, labels)))
    if not called:
        return None
    said = [f"{each} is “{visible(label)}”" for each, label in called]
    return f"In the console {listed(said, 'and')}."


Called = Iterator[tuple[str, str]]
"""What a reader sees in the sentences, and its label."""


def _labelled(condition: c.Condition, labels: Labels) -> Called:
    match condition:
        case c.Test(c.Attribute(attribute)) if attribute in labels.attributes:
            yield name(attribute), labels.attributes[attribute]
        case c.Test(c.Aggregate() as aggregate):
            yield from _of_aggregate(aggregate, labels)
        case _:
            for child in children(condition):
                yield from _labelled(child, labels)
    if isinstance(condition, c.Limited):
        yield from _ordered(condition.limit, labels)


def _of_aggregate(aggregate: c.Aggregate, labels: Labels) -> Called:
    if aggregate.behavior in labels.behaviors:
        yield f"the behavior {behavior(aggregate.behavior)}", labels.behaviors[aggregate.behavior]
    order = () if aggregate.order is None else (aggregate.order,)
    inside = () if aggregate.filter is None else _columns(aggregate.filter)
    for column in (*aggregate.columns, *order, *aggregate.grouping, *inside):
        label = labels.columns.get((aggregate.behavior, column))
        if label is not None:
            yield f"{name(column)} of {behavior(aggregate.behavior)}", label


def _columns(condition: c.Condition) -> Iterator[str]:
    """The columns that a filter tests."""
    for node in walk(condition):
        if isinstance(node, c.Test) and isinstance(node.subject, c.Attribute):
            yield node.subject.name


def _ordered(limit: Limit | None, labels: Labels) -> Called:
    for order in () if limit is None else limit.order:
        if order.column is not None and order.column in labels.attributes:
            yield name(order.column), labels.attributes[order.column]
