"""Tests of a behavior's events as semi-joins: the profiles of which some group of events passes.

A group is all events of a profile, those with equal columns, or those of a window; only
a count has a say for profiles without events. How a filter becomes SQL is handed in.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from sqlglot import exp

from segdsl.language.condition import tree as c
from segdsl.sql.catalog import PROFILE_ID
from segdsl.sql.context import Context, Kind, Operand, Relation, SqlError, behavior
from segdsl.sql.expressions import (
    Node,
    all_of,
    any_of,
    column,
    false,
    identifier,
    integer,
    is_false,
    is_not_null,
    is_null,
    is_true,
    named,
    negated,
    opposite,
    ordered_text,
    select,
    true,
    where,
)
from segdsl.sql.predicates import PredicateSql
from segdsl.sql.times import length_of

# A filter as SQL, about the columns of a relation.
Filter = Callable[[c.Condition, Relation], Node]
# A moving window put behind an aggregate, or nothing.
Over = Callable[[Node], Node]

TIME = "timestamp"
VALUE = "value"
_EVENT, _UNTIL, _ROWS, _MATCHES, _PLACE = "e", "until", "d", "matches", "place"
# In seconds: longer than there are times, a window that is never left.
_ENDLESS = 10**12
_HOLDS: dict[Kind, str] = {
    "text": "texts",
    "boolean": "truth values",
    "texts": "arrays",
    "numbers": "arrays",
}


class Events(msgspec.Struct, frozen=True):
    """The events that an aggregate is about; `length` is that of its window, in seconds."""

    aggregate: c.Aggregate
    relation: Relation
    where: Node
    length: int | None

    def operand(self, name: str) -> Operand:
        return self.relation.operand(name)

    def keys(self) -> list[Node]:
        """What makes a group of events, the profile first."""
        grouping = dict.fromkeys(self.aggregate.grouping)
        return [self.relation.id, *(self.operand(name).sql for name in grouping)]


def events_of(aggregate: c.Aggregate, context: Context, filtered: Filter) -> Events:
    """The events of an aggregate.

    Raises SqlError where a name is not there, or a column has no such aggregate.
    """
    relation = behavior(context, aggregate.behavior).called(_EVENT)
    length = None if aggregate.window is None else length_of(aggregate.window)
    _check(aggregate, relation)
    return Events(aggregate, relation, _where(aggregate, relation, filtered), length)


def _where(aggregate: c.Aggregate, relation: Relation, filtered: Filter) -> Node:
    holds = true() if aggregate.filter is None else filtered(aggregate.filter, relation)
    if aggregate.window is None:
        return holds
    return all_of([holds, is_not_null(relation.operand(TIME).sql)])


def _check(aggregate: c.Aggregate, relation: Relation) -> None:
    kinds = [relation.operand(name).kind for name in aggregate.columns]
    for name in aggregate.grouping:
        relation.operand(name)
    wrong: tuple[Kind, ...] = ()
    if aggregate.function in ("sum", "average"):
        wrong = ("text", "boolean", "texts", "numbers")
    elif aggregate.function in ("min", "max"):
        wrong = ("texts", "numbers")
    for name, kind in zip(aggregate.columns, kinds, strict=True):
        if kind in wrong:
            raise SqlError(
                f"`{name}` of {relation.what} has no {aggregate.function}: it holds {_HOLDS[kind]}"
            )
    if aggregate.order is not None and relation.operand(aggregate.order).is_array:
        raise SqlError(f"`{aggregate.order}` of {relation.what} is no order: it holds arrays")


# --- the profiles of which a group passes ------------------------------------------------


def tested(
    test: c.Test, aggregate: c.Aggregate, asked: PredicateSql, context: Context, filtered: Filter
) -> tuple[exp.Select | None, bool]:
    """The profiles that a test holds for: those of a query, or, with True, all others.

    Without a query: none, or all.
    """
    events = events_of(aggregate, context, filtered)
    if aggregate.some or aggregate.is_existential:
        # The test's own `not` is about each group.
        return _passing(events, asked, not asked.complement, filtered), False
    of_nothing = aggregate.counts and asked.of_number(0)
    return _passing(events, asked, not of_nothing, filtered), of_nothing != asked.complement


def _passing(
    events: Events, asked: PredicateSql, sense: bool, filtered: Filter
) -> exp.Select | None:
    """The profiles with a group that the question is true of, or else, that it is not true of."""
    if is_false(events.where):
        return None
    known = _foregone(events, asked)
    if known is not None:
        if known != sense:
            return None
        return _rows(events, events.relation.id)
    if events.aggregate.function == "count distinct":
        return _distinct(events, asked, sense, filtered)
    if events.length is not None:
        return _moving(events, asked, sense, events.length)
    passes = _sensed(
        _question(events, asked, lambda node: node), sense, counts=events.aggregate.counts
    )
    if is_false(passes):
        return None
    query = _rows(events, events.relation.id)
    if is_true(passes):
        return query
    return query.group_by(*events.keys()).having(passes)


def _rows(events: Events, *columns: Node) -> exp.Select:
    return where(select(*columns).from_(events.relation.sql), events.where)


def _foregone(events: Events, asked: PredicateSql) -> bool | None:
    """What is true of each group there is, whatever is in it; None where that depends."""
    aggregate = events.aggregate
    if events.length is not None and events.length <= 0:
        # Nothing is in such a window, not even the event that it ends with.
        return aggregate.counts and asked.of_number(0)
    if aggregate.counts:
        # Of one event or more there is one value or more: a null is a value.
        return {"all": True, "none": False, "some": None}[asked.of_counts()]
    if asked.is_presence and aggregate.function not in ("first", "last"):
        return True
    return None


def _sensed(condition: Node, sense: bool, *, counts: bool) -> Node:
    if sense:
        return condition
    # A count is never null.
    return opposite(condition) if counts else negated(condition)


def _moving(events: Events, asked: PredicateSql, sense: bool, length: int) -> exp.Select | None:
    """With a window that ends at each event in turn."""

    def over(node: Node) -> Node:
        order = exp.Ordered(this=events.operand(TIME).sql, desc=False)
        start = "UNBOUNDED" if length > _ENDLESS else integer(length - 1)
        return exp.Window(
            this=node,
            partition_by=events.keys(),
            order=exp.Order(expressions=[order]),
            # Times are whole seconds: so many before this one, and all of this second.
            spec=exp.WindowSpec(
                kind="RANGE", start=start, start_side="PRECEDING", end="CURRENT ROW"
            ),
        )

    passes = _sensed(_question(events, asked, over), sense, counts=events.aggregate.counts)
    if is_false(passes):
        return None
    inner = _rows(events, events.relation.id, named(passes, _MATCHES))
    return (
        select(column(events.relation.id.name, _ROWS))
        .from_(inner.subquery(identifier(_ROWS)))
        .where(column(_MATCHES, _ROWS))
    )


def _question(events: Events, asked: PredicateSql, over: Over) -> Node:
    """What is asked of a group, as a condition on its aggregates."""
    aggregate = events.aggregate
    if aggregate.function in ("first", "last"):
        return _edge(events, asked, over)
    value = _value(events, over, text=asked.is_about_text)
    if aggregate.counts or not asked.of_number(0):
        return asked.of(value)
    # Of values that are all missing it is 0.
    if value.kind in (None, "number"):
        return asked.of(_or_zero(value))
    return any_of([asked.of(value), is_null(value.sql)])


def _or_zero(value: Operand) -> Operand:
    zero = exp.Coalesce(this=value.sql, expressions=[integer(0)])
    return Operand(zero, value.kind, value.places)


def _value(events: Events, over: Over, *, text: bool) -> Operand:
    """The aggregate itself; null where all values are missing."""
    function = events.aggregate.function
    if function == "count":
        return Operand(over(exp.Count(this=exp.Star())), "number")
    of = events.operand(events.aggregate.columns[0])
    match function:
        case "sum":
            return Operand(over(exp.Sum(this=of.sql)), "number")
        case "average":
            return Operand(over(exp.Avg(this=of.sql)), "number")
        case "min" | "max":
            node = over(_extreme(function == "max", of, of.sql, text=text))
            return Operand(node, of.kind, of.places)
        case _:
            raise AssertionError(f"{function} is no value of a group")


def _extreme(largest: bool, of: Operand, node: Node, *, text: bool = False) -> Node:
    """The largest or smallest of a node that is `of` or null."""
    if of.kind == "boolean":
        # Not every engine has a largest truth value.
        return exp.LogicalOr(this=node) if largest else exp.LogicalAnd(this=node)
    if of.kind == "text" or (text and of.kind is None):
        node = ordered_text(node)
    return exp.Max(this=node) if largest else exp.Min(this=node)


def _edge(events: Events, asked: PredicateSql, over: Over) -> Node:
    """Whether the first or last event passes: whether its place is that of one that passes.

    Needs no sorting, and says the same every time: of events in the same place it is
    enough that one passes.
    """
    aggregate = events.aggregate
    assert aggregate.order is not None
    order, last = events.operand(aggregate.order), aggregate.function == "last"
    passes = asked.of(events.operand(aggregate.columns[0]))
    if is_false(passes):
        return false()
    passing = exp.Case(ifs=[exp.If(this=passes, true=order.sql)])
    return exp.EQ(
        this=over(_extreme(last, order, passing)), expression=over(_extreme(last, order, order.sql))
    )


# --- groups as they are ------------------------------------------------------------------


def _grouped(events: Events, filtered: Filter) -> tuple[exp.Select, list[Node]]:
    """The rows of all groups, without columns yet, and the keys of a group.

    With a window each event is joined with those of the window that ends with it.
    """
    relation, aggregate, length = events.relation, events.aggregate, events.length
    keys = events.keys()
    if length is None:
        return _rows(events), keys
    until = relation.called(_UNTIL)
    time, end = events.operand(TIME), until.operand(TIME)
    same: list[Node] = [exp.EQ(this=relation.id, expression=until.id)]
    same.extend(
        exp.NullSafeEQ(this=relation.operand(name).sql, expression=until.operand(name).sql)
        for name in aggregate.grouping
    )
    same.append(exp.LTE(this=time.sql, expression=end.sql))
    if length <= _ENDLESS:
        start = exp.Sub(this=end.sql, expression=integer(length))
        same.append(exp.GT(this=time.sql, expression=start))
    query = _rows(events).join(until.sql, on=all_of(same))
    return where(query, _where(aggregate, until, filtered)), [*keys, end.sql]


def _counted(events: Events, filtered: Filter) -> tuple[exp.Select, Node, Operand]:
    """The groups without columns yet, their profile, and how many different rows each has.

    Rows are made different first and counted then: a null is a value among others, which
    `COUNT(DISTINCT …)` passes over, and not every engine counts different rows.
    """
    query, keys = _grouped(events, filtered)
    group = [PROFILE_ID, *(f"k{number}" for number in range(1, len(keys)))]
    of = [events.operand(name).sql for name in dict.fromkeys(events.aggregate.columns)]
    values = [f"v{number}" for number in range(1, len(of) + 1)]
    rows = query.select(
        *(named(part, name) for part, name in zip([*keys, *of], [*group, *values], strict=True))
    ).distinct()
    outer = exp.Select().from_(rows.subquery(identifier(_ROWS)))
    outer = outer.group_by(*(column(name, _ROWS) for name in group))
    count = Operand(exp.Count(this=exp.Star()), "number")
    return outer, column(PROFILE_ID, _ROWS), count


def _distinct(events: Events, asked: PredicateSql, sense: bool, filtered: Filter) -> exp.Select:
    query, id, count = _counted(events, filtered)
    return query.select(id).having(_sensed(asked.of(count), sense, counts=True))


# --- what a limit is ordered by ----------------------------------------------------------


def ordering(
    aggregate: c.Aggregate,
    asked: PredicateSql,
    context: Context,
    filtered: Filter,
    *,
    largest: bool,
) -> tuple[exp.Select, Node | None]:
    """The value of an aggregate by profile, and the value of profiles that are not in there.

    The columns are the profile's id and `value`. Of several groups it is the value of
    the one that comes first. Texts that are all missing are no value (assumed).
    """
    events = events_of(aggregate, context, filtered)
    columns = () if aggregate.counts else aggregate.columns
    if any(events.operand(name).is_array for name in columns):
        raise SqlError(f"`{aggregate.columns[0]}` is no order: it holds arrays")
    values = _values(events, asked, filtered, largest)
    if not aggregate.is_existential:
        return values, integer(0) if aggregate.counts else None
    value = column(VALUE, _ROWS)
    first = (
        select(column(PROFILE_ID, _ROWS), named(_of_all(events, value, largest), VALUE))
        .from_(values.subquery(identifier(_ROWS)))
        .group_by(column(PROFILE_ID, _ROWS))
    )
    return first, None


def _values(events: Events, asked: PredicateSql, filtered: Filter, largest: bool) -> exp.Select:
    """The value of each group."""
    if events.aggregate.function in ("first", "last"):
        return _edges(events, filtered, largest)
    if events.aggregate.function == "count distinct":
        query, id, value = _counted(events, filtered)
    else:
        query, keys = _grouped(events, filtered)
        query, id = query.group_by(*keys), events.relation.id
        value = _value(events, lambda node: node, text=asked.is_about_text)
        is_number = value.kind == "number" or (value.kind is None and not asked.is_about_text)
        if is_number and not events.aggregate.counts:
            value = _or_zero(value)
    return query.select(named(id, PROFILE_ID), named(value.sql, VALUE))


def _of_all(events: Events, value: Node, largest: bool) -> Node:
    if events.aggregate.function in ("first", "last", "min", "max"):
        return _extreme(largest, events.operand(events.aggregate.columns[0]), value)
    return exp.Max(this=value) if largest else exp.Min(this=value)


def _edges(events: Events, filtered: Filter, largest: bool) -> exp.Select:
    """The first or last value of each group; of events in the same place the foremost."""
    aggregate = events.aggregate
    assert aggregate.order is not None
    query, keys = _grouped(events, filtered)
    order, of = events.operand(aggregate.order), events.operand(aggregate.columns[0])
    place = exp.Window(
        this=exp.RowNumber(),
        partition_by=keys,
        order=exp.Order(
            expressions=[
                exp.Ordered(
                    this=in_order(order), desc=aggregate.function == "last", nulls_first=False
                ),
                exp.Ordered(this=in_order(of), desc=largest, nulls_first=False),
            ]
        ),
    )
    rows = query.where(is_not_null(order.sql)).select(
        named(events.relation.id, PROFILE_ID), named(of.sql, VALUE), named(place, _PLACE)
    )
    return (
        select(column(PROFILE_ID, _PLACE), column(VALUE, _PLACE))
        .from_(rows.subquery(identifier(_PLACE)))
        .where(exp.EQ(this=column(_PLACE, _PLACE), expression=integer(1)))
    )


def in_order(of: Operand) -> Node:
    return ordered_text(of.sql) if of.kind == "text" else of.sql
