"""The events of a behavior in an export: which are chosen, and how they are joined.

Only events that meet the segment's own conditions on the behavior are exported (documented): those
of its conditions that are not negated, any of them if there are several (assumed), and all events
if there are none. They are put in their order, nulls last, before the first, last or top ones are
taken (documented); events that are equal there are ordered by what is exported of them (assumed).
As rows, each is a row; as columns, each has columns of its own, `name_1`, `name_2`, … (assumed).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import assert_never

import msgspec
from sqlglot import exp

from segdsl.language.activations import BehaviorExport, ColumnSource, ExportColumn, TextSource
from segdsl.language.condition import tree as c
from segdsl.language.values import ColumnType
from segdsl.sql.aggregates import order_key
from segdsl.sql.conditions import Conditions
from segdsl.sql.context import Context, Relation, SqlError, behavior
from segdsl.sql.export_columns import SourceColumn, source_column, with_steps
from segdsl.sql.expressions import (
    Node,
    all_of,
    any_of,
    column,
    identifier,
    integer,
    named,
    select,
    text,
    true,
)
from segdsl.sql.times import whole_number

_EVENT, _RANKED, _CHOSEN = "e", "r", "d"
_PROFILE, _RANK = "profile", "rank"
_MAX_COLUMNS = 1_000
"""The most events that are exported as columns."""


class JoinedBehavior(msgspec.Struct, frozen=True):
    """A query to join by its column `profile`, with the columns that are exported of it.

    `rank` is the column that orders the rows of a profile, None if it has one row at most.
    """

    query: exp.Select
    columns: tuple[JoinedColumn, ...]
    rank: str | None


class JoinedColumn(msgspec.Struct, frozen=True):
    """A column of a joined query, what it exports, and its name in the export."""

    column: str
    item: ExportColumn
    name: str
    type: ColumnType | None


def joined_behavior(
    exported: BehaviorExport,
    segment: c.Segment,
    context: Context,
    population: exp.Subquery,
    write: Callable[[TextSource], str],
    most_events: int | None,
) -> JoinedBehavior:
    """The events of a behavior that are exported of the profiles of a population.

    `write` makes the string of a text. Raises SqlError for an unknown name, a function that cannot
    be applied, or `all` as columns without `most_events`.
    """
    relation = behavior(context, exported.behavior).with_alias(_EVENT)
    columns = [
        (_source(item, relation, context, write), f"c{at}")
        for at, item in enumerate(exported.columns, start=1)
    ]
    among = exp.In(this=relation.id, query=population)
    chosen = all_of([among, _filter(exported, segment, context, relation)])
    most = _most(exported, most_events)

    def rows(nodes: Sequence[Node]) -> exp.Select:
        ranked = select(*nodes).from_(relation.sql).where(chosen)
        if most is None:
            return ranked
        names = [column(each.alias, _RANKED) for each in nodes]
        query = select(*names).from_(ranked.subquery(identifier(_RANKED)))
        return query.where(exp.LTE(this=column(_RANK, _RANKED), expression=integer(most)))

    place = exp.Window(
        this=exp.RowNumber(), partition_by=[relation.id], order=_order(exported, relation)
    )
    query = with_steps(rows, [(relation.id, _PROFILE), (place, _RANK)], columns)
    if exported.formatting == "cols":
        return _as_columns(exported, query, columns, most)
    joined = tuple(
        JoinedColumn(name, item, item.name, source.type)
        for item, (source, name) in zip(exported.columns, columns, strict=True)
    )
    return JoinedBehavior(query, joined, None if most == 1 else _RANK)


def _source(
    item: ExportColumn, relation: Relation, context: Context, write: Callable[[TextSource], str]
) -> SourceColumn:
    match item.source:
        case TextSource() as source:
            return SourceColumn(text(write(source)), (), "string")
        case ColumnSource(column, group) as source:
            if group is not None:
                raise SqlError(
                    f"`{group}.{column}` is not a column of {relation.title}",
                    "export attributes of customer groups in `columns`",
                )
            return source_column(relation, source, context)
        case _:
            assert_never(item.source)


def _most(exported: BehaviorExport, most_events: int | None) -> int | None:
    """The highest number of events of a profile; None if there is no limit."""
    match exported.strategy:
        case "first" | "last":
            return 1
        case "top":
            number = whole_number(exported.count)
            if number < 1:
                raise SqlError(f"`top {number}` of {exported.behavior} exports nothing")
            return number if most_events is None else min(number, most_events)
        case "all":
            return most_events
        case _:
            assert_never(exported.strategy)


def _order(exported: BehaviorExport, relation: Relation) -> exp.Order:
    """The order of a profile's events; the last is the first of the opposite order."""
    backwards = exported.strategy == "last"
    keys: list[tuple[Node, bool]] = []
    for each in exported.order:
        operand = relation.operand(each.column)
        if operand.is_array:
            raise SqlError(f"cannot order by `{each.column}` of {relation.title}: it has arrays")
        keys.append((order_key(operand), each.descending))
    for item in exported.columns:
        if isinstance(item.source, ColumnSource):
            keys.append((order_key(relation.operand(item.source.column)), False))
    if not keys:
        keys.append((relation.id, False))
    return exp.Order(
        expressions=[
            exp.Ordered(this=key, desc=descending != backwards, nulls_first=backwards)
            for key, descending in keys
        ]
    )


def _filter(
    exported: BehaviorExport, segment: c.Segment, context: Context, relation: Relation
) -> Node:
    """The condition on events: the filter of any condition of the segment on the behavior."""
    filters = list(_filters(segment.condition, exported.behavior, negated=False))
    if not filters:
        return true()
    conditions = Conditions(context, segment)
    return any_of(
        true() if each is None else conditions.filter_sql(each, relation) for each in filters
    )


def _filters(condition: c.Condition, table: str, *, negated: bool) -> Iterator[c.Condition | None]:
    """The filters of conditions on a behavior that are not negated; None is no filter."""
    match condition:
        case c.And(children) | c.Or(children):
            for child in children:
                yield from _filters(child, table, negated=negated)
        case c.Not(child):
            yield from _filters(child, table, negated=not negated)
        case c.RuleSet(_, child) | c.Limited(child, _):
            yield from _filters(child, table, negated=negated)
        case c.Test(subject=c.Aggregate() as aggregate):
            if aggregate.behavior == table and not negated:
                yield aggregate.filter
        case c.Everyone() | c.Membership() | c.Score() | c.Test():
            return
        case _:
            assert_never(condition)


def _as_columns(
    exported: BehaviorExport,
    query: exp.Select,
    columns: list[tuple[SourceColumn, str]],
    most: int | None,
) -> JoinedBehavior:
    """One row for each profile, with the columns of its first event, then those of the second."""
    if most is None:
        raise SqlError(
            f"`all` events of {exported.behavior} cannot be columns: their number is not limited",
            "write `top N`, or `as rows`",
        )
    if most * len(columns) > _MAX_COLUMNS:
        raise SqlError(f"the events of {exported.behavior} are more than {_MAX_COLUMNS} columns")
    joined: list[JoinedColumn] = []
    nodes: list[Node] = [column(_PROFILE, _CHOSEN)]
    for rank in range(1, most + 1):
        for item, (source, name) in zip(exported.columns, columns, strict=True):
            is_ranked = exp.EQ(this=column(_RANK, _CHOSEN), expression=integer(rank))
            value = exp.AnyValue(this=column(name, _CHOSEN))
            filtered = exp.Filter(this=value, expression=exp.Where(this=is_ranked))
            own = f"{name}_{rank}"
            nodes.append(named(filtered, own))
            is_single = exported.strategy in ("first", "last")
            exported_name = item.name if is_single else f"{item.name}_{rank}"
            joined.append(JoinedColumn(own, item, exported_name, source.type))
    grouped = select(*nodes).from_(query.subquery(identifier(_CHOSEN)))
    return JoinedBehavior(grouped.group_by(column(_PROFILE, _CHOSEN)), tuple(joined), None)
