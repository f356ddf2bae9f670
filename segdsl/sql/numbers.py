"""Comparing with a number as it was written, in a way that no engine stumbles over.

A number may have more digits than a decimal, or lie beyond what a double holds; then
what it says of any column is worked out here. Everything else goes out as it stands.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from decimal import Decimal
from typing import assert_never

from sqlglot import exp

from segdsl.predicates import Relation
from segdsl.sql.context import SqlError
from segdsl.sql.expressions import Node, any_of, false, integer, is_not_null
from segdsl.values import Number

COMPARISONS: dict[Relation, type[exp.Binary]] = {
    "=": exp.EQ,
    "<": exp.LT,
    "<=": exp.LTE,
    ">": exp.GT,
    ">=": exp.GTE,
}
# A decimal this short is read as the double nearest to it, and fits beside any BIGINT.
_PLAIN_DIGITS = 15
_BIGINT = 2**63
# Up to it doubles are exact for whole numbers.
_EXACT = 2**53
_LARGEST = Decimal.from_float(sys.float_info.max)


def compared(node: Node, relation: Relation, number: Number) -> Node:
    """`node relation number`; null or false of a null.

    Raises SqlError for a number that is too long to be reckoned with.
    """
    value = _value(number)
    if _is_huge(value):
        # Every column is on the same side of it.
        if relation == "=" or (relation in ("<", "<=")) == value.is_signed():
            return false()
        return is_not_null(node)
    if _is_tiny(value):
        return _beside_zero(node, relation, above=not value.is_signed())
    return COMPARISONS[relation](this=node, expression=_literal(value))


def equals_any(node: Node, numbers: Iterable[Number]) -> Node:
    """`node IN (numbers)`; false where no column can be any of them.

    One double in a list makes doubles of all, so that large integers stand in one of their own.
    """
    values = [_value(number) for number in numbers]
    known = [value for value in values if not _is_huge(value) and not _is_tiny(value)]
    lists = [known]
    if any(value.copy_abs() > _EXACT for value in known):
        integers = [value for value in known if _is_integer(value)]
        lists = [integers, [value for value in known if not _is_integer(value)]]
    return any_of(
        exp.In(this=node.copy(), expressions=list(map(_literal, each))) for each in lists if each
    )


def _value(number: Number) -> Decimal:
    if not number.is_bounded:
        raise SqlError("a number here has too many digits to be reckoned with")
    return number.value


def _literal(value: Decimal) -> Node:
    """In SQL: an integer, a short decimal, or a double in its own notation."""
    size = value.copy_abs()
    _, digits, exponent = size.as_tuple()
    assert isinstance(exponent, int)
    if _is_integer(value):
        return integer(int(value))
    short = len(digits) <= _PLAIN_DIGITS and -_PLAIN_DIGITS <= exponent < 0
    plain = exp.Literal(this=f"{size:f}" if short else _double(float(size)), is_string=False)
    return exp.Neg(this=plain) if value.is_signed() else plain


def _is_integer(value: Decimal) -> bool:
    """Whether it is written as one: it is whole, and a BIGINT holds it."""
    return value.copy_abs() < _BIGINT and value == int(value)


def _double(value: float) -> str:
    """With an exponent, which is what makes it a double and not a decimal."""
    _, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    assert isinstance(exponent, int)
    first, *rest = map(str, digits)
    return f"{first}.{''.join(rest) or '0'}E{exponent + len(rest)}"


def _is_huge(value: Decimal) -> bool:
    """Whether it lies beyond the doubles."""
    return value.copy_abs() > _LARGEST


def _is_tiny(value: Decimal) -> bool:
    """Whether it lies between 0 and the doubles next to it."""
    return value != 0 and not _is_huge(value) and float(value) == 0.0


def _beside_zero(node: Node, relation: Relation, *, above: bool) -> Node:
    """Beside a number so near to 0 that no column has one between them."""
    match relation:
        case "=":
            return false()
        case "<" | "<=":
            return (exp.LTE if above else exp.LT)(this=node, expression=integer(0))
        case ">" | ">=":
            return (exp.GT if above else exp.GTE)(this=node, expression=integer(0))
        case _:
            assert_never(relation)
