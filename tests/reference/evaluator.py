"""What a condition means: a small evaluator of the condition tree over profiles in memory.

Written from the meaning rules of the language alone and kept free of cleverness, since
the compiler is judged by it. It knows nothing of the API's rule and nothing of lowering.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import assert_never

from reference.calendar import SECONDS, Calendar
from reference.population import Event, Population, Profile, Scalar, Value
from segdsl.language import predicates as p
from segdsl.language.condition import tree as c
from segdsl.language.values import (
    Boolean,
    ById,
    ByName,
    Date,
    Duration,
    Limit,
    Name,
    Number,
    Order,
    Reference,
    Text,
    Unit,
)
from segdsl.language.values import Value as Written


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


def select(condition: c.Condition, limit: Limit | None, population: Population) -> frozenset[str]:
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
            # Only a count has a value (0) where there is no event.
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
    timed = [(event.get("timestamp"), event) for event in events]
    known = [(time, event) for time, event in timed if isinstance(time, int)]
    return [
        [event for time, event in known if end - seconds(length) < time <= end] for end, _ in known
    ]


def seconds(length: Duration) -> int:
    """How long a window is: its units are of fixed length."""
    return sum(_number(part.amount) * SECONDS[part.unit] for part in length.parts)


def _aggregate(aggregate: c.Aggregate, events: list[Event]) -> Value:
    """The value over just these events; None where it has none."""
    match aggregate.function:
        case "count":
            return len(events)
        case "count distinct":
            # A missing value is one value among the others.
            return len({_row(event, aggregate.columns) for event in events})
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
            return min(known, key=_ordered)
        case "max":
            return max(known, key=_ordered)
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
    ordered.sort(key=lambda event: _ordered(event[order]))
    return ordered[0 if aggregate.function == "first" else -1].get(aggregate.columns[0])


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
            return _compares(value, relation, other)
        case p.Between(low, high):
            return _compares(value, ">=", low) and _compares(value, "<=", high)
        case p.In(values):
            return any(_compares(value, "=", other) for other in values)
        case p.Like(match, values):
            return any(_like(value, match, other) for other in values)
        case p.Matches(pattern):
            return isinstance(value, str) and re.search(_text(pattern), value) is not None
        case _:
            if not isinstance(value, int | Fraction) or isinstance(value, bool):
                return False
            during = interval(predicate, calendar)
            return during is not None and during[0] <= value < during[1]


def _compares(value: Value, relation: p.Relation, literal: Written) -> bool:
    """Of two values of different types neither is equal to the other, more or less."""
    if value is None or isinstance(value, tuple):
        return False
    left, right = _ordered(value), _ordered(_scalar(literal))
    if left[0] != right[0]:
        return False
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


def _like(value: Value, match: p.TextMatch, literal: Written) -> bool:
    if not isinstance(value, str):
        return False
    match match:
        case "contains":
            return _text(literal) in value
        case "starts with":
            return value.startswith(_text(literal))
        case "ends with":
            return value.endswith(_text(literal))
        case _:
            assert_never(match)


# --- times ---------------------------------------------------------------------------

ALWAYS = float("inf")
Interval = tuple[float, float]
TimePredicate = (
    p.TimeCompare | p.TimeBetween | p.Within | p.InUnit | p.Today | p.TimeRange | p.BetweenNext
)


def interval(predicate: TimePredicate, calendar: Calendar) -> Interval | None:
    """The times a predicate holds of, from the first up to, not including, the second.

    None where it holds of none because a text in it is no time.
    """
    match predicate:
        case p.Within("past", amount, unit):
            return calendar.current(unit, -_number(amount)), calendar.current(unit)
        case p.Within(_, amount, unit):
            return calendar.current(unit, 1), calendar.current(unit, 1 + _number(amount))
        case p.InUnit("last", unit):
            return calendar.current(unit, -1), calendar.current(unit)
        case p.InUnit("this", unit):
            return calendar.current(unit), calendar.current(unit, 1)
        case p.InUnit(_, unit):
            return calendar.current(unit, 1), calendar.current(unit, 2)
        case p.Today():
            return calendar.current("day"), ALWAYS
        case p.TimeCompare(relation, moment):
            whole = _moment(moment, calendar)
            return None if whole is None else _beside(relation, whole)
        case p.TimeBetween(low, high):
            low_, high_ = _moment(low, calendar), _moment(high, calendar)
            return None if low_ is None or high_ is None else (low_[0], high_[1])
        case p.TimeRange(length, start, reverse):
            begin = calendar.anchor(_parts(start), _unit(start))
            end = calendar.moved(begin, _parts(length), -1 if reverse else 1)
            first, last = (end, begin) if reverse else (begin, end)
            return calendar.seconds(first), calendar.seconds(last)
        case p.BetweenNext(low, high):
            near = calendar.whole(calendar.ahead(_parts(low), _unit(low)), _unit(low))
            far = calendar.whole(calendar.ahead(_parts(high), _unit(high)), _unit(high))
            return near[0], far[1]
        case _:
            assert_never(predicate)


def _moment(moment: p.Moment, calendar: Calendar) -> tuple[int, int] | None:
    """The whole unit that a moment names: its first second, and that of the next."""
    match moment:
        case p.Ago(duration):
            start = calendar.anchor(_parts(duration), _unit(duration))
            return calendar.whole(start, _unit(duration))
        case Date(text):
            return calendar.literal(text)
        case Name(name):
            raise LookupError(f"the parameter `{name}` has no value")
        case _:
            assert_never(moment)


def _beside(relation: p.Relation, whole: tuple[int, int]) -> Interval:
    start, end = whole
    match relation:
        case "=":
            return start, end
        case "<":
            return -ALWAYS, start
        case "<=":
            return -ALWAYS, end
        case ">":
            return end, ALWAYS
        case ">=":
            return start, ALWAYS
        case _:
            assert_never(relation)


def _parts(duration: Duration) -> list[tuple[int, Unit]]:
    return [(_number(part.amount), part.unit) for part in duration.parts]


def _unit(duration: Duration) -> Unit:
    return duration.rounded or duration.smallest


# --- limits --------------------------------------------------------------------------


def _top(condition: c.Condition, limit: Limit, population: Population) -> frozenset[str]:
    """The first of the profiles that a condition holds for; those without a value come last."""
    found = [each for each in population.profiles if evaluate(condition, each, population)]
    found.sort(key=lambda profile: profile.id)
    for order in reversed(limit.order):
        values = {each.id: _order_value(order, condition, each, population) for each in found}
        known = [each for each in found if values[each.id] is not None]
        known.sort(key=lambda each: _ordered(values[each.id]), reverse=order.descending)
        found = known + [each for each in found if values[each.id] is None]
    assert isinstance(limit.number, Number)
    number = limit.number.value
    room = int(number * len(found) / 100) if limit.percent else int(number)
    return frozenset(profile.id for profile in found[:room])


def _order_value(
    order: Order, condition: c.Condition, profile: Profile, population: Population
) -> Value:
    """What a profile is sorted by; of an aggregate's groups or windows, the one that is first."""
    if order.column is not None:
        return profile.attributes.get(order.column)
    test = condition.child if isinstance(condition, c.Not) else condition
    assert isinstance(test, c.Test)
    assert isinstance(test.subject, c.Aggregate)
    values = _aggregated(test.subject, profile, population)
    known = sorted((value for value in values if value is not None), key=_ordered)
    return known[-1 if order.descending else 0] if known else None


# --- values --------------------------------------------------------------------------


def _ordered(value: Value) -> tuple[str, Fraction, str]:
    """The type of a scalar, and what it is compared by within the type."""
    match value:
        case bool():
            return "boolean", Fraction(value), ""
        case int() | Fraction():
            return "number", Fraction(value), ""
        case str():
            return "text", Fraction(0), value
        case _:
            raise TypeError(f"{value!r} has no order")


def _exact(value: Value) -> Fraction:
    kind, number, _ = _ordered(value)
    assert kind == "number", f"{value!r} is no number"
    return number


def _scalar(literal: Written) -> Scalar:
    match literal:
        case Text(value) | Boolean(value):
            return value
        case Number():
            return Fraction(literal.value)
        case Date(text):
            return text
        case Name(name):
            raise LookupError(f"the parameter `{name}` has no value")
        case _:
            assert_never(literal)


def _text(literal: Written) -> str:
    assert isinstance(literal, Text)
    return literal.value


def _number(literal: Written | None) -> int:
    assert isinstance(literal, Number)
    return int(literal.text)


def _key(reference: Reference) -> str:
    match reference:
        case ById(id):
            return id
        case ByName(name):
            return name
        case _:
            assert_never(reference)
