"""What a build makes of raw tables, in plain Python: rows as dictionaries, values as strings.

It shares no code with `segdsl.engine.build`, and knows no SQL.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

Row = Mapping[str, str | None]


def fitting(type: str, text: str | None) -> Any:
    """A value of a CSV file as a type; None where it is missing or does not fit."""
    if text is None or (text == "" and type != "string"):
        return None
    try:
        return _READ[type](text)
    except (ValueError, TypeError):
        return None


def is_misfit(type: str, text: str | None) -> bool:
    """Whether there is a value, and it does not fit."""
    if type == "number" and text is not None and _is_infinite(text):
        return False
    return text not in (None, "") and fitting(type, text) is None


def _is_infinite(text: str) -> bool:
    try:
        return math.isinf(float(text))
    except ValueError:
        return False


def _number(text: str) -> float | None:
    value = float(text)
    return value if math.isfinite(value) else None


def _time(text: str) -> int:
    if text.removeprefix("-").isdigit():
        return int(text)
    time = datetime.fromisoformat(text)
    return int((time if time.tzinfo is not None else time.replace(tzinfo=UTC)).timestamp())


def _boolean(text: str) -> bool:
    return {"true": True, "false": False}[text.lower()] if text.lower() in "true false" else None  # type: ignore[return-value]


def _array(text: str) -> list[str | None]:
    value = json.loads(text)
    if not isinstance(value, list):
        raise ValueError
    return value


_READ: dict[str, Any] = {
    "string": str,
    "number": _number,
    "timestamp": _time,
    "date": _time,
    "boolean": _boolean,
    "string_array": _array,
}


def ordered(row: Row) -> list[tuple[bool, str]]:
    """A key that sorts rows by all values, missing ones last."""
    return [(value is None, value or "") for value in row.values()]


def profiles(rows: Iterable[Row], keys: Iterable[str], columns: list[str]) -> list[tuple[str, Row]]:
    """The rows of the master table with their ids, which differ also where keys are the same.

    Rows of the same keys are in the order of all columns.
    """
    seen: dict[str, int] = {}
    found = []
    names = sorted(keys)
    for row in sorted(rows, key=lambda row: ordered({name: row[name] for name in columns})):
        identity = "".join(
            "-" if row[name] is None else f"{len(row[name] or '')}:{row[name]}" for name in names
        )
        seen[identity] = number = seen.get(identity, 0) + 1
        text = identity if number == 1 else f"{identity}#{number}"
        found.append((hashlib.sha1(text.encode()).hexdigest(), row))
    return found


def first(rows: Iterable[Row], key: str, value: str | None, columns: list[str]) -> Row | None:
    """The row with that key: the first in the order of its columns."""
    matching = [row for row in rows if value is not None and row[key] == value]
    return min(
        matching, key=lambda row: ordered({name: row[name] for name in columns}), default=None
    )
