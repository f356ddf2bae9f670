"""What values a column has, as far as the API samples them: kept with a schema when asked for.

Few and harmless values alone: all of a column of strings that has at most `MOST` different ones,
none of which looks like it were about one person; of numbers and times only how large they are, in
one digit. Nothing is asked here.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation
from typing import Literal as OneOf

import msgspec

from segdsl.language.values import ColumnType

MOST = 20
LONGEST = 60
MOST_DIGITS = 6
"""More digits in a row of text are a telephone number, or a number of somebody's."""
ALL = 0.999
"""The part of all values that those of a column have together, where there are no others."""
_TEXTS = ("string", "string_array")
_NUMBERS = ("number", "timestamp", "date")
SAMPLED = (*_TEXTS, *_NUMBERS)
_SMALLEST = Decimal(10**11)
"""As seconds, a time in the year 5138: no column holds those."""
Unit = OneOf["milliseconds", "microseconds", "nanoseconds"]


class Samples(msgspec.Struct, frozen=True):
    """The values of an attribute (no `behavior`) or of a column of a behavior's matrix table.

    `values` are all different strings, sorted; `low` and `high` bound the numbers.
    """

    behavior: str | None
    column: str
    values: tuple[str, ...] = ()
    low: int | None = None
    high: int | None = None

    @property
    def unit(self) -> Unit | None:
        """What the numbers count, where they are times too large to be seconds."""
        if self.low is None or self.low < _SMALLEST:
            return None
        if self.low < _SMALLEST * 1000:
            return "milliseconds"
        return "microseconds" if self.low < _SMALLEST * 1000_000 else "nanoseconds"


def kept(
    behavior: str | None,
    column: str,
    type: ColumnType | None,
    rows: Sequence[tuple[object, ...]],
) -> Samples | None:
    """What is kept of sampled values, each with its part of all; None where that is nothing."""
    values = [row[0] for row in rows if row]
    if type in _TEXTS:
        parts = [row[1] for row in rows if len(row) > 1 and isinstance(row[1], (int, float))]
        texts = sorted({each for each in values if isinstance(each, str)})
        is_all = len(parts) == len(values) == len(texts) and sum(parts) >= ALL
        if not texts or len(texts) > MOST or not is_all or any(map(_is_personal, texts)):
            return None
        return Samples(behavior, column, tuple(texts))
    numbers = [number for each in values if (number := _number(each)) is not None]
    if type not in _NUMBERS or not numbers:
        return None
    low, high = _in_one_digit(min(numbers), up=False), _in_one_digit(max(numbers), up=True)
    return Samples(behavior, column, (), low, high)


def _is_personal(value: str) -> bool:
    return (
        len(value) > LONGEST or "@" in value or sum(each.isdigit() for each in value) > MOST_DIGITS
    )


def _number(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number) < Decimal(10) ** 30 else None


def _in_one_digit(number: Decimal, *, up: bool) -> int:
    """The next whole number with one digit other than 0, below or above."""
    digits = max(number.adjusted(), 0)
    step = Decimal(10) ** digits
    rounded = (number / step).to_integral_value(ROUND_CEILING if up else ROUND_FLOOR)
    return int(rounded * step)
