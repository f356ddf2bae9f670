"""Translates tests on aggregates of events to semi-joins: profiles with a group that passes.

A group is all events of a profile, those with equal values of columns, or those of a window. Only
a count has a value for profiles without events.
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

# Translates a filter on the columns of a relation.
Filter = Callable[[c.Condition, Relation], Node]
# Adds a moving window to an aggregate, or returns it unchanged.
Over = Callable[[Node], Node]

TIME = "timestamp"
VALUE = "value"
_EVENT, _UNTIL, _ROWS, _MATCHES, _PLACE = "e", "until", "d", "matches", "place"
# In seconds: a window longer than all times, which has no start.
_UNBOUNDED_SECONDS = 10**12
_CONTENTS: dict[Kind, str] = {
    "string": "strings",
    "boolean": "booleans",
    "strings": "arrays",
    "numbers": "arrays",
}


class Events(msgspec.Struct, frozen=True):
    """The events of an aggregate; `length` is that of its window, in seconds."""

    aggregate: c.Aggregate
    relation: Relation
    where: Node
    length: int | None

    def operand(self, name: str) -> Operand:
        return self.relation.operand(name)

    def keys(self) -> list[Node]:
        """The keys of a group of events, the profile first."""
        grouping = dict.fromkeys(self.aggregate.grouping)
        return [self.relation.id, *(self.operand(name).sql for name in grouping)]


def events_of(aggregate: c.Aggregate, context: Context, filter_sql: Filter) -> Events:
    """The events of an aggregate.

    Raises SqlError for an unknown name, or a column whose type does not support the aggregate.
    """
    relation = behavior(context, aggregate.behavior).with_alias(_EVENT)
    length = None if aggregate.window is None else length_of(aggregate.window)
    _check(aggregate, relation)
    return Events(aggregate, relation, _where(aggregate, relation, filter_sql), length)


def _where(aggregate: c.Aggregate, relation: Relation, filter_sql: Filter) -> Node:
    holds = true() if aggregate.filter is None else filter_sql(aggregate.filter, relation)
    if aggregate.window is None:
        return holds
    return all_of([holds, is_not_null(relation.operand(TIME).sql)])


def _check(aggregate: c.Aggregate, relation: Relation) -> None:
    kinds = [relation.operand(name).kind for name in aggregate.columns]
    for name in aggregate.grouping:
        relation.operand(name)
    wrong: tuple[Kind, ...] = ()
    if aggregate.function in ("sum", "average"):
        wrong = ("string", "boolean", "strings", "numbers")
    elif aggregate.function in ("min", "max"):
        wrong = ("strings", "numbers")
    for name, kind in zip(aggregate.columns, kinds, strict=True):
        if kind in wrong:
            raise SqlError(
                f"cannot compute the {aggregate.function} of `{name}` of {relation.title}: "
                f"it has {_CONTENTS[kind]}"
            )
    if aggregate.order is not None and relation.operand(aggregate.order).is_array:
        raise SqlError(f"cannot order by `{aggregate.order}` of {relation.title}: it has arrays")


# --- profiles with a matching group ------------------------------------------------------


def aggregate_test(
    test: c.Test,
    aggregate: c.Aggregate,
    predicate: PredicateSql,
    context: Context,
    filter_sql: Filter,
) -> tuple[exp.Select | None, bool]:
    """The profiles that satisfy a test: those of a query or, with True, all others.

    A query of None has no profiles.
    """
    events = events_of(aggregate, context, filter_sql)
    if aggregate.some or aggregate.is_existential:
        # The test's own `not` applies to each group.
        return _matching_profiles(events, predicate, not predicate.complement, filter_sql), False
    holds_without_events = aggregate.counts and predicate.holds_for_number(0)
    return _matching_profiles(
        events, predicate, not holds_without_events, filter_sql
    ), holds_without_events != predicate.complement


def _matching_profiles(
    events: Events, predicate: PredicateSql, sense: bool, filter_sql: Filter
) -> exp.Select | None:
    """The profiles with a group for which the predicate is `sense`; None if there are none."""
    if is_false(events.where):
        return None
    constant = _constant_result(events, predicate)
    if constant is not None:
        if constant != sense:
            return None
        return _rows(events, events.relation.id)
    if events.aggregate.function == "count distinct":
        return _distinct(events, predicate, sense, filter_sql)
    if events.length is not None:
        return _moving_window(events, predicate, sense, events.length)
    passes = _with_polarity(
        _group_condition(events, predicate, lambda node: node),
        sense,
        counts=events.aggregate.counts,
    )
    if is_false(passes):
        return None
    query = _rows(events, events.relation.id)
    if is_true(passes):
        return query
    return query.group_by(*events.keys()).having(passes)


def _rows(events: Events, *columns: Node) -> exp.Select:
    return where(select(*columns).from_(events.relation.sql), events.where)


def _constant_result(events: Events, predicate: PredicateSql) -> bool | None:
    """The result of the predicate if it is the same for all groups; None otherwise."""
    aggregate = events.aggregate
    if events.length is not None and events.length <= 0:
        # Such a window is empty; it does not even contain its last event.
        return aggregate.counts and predicate.holds_for_number(0)
    if aggregate.counts:
        # One or more events have one or more distinct values: null is a value.
        return {"all": True, "none": False, "some": None}[predicate.result_for_counts()]
    if predicate.is_presence and aggregate.function not in ("first", "last"):
        return True
    return None


def _with_polarity(condition: Node, sense: bool, *, counts: bool) -> Node:
    if sense:
        return condition
    # A count is never null.
    return opposite(condition) if counts else negated(condition)


def _moving_window(
    events: Events, predicate: PredicateSql, sense: bool, length: int
) -> exp.Select | None:
    """The profiles with a matching window; one window ends at each event."""

    def over(node: Node) -> Node:
        order = exp.Ordered(this=events.operand(TIME).sql, desc=False)
        start = "UNBOUNDED" if length > _UNBOUNDED_SECONDS else integer(length - 1)
        return exp.Window(
            this=node,
            partition_by=events.keys(),
            order=exp.Order(expressions=[order]),
            # Times are integral seconds; the window includes all of the current second.
            spec=exp.WindowSpec(
                kind="RANGE", start=start, start_side="PRECEDING", end="CURRENT ROW"
            ),
        )

    passes = _with_polarity(
        _group_condition(events, predicate, over), sense, counts=events.aggregate.counts
    )
    if is_false(passes):
        return None
    inner = _rows(events, events.relation.id, named(passes, _MATCHES))
    return (
        select(column(events.relation.id.name, _ROWS))
        .from_(inner.subquery(identifier(_ROWS)))
        .where(column(_MATCHES, _ROWS))
    )


def _group_condition(events: Events, predicate: PredicateSql, over: Over) -> Node:
    """The condition on the aggregates of a group."""
    aggregate = events.aggregate
    if aggregate.function in ("first", "last"):
        return _first_or_last(events, predicate, over)
    value = _value(events, over, text=predicate.is_about_text)
    if aggregate.counts or not predicate.holds_for_number(0):
        return predicate.condition(value)
    # The sum, average etc. of missing values alone is 0.
    if value.kind in (None, "number"):
        return predicate.condition(_or_zero(value))
    return any_of([predicate.condition(value), is_null(value.sql)])


def _or_zero(value: Operand) -> Operand:
    zero = exp.Coalesce(this=value.sql, expressions=[integer(0)])
    return Operand(zero, value.kind, value.places)


def _value(events: Events, over: Over, *, text: bool) -> Operand:
    """The aggregate; null if all values are missing."""
    function = events.aggregate.function
    if function == "count":
        return Operand(over(exp.Count(this=exp.Star())), "number")
    operand = events.operand(events.aggregate.columns[0])
    match function:
        case "sum":
            return Operand(over(exp.Sum(this=operand.sql)), "number")
        case "average":
            return Operand(over(exp.Avg(this=operand.sql)), "number")
        case "min" | "max":
            node = over(_extreme(function == "max", operand, operand.sql, text=text))
            return Operand(node, operand.kind, operand.places)
        case _:
            raise AssertionError(f"{function} is not a value of a group")


def _extreme(largest: bool, operand: Operand, node: Node, *, text: bool = False) -> Node:
    """The maximum or minimum of a node, which is `operand` or null."""
    if operand.kind == "boolean":
        # Not every engine has a maximum of booleans.
        return exp.LogicalOr(this=node) if largest else exp.LogicalAnd(this=node)
    if operand.kind == "string" or (text and operand.kind is None):
        node = ordered_text(node)
    return exp.Max(this=node) if largest else exp.Min(this=node)


def _first_or_last(events: Events, predicate: PredicateSql, over: Over) -> Node:
    """Whether the first or last event passes: compares its position with those that pass.

    Needs no sorting and is deterministic: of several events in that position one must pass.
    """
    aggregate = events.aggregate
    assert aggregate.order is not None
    order, last = events.operand(aggregate.order), aggregate.function == "last"
    passes = predicate.condition(events.operand(aggregate.columns[0]))
    if is_false(passes):
        return false()
    passing = exp.Case(ifs=[exp.If(this=passes, true=order.sql)])
    return exp.EQ(
        this=over(_extreme(last, order, passing)), expression=over(_extreme(last, order, order.sql))
    )


# --- rows of groups ----------------------------------------------------------------------


def _group_rows(events: Events, filter_sql: Filter) -> tuple[exp.Select, list[Node]]:
    """The rows of all groups, without columns, and the keys of a group.

    With a window, each event is joined with the events of the window that ends at it.
    """
    relation, aggregate, length = events.relation, events.aggregate, events.length
    keys = events.keys()
    if length is None:
        return _rows(events), keys
    until = relation.with_alias(_UNTIL)
    time, end = events.operand(TIME), until.operand(TIME)
    same: list[Node] = [exp.EQ(this=relation.id, expression=until.id)]
    same.extend(
        exp.NullSafeEQ(this=relation.operand(name).sql, expression=until.operand(name).sql)
        for name in aggregate.grouping
    )
    same.append(exp.LTE(this=time.sql, expression=end.sql))
    if length <= _UNBOUNDED_SECONDS:
        start = exp.Sub(this=end.sql, expression=integer(length))
        same.append(exp.GT(this=time.sql, expression=start))
    query = _rows(events).join(until.sql, on=all_of(same))
    return where(query, _where(aggregate, until, filter_sql)), [*keys, end.sql]


def _distinct_counts(events: Events, filter_sql: Filter) -> tuple[exp.Select, Node, Operand]:
    """The groups without columns, their profile, and their number of distinct rows.

    Uses `SELECT DISTINCT` and counts the result: `COUNT(DISTINCT …)` ignores nulls, which count as
    a value here, and not every engine supports it for several columns.
    """
    query, keys = _group_rows(events, filter_sql)
    group = [PROFILE_ID, *(f"k{number}" for number in range(1, len(keys)))]
    counted = [events.operand(name).sql for name in dict.fromkeys(events.aggregate.columns)]
    values = [f"v{number}" for number in range(1, len(counted) + 1)]
    rows = query.select(
        *(
            named(part, name)
            for part, name in zip([*keys, *counted], [*group, *values], strict=True)
        )
    ).distinct()
    outer = exp.Select().from_(rows.subquery(identifier(_ROWS)))
    outer = outer.group_by(*(column(name, _ROWS) for name in group))
    count = Operand(exp.Count(this=exp.Star()), "number")
    return outer, column(PROFILE_ID, _ROWS), count


def _distinct(
    events: Events, predicate: PredicateSql, sense: bool, filter_sql: Filter
) -> exp.Select:
    query, id, count = _distinct_counts(events, filter_sql)
    return query.select(id).having(_with_polarity(predicate.condition(count), sense, counts=True))


# --- the order of a limit ----------------------------------------------------------------


def ordering(
    aggregate: c.Aggregate,
    predicate: PredicateSql,
    context: Context,
    filter_sql: Filter,
    *,
    largest: bool,
) -> tuple[exp.Select, Node | None]:
    """The value of an aggregate for each profile, and the value of profiles without a row.

    The columns are the profile's id and `value`. Of several groups it is the value that comes
    first. Strings that are all missing have no value (assumed).
    """
    events = events_of(aggregate, context, filter_sql)
    columns = () if aggregate.counts else aggregate.columns
    if any(events.operand(name).is_array for name in columns):
        raise SqlError(f"cannot order by `{aggregate.columns[0]}`: it has arrays")
    values = _values(events, predicate, filter_sql, largest)
    if not aggregate.is_existential:
        return values, integer(0) if aggregate.counts else None
    value = column(VALUE, _ROWS)
    first = (
        select(column(PROFILE_ID, _ROWS), named(_of_all(events, value, largest), VALUE))
        .from_(values.subquery(identifier(_ROWS)))
        .group_by(column(PROFILE_ID, _ROWS))
    )
    return first, None


def _values(
    events: Events, predicate: PredicateSql, filter_sql: Filter, largest: bool
) -> exp.Select:
    """The value of each group."""
    if events.aggregate.function in ("first", "last"):
        return _first_or_last_values(events, filter_sql, largest)
    if events.aggregate.function == "count distinct":
        query, id, value = _distinct_counts(events, filter_sql)
    else:
        query, keys = _group_rows(events, filter_sql)
        query, id = query.group_by(*keys), events.relation.id
        value = _value(events, lambda node: node, text=predicate.is_about_text)
        is_number = value.kind == "number" or (value.kind is None and not predicate.is_about_text)
        if is_number and not events.aggregate.counts:
            value = _or_zero(value)
    return query.select(named(id, PROFILE_ID), named(value.sql, VALUE))


def _of_all(events: Events, value: Node, largest: bool) -> Node:
    if events.aggregate.function in ("first", "last", "min", "max"):
        return _extreme(largest, events.operand(events.aggregate.columns[0]), value)
    return exp.Max(this=value) if largest else exp.Min(this=value)


def _first_or_last_values(events: Events, filter_sql: Filter, largest: bool) -> exp.Select:
    """The first or last value of each group; ties by the order of the limit."""
    aggregate = events.aggregate
    assert aggregate.order is not None
    query, keys = _group_rows(events, filter_sql)
    order, value = events.operand(aggregate.order), events.operand(aggregate.columns[0])
    rank = exp.Window(
        this=exp.RowNumber(),
        partition_by=keys,
        order=exp.Order(
            expressions=[
                exp.Ordered(
                    this=order_key(order), desc=aggregate.function == "last", nulls_first=False
                ),
                exp.Ordered(this=order_key(value), desc=largest, nulls_first=False),
            ]
        ),
    )
    rows = query.where(is_not_null(order.sql)).select(
        named(events.relation.id, PROFILE_ID), named(value.sql, VALUE), named(rank, _PLACE)
    )
    return (
        select(column(PROFILE_ID, _PLACE), column(VALUE, _PLACE))
        .from_(rows.subquery(identifier(_PLACE)))
        .where(exp.EQ(this=column(_PLACE, _PLACE), expression=integer(1)))
    )


def order_key(operand: Operand) -> Node:
    return ordered_text(operand.sql) if operand.kind == "string" else operand.sql
