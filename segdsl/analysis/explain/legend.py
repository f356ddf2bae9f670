"""What the console calls the attributes, behaviors and columns that an explanation names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from segdsl.analysis.explain.verbs import listed
from segdsl.language import activations as a
from segdsl.language.condition import tree as c
from segdsl.language.condition.walk import children, walk
from segdsl.language.syntax.spelling import behavior, name
from segdsl.language.values import Limit
from segdsl.schema.labels import Labels
from segdsl.terminal import visible

Called = Iterator[tuple[str, str]]
"""What a reader sees in the sentences, and its label."""


def legend(names: Iterable[tuple[str, str]]) -> str | None:
    """One sentence with the labels of names, in their order; None where there are none."""
    called = dict.fromkeys(names)
    if not called:
        return None
    said = [f"{each} is “{visible(label)}”" for each, label in called]
    return f"In the console {listed(said, 'and')}."


def names_in(segment: c.Segment, labels: Labels) -> Called:
    """What a segment names whose label says more than its name, in the order in which it does."""
    yield from _labelled(segment.condition, labels)
    yield from _ordered(segment.limit, labels)


def names_exported(delivery: a.Delivery, labels: Labels) -> Called:
    """The same of what is exported."""
    for item in () if delivery.columns is None else delivery.columns.items:
        if isinstance(item.source, a.ColumnSource) and item.source.group is None:
            column = item.source.column
            if column in labels.attributes:
                yield name(column), labels.attributes[column]
    for export in delivery.behaviors:
        table = export.behavior
        if table in labels.behaviors:
            yield f"the behavior {behavior(table)}", labels.behaviors[table]
        exported = (each.source for each in export.columns)
        columns = [each.column for each in exported if isinstance(each, a.ColumnSource)]
        for column in (*columns, *(each.column for each in export.order)):
            label = labels.columns.get((table, column))
            if label is not None:
                yield f"{name(column)} of {behavior(table)}", label


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
