"""One operator of the API to one predicate: `segdsl.rules.lower.operators` backwards."""

from __future__ import annotations

from typing import assert_never

from segdsl.language import predicates as p
from segdsl.language.values import (
    UNITS,
    Boolean,
    Date,
    Duration,
    Literal,
    Number,
    Part,
    Text,
    Unit,
)
from segdsl.rules.rule import model as m

_RELATIONS = {type: relation for relation, type in m.COMPARISON_TYPES.items()}
_MATCHES = {type: match for match, type in m.MATCH_TYPES.items()}


def _literal(value: m.Scalar) -> Literal:
    match value:
        case bool():
            return Boolean(value)
        case str():
            return Text(value)
        case Number():
            return value
        case _:
            assert_never(value)


def _parts(length: m.Length | m.WindowLength) -> tuple[Part, ...]:
    named = ((unit, getattr(length, unit, None)) for unit in UNITS)
    return tuple(Part(amount, unit) for unit, amount in named if amount is not None)


def window(node: m.Window) -> Duration:
    return Duration(_parts(node.duration))


def _duration(amount: Number | m.Length, unit: Unit) -> Duration:
    if isinstance(amount, Number):
        return Duration((Part(amount, unit),))
    plain = Duration(_parts(amount))
    return plain if plain.smallest == unit else Duration(plain.parts, unit)


def _moment(moment: m.Moment) -> Date | p.Ago:
    match moment:
        case m.Timestamp(text):
            return Date(text)
        case m.Last(amount, unit):
            return p.Ago(_duration(amount, unit))
        case _:
            assert_never(moment)


def predicate(operator: m.Operator) -> p.Predicate:
    """What the operator asks, without its `not`."""
    match operator:
        case m.Comparison("Regexp", _, pattern):
            assert isinstance(pattern, str)
            return p.Matches(Text(pattern))
        case m.Comparison("IsNull"):
            return p.IsNull()
        case m.Comparison(kind, _, value):
            if isinstance(value, (m.Timestamp, m.Last)):
                return p.TimeCompare(_RELATIONS[kind], _moment(value))
            return p.Compare(_RELATIONS[kind], _literal(value))
        case m.Between(low, high):
            return p.Between(_literal(low), _literal(high))
        case m.TimeBetween(low_moment, high_moment):
            return p.TimeBetween(_moment(low_moment), _moment(high_moment))
        case m.AnyOf("In", _, values):
            return p.In(tuple(_literal(value) for value in values))
        case m.AnyOf(kind, _, values):
            return p.Like(_MATCHES[kind], tuple(_literal(value) for value in values))
        case m.TimeWithin(kind, unit, amount):
            return p.Within("past" if kind == "TimeWithinPast" else "next", Number(amount), unit)
        case m.TimeRange(_, length, start, _, reverse):
            return p.TimeRange(Duration(_parts(length)), _duration(start.last, start.unit), reverse)
        case m.LastUnit(_, start_unit):
            return p.InUnit("last", start_unit.unit)
        case m.CalendarUnit(kind, start_unit):
            return p.InUnit("this" if kind == "TimeThis" else "next", start_unit.unit)
        case m.TimeToday():
            return p.Today()
        case m.TimeInBetweenNext(_, near, far):
            return p.BetweenNext(_duration(near.next, near.unit), _duration(far.next, far.unit))
        case _:
            assert_never(operator)
