"""Conditions of profiles that ask for rows of another table, recognized in a finished query.

`id IN (SELECT … FROM behavior … GROUP BY id HAVING …)` and its simpler forms: what several of
them ask of one table can be asked in one scan of it. The different rows of a table, which are
counted for `count distinct`, are such a table too. The other stages of SQL do not know this.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeGuard

import msgspec
from sqlglot import exp

from segdsl.sql.catalog import PROFILE_ID
from segdsl.sql.expressions import Node, all_of, integer, is_not_null, true

# A table, or a subquery for different rows of one. Equal ones have equal rows.
Table = exp.Table | exp.Subquery


class Events(msgspec.Struct, frozen=True):
    """A query for profiles, taken apart.

    A profile is found if one of its rows in the `table` is `among`, and if `having` holds of all
    those rows of it; where the query does not group, that is just true.
    """

    table: Table
    id: exp.Column
    among: Node
    having: Node | None


def asked(node: Node) -> exp.Select | None:
    """The query behind `id IN (…)`; None of any other node."""
    found = node.args.get("query") if isinstance(node, exp.In) else None
    return found.this if found is not None and isinstance(found.this, exp.Select) else None


def taken_apart(query: exp.Select) -> Events | None:
    """None where a query is more than rows of a table, or is not grouped by profile alone."""
    if parts(query) - {"expressions", "from_", "where", "group", "having"}:
        return None
    table, (id, *more) = query.args["from_"].this, query.expressions
    if more or not _is_table(table) or not isinstance(id, exp.Column):
        return None
    if id.name != PROFILE_ID:
        return None
    grouped, having = query.args.get("group"), query.args.get("having")
    if grouped is None:
        return None if having else Events(table, id, _among(query, id), None)
    if parts(grouped) != {"expressions"} or grouped.expressions != [id]:
        return None
    return Events(table, id, _among(query, id), having.this if having else None)


def _is_table(node: Node) -> TypeGuard[Table]:
    if isinstance(node, exp.Subquery):
        return bool(node.this.args.get("distinct"))
    return isinstance(node, exp.Table)


def _among(query: exp.Select, id: exp.Column) -> Node:
    """Which rows a query is of; that they have a profile is said where they are asked for."""
    condition = query.args.get("where")
    if condition is None:
        return true()
    known = is_not_null(id.copy())
    whole = condition.this
    each = whole.flatten() if isinstance(whole, exp.And) else [whole]
    return all_of(part.copy() for part in each if part != known)


def parts(node: Node) -> set[str]:
    """The names of what a node has."""
    return {name for name, value in node.args.items() if value}


def holds(events: Events, value: Callable[[Node], Node]) -> Node:
    """Whether a profile is found, where more rows of it are grouped than those `among`.

    `value` makes an aggregate one of just the rows that are. True, false or null.
    """
    rows = exp.GT(this=value(exp.Count(this=exp.Star())), expression=integer(0))
    if events.having is None:
        return rows
    holder = exp.Paren(this=events.having.copy())
    for aggregate in list(holder.find_all(exp.AggFunc)):
        aggregate.replace(value(aggregate.copy()))
    having: Node = holder.this
    return having if _is_false_of_nothing(events.having) else all_of([rows, having])


_NULL_OF_NOTHING = (exp.Sum, exp.Avg, exp.Min, exp.Max, exp.LogicalOr, exp.LogicalAnd)
_COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE)


def _is_false_of_nothing(having: Node) -> bool:
    """Whether it is sure that a condition of aggregates is false, or null, of no rows at all."""
    if isinstance(having, _COMPARISONS) and isinstance(having.this, _NULL_OF_NOTHING):
        return isinstance(having.expression, (exp.Literal, exp.Neg))
    if isinstance(having, (exp.GT, exp.GTE)) and isinstance(having.this, exp.Count):
        least = having.expression
        return isinstance(least, exp.Literal) and not least.is_string and float(least.this) > 0
    return False
