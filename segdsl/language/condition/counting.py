"""Counts and the profiles that have nothing to count: which comparisons a number satisfies."""

from __future__ import annotations

from decimal import Decimal
from typing import assert_never

from segdsl.language import predicates as p
from segdsl.language.values import Number

ZERO = Decimal(0)


def is_numeric(predicate: p.Predicate) -> bool:
    """Whether a predicate can test a count: it compares with numbers only."""
    if isinstance(predicate, p.TimePredicate):
        return False
    match predicate:
        case p.Compare() | p.Between() | p.In():
            return all(isinstance(value, Number) for value in p.values_of(predicate))
        case p.Like() | p.Matches() | p.IsNull():
            return False
        case _:
            assert_never(predicate)


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
