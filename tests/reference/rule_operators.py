"""The operators of the API's rule, on one value, from their JSON.

The other half of `reference.rule_evaluator`. A missing value makes an operator false,
and its `not` is the complement of that: `not coalesce(x in (…), false)`.
"""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeGuard

from reference.calendar import Calendar
from reference.population import Value
from segdsl.language.values import Unit

Json = dict[str, Any]
Stretch = tuple[int | None, int | None]
"""A stretch of time: its first second and the first one after it, None where it has no end."""

_TIMES = (
    "TimeWithinPast",
    "TimeWithinNext",
    "TimeRange",
    "TimeThis",
    "TimeNext",
    "TimeToday",
    "TimeInBetweenNext",
)
_NOWHEN: Stretch = (0, 0)


def is_number(value: Any) -> TypeGuard[int | Fraction]:
    return isinstance(value, (int, Fraction)) and not isinstance(value, bool)


def number(value: Any) -> Fraction:
    """A number of JSON, or one of ours, exactly as it was written."""
    return Fraction(str(value)) if isinstance(value, (float, Decimal)) else Fraction(value)


def kind_of(value: Any) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return "truth"
        case str():
            return "text"
        case tuple():
            return "array"
        case _:
            return "number"


def holds(operator: Json, value: Value, calendar: Calendar) -> bool:
    """Whether an operator holds of a value, its `not` included."""
    negated = bool(operator.get("not"))
    return _plain(operator, value, calendar) != negated


def _plain(operator: Json, value: Value, calendar: Calendar) -> bool:
    kind = operator["type"]
    if kind == "IsNull":
        return value is None
    if value is None or isinstance(value, tuple):
        return False
    if _is_about_time(operator):
        start, end = _stretch(operator, calendar)
        return (
            is_number(value) and (start is None or start <= value) and (end is None or value < end)
        )
    match kind:
        case "In":
            return any(_compared("Equal", value, right) for right in operator["rightValues"])
        case "Between":
            return _compared("GreaterEqual", value, operator["minValue"]) and _compared(
                "LessEqual", value, operator["maxValue"]
            )
        case "Contain":
            return isinstance(value, str) and any(x in value for x in operator["rightValues"])
        case "StartWith":
            return isinstance(value, str) and any(map(value.startswith, operator["rightValues"]))
        case "EndWith":
            return isinstance(value, str) and any(map(value.endswith, operator["rightValues"]))
        case "Regexp":
            # Assumed: found anywhere in the text.
            return isinstance(value, str) and re.search(operator["rightValue"], value) is not None
        case _:
            return _compared(kind, value, operator["rightValue"])


def _compared(kind: str, value: Any, right: Any) -> bool:
    """Two scalars. Assumed: values of two kinds are neither equal nor in an order."""
    if kind_of(value) != kind_of(right):
        return False
    if kind_of(value) == "number":
        value, right = number(value), number(right)
    match kind:
        case "Equal":
            return bool(value == right)
        case "Greater":
            return bool(value > right)
        case "GreaterEqual":
            return bool(value >= right)
        case "Less":
            return bool(value < right)
        case "LessEqual":
            return bool(value <= right)
    raise ValueError(f"no operator is called {kind}")


# --- time --------------------------------------------------------------------------------


def _is_about_time(operator: Json) -> bool:
    ends = (operator.get(key) for key in ("rightValue", "minValue", "maxValue"))
    return operator["type"] in _TIMES or any(isinstance(end, dict) for end in ends)


def _stretch(operator: Json, calendar: Calendar) -> Stretch:
    """The stretch of time that a time operator names; `_NOWHEN` for a time nobody can read."""
    match operator:
        case {"type": "TimeWithinPast", "value": value, "unit": unit}:
            return calendar.current(unit, -int(value)), calendar.trunc(unit)
        case {"type": "TimeWithinNext", "value": value, "unit": unit}:
            return calendar.current(unit, 1), calendar.current(unit, int(value) + 1)
        case {"type": "TimeRange", "duration": duration, "from": {"last": last, "unit": unit}}:
            start = calendar.anchor(_parts(last, unit), unit)
            length = _parts(duration, unit)
            if operator.get("reverse"):
                end = calendar.moved(start, length, -1)
                return calendar.seconds(end), calendar.seconds(start)
            end = calendar.moved(start, length, 1)
            return calendar.seconds(start), calendar.seconds(end)
        case {"type": "TimeRange", "from": {"unit": unit}}:
            return calendar.current(unit, -1), calendar.trunc(unit)
        case {"type": "TimeThis", "from": {"unit": unit}}:
            return calendar.trunc(unit), calendar.current(unit, 1)
        case {"type": "TimeNext", "from": {"unit": unit}}:
            return calendar.current(unit, 1), calendar.current(unit, 2)
        case {"type": "TimeToday"}:
            return calendar.trunc("day"), None
        case {"type": "TimeInBetweenNext", "from": near, "to": far}:
            first = calendar.ahead(_parts(near["next"], near["unit"]), near["unit"])
            last = calendar.ahead(_parts(far["next"], far["unit"]), far["unit"])
            return calendar.seconds(first), calendar.whole(last, far["unit"])[1]
        case {"type": "Between", "minValue": low, "maxValue": high}:
            first_, last_ = _moment(low, calendar), _moment(high, calendar)
            return _NOWHEN if first_ is None or last_ is None else (first_[0], last_[1])
        case {"type": kind, "rightValue": right}:
            moment = _moment(right, calendar)
            if moment is None:
                return _NOWHEN
            start, end = moment
            stretches: dict[str, Stretch] = {
                "Equal": (start, end),
                "Less": (None, start),
                "LessEqual": (None, end),
                "Greater": (end, None),
                "GreaterEqual": (start, None),
            }
            return stretches[kind]
    raise ValueError(f"no time is named by {operator}")


def _moment(moment: Json, calendar: Calendar) -> tuple[int, int] | None:
    """The day, minute or second of a `timestamp`, or the whole unit that was `last` ago."""
    if "timestamp" in moment:
        return calendar.literal(moment["timestamp"])
    unit = moment["unit"]
    start = calendar.anchor(_parts(moment["last"], unit), unit)
    return calendar.whole(start, unit)


def _parts(length: Any, unit: Unit) -> list[tuple[int, Unit]]:
    if isinstance(length, dict):
        return [(int(number(amount)), each) for each, amount in length.items()]
    return [(int(number(length)), unit)]
