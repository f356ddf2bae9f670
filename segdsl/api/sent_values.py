"""Compares what was sent with what the API has, where neither says everything. Pure.

After a lost response this decides whether what is there now is what was sent. A response has more
keys than the request, ids as strings or numbers, and nothing, null or an empty value for what is
not set.
"""

from __future__ import annotations

import re
from typing import Any

from segdsl.rules.json_values import id_of

_UNORDERED = frozenset(("notifyOn", "emailRecipients", "repeatSubFrequency"))
_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}:\d{2})?(\.0+)?(Z|\+00:?00)?", re.ASCII)
_UNSET = frozenset((("repeatUnit", "none"), ("scheduleType", "none")))
"""Words that say as much as no value."""
_FILLED = frozenset(("startAt",))
"""Keys that the API fills where null was sent (described)."""


def has_sent_values(sent: Any, answered: Any, key: str = "") -> bool:
    """Whether an answer says all that was sent, which may be null for what is not set."""
    if _is_empty(sent, key):
        return _is_empty(answered, key) or key in _FILLED
    match sent, answered:
        case dict(), dict():
            return all(
                has_sent_values(value, answered.get(each), each) for each, value in sent.items()
            )
        case list(), list():
            if len(sent) != len(answered):
                return False
            if key in _UNORDERED:
                sent, answered = sorted(sent, key=_order), sorted(answered, key=_order)
            return all(has_sent_values(*pair) for pair in zip(sent, answered, strict=True))
        case (bool(), _) | (_, bool()):
            return bool(sent is answered)
        case ((str() | int() | float()), (str() | int() | float())):
            return sent == answered or _scalar(sent) == _scalar(answered)
        case _:
            return False


def _is_empty(value: Any, key: str) -> bool:
    return value is None or value is False or value in ("", [], {}) or _is_unset(key, value)


def _is_unset(key: str, value: Any) -> bool:
    return isinstance(value, str) and (key, value) in _UNSET


def _order(value: Any) -> str:
    return id_of(value) or repr(value)


def _scalar(value: str | float) -> str:
    """A value as text: ids and numbers without their type, times without an offset of zero."""
    text = id_of(value) or str(value)
    time = _TIME.fullmatch(text)
    return text if time is None else f"{time[1]}{time[2] or ''}"
