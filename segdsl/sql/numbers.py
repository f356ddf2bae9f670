"""Compares with numbers exactly as written, on every engine.

A number with more digits than a decimal, or beyond the range of a double, is resolved here. All
others are written so that no engine compares in a type that rounds them or the column. If the
decimal places of a column are known, numbers are adjusted to them.
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
# A decimal up to this length is read as the nearest double, and is comparable with any BIGINT.
PLAIN_DIGITS = 15
# Longer decimals, and integers, are exact up to these limits, together with those of any column.
_MAX_PLACES = 18
_MAX_WHOLE_DIGITS = 20
_BIGINT = 2**63
EXACT = 2**53
"""Below it, doubles represent all integers exactly."""
EXACT_NUMBER = "segdsl.exact_number"
"""Marks a number that is only compared with exact numbers."""
_LARGEST = Decimal.from_float(sys.float_info.max)


def compared(node: Node, relation: Relation, number: Number, places: int | None = None) -> Node:
    """`node relation number`; null or false of a null.

    `places` is the number of decimal places of the column, None if unknown. Raises SqlError for a
    number with too many digits.
    """
    value = _value(number)
    if _is_huge(value) or (places is not None and _is_beyond(value)):
        # All values of any column are on the same side of it.
        if relation == "=" or (relation in ("<", "<=")) == value.is_signed():
            return false()
        return is_not_null(node)
    if places is not None or _is_long(value):
        floor = _floor(value, _MAX_PLACES if places is None else places)
        if floor != value:
            # No value of the column lies between the number and its floor.
            if relation == "=":
                return false()
            relation = "<=" if relation in ("<", "<=") else ">"
        return COMPARISONS[relation](this=node, expression=_exact(floor, places))
    whole = _nearest_whole(value)
    if whole is not None:
        return _compare_near_integer(node, relation, whole, above=value > whole)
    return COMPARISONS[relation](this=node, expression=_literal(value))


def between(node: Node, low: Number, high: Number, places: int | None = None) -> Node:
    """`node BETWEEN low AND high`, or two comparisons if the bounds could affect each other.

    An engine compares all three in one type, which a long number or a double determines.
    """
    lower, upper = compared(node, ">=", low, places), compared(node.copy(), "<=", high, places)
    if not isinstance(lower, exp.GTE) or not isinstance(upper, exp.LTE):
        return all_of([lower, upper])
    if not _compare_exactly_together([_value(low), _value(high)]):
        return all_of([lower, upper])
    return exp.Between(this=lower.this, low=lower.expression, high=upper.expression)


def equals_any(node: Node, numbers: Iterable[Number], places: int | None = None) -> Node:
    """`node IN (numbers)`; false if no column can equal any of them.

    One double in a list converts all to doubles, so large numbers get separate lists.
    """
    values = [_value(number) for number in numbers]
    if places is None:
        exact = [
            value
            for value in values
            if not _is_huge(value) and not _is_long(value) and _nearest_whole(value) is None
        ]
    else:
        exact = [
            value for value in values if not _is_beyond(value) and _floor(value, places) == value
        ]
    lists = {"": exact}
    if not _compare_exactly_together(exact):
        lists = {}
        for value in exact:
            lists.setdefault(_spelling(value), []).append(value)
    return any_of(
        exp.In(this=node.copy(), expressions=[_exact(value, places) for value in each])
        for each in lists.values()
        if each
    )


def _value(number: Number) -> Decimal:
    if not number.is_bounded:
        raise SqlError("a number has too many digits")
    return number.value


def _floor(value: Decimal, places: int) -> Decimal:
    """Rounds down to a number of decimal places."""
    with localcontext(prec=MAX_PREC):
        return value.quantize(Decimal(1).scaleb(-places), ROUND_FLOOR)


def _exact(value: Decimal, places: int | None) -> Node:
    """A literal; marked as exact if the column has known decimal places and so is not a double."""
    literal = _literal(value)
    if places is not None:
        for node in literal.walk():
            node.meta[EXACT_NUMBER] = True
    return literal


def _literal(value: Decimal) -> Node:
    """A literal: an integer, a decimal, or a double with an exponent."""
    size = value.copy_abs()
    if _is_integer(value):
        return integer(int(value))
    plain = exp.Literal(
        this=f"{size:f}" if _is_plain(value) else double(float(size)), is_string=False
    )
    return exp.Neg(this=plain) if value.is_signed() else plain


def _is_integer(value: Decimal) -> bool:
    """Whether it is written as an integer: integral and within BIGINT."""
    return value.copy_abs() < _BIGINT and value == int(value)


def _is_plain(value: Decimal) -> bool:
    """Whether it is written exactly, with all its digits."""
    _, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    if exponent > 0:
        digits, exponent = (*digits, *(0,) * exponent), 0
    whole = len(digits) + exponent
    return -exponent <= _MAX_PLACES and whole <= _MAX_WHOLE_DIGITS


def _spelling(value: Decimal) -> str:
    """The class of a number's literal; those of one class are compared without rounding."""
    if _is_integer(value):
        return "integer"
    if not _is_plain(value) or not (value.copy_abs() >= EXACT or _rounds_to_whole(value)):
        return "double"
    return "large integer" if value == int(value) else "large decimal"


def _is_long(value: Decimal) -> bool:
    """Whether it has more decimal places than are written, where doubles are integral."""
    if _is_plain(value) or not EXACT <= value.copy_abs() < Decimal(10) ** _MAX_WHOLE_DIGITS:
        return False
    return not _is_integer(value)


def _compare_exactly_together(values: list[Decimal]) -> bool:
    """Whether no engine rounds one of the numbers to compare it with another."""
    if all(map(_is_integer, values)):
        return True
    return all(value.copy_abs() < EXACT and not _rounds_to_whole(value) for value in values)


def _rounds_to_whole(value: Decimal) -> bool:
    """Whether a fractional number becomes integral as a double."""
    return float(value).is_integer() and value != int(value)


def double(value: float) -> str:
    """A double literal: the exponent distinguishes it from a decimal."""
    _, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    assert isinstance(exponent, int)
    first, *rest = map(str, digits)
    return f"{first}.{''.join(rest) or '0'}E{exponent + len(rest)}"


def _is_beyond(value: Decimal) -> bool:
    """Whether it lies beyond all integers and decimals with known decimal places."""
    return value.copy_abs() >= Decimal(10) ** _MAX_WHOLE_DIGITS


def _is_huge(value: Decimal) -> bool:
    """Whether it lies beyond the range of doubles."""
    return value.copy_abs() > _LARGEST


def _nearest_whole(value: Decimal) -> int | None:
    """The integer to which a double would round a number that is too long to be written."""
    if _is_plain(value) or value.copy_abs() >= EXACT or not _rounds_to_whole(value):
        return None
    return int(float(value))


def _compare_near_integer(node: Node, relation: Relation, whole: int, *, above: bool) -> Node:
    """Compares with a number so close to an integer that no value lies between them."""
    match relation:
        case "=":
            return false()
        case "<" | "<=":
            return (exp.LTE if above else exp.LT)(this=node, expression=integer(whole))
        case ">" | ">=":
            return (exp.GT if above else exp.GTE)(this=node, expression=integer(whole))
        case _:
            assert_never(relation)
