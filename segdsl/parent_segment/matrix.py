"""The names that tables and columns get when a parent segment is built, which rules use.

A column keeps the name that it has in its table, and a behavior is `behavior_` and the name of its
table (observed: labels are never used). Where two would have one name, ignoring case, the later
ones get `_2`, `_3`, … (assumed).
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from segdsl.language.behaviors import PREFIX
from segdsl.parent_segment.model import (
    AttributeTable,
    Configuration,
    ConfiguredBehavior,
    ConfiguredColumn,
    ConfiguredGroup,
    Table,
)

PROFILE_ID = "cdp_customer_id"
"""The column that every built table has; no other gets this name."""


class Attribute(msgspec.Struct, frozen=True):
    """An attribute: `name` is its matrix column, `source` the table that it comes from."""

    name: str
    source: AttributeTable
    column: ConfiguredColumn


class Behavior(msgspec.Struct, frozen=True):
    """A behavior: `name` is its matrix table; `columns` are its columns by their matrix names."""

    name: str
    source: ConfiguredBehavior
    columns: tuple[tuple[str, ConfiguredColumn], ...]


class _Names:
    """Names that are taken, ignoring case."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = {each.lower() for each in taken}

    def take(self, wanted: str) -> str:
        """The name itself, or with the first number that makes it another one."""
        name, number = wanted, 1
        while name.lower() in self._taken:
            number += 1
            name = f"{wanted}_{number}"
        self._taken.add(name.lower())
        return name


def unique_names(wanted: Iterable[str], taken: Iterable[str] = (PROFILE_ID,)) -> tuple[str, ...]:
    """One name for each, in order; those after the first of a name get a number."""
    names = _Names(taken)
    return tuple(names.take(each) for each in wanted)


def attributes(tables: Iterable[AttributeTable]) -> tuple[Attribute, ...]:
    """The attributes of tables that are joined to one table, in order."""
    pairs = [(table, column) for table in tables for column in table.columns]
    names = unique_names(column.column for _, column in pairs)
    return tuple(
        Attribute(name, table, column) for name, (table, column) in zip(names, pairs, strict=True)
    )


def group_attributes(group: ConfiguredGroup) -> tuple[Attribute, ...]:
    """The attributes of a customer group, in order: rules name them by their own names, as the API
    has no others (described)."""
    pairs = [(table, column) for table in group.attributes for column in table.columns]
    names = unique_names(column.name for _, column in pairs)
    return tuple(
        Attribute(name, table, column) for name, (table, column) in zip(names, pairs, strict=True)
    )


def behaviors(configuration: Configuration) -> tuple[Behavior, ...]:
    """The behaviors of profiles, and those of customer groups behind them."""
    sources = [
        *configuration.behaviors,
        *(each for group in configuration.groups for each in group.behaviors),
    ]
    names = unique_names((f"{PREFIX}{each.table.name}" for each in sources), ())
    return tuple(
        Behavior(name, each, columns_of(each)) for name, each in zip(names, sources, strict=True)
    )


def columns_of(behavior: ConfiguredBehavior) -> tuple[tuple[str, ConfiguredColumn], ...]:
    """The configured columns of a behavior, by their matrix names."""
    names = unique_names(each.column for each in behavior.columns)
    return tuple(zip(names, behavior.columns, strict=True))


def is_of_master(configuration: Configuration, source: AttributeTable) -> bool:
    """Whether a table of attributes is the master table itself, each row joined to itself."""
    return source.join is None or (
        source.table == configuration.master.table and source.join.master == source.join.column
    )


def table_names(configuration: Configuration) -> tuple[Table, ...]:
    """The raw tables that a build reads, each once."""
    tables = [
        configuration.master.table,
        *(each.table for each in configuration.attributes),
        *(each.table for each in configuration.behaviors),
    ]
    for group in configuration.groups:
        tables += [group.table, *(each.table for each in group.attributes)]
        tables += [each.table for each in group.behaviors]
    return tuple(dict.fromkeys(tables))
