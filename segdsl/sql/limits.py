"""Limits: the first profiles of a condition in an order, nulls last, ties by id.

A number of profiles is `LIMIT`; a percentage needs the total. The condition itself is translated
by a `Source`.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Protocol

from sqlglot import exp

from segdsl.language.condition import tree as c
from segdsl.language.values import Limit, Number, Order
from segdsl.sql.aggregates import VALUE, order_key, ordering
from segdsl.sql.calendar import Calendar
from segdsl.sql.catalog import PROFILE_ID
from segdsl.sql.context import Context, Relation, SqlError
from segdsl.sql.expressions import (
    Node,
    column,
    identifier,
    integer,
    named,
    ordered_text,
    select,
)
from segdsl.sql.predicates import PredicateSql

_PROFILE, _RANKED, _RANK, _TOTAL = "p", "r", "rank", "total"
# The largest LIMIT; no table has so many rows.
_MAX_LIMIT = 10**15
# Up to this number of profiles every share is exact.
_EXACT_PROFILES = 10**9


class Source(Protocol):
    """Translates conditions: `segdsl.sql.conditions.Conditions`."""

    context: Context
    calendar: Calendar
    customers: Relation

    def select_where(self, condition: c.Condition, *columns: Node) -> exp.Select:
        """Selects columns of the profiles that satisfy a condition."""

    def filter_sql(self, condition: c.Condition, relation: Relation) -> Node:
        """A filter as SQL."""


def limited(condition: c.Condition, limit: Limit, source: Source) -> exp.Select:
    """The ids of the first profiles that satisfy a condition.

    Raises SqlError if the order names an unknown column or one that has no order.
    """
    if not isinstance(limit.number, Number) or not limit.number.is_bounded:
        raise SqlError("the number of a limit is missing")
    number = limit.number.value
    query, id, keys = _order_keys(condition, limit.order, source)
    order = [
        exp.Ordered(this=key, desc=each.descending, nulls_first=False)
        for each, key in zip(limit.order, keys, strict=True)
    ]
    order.append(exp.Ordered(this=ordered_text(id.copy()), desc=False, nulls_first=False))
    if not limit.percent:
        query = query.select(id)
        if number >= _MAX_LIMIT:
            return query
        return query.order_by(*order).limit(integer(max(int(number), 0)))
    share = _share(Fraction(number) / 100)
    if share >= 1:
        return query.select(id)
    if share <= 0:
        return query.select(id).limit(integer(0))
    rank = exp.Window(this=exp.RowNumber(), order=exp.Order(expressions=order))
    total = exp.Window(this=exp.Count(this=exp.Star()))
    ranked = query.select(id, named(rank, _RANK), named(total, _TOTAL))
    # In integers, so that no engine rounds.
    within = exp.LTE(
        this=exp.Mul(this=column(_RANK, _RANKED), expression=integer(share.denominator)),
        expression=exp.Mul(this=column(_TOTAL, _RANKED), expression=integer(share.numerator)),
    )
    return (
        select(column(PROFILE_ID, _RANKED))
        .from_(ranked.subquery(identifier(_RANKED)))
        .where(within)
    )


def _order_keys(
    condition: c.Condition, orders: tuple[Order, ...], source: Source
) -> tuple[exp.Select, Node, list[Node]]:
    """The query of the profiles without columns, their id, and the keys of the order."""
    attributes = [_attribute(each.column, source) for each in orders if each.column is not None]
    if len(attributes) == len(orders):
        query = source.select_where(condition)
        return query, source.customers.id, attributes
    # Each key that is not a column is joined to the profiles.
    inner_columns = [named(node, f"o{number}") for number, node in enumerate(attributes)]
    inner = source.select_where(condition, source.customers.id, *inner_columns)
    query = exp.Select().from_(inner.subquery(identifier(_PROFILE)))
    id = column(PROFILE_ID, _PROFILE)
    keys: list[Node] = []
    attribute_count = 0
    for number, each in enumerate(orders):
        if each.column is not None:
            keys.append(column(f"o{attribute_count}", _PROFILE))
            attribute_count += 1
            continue
        name = f"a{number}"
        test, aggregate = _limit_aggregate(condition)
        values, without = ordering(
            aggregate,
            PredicateSql(test, source.calendar),
            source.context,
            source.filter_sql,
            largest=each.descending,
        )
        query = query.join(
            values.subquery(identifier(name)),
            on=exp.EQ(this=column(PROFILE_ID, name), expression=id.copy()),
            join_type="LEFT",
        )
        value = column(VALUE, name)
        keys.append(value if without is None else exp.Coalesce(this=value, expressions=[without]))
    return query, id, keys


def _attribute(name: str, source: Source) -> Node:
    operand = source.customers.operand(name)
    if operand.is_array:
        raise SqlError(f"cannot order by `{name}`: it has arrays")
    return order_key(operand)


def _limit_aggregate(condition: c.Condition) -> tuple[c.Test, c.Aggregate]:
    test = condition.child if isinstance(condition, c.Not) else condition
    if isinstance(test, c.Test) and isinstance(test.subject, c.Aggregate):
        return test, test.subject
    raise SqlError(
        "a limit by an aggregate requires a condition on a behavior",
        "order by an attribute instead",
    )


def _share(exact: Fraction) -> Fraction:
    """The share, or a lower one that gives the same result for up to 1,000,000,000 profiles.

    It is the largest fraction with a denominator up to that bound that is not above the exact
    one, so that rounding down gives the same integer.
    """
    if exact.denominator <= _EXACT_PROFILES:
        return exact
    nearest = exact.limit_denominator(_EXACT_PROFILES)
    if nearest <= exact:
        return nearest
    # The previous fraction among those with denominators up to the bound (Farey sequence).
    inverse = pow(nearest.numerator, -1, nearest.denominator)
    denominator = _EXACT_PROFILES - (_EXACT_PROFILES - inverse) % nearest.denominator
    return Fraction((nearest.numerator * denominator - 1) // nearest.denominator, denominator)
