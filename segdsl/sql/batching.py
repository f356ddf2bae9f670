"""Counts for an engine that has `FILTER`: many as one query, and one with few scans.

Many: one scan of the profiles, to which is joined what they are asked to be found in; all that
groups one table by profile becomes one grouping, with each aggregate once. Ids of profiles are
never null there.
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
from segdsl.sql.semijoin_patterns import Events, Table, asked, holds, parts, taken_apart

COUNT = "count_"
_JOIN, _VALUE, _PROFILE, _ROWS = "j", "v", "profile", "d"
_MOST_VALUES = 32
"""Aggregates in one grouping: with more, its rows take more memory than another scan costs time."""
_MOST_MERGED = 16
"""Conditions that one grouping answers, for the same reason."""


def together(counts: Sequence[exp.Select]) -> exp.Select:
    """One row with the number of each of the counts, in their order, in columns `count_1` ….

    They are what `segdsl.sql.count` makes, of one database, and stay as they are.
    """
    scan = _Scan()
    columns = [
        named(scan.number(query), f"{COUNT}{at}") for at, query in enumerate(counts, start=1)
    ]
    return scan.query(columns)


def filtered(aggregate: Node, among: Node) -> Node:
    """An aggregate of only those rows."""
    if is_true(among):
        return aggregate
    return exp.Filter(this=aggregate, expression=exp.Where(this=among.copy()))


class _Grouping:
    """A table grouped by profile, with the aggregates that are asked for."""

    def __init__(self, events: Events, alias: str) -> None:
        self._events = events
        self._alias = alias
        self._values: dict[Node, str] = {}
        self._among: dict[Node, None] = {}

    @property
    def is_full(self) -> bool:
        return len(self._values) >= _MOST_VALUES

    def mark(self, events: Events) -> Node:
        """Whether a profile is found: true, false or null."""
        self._among[events.among] = None
        return holds(events, lambda aggregate: self._value(filtered(aggregate, events.among)))

    def _value(self, aggregate: Node) -> Node:
        name = self._values.setdefault(aggregate, f"{_VALUE}{len(self._values) + 1}")
        return column(name, self._alias)

    def query(self) -> exp.Select:
        values = (named(value, name) for value, name in self._values.items())
        id = self._events.id
        query = select(named(id.copy(), _PROFILE), *values).from_(self._events.table.copy())
        return where(query, any_of(each.copy() for each in self._among)).group_by(id.copy())


class _Scan:
    """The query that is being made: the profiles, and what is joined to them."""

    def __init__(self) -> None:
        self._customers: exp.Table | None = None
        self._groupings: dict[Table, list[_Grouping]] = {}
        self._joins: dict[str, _Grouping | exp.Select] = {}
        self._marks: dict[exp.Select, Node] = {}

    def number(self, count: exp.Select) -> Node:
        """The number of a count, as an expression over all profiles."""
        customers = _scanned(count)
        if customers is None or self._customers not in (None, customers):
            return exp.Subquery(this=count.copy())
        self._customers = customers
        number = exp.Count(this=exp.Star())
        condition = count.args.get("where")
        return number if condition is None else filtered(number, self._condition(condition.this))

    def _condition(self, of: Node) -> Node:
        """A condition of profiles where other tables are joined to them."""
        holder = exp.Paren(this=of.copy())
        for node in list(holder.walk(prune=lambda each: isinstance(each, exp.Subquery))):
            query = asked(node)
            if query is not None:
                node.replace(self._mark(query))
            elif isinstance(node, exp.Column) and node.this.quoted:
                # What is not quoted is the element of an array that a condition is asked of.
                node.set("table", identifier(CUSTOMERS))
        found: Node = holder.this
        return found

    def _mark(self, query: exp.Select) -> Node:
        """Whether a profile is one of those of a query: true or false."""
        known = self._marks.get(query)
        if known is None:
            events = taken_apart(query)
            found = self._joined(query) if events is None else self._grouped(events)
            known = self._marks[query] = exp.Coalesce(this=found, expressions=[false()])
        return known.copy()

    def _grouped(self, events: Events) -> Node:
        groupings = self._groupings.setdefault(events.table, [])
        if not groupings or groupings[-1].is_full:
            alias = self._next()
            self._joins[alias] = grouping = _Grouping(events, alias)
            groupings.append(grouping)
        return groupings[-1].mark(events)

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


def _scanned(count: exp.Select) -> exp.Table | None:
    """The profiles of a count that is nothing but one of a condition of theirs."""
    if parts(count) - {"expressions", "from_", "where"}:
        return None
    table = count.args["from_"].this
    return table if isinstance(table, exp.Table) else None


# --- one count -------------------------------------------------------------------------------


def merged(count: exp.Select) -> exp.Select:
    """The same count, which asks a table once where several conditions side by side ask it.

    Profiles that must not be found somewhere are left out by a join, which is told by ids that
    are never null.
    """
    times = sum(asked(node) is not None for node in count.find_all(exp.In))
    if times == 0 or _scanned(count) is None:
        return count
    whole = count.copy()
    condition = whole.args["where"]
    if times > 1:
        condition.set("this", _merged(condition.this))
    return _without(whole)


def _without(count: exp.Select) -> exp.Select:
    """The count with an anti-join for each `NOT id IN (…)` that all its profiles pass."""
    condition = count.args["where"].this
    left: list[Node] = []
    for each in condition.flatten() if isinstance(condition, exp.And) else [condition]:
        query = asked(each.this) if isinstance(each, exp.Not) else None
        if query is None:
            left.append(each)
            continue
        alias = f"{_JOIN}{len(count.args.get('joins') or ()) + 1}"
        rows = exp.TableAlias(this=identifier(alias), columns=[identifier(_PROFILE)])
        same = exp.EQ(this=column(PROFILE_ID, CUSTOMERS), expression=column(_PROFILE, alias))
        outside = exp.Subquery(this=query.copy(), alias=rows)
        count = count.join(outside, on=same, join_type="anti", copy=False)
    count.set("where", None)
    return where(count, all_of(each.copy() for each in left))


def _merged(condition: Node) -> Node:
    connector = condition.unnest()
    if not isinstance(connector, (exp.And, exp.Or)):
        return condition
    conjunction = isinstance(connector, exp.And)
    among: dict[Table, list[_Asking]] = {}
    others: list[Node] = []
    for each in connector.flatten():
        asking = _asking(each)
        if asking is None:
            others.append(_merged(each.copy()))
        else:
            among.setdefault(asking.events.table, []).append(asking)
    for askings in among.values():
        for at in range(0, len(askings), _MOST_MERGED):
            portion = askings[at : at + _MOST_MERGED]
            others += _side_by_side(portion, conjunction=conjunction)
    return (all_of if conjunction else any_of)(others)


class _Asking(msgspec.Struct, frozen=True):
    """A condition that a profile is, or is not, one of those that events tell."""

    whole: Node
    id: Node
    events: Events
    positive: bool


def _asking(of: Node) -> _Asking | None:
    positive = not isinstance(of, exp.Not)
    found = of if positive else of.this
    query = asked(found)
    events = None if query is None else taken_apart(query)
    return None if events is None else _Asking(of, found.this, events, positive)


def _side_by_side(askings: Sequence[_Asking], *, conjunction: bool) -> list[Node]:
    """All of them as one condition, if that is worth it.

    It is reckoned as a conjunction: a disjunction is the opposite of that of its opposites.
    """
    wanted = [each.positive == conjunction for each in askings]
    grouped = any(each.events.having is not None for each in askings)
    if len(askings) == 1 or (any(wanted) and not grouped):
        return [each.whole.copy() for each in askings]
    first = askings[0]
    among = any_of(each.events.among.copy() for each in askings)
    found = [_found(each.events, among) for each in askings]
    if any(wanted):
        signs = zip(found, wanted, strict=True)
        having = all_of(each if sign else negated(each) for each, sign in signs)
    else:
        having = any_of(found)
    positive = any(wanted) == conjunction
    query = where(select(first.events.id.copy()).from_(first.events.table.copy()), among)
    if not positive:
        query = query.where(is_not_null(first.events.id.copy()))
    if grouped:
        query = query.group_by(first.events.id.copy()).having(having)
    one = exp.In(this=first.id.copy(), query=exp.Subquery(this=query))
    return [one if positive else exp.Not(this=one)]


def _found(events: Events, among: Node) -> Node:
    """Whether a profile is found, where all those rows of it are grouped."""
    rows = true() if events.among == among else events.among
    return holds(events, lambda aggregate: filtered(aggregate, rows))
