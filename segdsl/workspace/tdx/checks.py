"""Checks of the values of a YAML segment: their kind, their keys, their words.

Keys and words of the tool are known in any case and with `_` or `-` between their parts:
`array_matching`, `starts-with`. Unknown ones are reported at their place, with a suggestion.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NoReturn, TypeVar

from segdsl.diagnostics import Code, Report
from segdsl.diagnostics.suggest import did_you_mean, nearest
from segdsl.language.values import UNITS, Number
from segdsl.source import Span
from segdsl.workspace.tdx.document import UnreadableError, Value

_T = TypeVar("_T")
_OF_UNITS = {f"{unit}s": unit for unit in UNITS}


def fold(word: str) -> str:
    """A key or word in a form that all its spellings share."""
    return word.replace("_", "").replace("-", "").replace(" ", "").casefold()


class Keys(dict[str, Value]):
    """The keys of a map that have a value; `at` is the map, `empty` the keys without one."""

    def __init__(self, at: Value) -> None:
        super().__init__()
        self.at = at
        self.empty: dict[str, Span] = {}


class Checks:
    """Checks values, and reports what is wrong with them."""

    def __init__(self, report: Report) -> None:
        self.report = report

    def fail(self, at: Value | Span, message: str, help: str | None = None) -> NoReturn:
        self.report_at(at, message, help)
        raise UnreadableError

    def report_at(
        self, at: Value | Span, message: str, help: str | None, code: Code = Code.SEG702
    ) -> None:
        self.report.add(code, at if isinstance(at, Span) else at.place, message, help=help)

    def each(self, values: Iterable[Value], read: Callable[[Value], _T]) -> list[_T]:
        """Reads each value, and reports the errors of all of them."""
        made: list[_T] = []
        failed = False
        for value in values:
            try:
                made.append(read(value))
            except UnreadableError:
                failed = True
        if failed:
            raise UnreadableError
        return made

    def map(
        self,
        of: Value,
        known: Sequence[str],
        what: str,
        also: Mapping[str, str] | None = None,
    ) -> Keys:
        """The keys of a map by their own spelling; unknown ones are reported.

        `also` are other words for them.
        """
        if not isinstance(of.data, dict):
            self.fail(of, f"{what} has keys and values")
        spellings = {fold(key): key for key in (*known, *(also or ()))}
        found = Keys(of)
        first: dict[str, str] = {}
        failed = False
        for written, value in of.data.items():
            key = spellings.get(fold(written))
            key = (also or {}).get(key, key) if key is not None else None
            place = of.keys.get(written, of.place)
            if key is None:
                help = did_you_mean(written, known, f"it has {', '.join(known)}")
                self.report_at(place, f"{what} has no `{written}`", help)
                failed = True
            elif key in first:
                message = f"`{first[key]}` and `{written}` are the same key"
                self.report_at(place, message, "keep one of the two")
                failed = True
            else:
                first[key] = written
                if value.data is None:
                    found.empty[key] = place
                else:
                    found[key] = value
        if failed:
            raise UnreadableError
        return found

    def need(self, keys: Keys, key: str, what: str, help: str | None = None) -> Value:
        if key in keys.empty:
            self.fail(keys.empty[key], f"{what} needs `{key}`, and it is empty here", help)
        if key not in keys:
            self.fail(keys.at, f"{what} needs `{key}`", help)
        return keys[key]

    def items(self, value: Value, what: str) -> list[Value]:
        if not isinstance(value.data, list):
            self.fail(value, f"{what} is a list", "begin each item with `- `")
        return value.data

    def text(self, value: Value, what: str) -> str:
        if not isinstance(value.data, str):
            self.fail(value, f"{what} is text", "put it in quotes")
        return value.data

    def flag(self, value: Value | None, what: str) -> bool:
        if value is None:
            return False
        if not isinstance(value.data, bool):
            self.fail(value, f"{what} is true or false")
        return value.data

    def number(self, value: Value, what: str) -> Number:
        if not isinstance(value.data, Number):
            self.fail(value, f"{what} is a number")
        return value.data

    def amount(self, value: Value, what: str) -> str:
        """A whole number of units, as a number or in quotes."""
        text = value.data.text if isinstance(value.data, Number) else value.data
        if not isinstance(text, str) or not text.isascii() or not text.isdigit():
            self.fail(value, f"{what} takes a whole number of units")
        return text

    def choice(
        self,
        value: Value,
        known: Sequence[str],
        what: str,
        also: Mapping[str, str] | None = None,
        meant: Mapping[str, str] | None = None,
    ) -> str:
        """One of some words; `also` are other words for them, `meant` what to write instead."""
        word = value.data
        if not isinstance(word, str):
            self.fail(value, f"{what} is none that we know", f"there are {', '.join(known)}")
        for of_word, meaning in (*((each, each) for each in known), *(also or {}).items()):
            if fold(word) == fold(of_word):
                return meaning
        for of_word, help in (meant or {}).items():
            if fold(word) == fold(of_word):
                self.fail(value, f"{what} is none that we know", help)
        near = nearest(word, (*known, *(also or ())))
        help = f"there are {', '.join(known)}"
        if near is not None:
            help = f"did you mean `{(also or {}).get(near, near)}`?"
        self.fail(value, f"{what} is none that we know", help)

    def unit(self, value: Value) -> str:
        """`day`, also written `days` or `DAY`."""
        return self.choice(value, UNITS, "the unit", _OF_UNITS)

    def lengths(self, value: Value, what: str) -> dict[str, Number]:
        """`{day: 7}`: numbers by their units."""
        found = self.map(value, UNITS, what, _OF_UNITS)
        return {key: self.number(each, f"`{key}`") for key, each in found.items()}
