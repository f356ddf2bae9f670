"""What is measured of raw tables before they are built, as queries for any dialect.

Every query answers one row of whole numbers. Keys are compared as strings, because the columns of a
join may have different types; `Misfit` is not asked of arrays, whose form depends on the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal as OneOf
from typing import assert_never

import msgspec
from sqlglot import exp

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
    Table,
)
from segdsl.sql.expressions import (
    Node,
    all_of,
    column,
    identifier,
    is_not_null,
    is_null,
    named,
    select,
    text,
    where,
)

Kind = OneOf["filter", "null keys", "duplicate keys", "match", "misfits"]
Name = Callable[[Table], exp.Table]
"""The name of a raw table in a query."""
_NUMBER = r"^\s*[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?\s*$"
_INTEGER = r"^[-+]?[0-9]+$"
_WITHOUT_TRY_CAST = ("postgres", "spark")
"""Dialects in which a cast that fails would end the query: patterns decide there."""
_TRUTH = "^(t|true|y|yes|on|1|f|false|n|no|off|0)$"
_KEPT, _KEY, _OTHER = "kept", "join_key", "other"


class Measure(msgspec.Struct, frozen=True):
    """One measure: `value` of `total` rows.

    - `filter`: rows of the master table that the filters keep, of all;
    - `null keys` and `duplicate keys`: rows without a key, and rows whose key an earlier row has;
    - `match`: rows that find a row in another table, of all. Those of the master table find an
      attribute (`of` is that table); events find a profile;
    - `misfits`: values that do not fit their type, of all values.
    """

    kind: Kind
    table: Table
    column: str
    of: Table | None = None
    type: ColumnType | None = None


class Asked(msgspec.Struct, frozen=True):
    """A measure with its query, whose row is the value and the total."""

    measure: Measure
    query: exp.Select


def parts_of(configuration: Configuration) -> tuple[AttributeTable | ConfiguredBehavior, ...]:
    """The parts that have columns, those of customer groups behind the others."""
    parts: list[AttributeTable | ConfiguredBehavior] = []
    holders: list[Configuration | ConfiguredGroup] = [configuration, *configuration.groups]
    for of in holders:
        parts += of.attributes
        parts += of.behaviors
    return tuple(parts)


def asked(configuration: Configuration, name: Name, dialect: str) -> tuple[Asked, ...]:
    """All measures of a configuration, those of the master table first."""
    # Several behaviors of one table ask some things twice.
    found = {
        (each.measure, each.query.sql()): each
        for each in _Asking(configuration, name, dialect).all()
    }
    return tuple(found.values())


def table_in_database(table: Table) -> exp.Table:
    """The name of a table in a warehouse."""
    return exp.Table(this=identifier(table.name), db=identifier(table.database))


class _Asking:
    def __init__(self, configuration: Configuration, name: Name, dialect: str) -> None:
        self._configuration = configuration
        self._name = name
        self._dialect = dialect

    def all(self) -> Iterator[Asked]:
        configuration = self._configuration
        master = configuration.master
        yield self._filters(master.table, master.filters)
        sources: list[AttributeTable | ConfiguredBehavior | ConfiguredGroup] = [
            *configuration.attributes,
            *configuration.behaviors,
            *configuration.groups,
        ]
        keys: dict[str, None] = {}
        for each in sources:
            if each.join is not None and not self._is_of_master(each):
                keys[each.join.master] = None
        for key in keys:
            yield from self._keys(master.table, key, master.filters)
        for each in sources:
            yield from self._source(each)
        for table, wanted in self._columns():
            yield from self._misfits(table, wanted)

    def _is_of_master(self, source: object) -> bool:
        return isinstance(source, AttributeTable) and matrix.is_of_master(
            self._configuration, source
        )

    def _source(
        self, source: AttributeTable | ConfiguredBehavior | ConfiguredGroup
    ) -> Iterator[Asked]:
        """The measures of a table that is joined to the master table."""
        if source.join is None or self._is_of_master(source):
            return
        join, table = source.join, source.table
        match source:
            case ConfiguredBehavior():
                yield self._nulls(table, join.column)
                yield self._match(table, join.column, self._kept(join.master), table)
            case AttributeTable() | ConfiguredGroup():
                yield from self._keys(table, join.column)
                yield self._match_of_master(join, table)
            case _:
                assert_never(source)
        if isinstance(source, ConfiguredGroup):
            yield from self._of_group(source)

    def _of_group(self, group: ConfiguredGroup) -> Iterator[Asked]:
        for each in group.attributes:
            if each.join is not None and each.table != group.table:
                yield from self._keys(each.table, each.join.column)
                found = self._keys_of(each.table, each.join.column)
                yield self._match(group.table, each.join.master, found, each.table)
        for behavior in group.behaviors:
            yield self._nulls(behavior.table, behavior.join.column)
            found = self._keys_of(group.table, behavior.join.master)
            yield self._match(behavior.table, behavior.join.column, found, behavior.table)

    # --- rows and keys -------------------------------------------------------------------

    def _filters(self, table: Table, filters: tuple[Filter, ...]) -> Asked:
        names = ", ".join(each.column for each in filters)
        kept = _count_if(_conditions(filters))
        return Asked(
            Measure("filter", table, names),
            self._answer(kept, _count(exp.Star())).from_(self._name(table)),
        )

    def _keys(self, table: Table, key: str, filters: tuple[Filter, ...] = ()) -> Iterator[Asked]:
        yield self._nulls(table, key, filters)
        value = _text(column(key))
        distinct = exp.Count(this=exp.Distinct(expressions=[value.copy()]))
        repeated = exp.Sub(this=_count(value), expression=distinct)
        query = self._answer(repeated, _count(_text(column(key)))).from_(self._name(table))
        yield Asked(Measure("duplicate keys", table, key), where(query, _conditions(filters)))

    def _nulls(self, table: Table, key: str, filters: tuple[Filter, ...] = ()) -> Asked:
        missing = _count_if(is_null(column(key)))
        query = self._answer(missing, _count(exp.Star())).from_(self._name(table))
        return Asked(Measure("null keys", table, key), where(query, _conditions(filters)))

    # --- matches -------------------------------------------------------------------------

    def _match_of_master(self, join: Join, table: Table) -> Asked:
        """The profiles that have a row in a table."""
        master = self._configuration.master
        found = self._keys_of(table, join.column)
        rows = self._matched(master.table, join.master, found)
        query = where(rows, _conditions(master.filters, _KEPT))
        return Asked(Measure("match", master.table, join.master, table), query)

    def _match(self, table: Table, key: str, found: exp.Select, of: Table) -> Asked:
        return Asked(Measure("match", table, key, of), self._matched(table, key, found))

    def _matched(self, table: Table, key: str, found: exp.Select) -> exp.Select:
        rows = self._name(table)
        rows.set("alias", exp.TableAlias(this=identifier(_KEPT)))
        on = exp.EQ(this=_text(column(key, _KEPT)), expression=column(_KEY, _OTHER))
        query = self._answer(_count(column(_KEY, _OTHER)), _count(exp.Star())).from_(rows)
        return query.join(found.subquery(identifier(_OTHER)), on=on, join_type="left")

    def _kept(self, key: str) -> exp.Select:
        """The keys of profiles."""
        master = self._configuration.master
        return where(self._keys_of(master.table, key), _conditions(master.filters))

    def _keys_of(self, table: Table, key: str) -> exp.Select:
        keys = select(named(_text(column(key)), _KEY)).from_(self._name(table)).distinct()
        return keys.where(is_not_null(column(key)))

    # --- values --------------------------------------------------------------------------

    def _columns(self) -> Iterator[tuple[Table, tuple[ConfiguredColumn, ...]]]:
        configuration = self._configuration
        for part in parts_of(configuration):
            yield part.table, part.columns

    def _misfits(self, table: Table, columns: tuple[ConfiguredColumn, ...]) -> Iterator[Asked]:
        for each in columns:
            if each.type is None:
                continue
            value = exp.func("NULLIF", _text(column(each.column)), text(""))
            fits = fits_type(value, each.type, self._dialect)
            if fits is None:
                continue
            given = is_not_null(value.copy())
            misfits = _count_if(all_of([given, exp.Not(this=exp.Paren(this=fits))]))
            query = self._answer(misfits, _count(value.copy())).from_(self._name(table))
            yield Asked(Measure("misfits", table, each.column, None, each.type), query)

    def _answer(self, value: Node, total: Node) -> exp.Select:
        return select(named(value, "value"), named(total, "total"))


def fits_type(value: Node, type: ColumnType, dialect: str) -> Node | None:
    """Whether a string, which is not null, fits a type; None where a dialect cannot say it."""
    match type:
        case "string" | "string_array" | "number_array":
            return None
        case "number":
            if dialect in _WITHOUT_TRY_CAST:
                return _matches(value, _NUMBER)
            return is_not_null(_try_cast(value, exp.DType.DOUBLE))
        case "boolean":
            if dialect in _WITHOUT_TRY_CAST:
                return _matches(exp.Lower(this=value), _TRUTH)
            return is_not_null(_try_cast(value, exp.DType.BOOLEAN))
        case "timestamp" | "date":
            if dialect == "postgres":
                return None
            if dialect in _WITHOUT_TRY_CAST:
                parsed = is_not_null(exp.Anonymous(this="try_to_timestamp", expressions=[value]))
                return exp.Or(this=_matches(value.copy(), _INTEGER), expression=parsed)
            seconds = is_not_null(_try_cast(value, exp.DType.BIGINT))
            time = is_not_null(_try_cast(value, exp.DType.TIMESTAMPTZ))
            return exp.Or(this=seconds, expression=time)
        case _:
            assert_never(type)


def _matches(value: Node, pattern: str) -> Node:
    return exp.RegexpLike(this=value.copy(), expression=text(pattern))


def _try_cast(value: Node, type: exp.DType) -> Node:
    return exp.TryCast(this=value.copy(), to=exp.DataType(this=type))


def _text(node: Node) -> Node:
    return exp.cast(node, "text")


def _count(node: Node) -> Node:
    return exp.Count(this=node)


def _count_if(condition: Node) -> Node:
    """The number of rows that fulfil a condition, in words that every dialect has."""
    return exp.Count(this=exp.Case(ifs=[exp.If(this=condition, true=exp.Literal.number(1))]))


def _conditions(filters: tuple[Filter, ...], table: str | None = None) -> Node:
    return all_of(
        exp.In(this=_text(column(each.column, table)), expressions=list(map(text, each.values)))
        if each.values
        else exp.false()
        for each in filters
    )
