"""What is stored of a parent segment as a configuration, and the names that its parts get."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast, get_args

import msgspec

from segdsl.engine.build import BuiltTable, planned
from segdsl.language.values import ColumnType
from segdsl.parent_segment import matrix
from segdsl.parent_segment.model import (
    AttributeTable,
    Configuration,
    ConfiguredBehavior,
    ConfiguredColumn,
    ConfiguredGroup,
    Filter,
    Join,
    Master,
    Table,
)
from segdsl.server.errors import refuse
from segdsl.server.parents.table import Parent
from segdsl.server.service import Json

_TYPES: tuple[ColumnType, ...] = get_args(ColumnType)


class Named(msgspec.Struct, frozen=True):
    """The names in the matrix: of attributes and behaviors in the order in which they are stored,
    and of the columns of each behavior."""

    attributes: tuple[str, ...]
    behaviors: tuple[matrix.Behavior, ...]


def configuration_of(stored: Json) -> Configuration:
    """The configuration that is built; raises ApiError (400) without a master table."""
    master = stored["master"]
    if master is None:
        raise refuse("the parent segment has no master table: update it with a `master`")
    group = stored["customerGroup"]
    tables, _ = _grouped(stored["attributes"])
    return Configuration(
        stored["name"],
        Master(
            _table(master),
            tuple(
                Filter(each["columnName"], tuple(each["rightValues"]))
                for each in stored["audienceFilters"]
            ),
        ),
        timezone=stored["timezone"],
        attributes=tables,
        behaviors=tuple(map(_behavior, stored["behaviors"])),
        groups=() if group is None else (_group(group),),
    )


def tables_of(parent: Parent) -> tuple[BuiltTable, ...]:
    """The tables of the last run; before the first, those of the configuration, without rows."""
    if parent.built is not None:
        return parent.built.tables
    if parent.configuration["master"] is None:
        return ()
    return planned(configuration_of(parent.configuration))


def named(stored: Json) -> Named:
    """The names of the parts that are stored."""
    tables, places = _grouped(stored["attributes"])
    names = [each.name for each in matrix.attributes(tables)]
    by_place = dict(zip(places, names, strict=True))
    group = stored["customerGroup"]
    behaviors = tuple(map(_behavior, stored["behaviors"]))
    groups = () if group is None else (_group(group),)
    unbuilt = Configuration("", Master(Table("", "")), behaviors=behaviors, groups=groups)
    attributes = tuple(by_place[number] for number in range(len(names)))
    return Named(attributes, matrix.behaviors(unbuilt))


def _grouped(attributes: list[Json]) -> tuple[tuple[AttributeTable, ...], list[int]]:
    """Attributes by table, join and heading; and their places, in the order of the columns."""
    groups: dict[tuple[Table, Join, str | None], list[int]] = {}
    for number, each in enumerate(attributes):
        key = (_table(each), _join(each), each["groupingName"])
        groups.setdefault(key, []).append(number)
    tables = tuple(
        AttributeTable(
            str(index),
            table,
            join,
            tuple(_column(attributes[number]) for number in numbers),
            heading,
        )
        for index, ((table, join, heading), numbers) in enumerate(groups.items())
    )
    return tables, [number for numbers in groups.values() for number in numbers]


def _behavior(stored: Mapping[str, Any]) -> ConfiguredBehavior:
    return ConfiguredBehavior(
        stored["name"],
        _table(stored),
        _join(stored),
        tuple(map(_column, stored["schema"])),
        default_time_filter=bool(stored["defaultTimeFilterEnabled"]),
        realtime=bool(stored["isRealtime"]),
        all_columns=stored["allColumns"],
    )


def _group(stored: Mapping[str, Any]) -> ConfiguredGroup:
    tables, _ = _grouped(stored["customerGroupAttributes"])
    behaviors = tuple(map(_behavior, stored["customerGroupBehaviors"]))
    return ConfiguredGroup(stored["name"], _table(stored), _join(stored), tables, behaviors)


def _table(stored: Mapping[str, Any]) -> Table:
    return Table(stored["parentDatabaseName"], stored["parentTableName"])


def _join(stored: Mapping[str, Any]) -> Join:
    return Join(stored["foreignKey"], stored["parentKey"])


def _column(stored: Mapping[str, Any]) -> ConfiguredColumn:
    type = cast(ColumnType, stored["type"])
    assert type in _TYPES, "it was checked when it was posted"
    return ConfiguredColumn(stored["name"], type, stored["parentColumn"])
