"""Counts and the profiles that have nothing to count: which comparisons a number satisfies."""

from __future__ import annotations

from decimal import Decimal

from segdsl.language import predicates as p
from segdsl.language.values import Number

ZERO = Decimal(0)


def is_numeric(predicate: p.Predicate) -> bool:
    """Whether a predicate can test a count: it compares with numbers only."""
    return p.compared_kinds(predicate) <= {"number"}


def holds_of_zero(predicate: p.Predicate) -> bool:
    """Whether 0 satisfies a numeric predicate."""
    return holds_of(predicate, ZERO)


def holds_of(predicate: p.Predicate, number: Decimal) -> bool:
    """Whether a number satisfies a numeric predicate."""
    match predicate:
        case p.Compare("=", Number() as n):
            return number == n.value
        case p.Compare("<", Number() as n):
            return number < n.value
        case p.Compare("<=", Number() as n):
            return number <= n.value
        case p.Compare(">", Number() as n):
            return number > n.value
        case p.Compare(">=", Number() as n):
            return number >= n.value
        case p.Between(Number() as low, Number() as high):
            return low.value <= number <= high.value
        case p.In(values):
            return any(isinstance(value, Number) and value.value == number for value in values)
        case _:
            return False
