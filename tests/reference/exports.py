"""What an export has in it, in plain Python: functions of one value, and the events of a profile.

Shares no code with `segdsl.sql`. Values are those of Python: whole numbers are `int`, others
`float`, times Unix seconds, and None is missing. The result of `from_iso8601_timestamp` is a
`datetime` until the last function.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from operator import itemgetter
from typing import Any
from zoneinfo import ZoneInfo

from segdsl.language.activations import BehaviorExport, Call, ColumnSource, Function, If
from segdsl.language.values import Number, Text

Row = Mapping[str, Any]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST, _LAST = -62_135_510_400, 253_402_214_400
"""The calendar: from the second day of the year 1 to before the last day of 9999."""
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
_MOMENT = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:T(\d{2})(?::(\d{2})(?::(\d{2})(?:[.,]\d+)?)?)?"
    r"(Z|[+-]\d{2}(?::?\d{2})?)?)?",
    re.ASCII,
)


def exported(
    value: Any, functions: Iterable[Function], now: int, zone: str, *, whole: bool = False
) -> Any:
    """A value with functions applied, as it is exported; `whole` is whether it is an integer."""
    for each in functions:
        if isinstance(each, If):
            value, whole = _if(each, value)
        else:
            value, whole = _call(each, value, now, zone, whole), _is_whole_after(each, whole)
    return _seconds(value)


def _is_whole_after(call: Call, whole: bool) -> bool:
    """Whether the result of a function is an integer, or missing among integers."""
    match call.function:
        case "add" | "subtract" | "multiply" | "cast_as_quantitative":
            return whole and isinstance(_python(call.arguments[0]), int)
        case function:
            return function in ("day_of_week", "elapsed_days", "from_iso8601_timestamp")


def _seconds(value: Any) -> Any:
    return (value - _EPOCH) // timedelta(seconds=1) if isinstance(value, datetime) else value


def _python(argument: Number | Text) -> Any:
    if isinstance(argument, Text):
        return argument.value
    value = argument.value
    is_whole = value == int(value) and abs(value) < 2**63
    return int(value) if is_whole else float(value)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _within_64_bits(value: int) -> int | None:
    return value if -(2**63) <= value < 2**63 else None


def _call(call: Call, value: Any, now: int, zone: str, whole: bool) -> Any:
    arguments = [_python(each) for each in call.arguments]
    match call.function:
        case "cast_as_quantitative":
            return _quantitative(_seconds(value), arguments[0], whole)
        case "cast_as_categorical":
            return arguments[0] if value is None else _text(_seconds(value))
    if value is None or call.function.startswith("td_ip_"):
        return None
    match call.function:
        case "add" | "subtract" | "multiply" | "divide":
            return _arithmetic(call.function, _seconds(value), arguments[0])
        case "ln":
            number = float(_seconds(value))
            return math.log(number) if number > 0 else None
        case "replace":
            return value.replace(*arguments, *[""] * (2 - len(arguments)))
        case "substr":
            return _substr(value, *arguments)
        case "regexp_extract":
            match = re.search(arguments[0], value)
            return None if match is None else match[arguments[1] if len(arguments) > 1 else 0]
        case "from_iso8601_timestamp":
            return _moment(value, zone)
        case "day_of_week":
            if not isinstance(value, datetime):
                if not _FIRST <= value < _LAST:
                    return None
                value = (_EPOCH + timedelta(seconds=math.floor(value))).astimezone(ZoneInfo(zone))
            return value.isoweekday()
        case "elapsed_days":
            return _within_64_bits(math.trunc((now - _seconds(value)) / 86_400))
        case "cast_as_categorical_array":
            return (
                [_text(each) for each in value]
                if isinstance(value, list)
                else [_text(_seconds(value))]
            )
    raise AssertionError(call)


def _arithmetic(function: str, value: float, argument: float) -> float | None:
    operations: dict[str, Callable[[Any, Any], Any]] = {
        "add": lambda a, b: a + b,
        "subtract": lambda a, b: a - b,
        "multiply": lambda a, b: a * b,
    }
    if function == "divide":
        return _finite(float(value) / float(argument)) if argument else None
    if isinstance(value, int) and isinstance(argument, int):
        return _within_64_bits(operations[function](value, argument))
    return _finite(operations[function](float(value), float(argument)))


def _quantitative(value: Any, default: float, whole: bool) -> float:
    if isinstance(value, str):
        value = _finite(float(value)) if _NUMBER.fullmatch(value) else None
    number = default if value is None else value
    return number if whole and isinstance(default, int) else float(number)


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _substr(value: str, start: int, length: int | None = None) -> str:
    if start == 0 or (start < 0 and -start > len(value)):
        return ""
    rest = value[start - 1 :] if start > 0 else value[start:]
    return rest if length is None else rest[: max(length, 0)]


def _moment(value: str, zone: str) -> datetime | None:
    match = _MOMENT.fullmatch(value)
    if match is None:
        return None
    day, hour, minute, second, offset = match.groups()
    try:
        wall = datetime.fromisoformat(f"{day}T{hour or '00'}:{minute or '00'}:{second or '00'}")
        return wall.replace(tzinfo=ZoneInfo(zone) if offset is None else _offset(offset))
    except ValueError:
        return None


def _offset(offset: str) -> timezone:
    if offset == "Z":
        return UTC
    hours, minutes = int(offset[1:3]), int(offset[3:].lstrip(":") or 0)
    if minutes > 59:
        raise ValueError(offset)
    size = timedelta(hours=hours, minutes=minutes)
    return timezone(-size if offset[0] == "-" else size)


def _if(condition: If, value: Any) -> tuple[Any, bool]:
    """The result, and whether both results are integers."""
    value = _seconds(value)
    # A number of the language means the nearest double where it is compared with one.
    limit: Any = None if condition.value is None else condition.value.value
    if limit is not None and isinstance(value, float):
        limit = float(limit)
    operations: dict[str, Callable[[Any, Any], bool]] = {
        "is null": lambda a, b: a is None,
        "is not null": lambda a, b: a is not None,
        ">": lambda a, b: a is not None and b is not None and a > b,
        ">=": lambda a, b: a is not None and b is not None and a >= b,
        "<": lambda a, b: a is not None and b is not None and a < b,
        "<=": lambda a, b: a is not None and b is not None and a <= b,
        "=": lambda a, b: a is not None and b is not None and a == b,
        "!=": lambda a, b: a is not None and b is not None and a != b,
    }
    holds = operations[condition.operator](value, limit)
    result = condition.then if holds else condition.otherwise
    results = [_python(each) for each in (condition.then, condition.otherwise) if each is not None]
    whole = all(isinstance(each, int) for each in results)
    if result is None:
        return None, whole
    return (_python(result) if whole else float(_python(result))), whole


# --- events ------------------------------------------------------------------------------


def chosen(behavior: BehaviorExport, events: Sequence[Row], most: int | None = None) -> list[Row]:
    """The events of one profile that are exported, in their order."""
    ordered = list(events)
    sources = [e.source.column for e in behavior.columns if isinstance(e.source, ColumnSource)]
    keys = [(name, False) for name in sources]
    keys = [(each.column, each.descending) for each in behavior.order] + keys
    for name, descending in reversed(keys):
        present = [each for each in ordered if each[name] is not None]
        present.sort(key=itemgetter(name), reverse=descending)
        ordered = present + [each for each in ordered if each[name] is None]
    match behavior.strategy:
        case "first":
            return ordered[:1]
        case "last":
            return ordered[-1:]
        case "top":
            assert behavior.count is not None
            ordered = ordered[: int(behavior.count.value)]
    return ordered[:most]
