"""Combines counts into one query and reduces scans, for an engine with `FILTER`.

Several counts become one scan of the profiles with left joins. All groupings of one table by
profile become one grouping, with each aggregate once. Ids of profiles must not be null.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlglot import exp

from segdsl.sql.catalog import CUSTOMERS, PROFILE_ID
from segdsl.sql.expressions import (
    Node,
    all_of,
    any_of,
    column,
    false,
    identifier,
    is_not_null,
    is_true,
    named,
    negated,
    select,
    true,
    where,
)
from segdsl.sql.semijoin_patterns import (
    SemiJoin,
    Table,
    decompose,
    match_condition,
    non_empty_args,
    semijoin_query,
)

COUNT = "count_"
_JOIN, _VALUE, _PROFILE, _ROWS = "j", "v", "profile", "d"
_MAX_AGGREGATES = 32
"""Maximum aggregates in one grouping; beyond it, memory costs more than another scan."""
_MAX_MERGED = 16
"""Maximum conditions in one grouping, for the same reason."""


def batch_counts(counts: Sequence[exp.Select]) -> exp.Select:
    """One query for several counts of one database: one row with columns `count_1`, ….

    The counts are results of `segdsl.sql.count`; they are not changed.
    """
    scan = _Scan()
    columns = [
        named(scan.number(query), f"{COUNT}{at}") for at, query in enumerate(counts, start=1)
    ]
    return scan.query(columns)


def filter_aggregate(aggregate: Node, rows: Node) -> Node:
    """Restricts an aggregate to rows."""
    if is_true(rows):
        return aggregate
    return exp.Filter(this=aggregate, expression=exp.Where(this=rows.copy()))


class _Grouping:
    """A table grouped by profile, with the aggregates that its semi-joins need."""

    def __init__(self, semijoin: SemiJoin, alias: str) -> None:
        self._semijoin = semijoin
        self._alias = alias
        self._values: dict[Node, str] = {}
        self._rows: dict[Node, None] = {}

    @property
    def is_full(self) -> bool:
        return len(self._values) >= _MAX_AGGREGATES

    def mark(self, semijoin: SemiJoin) -> Node:
        """An expression whether a profile matches: true, false or null."""
        self._rows[semijoin.rows] = None
        return match_condition(
            semijoin, lambda aggregate: self._value(filter_aggregate(aggregate, semijoin.rows))
        )

    def _value(self, aggregate: Node) -> Node:
        name = self._values.setdefault(aggregate, f"{_VALUE}{len(self._values) + 1}")
        return column(name, self._alias)

    def query(self) -> exp.Select:
        values = (named(value, name) for value, name in self._values.items())
        id = self._semijoin.id
        query = select(named(id.copy(), _PROFILE), *values).from_(self._semijoin.table.copy())
        return where(query, any_of(each.copy() for each in self._rows)).group_by(id.copy())


class _Scan:
    """Builds the query: the profiles, and the joined groupings and subqueries."""

    def __init__(self) -> None:
        self._customers: exp.Table | None = None
        self._groupings: dict[Table, list[_Grouping]] = {}
        self._joins: dict[str, _Grouping | exp.Select] = {}
        self._marks: dict[exp.Select, Node] = {}

    def number(self, count: exp.Select) -> Node:
        """The count as an expression over all profiles."""
        customers = _simple_count_table(count)
        if customers is None or self._customers not in (None, customers):
            return exp.Subquery(this=count.copy())
        self._customers = customers
        number = exp.Count(this=exp.Star())
        condition = count.args.get("where")
        return (
            number
            if condition is None
            else filter_aggregate(number, self._condition(condition.this))
        )

    def _condition(self, condition: Node) -> Node:
        """A condition of profiles, with semi-joins replaced by joined columns."""
        holder = exp.Paren(this=condition.copy())
        for node in list(holder.walk(prune=lambda each: isinstance(each, exp.Subquery))):
            query = semijoin_query(node)
            if query is not None:
                node.replace(self._mark(query))
            elif isinstance(node, exp.Column) and node.this.quoted:
                # An unquoted column is the element of an array in a lambda.
                node.set("table", identifier(CUSTOMERS))
        joined: Node = holder.this
        return joined

    def _mark(self, query: exp.Select) -> Node:
        """An expression whether a profile is in a query: true or false."""
        mark = self._marks.get(query)
        if mark is None:
            semijoin = decompose(query)
            match = self._joined(query) if semijoin is None else self._grouped(semijoin)
            mark = self._marks[query] = exp.Coalesce(this=match, expressions=[false()])
        return mark.copy()

    def _grouped(self, semijoin: SemiJoin) -> Node:
        groupings = self._groupings.setdefault(semijoin.table, [])
        if not groupings or groupings[-1].is_full:
            alias = self._next()
            self._joins[alias] = grouping = _Grouping(semijoin, alias)
            groupings.append(grouping)
        return groupings[-1].mark(semijoin)

    def _joined(self, query: exp.Select) -> Node:
        alias = self._next()
        rows = exp.TableAlias(this=identifier(_ROWS), columns=[identifier(_PROFILE)])
        whole = exp.Subquery(this=query.copy(), alias=rows)
        self._joins[alias] = select(column(_PROFILE, _ROWS)).from_(whole).distinct()
        return is_not_null(column(_PROFILE, alias))

    def _next(self) -> str:
        return f"{_JOIN}{len(self._joins) + 1}"

    def query(self, columns: Sequence[Node]) -> exp.Select:
        query = select(*columns)
        if self._customers is None:
            return query
        query = query.from_(self._customers.copy())
        for alias, joined in self._joins.items():
            inner = joined.query() if isinstance(joined, _Grouping) else joined
            same = exp.EQ(this=column(PROFILE_ID, CUSTOMERS), expression=column(_PROFILE, alias))
            query = query.join(inner.subquery(identifier(alias)), on=same, join_type="left")
        return query


def _simple_count_table(count: exp.Select) -> exp.Table | None:
    """The table of a count with no clauses but a condition; None for other counts."""
    if non_empty_args(count) - {"expressions", "from_", "where"}:
        return None
    table = count.args["from_"].this
    return table if isinstance(table, exp.Table) else None


# --- a single count --------------------------------------------------------------------------


def merge_semijoins(count: exp.Select) -> exp.Select:
    """An equivalent count that scans a table once for several adjacent semi-joins.

    Negated semi-joins become anti-joins, which is correct since ids are never null.
    """
    times = sum(semijoin_query(node) is not None for node in count.find_all(exp.In))
    if times == 0 or _simple_count_table(count) is None:
        return count
    whole = count.copy()
    condition = whole.args["where"]
    if times > 1:
        condition.set("this", _merge(condition.this))
    return _use_anti_joins(whole)


def _use_anti_joins(count: exp.Select) -> exp.Select:
    """Replaces each `NOT id IN (…)` that is required by an anti-join."""
    condition = count.args["where"].this
    remaining: list[Node] = []
    for conjunct in condition.flatten() if isinstance(condition, exp.And) else [condition]:
        query = semijoin_query(conjunct.this) if isinstance(conjunct, exp.Not) else None
        if query is None:
            remaining.append(conjunct)
            continue
        alias = f"{_JOIN}{len(count.args.get('joins') or ()) + 1}"
        rows = exp.TableAlias(this=identifier(alias), columns=[identifier(_PROFILE)])
        same = exp.EQ(this=column(PROFILE_ID, CUSTOMERS), expression=column(_PROFILE, alias))
        outside = exp.Subquery(this=query.copy(), alias=rows)
        count = count.join(outside, on=same, join_type="anti", copy=False)
    count.set("where", None)
    return where(count, all_of(conjunct.copy() for conjunct in remaining))


def _merge(condition: Node) -> Node:
    connector = condition.unnest()
    if not isinstance(connector, (exp.And, exp.Or)):
        return condition
    conjunction = isinstance(connector, exp.And)
    by_table: dict[Table, list[_Condition]] = {}
    merged: list[Node] = []
    for operand in connector.flatten():
        asking = _semijoin_condition(operand)
        if asking is None:
            merged.append(_merge(operand.copy()))
        else:
            by_table.setdefault(asking.semijoin.table, []).append(asking)
    for askings in by_table.values():
        for at in range(0, len(askings), _MAX_MERGED):
            portion = askings[at : at + _MAX_MERGED]
            merged += _combine(portion, conjunction=conjunction)
    return (all_of if conjunction else any_of)(merged)


class _Condition(msgspec.Struct, frozen=True):
    """A semi-join or its negation in a condition of profiles."""

    whole: Node
    id: Node
    semijoin: SemiJoin
    positive: bool


def _semijoin_condition(node: Node) -> _Condition | None:
    positive = not isinstance(node, exp.Not)
    membership = node if positive else node.this
    query = semijoin_query(membership)
    semijoin = None if query is None else decompose(query)
    return None if semijoin is None else _Condition(node, membership.this, semijoin, positive)


def _combine(conditions: Sequence[_Condition], *, conjunction: bool) -> list[Node]:
    """Combines semi-joins of one table into one condition, if that saves work.

    Works on conjunctions; a disjunction is treated as a negated conjunction of negations.
    """
    signs_ = [each.positive == conjunction for each in conditions]
    grouped = any(each.semijoin.having is not None for each in conditions)
    if len(conditions) == 1 or (any(signs_) and not grouped):
        return [each.whole.copy() for each in conditions]
    first = conditions[0]
    rows = any_of(each.semijoin.rows.copy() for each in conditions)
    matches = [_match(each.semijoin, rows) for each in conditions]
    if any(signs_):
        signs = zip(matches, signs_, strict=True)
        having = all_of(each if sign else negated(each) for each, sign in signs)
    else:
        having = any_of(matches)
    positive = any(signs_) == conjunction
    query = where(select(first.semijoin.id.copy()).from_(first.semijoin.table.copy()), rows)
    if not positive:
        query = query.where(is_not_null(first.semijoin.id.copy()))
    if grouped:
        query = query.group_by(first.semijoin.id.copy()).having(having)
    one = exp.In(this=first.id.copy(), query=exp.Subquery(this=query))
    return [one if positive else exp.Not(this=one)]


def _match(semijoin: SemiJoin, rows: Node) -> Node:
    """Whether a profile matches, in a grouping of the rows of all semi-joins."""
    own_rows = true() if semijoin.rows == rows else semijoin.rows
    return match_condition(semijoin, lambda aggregate: filter_aggregate(aggregate, own_rows))
