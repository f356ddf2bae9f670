"""Functions of an exported column, each as a step in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import assert_never

from segdsl.language import activations as a
from segdsl.language.syntax.spelling import literal
from segdsl.language.values import Number
from segdsl.secrets import kind_of_key

_COMPARED: Mapping[a.IfOperator, str] = {
    ">": "is more than",
    ">=": "is at least",
    "<": "is less than",
    "<=": "is at most",
    "=": "is",
    "!=": "is not",
    "is null": "is missing",
    "is not null": "is not missing",
}

_Words = Callable[..., str]
_WORDS: Mapping[str, _Words] = {
    "add": lambda number: f"plus {number}",
    "subtract": lambda number: f"minus {number}",
    "multiply": lambda number: f"times {number}",
    "divide": lambda number: f"divided by {number}",
    "replace": lambda search, replacement=None: (
        f"without {search}" if replacement is None else f"with {replacement} for {search}"
    ),
    "substr": lambda start, length=None: (
        f"from character {start} on"
        if length is None
        else f"{length} characters from character {start} on"
    ),
    "regexp_extract": lambda pattern, group=None: (
        f"what matches {pattern}" if group is None else f"group {group} of what matches {pattern}"
    ),
    "day_of_week": lambda: "its day of the week",
    "from_iso8601_timestamp": lambda: "read as an ISO 8601 time",
    "ln": lambda: "its natural logarithm",
    "elapsed_days": lambda: "the days since then",
    "td_ip_to_least_specific_subdivision_name": lambda: "the region of that IP address",
    "td_ip_to_country_name": lambda: "the country of that IP address",
    "td_ip_to_city_name": lambda: "the city of that IP address",
    "td_ip_to_connection_type": lambda: "the type of connection of that IP address",
    "td_ip_to_domain": lambda: "the domain of that IP address",
    "cast_as_quantitative": lambda default: f"as a number ({default} where it is none)",
    "cast_as_categorical": lambda default: f"as a string ({default} where it is missing)",
    "cast_as_categorical_array": lambda: "as a list of strings",
}


def function_words(function: a.Function) -> str:
    """`times 1.1`, `3 characters from character 1 on`, `1 if that is more than 10, else 0`."""
    match function:
        case a.Call(called, arguments):
            words = _WORDS[called]
            shown = [
                "a secret, which is not shown"
                if not isinstance(each, Number) and kind_of_key(each.value) is not None
                else literal(each)
                for each in arguments
            ]
            return words(*shown)
        case a.If(operator, value, then, otherwise):
            with_value = "" if value is None else f" {value.text}"
            outcome, other = (
                "missing" if each is None else each.text for each in (then, otherwise)
            )
            return f"{outcome} if that {_COMPARED[operator]}{with_value}, else {other}"
        case _:
            assert_never(function)
