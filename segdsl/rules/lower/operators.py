"""One predicate to one operator of the API: the table of what becomes what."""

from __future__ import annotations

from typing import assert_never

from segdsl.language import predicates as p
from segdsl.language.predicates import has_not
from segdsl.language.values import Boolean, Date, Duration, Name, Number, Text, Unit, Value
from segdsl.rules.rule import model as m


def scalar(value: Value) -> m.Scalar:
    """A resolved value as the API takes it."""
    match value:
        case Text(text):
            return text
        case Boolean(truth):
            return truth
        case Number():
            return value
        case Date() | Name():
            raise AssertionError(f"{value} is resolved and no time")


def number(value: Value) -> Number:
    assert isinstance(value, Number)
    return value


def _orderable(value: Value) -> Number | str:
    found = scalar(value)
    assert not isinstance(found, bool)
    return found


def _length(duration: Duration) -> tuple[Number | m.Length, Unit]:
    """The amount (or amounts) and the unit whose start it is counted from."""
    (first, *more) = duration.parts
    if not more and duration.rounded is None:
        return number(first.amount), first.unit
    return m.Length(
        **{part.unit: number(part.amount) for part in duration.parts}
    ), duration.rounded or duration.smallest


def last(duration: Duration) -> m.Last:
    return m.Last(*_length(duration))


def _moment(moment: p.Moment) -> m.Moment:
    match moment:
        case Date(text):
            return m.Timestamp(text)
        case p.Ago(duration):
            return last(duration)
        case Name():
            raise AssertionError(f"{moment} is resolved")


def operator(predicate: p.Predicate, negated: bool = False) -> m.Operator:
    """The operator, with its own `not` where `negated` (only where `has_not`)."""
    assert not negated or has_not(predicate)
    match predicate:
        case p.Compare(relation, value):
            return m.Comparison(m.COMPARISON_TYPES[relation], negated, scalar(value))
        case p.Between(low, high):
            return m.Between(_orderable(low), _orderable(high), negated, Number("0"), "Between")
        case p.In(values):
            return m.AnyOf("In", negated, tuple(_orderable(value) for value in values))
        case p.Like(match, values):
            return m.AnyOf(
                m.MATCH_TYPES[match], negated, tuple(_orderable(value) for value in values)
            )
        case p.Matches(pattern):
            return m.Comparison("Regexp", negated, scalar(pattern))
        case p.IsNull():
            return m.Comparison("IsNull", negated, True)
        case p.TimeCompare(relation, moment):
            return m.Comparison(m.COMPARISON_TYPES[relation], negated, _moment(moment))
        case p.TimeBetween(low_moment, high_moment):
            return m.TimeBetween(_moment(low_moment), _moment(high_moment), negated, "Between")
        case p.Within(direction, amount, unit):
            text = number(amount).text
            if direction == "past":
                return m.TimeWithin("TimeWithinPast", unit, text)
            return m.TimeWithin("TimeWithinNext", unit, text)
        case p.InUnit("last", unit):
            return m.LastUnit("TimeRange", m.FromUnit(unit), False)
        case p.InUnit(which, unit):
            return m.CalendarUnit("TimeThis" if which == "this" else "TimeNext", m.FromUnit(unit))
        case p.Today():
            return m.TimeToday("TimeToday")
        case p.TimeRange(length, start, reverse):
            (part,) = length.parts
            duration = m.Length(**{part.unit: number(part.amount)})
            return m.TimeRange("TimeRange", duration, last(start), negated, reverse)
        case p.BetweenNext(low_length, high_length):
            near, far = m.Next(*_length(low_length)), m.Next(*_length(high_length))
            return m.TimeInBetweenNext("TimeInBetweenNext", near, far, False)
        case _:
            assert_never(predicate)


def complement(predicate: p.Predicate) -> p.Predicate | None:
    """The comparison that holds of just those values that this one does not hold of.

    There is none for a timestamp that is no date: nobody says what it selects.
    """
    match predicate:
        case p.TimeCompare(_, Date() as date) if not date.is_iso:
            return None
        case p.TimeCompare(relation, moment) if relation != "=":
            return p.TimeCompare(p.OPPOSITES[relation], moment)
        case _:
            return None
