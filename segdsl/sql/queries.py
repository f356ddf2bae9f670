"""Queries of a segment: its profiles' ids, their number, and their attributes.

Each is one SELECT over the parent segment's tables. `segdsl.sql.dialects` renders it.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from segdsl.language.condition import tree as c
from segdsl.sql.catalog import PROFILE_ID
from segdsl.sql.conditions import Conditions
from segdsl.sql.context import Context
from segdsl.sql.expressions import identifier, integer, named, ordered_text, select

COUNT = "count"
_SELECTED = "selected"


def selection(segment: c.Segment, context: Context) -> exp.Select:
    """The ids of the profiles in a segment: one column, each profile once, unordered.

    Raises SqlError if the segment has no SQL translation.
    """
    conditions = Conditions(context, segment)
    return conditions.with_references(conditions.profiles(segment.condition, segment.limit))


def count(segment: c.Segment, context: Context) -> exp.Select:
    """The number of profiles in a segment: one row, one column `count`.

    Raises SqlError if the segment has no SQL translation.
    """
    conditions = Conditions(context, segment)
    number = named(exp.Count(this=exp.Star()), COUNT)
    if segment.limit is None:
        return conditions.with_references(conditions.select_where(segment.condition, number))
    chosen = conditions.profiles(segment.condition, segment.limit)
    return conditions.with_references(select(number).from_(chosen.subquery(identifier(_SELECTED))))


def profiles(
    segment: c.Segment, context: Context, columns: Sequence[str], limit: int | None = None
) -> exp.Select:
    """The profiles in a segment ordered by id: their id and attributes, each column once.

    At most `limit` profiles. Raises SqlError if the segment has no SQL translation or an
    attribute does not exist.
    """
    conditions = Conditions(context, segment)
    customers = conditions.customers
    shown = dict.fromkeys([PROFILE_ID, *columns])
    nodes = [customers.operand(name).sql for name in shown]
    if segment.limit is None:
        query = conditions.select_where(segment.condition, *nodes)
    else:
        chosen = conditions.profiles(segment.condition, segment.limit)
        among = exp.In(this=customers.id, query=exp.Subquery(this=chosen))
        query = select(*nodes).from_(customers.sql).where(among)
    query = query.order_by(exp.Ordered(this=ordered_text(customers.id), desc=False))
    if limit is not None:
        query = query.limit(integer(limit))
    return conditions.with_references(query)
