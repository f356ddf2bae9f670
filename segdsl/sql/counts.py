"""Evaluates predicates on counts of events that are known in advance.

Decides whether a profile without events satisfies a test, and avoids a grouping if any event is
enough. `segdsl.sql.predicates` translates predicates on columns.
"""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal
from typing import Literal as OneOf

from segdsl.language import predicates as p
from segdsl.language.condition import counting
from segdsl.language.predicates import TimePredicate
from segdsl.language.values import Number
from segdsl.sql.calendar import Calendar
from segdsl.sql.times import interval

# No table has so many events.
_MANY = Decimal(10**24)


def holds_for(predicate: p.Predicate, number: Decimal, calendar: Calendar) -> bool:
    """Whether a number satisfies a predicate."""
    if isinstance(predicate, TimePredicate):
        start, end = interval(predicate, calendar)
        return start <= number < end
    return counting.holds_of(predicate, number)


def result_for_counts(predicate: p.Predicate, calendar: Calendar) -> OneOf["all", "none", "some"]:
    """Whether all, none or some counts of 1 or more satisfy a predicate."""
    # Between its edges the result of a predicate is constant.
    counts = {Decimal(1), _MANY}
    for edge in _edges(predicate, calendar):
        if abs(edge.adjusted()) < 24:
            floor = edge.to_integral_value(ROUND_FLOOR)
            counts |= {floor - 1, floor, floor + 1, floor + 2}
    results = {holds_for(predicate, count, calendar) for count in counts if count >= 1}
    return "some" if len(results) == 2 else "all" if True in results else "none"


def _edges(predicate: p.Predicate, calendar: Calendar) -> list[Decimal]:
    """The numbers at which the result of a predicate changes."""
    if isinstance(predicate, TimePredicate):
        return [Decimal(end) for end in interval(predicate, calendar)]
    return [value.value for value in p.values_of(predicate) if isinstance(value, Number)]
