"""Single values of the Audience API's answers, read from every form that servers answer them in.

Observed: ids as strings or numbers, counts as `14665`, `14665.0`, `"42"` or null. Each function
takes a decoded JSON value of any type.
"""

from __future__ import annotations

import re
from typing import Any

from segdsl.errors import SegdslError
from segdsl.language.values import Number

_NUMBER = re.compile(r"[+-]?\d{1,30}(\.\d{1,30})?", re.ASCII)
_LARGEST = 10**30
_LONGEST_ID = 200
_WHOLE_AS_DECIMAL = re.compile(r"(\d+)\.0+", re.ASCII)


class ValueFormError(SegdslError, ValueError):
    """A value of a type that has no meaning here; the text says what it is and of which key."""


def id_of(value: Any) -> str | None:
    """An id as text: `12`, `"12"` and `12.0` are the same one; None where there is none.

    A text of more than 200 characters is no id.
    """
    match value:
        case bool():
            return None
        case int() if abs(value) < _LARGEST:
            return str(value)
        case float() if value.is_integer():
            return str(int(value))
        case str() if 0 < len(value.strip()) <= _LONGEST_ID:
            text = value.strip()
            whole = _WHOLE_AS_DECIMAL.fullmatch(text)
            return text if whole is None else whole[1]
        case _:
            return None


def whole_number(value: Any) -> int | None:
    """A count, whichever way it is written; None where there is none."""
    match value:
        case bool():
            return None
        case int() if abs(value) < _LARGEST:
            return value
        case float() if value.is_integer():
            return int(value)
        case str() if _NUMBER.fullmatch(value.strip()):
            return int(value.strip().partition(".")[0])
        case _:
            return None


def text_of(value: Any, key: str) -> str | None:
    """A text that may be null or absent; raises ValueFormError for anything else."""
    if value is None or isinstance(value, str):
        return value
    raise ValueFormError(f"its `{key}` is {kind_of(value)} and not a string")


def text_or_none(value: Any) -> str | None:
    """A text that is only shown; None for anything else."""
    return value if isinstance(value, str) else None


def flag_of(value: Any, key: str) -> bool | None:
    """A boolean that may be null or absent; raises ValueFormError for anything else."""
    match value:
        case None | bool():
            return value
        case 0 | 1:
            return bool(value)
        case str() if value.strip().lower() in ("true", "false"):
            return value.strip().lower() == "true"
        case _:
            raise ValueFormError(f"its `{key}` is {kind_of(value)} and not a boolean")


def ids_of(value: Any) -> tuple[str, ...]:
    """The ids of a list of ids, or of objects that have one; what has none is passed over."""
    if not isinstance(value, list):
        return ()
    found = (id_of(each.get("id") if isinstance(each, dict) else each) for each in value)
    return tuple(each for each in found if each is not None)


def kind_of(value: Any) -> str:
    """What type of JSON a value is, in words."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case list():
            return "a list"
        case _:
            return "an object"


def plain(number: Number) -> Number:
    """A number in its shortest form: `50.0` and `5e1` are 50."""
    if not number.is_bounded:
        return number
    value = number.value
    if value == value.to_integral_value() and abs(value.adjusted()) <= 30:
        return Number(str(int(value)))
    return Number(format(value.normalize(), "f")) if abs(value.adjusted()) <= 30 else number
