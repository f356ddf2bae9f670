"""Counts and the profiles that have nothing to count.

A count over no events is 0, and the API's own counts never see such a profile; so
the compiler must know which comparisons 0 satisfies, and what their opposite is.
"""

from __future__ import annotations

from decimal import Decimal

from segdsl import predicates as p
from segdsl.values import Number

ZERO = Decimal(0)


def is_numeric(predicate: p.Predicate) -> bool:
    """Whether a predicate can be asked of a count: it compares with numbers only."""
    match predicate:
        case p.Compare(_, Number()) | p.Between(Number(), Number()):
            return True
        case p.In(values):
            return all(isinstance(value, Number) for value in values)
        case _:
            return False


def holds_of_zero(predicate: p.Predicate) -> bool:
    """Whether 0 satisfies a numeric predicate."""
    match predicate:
        case p.Compare("=", Number() as n):
            return n.value == ZERO
        case p.Compare("<", Number() as n):
            return n.value > ZERO
        case p.Compare("<=", Number() as n):
            return n.value >= ZERO
        case p.Compare(">", Number() as n):
            return n.value < ZERO
        case p.Compare(">=", Number() as n):
            return n.value <= ZERO
        case p.Between(Number() as low, Number() as high):
            return low.value <= ZERO <= high.value
        case p.In(values):
            return any(isinstance(value, Number) and value.value == ZERO for value in values)
        case _:
            return False


_OPPOSITE: dict[p.Relation, p.Relation] = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}


def opposite(predicate: p.Predicate) -> tuple[p.Predicate, bool]:
    """The predicate that holds of just those counts that this one does not hold of.

    For predicates that hold of 0. The flag says whether it is that predicate's
    negation; wherever a plain comparison says the same, there is none.
    """
    match predicate:
        case p.Compare("=", _):
            return p.Compare(">=", Number("1")), False
        case p.Compare(relation, value):
            return p.Compare(_OPPOSITE[relation], value), False
        case p.Between(_, high):
            return p.Compare(">", high), False
        case _:
            return predicate, True
