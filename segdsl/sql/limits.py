"""The first profiles of a condition, in an order: those without a value last, then by id.

A number of them is `LIMIT`; a share needs to know how many there are. Which profiles
a condition holds for is handed in.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Protocol

from sqlglot import exp

from segdsl.language.condition import tree as c
from segdsl.language.values import Limit, Number, Order
from segdsl.sql.aggregates import VALUE, in_order, ordering
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
# What LIMIT takes; no table has so many rows.
_MOST = 10**15
# Up to so many profiles a share of them is exact, whatever the share.
_MOST_PROFILES = 10**9


class Source(Protocol):
    """Where the profiles come from: `segdsl.sql.conditions.Conditions`."""

    context: Context
    calendar: Calendar
    customers: Relation

    def holding(self, condition: c.Condition, *columns: Node) -> exp.Select:
        """Columns of the profiles that a condition holds for."""

    def filtered(self, condition: c.Condition, relation: Relation) -> Node:
        """A filter as SQL."""


def limited(condition: c.Condition, limit: Limit, source: Source) -> exp.Select:
    """The ids of the first profiles that a condition holds for.

    Raises SqlError for an order by what is not there or has none.
    """
    if not isinstance(limit.number, Number) or not limit.number.is_bounded:
        raise SqlError("the number of a limit is missing")
    number = limit.number.value
    query, id, keys = _in_order(condition, limit.order, source)
    order = [
        exp.Ordered(this=key, desc=each.descending, nulls_first=False)
        for each, key in zip(limit.order, keys, strict=True)
    ]
    order.append(exp.Ordered(this=ordered_text(id.copy()), desc=False, nulls_first=False))
    if not limit.percent:
        query = query.select(id)
        if number >= _MOST:
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
    # In whole numbers, so that no engine rounds.
    within = exp.LTE(
        this=exp.Mul(this=column(_RANK, _RANKED), expression=integer(share.denominator)),
        expression=exp.Mul(this=column(_TOTAL, _RANKED), expression=integer(share.numerator)),
    )
    return (
        select(column(PROFILE_ID, _RANKED))
        .from_(ranked.subquery(identifier(_RANKED)))
        .where(within)
    )


def _in_order(
    condition: c.Condition, orders: tuple[Order, ...], source: Source
) -> tuple[exp.Select, Node, list[Node]]:
    """The profiles, without columns yet; their id; and what they are ordered by."""
    attributes = [_attribute(each.column, source) for each in orders if each.column is not None]
    if len(attributes) == len(orders):
        query = source.holding(condition)
        return query, source.customers.id, attributes
    # Each value that is no column is joined to the profiles.
    held = [named(node, f"o{number}") for number, node in enumerate(attributes)]
    inner = source.holding(condition, source.customers.id, *held)
    query = exp.Select().from_(inner.subquery(identifier(_PROFILE)))
    id = column(PROFILE_ID, _PROFILE)
    keys: list[Node] = []
    taken = 0
    for number, each in enumerate(orders):
        if each.column is not None:
            keys.append(column(f"o{taken}", _PROFILE))
            taken += 1
            continue
        name = f"a{number}"
        test, aggregate = _tested(condition)
        values, without = ordering(
            aggregate,
            PredicateSql(test, source.calendar),
            source.context,
            source.filtered,
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
        raise SqlError(f"`{name}` is no order: it holds arrays")
    return in_order(operand)


def _tested(condition: c.Condition) -> tuple[c.Test, c.Aggregate]:
    test = condition.child if isinstance(condition, c.Not) else condition
    if isinstance(test, c.Test) and isinstance(test.subject, c.Aggregate):
        return test, test.subject
    raise SqlError(
        "a limit by aggregate needs a condition on a behavior",
        "name an attribute to order by",
    )


def _share(exact: Fraction) -> Fraction:
    """The share, or the nearest below it that says the same of up to 1,000,000,000 profiles.

    Of fractions with small denominators it is the largest that is not above the exact one,
    so that rounding down gives the same whole number.
    """
    if exact.denominator <= _MOST_PROFILES:
        return exact
    near = exact.limit_denominator(_MOST_PROFILES)
    if near <= exact:
        return near
    # The fraction before that one, among those with denominators up to the bound.
    inverse = pow(near.numerator, -1, near.denominator)
    denominator = _MOST_PROFILES - (_MOST_PROFILES - inverse) % near.denominator
    return Fraction((near.numerator * denominator - 1) // near.denominator, denominator)
