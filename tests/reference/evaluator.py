"""What a condition means: a small evaluator of the condition tree over profiles in memory.

Written from the meaning rules of the language alone and kept free of cleverness, since
the compiler is judged by it. It knows nothing of the API's rule and nothing of lowering.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import assert_never

from reference.calendar import SECONDS, Calendar
from reference.population import Event, Population, Profile, Value
from segdsl import predicates as p
from segdsl.condition import tree as c
from segdsl.values import (
    Boolean,
    ById,
    ByName,
    Date,
    Duration,
    Limit,
    Name,
    Number,
    Reference,
    Text,
    Unit,
)
from segdsl.values import Value as Written


def evaluate(condition: c.Condition, profile: Profile, population: Population) -> bool:
    """Whether the condition holds for one profile of the population."""
    match condition:
        case c.Everyone():
            return True
        case c.And(children):
            return all(evaluate(child, profile, population) for child in children)
        case c.Or(children):
            return any(evaluate(child, profile, population) for child in children)
        case c.Not(child):
            return not evaluate(child, profile, population)
        case c.RuleSet(_, child):
            return evaluate(child, profile, population)
        case c.Limited(child, limit):
            return profile.id in _top(child, limit, population)
        case c.Membership(of, target):
            return (of, _key(target)) in profile.memberships
        case c.Score(model, low, high, including_converted):
            if _key(model) not in profile.scores:
                return False
            grade, converted = profile.scores[_key(model)]
            return low.value <= grade <= high.value and (including_converted or not converted)
        case c.Test():
            return _test(condition, profile, population)
        case _:
            assert_never(condition)


def select(
    condition: c.Condition, limit: Limit | None, population: Population
) -> frozenset[str]:
    """The ids of the profiles in a segment with this condition and limit."""
    if limit is None:
        return frozenset(
            profile.id
            for profile in population.profiles
            if evaluate(condition, profile, population)
        )
    return _top(condition, limit, population)


# --- tests ---------------------------------------------------------------------------


def _test(test: c.Test, profile: Profile, population: Population) -> bool:
    calendar = population.calendar
    match test.subject:
        case c.Attribute(name):
            return _value_holds(test, profile.attributes.get(name), calendar)
        case c.GroupAttribute(group, name):
            return _value_holds(test, profile.groups.get((group, name)), calendar)
        case c.MlAttribute(solution, model, attribute):
            value = profile.ml.get((solution, _key(model), attribute))
            return _value_holds(test, value, calendar)
        case c.Aggregate() as aggregate:
            # Only a plain count has a value (0) where there is no event.
            if aggregate.some and not _events(aggregate, profile, population):
                return False
            return any(
                _value_holds(test, value, calendar)
                for value in _aggregated(aggregate, profile, population)
            )
        case _:
            assert_never(test.subject)


def _value_holds(test: c.Test, value: Value, calendar: Calendar) -> bool:
    def holds(single: Value) -> bool:
        return predicate_holds(test.predicate, single, calendar) != test.negated

    if test.quantifier is None:
        return holds(value)
    if not isinstance(value, tuple):
        return False
    matching = sum(holds(element) for element in value)
    match test.quantifier.how:
        case "any":
            return matching > 0
        case "every":
            return matching == len(value)
        case "at least":
            return matching >= _number(test.quantifier.number)
        case "at most":
            return matching <= _number(test.quantifier.number)
        case "exactly":
            return matching == _number(test.quantifier.number)
        case _:
            assert_never(test.quantifier.how)


# --- aggregates ----------------------------------------------------------------------


def _events(aggregate: c.Aggregate, profile: Profile, population: Population) -> list[Event]:
    """The events that the aggregate is about: those its filter holds for."""
    return [
        event
        for event in profile.events.get(aggregate.behavior, ())
        # A filter is a condition about something whose attributes are the event's columns.
        if aggregate.filter is None
        or evaluate(aggregate.filter, Profile("", attributes=event), population)
    ]


def _aggregated(
    aggregate: c.Aggregate, profile: Profile, population: Population
) -> Iterator[Value]:
    """The values of the aggregate: one, or one for each window of each group."""
    events = _events(aggregate, profile, population)
    groups = _groups(events, aggregate.grouping) if aggregate.grouping else [events]
    for group in groups:
        windows = [group] if aggregate.window is None else _windows(group, aggregate.window)
        for window in windows:
            yield _aggregate(aggregate, window)


def _groups(events: list[Event], columns: tuple[str, ...]) -> list[list[Event]]:
    groups: dict[tuple[Value, ...], list[Event]] = {}
    for event in events:
        groups.setdefault(_row(event, columns), []).append(event)
    return list(groups.values())


def _windows(events: list[Event], length: Duration) -> list[list[Event]]:
    """For each event, those of the time of that length that ends with it."""
    seconds = sum(_number(part.amount) * SECONDS[part.unit] for part in length.parts)
    timed = [(event["timestamp"], event) for event in events]
    known = [(time, event) for time, event in timed if isinstance(time, int)]
    return [
        [event for time, event in known if end - seconds < time <= end] for end, _ in known
    ]


def _aggregate(aggregate: c.Aggregate, events: list[Event]) -> Value:
    """The value over just these events; None where it has none."""
    match aggregate.function:
        case "count":
            return len(events)
        case "count distinct":
            rows = {_row(event, aggregate.columns) for event in events}
            return sum(all(value is not None for value in row) for row in rows)
        case "first" | "last":
            return _edge(aggregate, events)
    if not events:
        return None
    values = [event.get(aggregate.columns[0]) for event in events]
    known = [value for value in values if value is not None]
    if not known:
        return 0
    match aggregate.function:
        case "min":
            return min(known, key=_sortable)
        case "max":
            return max(known, key=_sortable)
        case "sum":
            return sum(map(_exact, known), Fraction(0))
        case "average":
            return sum(map(_exact, known), Fraction(0)) / len(known)
        case _:
            assert_never(aggregate.function)


def _edge(aggregate: c.Aggregate, events: list[Event]) -> Value:
    assert aggregate.order is not None
    order = aggregate.order
    ordered = [event for event in events if event.get(order) is not None]
    if not ordered:
        return None
    pick: Callable[..., Event] = min if aggregate.function == "first" else max
    return pick(ordered, key=lambda event: _sortable(event[order])).get(aggregate.columns[0])


def _row(event: Event, columns: tuple[str, ...]) -> tuple[Value, ...]:
    return tuple(event.get(column) for column in columns)


# --- predicates ----------------------------------------------------------------------


def predicate_holds(predicate: p.Predicate, value: Value, calendar: Calendar) -> bool:
    """Whether a predicate holds of one value: never of a missing one, but for `is null`."""
    if isinstance(predicate, p.IsNull):
        return value is None
    if value is None:
        return False
    match predicate:
        case p.Compare(relation, other):
            return _compares(value, relation, _literal(other))
        case p.Between(low, high):
            return _compares(value, ">=", _literal(low)) and _compares(value, "<=", _literal(high))
        case p.In(values):
            return any(_compares(value, "=", _literal(other)) for other in values)
        case p.Like(match, values):
            texts = [_literal(other) for other in values]
            return any(_like(value, match, text) for text in texts)
        case p.Matches(pattern):
            return isinstance(value, str) and re.search(str(_literal(pattern)), value) is not None
        case _:
            number = isinstance(value, int | Fraction) and not isinstance(value, bool)
            return number and any(
                (start is None or start <= value) and (end is None or value < end)
                for start, end in times(predicate, calendar)
            )


def _compares(value: Value, relation: p.Relation, other: str | bool | Fraction) -> bool:
    """Values of different types are never equal, and neither is before the other."""
    if isinstance(value, tuple) or _kind(value) != _kind(other):
        return False
    left, right = _sortable(value), _sortable(other)
    match relation:
        case "=":
            return left == right
        case "<":
            return left < right
        case "<=":
            return left <= right
        case ">":
            return left > right
        case ">=":
            return left >= right
        case _:
            assert_never(relation)
