"""What a predicate says of a number that is known beforehand: of 0 events, of 1 and more.

It decides on which side of a semi-join a profile without events is, and saves a grouping
where any event is enough. A question that is asked of a column is `segdsl.sql.predicates`'.
"""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal
from typing import Literal as OneOf

from segdsl.language import predicates as p
from segdsl.language.predicates import TimePredicate
from segdsl.language.values import Number, Value
from segdsl.sql.calendar import Calendar
from segdsl.sql.times import interval

# No table has so many events.
_MANY = Decimal(10**24)


def holds_of(predicate: p.Predicate, number: Decimal, calendar: Calendar) -> bool:
    """Whether a predicate holds of a number."""
    match predicate:
        case p.Compare(relation, Number() as value):
            return _compares(number, relation, value.value)
        case p.Between(Number() as low, Number() as high):
            return low.value <= number <= high.value
        case p.In(values):
            return any(isinstance(value, Number) and value.value == number for value in values)
        case p.Compare() | p.Between() | p.Like() | p.Matches() | p.IsNull():
            return False
        case _:
            start, end = interval(predicate, calendar)
            return start <= number < end


def of_counts(predicate: p.Predicate, calendar: Calendar) -> OneOf["all", "none", "some"]:
    """Of which counts, from 1 on, a predicate holds."""
    # Between its edges a predicate says the same of all numbers.
    counts = {Decimal(1), _MANY}
    for edge in _edges(predicate, calendar):
        if abs(edge.adjusted()) < 24:
            floor = edge.to_integral_value(ROUND_FLOOR)
            counts |= {floor - 1, floor, floor + 1, floor + 2}
    answers = {holds_of(predicate, count, calendar) for count in counts if count >= 1}
    return "some" if len(answers) == 2 else "all" if True in answers else "none"


def _edges(predicate: p.Predicate, calendar: Calendar) -> list[Decimal]:
    """The numbers next to which a predicate changes its answer."""
    if isinstance(predicate, TimePredicate):
        return [Decimal(end) for end in interval(predicate, calendar)]
    values: tuple[Value, ...] = ()
    match predicate:
        case p.Compare(_, value):
            values = (value,)
        case p.Between(low, high):
            values = (low, high)
        case p.In(written):
            values = written
    return [value.value for value in values if isinstance(value, Number)]


def _compares(left: Decimal, relation: p.Relation, right: Decimal) -> bool:
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
