"""The tables that a build of a configuration makes, as far as the configuration says.

Clients create segments in a parent segment that has never run (observed: a public client copies
them right after it has created the parent segment), so rules can use these columns before the
first run. Not known before are columns of the master table that come along, and those of a
behavior with all columns; columns of an unknown type, which no build makes, are left out.
"""

from __future__ import annotations

from collections.abc import Iterable

from segdsl.engine.build.model import BuiltColumn, BuiltTable
from segdsl.parent_segment import matrix
from segdsl.parent_segment.model import AttributeTable, Configuration
from segdsl.sql.catalog import CUSTOMER_GROUP, CUSTOMERS


def planned(configuration: Configuration) -> tuple[BuiltTable, ...]:
    """The tables, in the order in which they are built, without rows."""
    behaviors = iter(matrix.behaviors(configuration))
    tables = [BuiltTable(CUSTOMERS, 0, _attributes(configuration.attributes))]
    tables += [_behavior(next(behaviors)) for _ in configuration.behaviors]
    for group in configuration.groups:
        columns = _attributes(group.attributes)
        name = f"{CUSTOMER_GROUP}{group.name}"
        tables.append(BuiltTable(name, 0, columns, group.name, group.table, group.join))
        tables += [_behavior(next(behaviors)) for _ in group.behaviors]
    return tuple(tables)


def _attributes(tables: Iterable[AttributeTable]) -> tuple[BuiltColumn, ...]:
    return tuple(
        BuiltColumn(
            each.name,
            each.column.name,
            each.column.type,
            each.source.table,
            each.column.column,
            each.source.join,
            each.source.heading,
        )
        for each in matrix.attributes(tables)
        if each.column.type is not None
    )


def _behavior(behavior: matrix.Behavior) -> BuiltTable:
    source = behavior.source
    columns = tuple(
        BuiltColumn(name, each.name, each.type, source.table, each.column)
        for name, each in behavior.columns
        if each.type is not None
    )
    return BuiltTable(behavior.name, 0, columns, source.name, source.table, source.join)
