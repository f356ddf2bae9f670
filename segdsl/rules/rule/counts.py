"""Comparisons of counts that 0 satisfies, and the one form in which the compiler writes them.

A bare `Count` of no events is 0 (observed), `CountDistinct` never sees a profile without events
(observed). What must hold of such profiles is written so that it does not matter: as the excluded
complement.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from segdsl.language.values import Number
from segdsl.rules.rule import model as m

_ZERO = Decimal(0)


def is_bare(value: m.BehaviorValue) -> bool:
    """Whether it is one number for each profile, 0 without events: no groups and no window."""
    aggregation = value.aggregation
    return aggregation.type == "Count" and not aggregation.grouping_columns and value.window is None


def is_numeric(operator: m.Operator) -> bool:
    """Whether an operator compares with numbers alone, as a count can be compared."""
    match operator:
        case m.Comparison(kind, _, Number()):
            return kind not in ("Regexp", "IsNull")
        case m.Between(Number(), Number()):
            return True
        case m.AnyOf("In", _, values):
            return all(isinstance(value, Number) for value in values)
        case _:
            return False


def complemented(operator: m.Operator, exclude: bool) -> tuple[m.Operator, bool]:
    """The operator and the `exclude` that the compiler writes for a comparison of a count.

    `not` and `exclude` are both the complement; the result holds of a profile without events
    only by its `exclude`. The operator is numeric.
    """
    positive = operator.negated == exclude
    plain = msgspec.structs.replace(operator, negated=False)
    if not _holds_of_zero(plain):
        return plain, not positive
    match plain:
        case m.Comparison("Equal"):
            opposite: m.Operator = m.Comparison("GreaterEqual", False, Number("1"))
        case m.Comparison(kind, _, right):
            opposite = m.Comparison(m.OPPOSITE_TYPES[kind], False, right)
        case m.Between(_, high):
            opposite = m.Comparison("Greater", False, high)
        case _:
            opposite = msgspec.structs.replace(plain, negated=True)
    return opposite, positive


def _holds_of_zero(operator: m.Operator) -> bool:
    match operator:
        case m.Comparison(kind, _, Number() as right):
            value = right.value
            return {
                "Equal": value == _ZERO,
                "Less": value > _ZERO,
                "LessEqual": value >= _ZERO,
                "Greater": value < _ZERO,
                "GreaterEqual": value <= _ZERO,
            }.get(kind, False)
        case m.Between(Number() as low, Number() as high):
            return low.value <= _ZERO <= high.value
        case m.AnyOf("In", _, values):
            return any(isinstance(value, Number) and value.value == _ZERO for value in values)
        case _:
            return False
