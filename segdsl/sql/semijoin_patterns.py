"""Recognizes semi-joins in a complete query.

The pattern is `id IN (SELECT … FROM behavior … GROUP BY id HAVING …)` and its simpler forms.
Several of them on one table can be evaluated in one scan. A subquery for the distinct rows of a
table, as in `count distinct`, counts as a table. Only `batching` uses this.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeGuard

import msgspec
from sqlglot import exp

from segdsl.sql.catalog import PROFILE_ID
from segdsl.sql.expressions import Node, all_of, integer, is_not_null, true

# A table, or a subquery for distinct rows of one. Equal nodes have equal rows.
Table = exp.Table | exp.Subquery


class SemiJoin(msgspec.Struct, frozen=True):
    """The parts of a semi-join's query.

    A profile matches if one of its rows in the `table` satisfies `rows`, and all those rows
    together satisfy `having`, which is None if the query has no groups.
    """

    table: Table
    id: exp.Column
    rows: Node
    having: Node | None


def semijoin_query(node: Node) -> exp.Select | None:
    """The query in `id IN (…)`; None for any other node."""
    subquery = node.args.get("query") if isinstance(node, exp.In) else None
    return subquery.this if subquery is not None and isinstance(subquery.this, exp.Select) else None


def decompose(query: exp.Select) -> SemiJoin | None:
    """The parts of a query; None if it has other clauses or is not grouped by profile alone."""
    if non_empty_args(query) - {"expressions", "from_", "where", "group", "having"}:
        return None
    table, (id, *more) = query.args["from_"].this, query.expressions
    if more or not _is_table(table) or not isinstance(id, exp.Column):
        return None
    if id.name != PROFILE_ID:
        return None
    grouped, having = query.args.get("group"), query.args.get("having")
    if grouped is None:
        return None if having else SemiJoin(table, id, _row_filter(query, id), None)
    if non_empty_args(grouped) != {"expressions"} or grouped.expressions != [id]:
        return None
    return SemiJoin(table, id, _row_filter(query, id), having.this if having else None)


def _is_table(node: Node) -> TypeGuard[Table]:
    if isinstance(node, exp.Subquery):
        return bool(node.this.args.get("distinct"))
    return isinstance(node, exp.Table)


def _row_filter(query: exp.Select, id: exp.Column) -> Node:
    """The condition of a query's rows, without `id IS NOT NULL`, which the caller adds."""
    condition = query.args.get("where")
    if condition is None:
        return true()
    has_id = is_not_null(id.copy())
    where = condition.this
    conjuncts = where.flatten() if isinstance(where, exp.And) else [where]
    return all_of(part.copy() for part in conjuncts if part != has_id)


def non_empty_args(node: Node) -> set[str]:
    """The names of a node's arguments that are not empty."""
    return {name for name, value in node.args.items() if value}


def match_condition(semijoin: SemiJoin, restrict: Callable[[Node], Node]) -> Node:
    """Whether a profile matches, in a grouping of more rows than the semi-join's own.

    `restrict` limits an aggregate to the semi-join's rows. The result is true, false or null.
    """
    has_rows = exp.GT(this=restrict(exp.Count(this=exp.Star())), expression=integer(0))
    if semijoin.having is None:
        return has_rows
    holder = exp.Paren(this=semijoin.having.copy())
    for aggregate in list(holder.find_all(exp.AggFunc)):
        aggregate.replace(restrict(aggregate.copy()))
    having: Node = holder.this
    return having if _is_false_without_rows(semijoin.having) else all_of([has_rows, having])


_NULL_WITHOUT_ROWS = (exp.Sum, exp.Avg, exp.Min, exp.Max, exp.LogicalOr, exp.LogicalAnd)
_COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE)


def _is_false_without_rows(having: Node) -> bool:
    """Whether a condition on aggregates is certainly false or null without any rows."""
    if isinstance(having, _COMPARISONS) and isinstance(having.this, _NULL_WITHOUT_ROWS):
        return isinstance(having.expression, (exp.Literal, exp.Neg))
    if isinstance(having, (exp.GT, exp.GTE)) and isinstance(having.this, exp.Count):
        least = having.expression
        return isinstance(least, exp.Literal) and not least.is_string and float(least.this) > 0
    return False
