"""Builds the tables of a parent segment in a DuckDB database, from raw tables.

Every statement is out of core: what does not fit into the memory that DuckDB has is on the disk.
Meaning, where nothing says more:

- each row of the master table that the filters keep is a profile (observed). Its id is a hash of
  its join keys, so that it is the same in each run (assumed: a real server's is not);
- all columns of the master table come along (observed), except where an attribute has the name;
- an attribute of a profile without a matching row is null. Of several rows the first in the order
  of their values is taken (assumed);
- events of which no profile has the key are left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb
import msgspec
from sqlglot import exp

from segdsl.engine.build import queries
from segdsl.engine.build.connection import BuildConnection
from segdsl.engine.build.model import Built, BuiltColumn, BuiltTable, Progress
from segdsl.engine.build.queries import IDENTITY, JoinedView
from segdsl.engine.build.reading import Reader, Reading, filter_condition, key, need_column
from segdsl.engine.build.sources import RawTable
from segdsl.engine.columns import quoted
from segdsl.engine.errors import DataError, reason
from segdsl.language.values import ColumnType
from segdsl.parent_segment import matrix
from segdsl.parent_segment.model import (
    AttributeTable,
    Configuration,
    ConfiguredBehavior,
    ConfiguredColumn,
    ConfiguredGroup,
    Join,
    Table,
)
from segdsl.sql import render
from segdsl.sql.catalog import CUSTOMER_GROUP, CUSTOMERS, PROFILE_ID

DATABASE = "built"
"""The name of the database that is built, in the connection."""
_KEYS = "keys of profiles"


class _Base(msgspec.Struct, frozen=True):
    """A view of a table that others are joined to: the names of its columns for keys.

    `keys` are by the column of the table and whether it is compared as a string.
    """

    view: str
    keys: Mapping[tuple[str, bool], str]
    values: tuple[tuple[str, str], ...]
    columns: tuple[BuiltColumn, ...]
    order: tuple[str, ...]


class Builder:
    """One build over one connection, to which the database `DATABASE` is attached."""

    def __init__(
        self,
        configuration: Configuration,
        tables: Mapping[Table, RawTable],
        connection: BuildConnection,
        progress: Progress,
    ) -> None:
        self._configuration = configuration
        self._raw = tables
        self._connection = connection
        self._progress = progress
        self._reader = Reader(connection)
        self._built: list[BuiltTable] = []
        self._notes: list[str] = []
        self._behaviors = matrix.behaviors(configuration)
        self._total = 1 + len(self._behaviors) + len(configuration.groups)

    def run(self) -> Built:
        """Builds all tables; raises DataError, QueryKilled, and errors of DuckDB."""
        base = self._master()
        population = self._customers(base)
        by_source = {id(each.source): each for each in self._behaviors}
        for behavior in self._configuration.behaviors:
            self._behavior(by_source[id(behavior)])
        for group in self._configuration.groups:
            self._group(group, [by_source[id(each)] for each in group.behaviors])
        return Built(
            population,
            tuple(self._built),
            self._reader.misfits,
            (*self._notes, *self._reader.notes),
        )

    # --- profiles ------------------------------------------------------------------------

    def _master(self) -> _Base:
        """The view of the master table: identity, join keys, and the columns of its own."""
        configuration = self._configuration
        table = self._raw[configuration.master.table]
        joins: list[tuple[Join, Table]] = [
            (each.join, each.table)
            for each in configuration.attributes
            if each.join is not None and not matrix.is_of_master(configuration, each)
        ]
        joins += [(each.join, each.table) for each in configuration.behaviors]
        joins += [(each.join, each.table) for each in configuration.groups]
        where = filter_condition(table, configuration.master.filters)
        own = [
            each
            for each in matrix.attributes(configuration.attributes)
            if matrix.is_of_master(configuration, each.source)
        ]
        readings = list(
            self._reader.columns(
                table, [(each.column.column, _type(each.column)) for each in own], where
            )
        )
        columns = [self._column(each.name, each.column, each.source) for each in own]
        taken = {each.name.lower() for each in matrix.attributes(configuration.attributes)}
        rest = [each for each in table.columns if each.lower() not in {*taken, PROFILE_ID.lower()}]
        for reading in self._reader.inferred(table, rest):
            readings.append(reading)
            columns.append(
                BuiltColumn(
                    reading.column,
                    reading.column,
                    reading.type,
                    configuration.master.table,
                    reading.column,
                    configured=False,
                )
            )
        identity = sorted({join.master for join, _ in joins} or set(table.columns))
        names = [need_column(table, each).name for each in identity]
        return self._base(table, joins, readings, columns, where, {IDENTITY: _identity(names)})

    def _base(
        self,
        table: RawTable,
        joins: Sequence[tuple[Join, Table]],
        readings: Sequence[Reading],
        columns: Sequence[BuiltColumn],
        where: str,
        more: Mapping[str, str],
    ) -> _Base:
        """A view with the keys for joins, with values, and with `more` columns."""
        keys: dict[tuple[str, bool], str] = {}
        listed = dict(more)
        for join, other in joins:
            found = self._key_of(table, join, other)
            if found not in keys:
                keys[found] = f"key {len(keys) + 1}"
                field = quoted(found[0])
                listed[keys[found]] = f"CAST({field} AS VARCHAR)" if found[1] else field
        values = []
        for number, reading in enumerate(readings, 1):
            listed[f"value {number}"] = reading.sql
            values.append((columns[number - 1].name, f"value {number}"))
        order = []
        for number, name in enumerate(table.columns, 1):
            listed[f"order {number}"] = quoted(name)
            order.append(f"order {number}")
        view = self._reader.view(table, listed, where)
        return _Base(view, keys, tuple(values), tuple(columns), tuple(order))

    def _key_of(self, table: RawTable, join: Join, other: Table) -> tuple[str, bool]:
        """The key of a base table for a join, and whether it is compared as a string."""
        own = need_column(table, join.master)
        field = need_column(self._raw[other], join.column)
        return join.master, own.type != field.type

    def _customers(self, base: _Base) -> int:
        """Builds the profiles, and keeps their keys for the events; returns their number."""
        self._step(CUSTOMERS)
        keys = list(base.keys.values())
        sources = [source for _, source in base.values]
        are_unique = self._are_unique(base.view)
        if not are_unique:
            self._notes.append(
                f"several rows of `{self._configuration.master.table}` have the same join keys: "
                "each is a profile"
            )
        rows = queries.profiles(base.view, [*keys, *sources], base.order, are_unique=are_unique)
        shown = [(PROFILE_ID, PROFILE_ID), *base.values]
        tables = [
            each
            for each in self._configuration.attributes
            if not matrix.is_of_master(self._configuration, each)
        ]
        joins, columns = self._joins(
            tables,
            base,
            self._raw[self._configuration.master.table],
            matrix.attributes(self._configuration.attributes),
        )
        population = self._create(CUSTOMERS, queries.joined(rows, shown, joins, are_unique=True))
        expected = self._number(base.view)
        if population != expected:
            self._connection.execute(f"DROP TABLE {DATABASE}.main.{quoted(CUSTOMERS)}")
            population = self._create(
                CUSTOMERS, queries.joined(rows, shown, joins, are_unique=False)
            )
            self._notes.append(
                "a table of attributes has several rows for some profiles: the first in the order "
                "of their values is taken"
            )
        by_name = {each.name: each for each in (*base.columns, *columns)}
        order = [each.name for each in matrix.attributes(self._configuration.attributes)]
        ordered = [by_name[name] for name in order]
        ordered += [each for name, each in by_name.items() if name not in order]
        self._add(BuiltTable(CUSTOMERS, population, tuple(ordered)))
        if self._behaviors or self._configuration.groups:
            ids = queries.profiles(base.view, keys, base.order, are_unique=are_unique)
            self._connection.execute(render(queries.create(_KEYS, ids), "duckdb", pretty=False))
        self._keys = base.keys
        return population

    def _are_unique(self, view: str) -> bool:
        """Whether no two rows of the master table have the same keys."""
        identity = quoted(IDENTITY)
        row = self._connection.execute(
            f"SELECT count(*) = count(DISTINCT hash({identity})) FROM {quoted(view)}"
        ).fetchone()
        return bool(row and row[0])

    def _number(self, view: str) -> int:
        row = self._connection.execute(f"SELECT count(*) FROM {quoted(view)}").fetchone()
        assert row is not None
        return int(row[0])

    def _joins(
        self,
        tables: Sequence[AttributeTable],
        base: _Base,
        base_table: RawTable,
        names: Sequence[matrix.Attribute],
    ) -> tuple[list[JoinedView], list[BuiltColumn]]:
        """The views of tables of attributes, and the columns that they have, of all `names`."""
        joins: list[JoinedView] = []
        built: list[BuiltColumn] = []
        for table in tables:
            assert table.join is not None
            found = [each for each in names if each.source is table]
            readings = self._reader.columns(
                self._raw[table.table], [(each.column.column, _type(each.column)) for each in found]
            )
            own = need_column(base_table, table.join.master)
            listed = {"key": key(self._raw[table.table], table.join.column, own)}
            values, order = [], []
            for number, (each, reading) in enumerate(zip(found, readings, strict=True), 1):
                listed[f"value {number}"] = reading.sql
                listed[f"order {number}"] = quoted(each.column.column)
                values.append((each.name, f"value {number}"))
                order.append(f"order {number}")
                built.append(self._column(each.name, each.column, table))
            view = self._reader.view(self._raw[table.table], listed)
            base_key = base.keys[self._key_of(base_table, table.join, table.table)]
            joins.append(JoinedView(view, "key", base_key, values, order))
        return joins, built

    # --- events and groups ---------------------------------------------------------------

    def _behavior(self, behavior: matrix.Behavior) -> None:
        self._step(behavior.name)
        source = behavior.source
        master = self._raw[self._configuration.master.table]
        view, values, columns = self._events(behavior, need_column(master, source.join.master).type)
        profile_key = self._keys[self._key_of(master, source.join, source.table)]
        query = queries.of_profiles(view, "key", values, _KEYS, profile_key)
        self._add_behavior(behavior, self._create(behavior.name, query), columns)

    def _events(
        self, behavior: matrix.Behavior, other_type: str
    ) -> tuple[str, list[tuple[str, str]], list[BuiltColumn]]:
        """The view of a table of events, and its columns."""
        source = behavior.source
        raw = self._raw[source.table]
        pairs: list[tuple[str, ConfiguredColumn]] = list(behavior.columns)
        readings = list(
            self._reader.columns(raw, [(each.column, _type(each)) for _, each in pairs])
        )
        if source.all_columns:
            taken = {PROFILE_ID, *(name.lower() for name, _ in pairs)}
            rest = [each for each in raw.columns if each.lower() not in taken]
            for reading in self._reader.inferred(raw, rest):
                readings.append(reading)
                column = ConfiguredColumn(reading.column, reading.type, reading.column)
                pairs.append((reading.column, column))
        own = need_column(raw, source.join.column)
        field = quoted(own.name)
        listed = {"key": field if own.type == other_type else f"CAST({field} AS VARCHAR)"}
        values = []
        columns = []
        for number, ((name, column), reading) in enumerate(zip(pairs, readings, strict=True), 1):
            listed[f"value {number}"] = reading.sql
            values.append((name, f"value {number}"))
            columns.append(
                BuiltColumn(name, column.name, reading.type, source.table, column.column)
            )
        return self._reader.view(raw, listed), values, columns

    def _group(self, group: ConfiguredGroup, behaviors: Sequence[matrix.Behavior]) -> None:
        """Builds a customer group: a row for each profile that is in it, and its events."""
        name = f"{CUSTOMER_GROUP}{group.name}"
        self._step(name)
        raw = self._raw[group.table]
        master = self._raw[self._configuration.master.table]
        names = matrix.group_attributes(group)
        own = [each for each in names if _is_own(group, each.source)]
        others = [each for each in group.attributes if not _is_own(group, each)]
        readings = self._reader.columns(
            raw, [(each.column.column, _type(each.column)) for each in own]
        )
        columns = [self._column(each.name, each.column, each.source) for each in own]
        joins = [
            *((each.join, each.table) for each in others if each.join is not None),
            *((each.source.join, each.source.table) for each in behaviors),
        ]
        group_key = key(raw, group.join.column, need_column(master, group.join.master))
        base = self._base(raw, joins, readings, columns, "true", {"group": group_key})
        kept = (*base.keys.values(), *(source for _, source in base.values))
        values = [(each, each) for each in kept]
        rows = queries.first_rows(JoinedView(base.view, "group", "group", values, base.order))
        profile_key = self._keys[self._key_of(master, group.join, group.table)]
        joined_views, joined_columns = self._joins(others, base, raw, names)
        shown = [("group", "group"), *base.values]
        whole = queries.joined(rows, shown, joined_views, are_unique=False)
        values = [(each.name, each.name) for each in (*columns, *joined_columns)]
        query = queries.of_profiles(whole, "group", values, _KEYS, profile_key)
        number = self._create(name, query)
        self._add(
            BuiltTable(
                name, number, (*columns, *joined_columns), group.name, group.table, group.join
            )
        )
        for behavior in behaviors:
            self._step(behavior.name)
            join = behavior.source.join
            view, event_values, event_columns = self._events(
                behavior, need_column(raw, join.master).type
            )
            group_column = base.keys[self._key_of(raw, join, behavior.source.table)]
            members = queries.of_profiles(
                rows, "group", [(group_column, group_column)], _KEYS, profile_key
            )
            events = queries.of_profiles(view, "key", event_values, members, group_column)
            self._add_behavior(behavior, self._create(behavior.name, events), event_columns)

    # --- results -------------------------------------------------------------------------

    def _step(self, table: str) -> None:
        self._progress(table, len(self._built), self._total)

    def _create(self, name: str, query: exp.Select) -> int:
        """Creates a table of the database; returns the number of its rows."""
        sql = render(queries.create(name, query, DATABASE), "duckdb", pretty=False)
        try:
            row = self._connection.execute(sql).fetchone()
        except duckdb.Error as error:
            raise DataError(f"the table `{name}` cannot be built: {reason(error)}") from error
        assert row is not None
        return int(row[0])

    def _add(self, table: BuiltTable) -> None:
        self._built.append(table)

    def _add_behavior(
        self, behavior: matrix.Behavior, rows: int, columns: Sequence[BuiltColumn]
    ) -> None:
        source: ConfiguredBehavior = behavior.source
        self._add(
            BuiltTable(behavior.name, rows, tuple(columns), source.name, source.table, source.join)
        )

    def _column(self, name: str, column: ConfiguredColumn, source: AttributeTable) -> BuiltColumn:
        return BuiltColumn(
            name,
            column.name,
            _type(column),
            source.table,
            column.column,
            source.join,
            source.heading,
        )


def _is_own(group: ConfiguredGroup, source: AttributeTable) -> bool:
    """Whether attributes of a customer group are columns of its own table."""
    return source.join is None or (
        source.table == group.table and source.join.master == source.join.column
    )


def _type(column: ConfiguredColumn) -> ColumnType:
    """The type of a column; raises DataError for one that is not known."""
    if column.type is None:
        raise DataError(
            f"the column `{column.name}` has the type `{column.unknown_type}`, which is unknown"
        )
    return column.type


def _identity(columns: Sequence[str]) -> str:
    """The values of columns as one string, each with its length, so that no two are alike."""
    parts = []
    for each in columns:
        value = f"CAST({quoted(each)} AS VARCHAR)"
        parts.append(f"coalesce(length({value}) || ':' || {value}, '-')")
    return " || ".join(parts)
