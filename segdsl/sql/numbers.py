"""Comparing with a number as it was written, in a way that no engine stumbles over.

A number may have more digits than a decimal, or lie beyond what a double holds; then
what it says of any column is worked out here. Everything else goes out as it stands, and
no engine compares it in a type that would round it, or the column. Where it is known how
many decimal places a column has, each number is brought to as many.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from decimal import MAX_PREC, ROUND_FLOOR, Decimal, localcontext
from typing import assert_never

from sqlglot import exp

from segdsl.language.predicates import Relation
from segdsl.language.values import Number
from segdsl.sql.context import SqlError
from segdsl.sql.expressions import Node, all_of, any_of, false, integer, is_not_null

COMPARISONS: dict[Relation, type[exp.Binary]] = {
    "=": exp.EQ,
    "<": exp.LT,
    "<=": exp.LTE,
    ">": exp.GT,
    ">=": exp.GTE,
}
# A decimal this short is read as the double nearest to it, and fits beside any BIGINT.
PLAIN_DIGITS = 15
# Longer ones, and integers, are exact decimals as long as those of any column fit beside them.
_PLACES = 18
_WHOLE_DIGITS = 20
_BIGINT = 2**63
EXACT = 2**53
"""Below it doubles are exact for whole numbers, and no two of these are one double."""
EXACT_NUMBER = "segdsl.exact_number"
"""Marks a number that is compared with exact ones alone."""
_LARGEST = Decimal.from_float(sys.float_info.max)


def compared(node: Node, relation: Relation, number: Number, places: int | None = None) -> Node:
    """`node relation number`; null or false of a null.

    `places` is how many decimal places the column has, where that is known. Raises SqlError for
    a number that is too long to be reckoned with.
    """
    value = _value(number)
    if _is_huge(value) or (places is not None and _is_beyond(value)):
        # Every column is on the same side of it.
        if relation == "=" or (relation in ("<", "<=")) == value.is_signed():
            return false()
        return is_not_null(node)
    if places is not None or _is_long(value):
        floor = _floor(value, _PLACES if places is None else places)
        if floor != value:
            # No value of the column lies between the two.
            if relation == "=":
                return false()
            relation = "<=" if relation in ("<", "<=") else ">"
        return COMPARISONS[relation](this=node, expression=_exact(floor, places))
    whole = _nearest_whole(value)
    if whole is not None:
        return _beside(node, relation, whole, above=value > whole)
    return COMPARISONS[relation](this=node, expression=_literal(value))


def between(node: Node, low: Number, high: Number, places: int | None = None) -> Node:
    """`node BETWEEN low AND high`, or two comparisons where either would have a say in the other.

    An engine compares all three in one type, which one long number or double decides.
    """
    lower, upper = compared(node, ">=", low, places), compared(node.copy(), "<=", high, places)
    if not isinstance(lower, exp.GTE) or not isinstance(upper, exp.LTE):
        return all_of([lower, upper])
    if not _go_together([_value(low), _value(high)]):
        return all_of([lower, upper])
    return exp.Between(this=lower.this, low=lower.expression, high=upper.expression)


def equals_any(node: Node, numbers: Iterable[Number], places: int | None = None) -> Node:
    """`node IN (numbers)`; false where no column can be any of them.

    One double in a list makes doubles of all, so that large numbers stand in lists of their own.
    """
    values = [_value(number) for number in numbers]
    if places is None:
        known = [
            value
            for value in values
            if not _is_huge(value) and not _is_long(value) and _nearest_whole(value) is None
        ]
    else:
        known = [
            value for value in values if not _is_beyond(value) and _floor(value, places) == value
        ]
    lists = {"": known}
    if not _go_together(known):
        lists = {}
        for value in known:
            lists.setdefault(_spelling(value), []).append(value)
    return any_of(
        exp.In(this=node.copy(), expressions=[_exact(value, places) for value in each])
        for each in lists.values()
        if each
    )


def _value(number: Number) -> Decimal:
    if not number.is_bounded:
        raise SqlError("a number here has too many digits to be reckoned with")
    return number.value


def _floor(value: Decimal, places: int) -> Decimal:
    """The largest number of so many decimal places that is not above it."""
    with localcontext(prec=MAX_PREC):
        return value.quantize(Decimal(1).scaleb(-places), ROUND_FLOOR)


def _exact(value: Decimal, places: int | None) -> Node:
    """In SQL; marked where it is known that the column has decimal places, and is no double."""
    literal = _literal(value)
    if places is not None:
        for node in literal.walk():
            node.meta[EXACT_NUMBER] = True
    return literal


def _literal(value: Decimal) -> Node:
    """In SQL: an integer, a decimal, or a double in its own notation."""
    size = value.copy_abs()
    if _is_integer(value):
        return integer(int(value))
    plain = exp.Literal(
        this=f"{size:f}" if _is_plain(value) else double(float(size)), is_string=False
    )
    return exp.Neg(this=plain) if value.is_signed() else plain


def _is_integer(value: Decimal) -> bool:
    """Whether it is written as one: it is whole, and a BIGINT holds it."""
    return value.copy_abs() < _BIGINT and value == int(value)


def _is_plain(value: Decimal) -> bool:
    """Whether it is written with all its digits, and so exactly."""
    _, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    if exponent > 0:
        digits, exponent = (*digits, *(0,) * exponent), 0
    whole = len(digits) + exponent
    return -exponent <= _PLACES and whole <= _WHOLE_DIGITS


def _spelling(value: Decimal) -> str:
    """Numbers of one spelling are compared in one type, which rounds none of them."""
    if _is_integer(value):
        return "integer"
    if not _is_plain(value) or not (value.copy_abs() >= EXACT or _rounds_to_whole(value)):
        return "double"
    return "large integer" if value == int(value) else "large decimal"


def _is_long(value: Decimal) -> bool:
    """Whether it has more decimal places than are written, where doubles have none."""
    if _is_plain(value) or not EXACT <= value.copy_abs() < Decimal(10) ** _WHOLE_DIGITS:
        return False
    return not _is_integer(value)


def _go_together(values: list[Decimal]) -> bool:
    """Whether no engine compares one of them in the type of another and rounds it."""
    if all(map(_is_integer, values)):
        return True
    return all(value.copy_abs() < EXACT and not _rounds_to_whole(value) for value in values)


def _rounds_to_whole(value: Decimal) -> bool:
    """Whether a double makes a whole number of one that is none."""
    return float(value).is_integer() and value != int(value)


def double(value: float) -> str:
    """With an exponent, which is what makes it a double and not a decimal."""
    _, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    assert isinstance(exponent, int)
    first, *rest = map(str, digits)
    return f"{first}.{''.join(rest) or '0'}E{exponent + len(rest)}"


def _is_beyond(value: Decimal) -> bool:
    """Whether it lies beyond all whole numbers and decimals of a known number of places."""
    return value.copy_abs() >= Decimal(10) ** _WHOLE_DIGITS


def _is_huge(value: Decimal) -> bool:
    """Whether it lies beyond the doubles."""
    return value.copy_abs() > _LARGEST


def _nearest_whole(value: Decimal) -> int | None:
    """The whole number that a double would make of one that is too long to be written."""
    if _is_plain(value) or value.copy_abs() >= EXACT or not _rounds_to_whole(value):
        return None
    return int(float(value))


def _beside(node: Node, relation: Relation, whole: int, *, above: bool) -> Node:
    """Beside a number so near to a whole one that no column has one between them."""
    match relation:
        case "=":
            return false()
        case "<" | "<=":
            return (exp.LTE if above else exp.LT)(this=node, expression=integer(whole))
        case ">" | ">=":
            return (exp.GT if above else exp.GTE)(this=node, expression=integer(whole))
        case _:
            assert_never(relation)
