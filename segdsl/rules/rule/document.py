"""JSON text to plain data with paths, and the small checks that reading a rule needs.

Numbers keep their text. A finding names its path in the document (`$.conditions[0]`),
and ends the condition it is in, so that others are still looked at.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn, TypeVar

from segdsl.diagnostics import Code, Report
from segdsl.diagnostics.suggest import did_you_mean
from segdsl.errors import SegdslError
from segdsl.language.values import UNITS, Number, Unit

_T = TypeVar("_T")


IDLE = frozenset({"visibility"})
"""Keys that stand beside names and say nothing of who is selected (observed)."""


MOST_VALUES = 1_000_000
"""Values of one document, at most, counted by what stands between them: each takes far more memory
than its text."""
MOST_FINDINGS = 1_000
"""Findings of one document after which no more of a list is looked at."""
LONGEST_SHOWN = 80
"""Characters of a key or a value in a message."""


class UnreadableError(SegdslError):
    """A part of the document was reported and cannot be used."""


class _RefusedError(ValueError):
    def __init__(self, message: str, help: str) -> None:
        self.help = help
        super().__init__(message)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _RefusedError(
                    f"`{shortened(key)}` occurs twice in one object", "keep one of them"
                )
            seen.add(key)
    return found


def _constant(word: str) -> NoReturn:
    raise _RefusedError(f"`{word}` is not a JSON value", "write a number, or null")


def load(text: str, report: Report) -> Any:
    """The document as dicts, lists, strings, bools, None and `Number`s; raises UnreadableError."""
    values = sum(map(text.count, ",[{"))
    if values > MOST_VALUES:
        message = f"this JSON has more than {MOST_VALUES:,} values"
        help = "pass a part of the list, or one segment"
        report.add(Code.SEG406, None, message, help=help, path="$")
        raise UnreadableError
    try:
        return json.loads(
            text,
            parse_int=Number,
            parse_float=Number,
            parse_constant=_constant,
            object_pairs_hook=_object,
        )
    except json.JSONDecodeError as error:
        message = f"this is not valid JSON: {error.msg} (line {error.lineno}, column {error.colno})"
        help = "pass the rule or the segment as the API returns it"
    except _RefusedError as error:
        message, help = str(error), error.help
    except RecursionError:
        message = "this JSON is nested too deeply"
        help = "no rule of the API is this deep"
    report.add(Code.SEG401, None, message, help=help, path="$")
    raise UnreadableError


def shortened(text: str) -> str:
    """A text of the document as a message shows it: its first characters, where it is long."""
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


class Reader:
    """Checks plain data; every method takes a value and its path, and returns it typed."""

    def __init__(self, report: Report) -> None:
        self.report = report

    def fail(
        self, path: str, message: str, help: str | None = None, code: Code = Code.SEG402
    ) -> NoReturn:
        self.report.add(code, None, message, help=help, path=path)
        raise UnreadableError

    def object(
        self, value: Any, path: str, known: Sequence[str], what: str, *, excludes: bool = True
    ) -> dict[str, Any]:
        """A dict with keys from `known` only; without what has no value, or says nothing.

        What cannot be excluded (not `excludes`) may still say that it is not.
        """
        if not isinstance(value, dict):
            self.fail(path, f"{what} is an object, and this is {_kind(value)}")
        present = {
            key: inner for key, inner in value.items() if inner is not None and key not in IDLE
        }
        if not excludes and present.get("exclude") is False:
            del present["exclude"]
        for key in present:
            if key not in known:
                shown = shortened(key)
                self.fail(
                    f"{path}.{shown}",
                    f"{what} has no `{shown}` that the language knows",
                    did_you_mean(shown, known, "unknown parts are not guessed: remove it by hand"),
                )
        return present

    def items(self, value: Any, path: str, what: str) -> list[Any]:
        if not isinstance(value, list):
            self.fail(path, f"{what} is a list, and this is {_kind(value)}")
        return value

    def each(self, values: list[Any], path: str, read: Callable[[Any, str], _T]) -> tuple[_T, ...]:
        """Every element read; where some cannot be, all are tried before giving up."""
        found: list[_T] = []
        failed = False
        for index, value in enumerate(values):
            try:
                found.append(read(value, f"{path}[{index}]"))
            except UnreadableError:
                failed = True
                if len(self.report.diagnostics) >= MOST_FINDINGS:
                    break
        if failed:
            raise UnreadableError
        return tuple(found)

    def text(self, value: Any, path: str, what: str) -> str:
        if not isinstance(value, str):
            self.fail(path, f"{what} is a string, and this is {_kind(value)}")
        if not value.isascii() and any("\ud800" <= each <= "\udfff" for each in value):
            self.fail(path, f"{what} contains half a surrogate pair, which is not valid Unicode")
        return value

    def texts(self, value: Any, path: str, what: str) -> tuple[str, ...]:
        return self.each(
            self.items(value, path, what), path, lambda each, at: self.text(each, at, what)
        )

    def identifier(self, value: Any, path: str, what: str) -> str:
        """An id: a text, or (observed in public clients) a number."""
        if isinstance(value, Number) and value.is_whole:
            return value.text
        return self.text(value, path, what)

    def truth(self, data: dict[str, Any], key: str, path: str) -> bool:
        """A flag; one that is not there is false."""
        value = data.get(key, False)
        if not isinstance(value, bool):
            self.fail(f"{path}.{key}", f"`{key}` is a boolean, and this is {_kind(value)}")
        return value

    def number(self, value: Any, path: str, what: str) -> Number:
        if not isinstance(value, Number):
            self.fail(path, f"{what} is a number, and this is {_kind(value)}")
        if not value.is_bounded:
            self.fail(path, f"{what} is too large")
        return value

    def whole(self, value: Any, path: str, what: str) -> Number:
        """0, 1, 2 …, written plainly, whatever way it was written."""
        found = self.number(value, path, what)
        if found.is_whole:
            return found
        exact = found.value
        if abs(exact.adjusted()) > 30 or exact != exact.to_integral_value() or exact < 0:
            self.fail(
                path, f"{what} is a non-negative whole number, and this is {shortened(found.text)}"
            )
        return Number(str(int(exact)))

    def choice(self, value: Any, path: str, choices: Iterable[str], what: str) -> str:
        listed = tuple(choices)
        if value in listed and isinstance(value, str):
            return value
        shown = f"“{shortened(value)}”" if isinstance(value, str) else _kind(value)
        nearby = did_you_mean(shortened(value), listed) if isinstance(value, str) else None
        self.fail(path, f"{what} cannot be {shown}", nearby or f"it is one of {', '.join(listed)}")

    def unit(self, value: Any, path: str) -> Unit:
        found = self.choice(value, path, UNITS, "a unit of time")
        return next(unit for unit in UNITS if unit == found)

    def need(self, data: dict[str, Any], key: str, path: str, what: str) -> Any:
        if key not in data:
            self.fail(path, f"{what} needs `{key}`")
        return data[key]


def _kind(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case Number(text):
            return f"the number {text[:40]}"
        case str():
            return "a text"
        case list():
            return "a list"
        case _:
            return "an object"
