"""Summarizes sample values of columns, to be stored with a schema.

Stores only few and impersonal values: all values of a string column that has at most `MAX_VALUES`
different ones, none of which looks personal; of numbers and times only the range, rounded to one
digit. No I/O.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation
from typing import Literal as OneOf

import msgspec

from segdsl.language.values import ColumnType

MAX_VALUES = 20
MAX_LENGTH = 60
MAX_DIGITS = 6
"""A string with more digits may be a telephone number or a personal id."""
COMPLETE_SHARE = 0.999
"""The total share of the sampled values from which they count as all values of a column."""
_STRING_TYPES = ("string", "string_array")
_NUMBER_TYPES = ("number", "timestamp", "date")
SAMPLED = (*_STRING_TYPES, *_NUMBER_TYPES)
_MIN_MILLISECONDS = Decimal(10**11)
"""In seconds this is a time in the year 5138, so larger times are in a smaller unit."""
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
        """The unit of times that are too large to be seconds; None otherwise."""
        if self.low is None or self.low < _MIN_MILLISECONDS:
            return None
        if self.low < _MIN_MILLISECONDS * 1000:
            return "milliseconds"
        return "microseconds" if self.low < _MIN_MILLISECONDS * 1000_000 else "nanoseconds"


def summarize(
    behavior: str | None,
    column: str,
    type: ColumnType | None,
    rows: Sequence[tuple[object, ...]],
) -> Samples | None:
    """Summarizes rows of a sample value and its share; None if nothing may be stored."""
    values = [row[0] for row in rows if row]
    if type in _STRING_TYPES:
        shares = [row[1] for row in rows if len(row) > 1 and isinstance(row[1], (int, float))]
        texts = sorted({each for each in values if isinstance(each, str)})
        is_all = len(shares) == len(values) == len(texts) and sum(shares) >= COMPLETE_SHARE
        if not texts or len(texts) > MAX_VALUES or not is_all or any(map(_is_personal, texts)):
            return None
        return Samples(behavior, column, tuple(texts))
    numbers = [number for each in values if (number := _number(each)) is not None]
    if type not in _NUMBER_TYPES or not numbers:
        return None
    low, high = (
        _round_to_one_digit(min(numbers), up=False),
        _round_to_one_digit(max(numbers), up=True),
    )
    return Samples(behavior, column, (), low, high)


def _is_personal(value: str) -> bool:
    return (
        len(value) > MAX_LENGTH
        or "@" in value
        or sum(each.isdigit() for each in value) > MAX_DIGITS
    )


def _number(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number) < Decimal(10) ** 30 else None


def _round_to_one_digit(number: Decimal, *, up: bool) -> int:
    """Rounds up or down to an integer with one digit other than 0."""
    digits = max(number.adjusted(), 0)
    step = Decimal(10) ** digits
    rounded = (number / step).to_integral_value(ROUND_CEILING if up else ROUND_FLOOR)
    return int(rounded * step)
