"""What disappears with a change of a parent segment, by the names that rules use. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal as OneOf

import msgspec

from segdsl.parent_segment import model as m
from segdsl.parent_segment.changes import attribute_pairs, behavior_pairs
from segdsl.parent_segment.flat import assumed_table, flat_attributes
from segdsl.parent_segment.reading import Reading

What = OneOf["attribute", "behavior", "column", "group attribute"]


class Field(msgspec.Struct, frozen=True, order=True):
    """Something that rules and exports name: an attribute, a behavior (by its matrix table), a
    column of a behavior, or an attribute of a customer group. `owner` is the behavior's table or
    the group; a behavior has no `name`."""

    what: What
    owner: str
    name: str

    @property
    def in_words(self) -> str:
        match self.what:
            case "attribute":
                return f"attribute {self.name}"
            case "behavior":
                return f"behavior {self.owner}"
            case "column":
                return f"column {self.name} of {self.owner}"
            case "group attribute":
                return f"attribute {self.name} of the customer group {self.owner}"


def vanishing(before: Reading, after: m.Configuration) -> tuple[Field, ...]:
    """The fields that the server has, and that a replacement with a configuration takes away.

    A column in the matrix has the name of its raw column (observed).
    """
    left = {*_fields_after(before, after)}
    gone = [each for each in dict.fromkeys(_fields(before)) if each not in left]
    # Who uses a column uses its behavior, so the behavior says it all.
    behaviors = {each.owner for each in gone if each.what == "behavior"}
    return tuple(each for each in gone if each.what != "column" or each.owner not in behaviors)


def _fields(reading: Reading) -> Iterator[Field]:
    for attribute in reading.attributes:
        yield Field("attribute", "", attribute.column)
    for behavior in reading.behaviors:
        yield Field("behavior", behavior.table, "")
        for name in behavior.columns.values():
            yield Field("column", behavior.table, name)
    yield from _group_fields(reading.configuration)


def _fields_after(before: Reading, after: m.Configuration) -> Iterator[Field]:
    known = [each.attribute for each in before.attributes]
    names = {id(each.attribute): each.column for each in before.attributes}
    for old, new in attribute_pairs(known, [*flat_attributes(after)]):
        if new is not None:
            is_same = old is not None and old.column == new.column
            yield Field("attribute", "", names[id(old)] if is_same else new.column)
    behaviors = {id(each.behavior): each for each in before.behaviors}
    for was, behavior in behavior_pairs([e.behavior for e in before.behaviors], after.behaviors):
        if behavior is None:
            continue
        kept = behaviors[id(was)] if was is not None and was.table == behavior.table else None
        table = assumed_table(behavior) if kept is None else kept.table
        yield Field("behavior", table, "")
        columns = {} if kept is None else kept.columns
        for column in behavior.columns:
            yield Field("column", table, columns.get(column.column, column.column))
        if behavior.all_columns:
            for name in columns.values():
                yield Field("column", table, name)
    yield from _group_fields(after)


def _group_fields(configuration: m.Configuration) -> Iterator[Field]:
    """What rules name of customer groups: attributes by their labels (described)."""
    for group in configuration.groups:
        for table in group.attributes:
            for column in table.columns:
                yield Field("group attribute", group.name, column.name)
        for behavior in group.behaviors:
            yield Field("behavior", assumed_table(behavior), "")
