"""Fields of activations, templates and funnels in the API's JSON, each read with its path.

A reader fails with a finding at the path of the field, and goes on with the others.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Any, NoReturn, TypeVar

from segdsl.diagnostics import Code
from segdsl.diagnostics.suggest import did_you_mean
from segdsl.language.values import Number
from segdsl.rules.rule.document import Reader, UnreadableError, shortened

_T = TypeVar("_T")
_Otherwise = TypeVar("_Otherwise")
_EMPTY: tuple[Any, ...] = ("", False, [], {})
"""What a field without a value may hold, besides null."""


class FieldReader(Reader):
    """A `Reader` of what stands around rules."""

    def fail(
        self, path: str, message: str, help: str | None = None, code: Code = Code.SEG407
    ) -> NoReturn:
        super().fail(path, message, help, code)

    def fields(
        self,
        value: Any,
        path: str,
        known: Collection[str],
        what: str,
        ignored: Collection[str] = (),
    ) -> dict[str, Any]:
        """The `known` fields that have a value.

        Fields of `ignored` say nothing that a declaration could; any other field with a value, but
        for an empty one, is reported.
        """
        if not isinstance(value, dict):
            self.fail(path, f"{what} is an object")
        unknown = [
            key
            for key, inner in value.items()
            if key not in known and key not in ignored and inner is not None and inner not in _EMPTY
        ]
        for key in unknown:
            shown = shortened(key)
            nearby = did_you_mean(shown, known, "remove it by hand, or keep this one out of files")
            with suppress(UnreadableError):
                self.fail(
                    f"{path}.{shown}", f"{what} has no `{shown}` that the language knows", nearby
                )
        if unknown:
            raise UnreadableError
        return {key: value[key] for key in known if value.get(key) is not None}

    def whole_from(self, value: Any, path: str, what: str, least: int) -> Number:
        """A whole number of at least `least`; the digits of one as a string, too (observed)."""
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 400:
            value = Number(str(int(value)))
        number = self.whole(value, path, what)
        if number.value < least:
            self.fail(path, f"{what} is at least {least}, and this is {number.text}")
        return number

    def optional_text(self, data: dict[str, Any], key: str, path: str, what: str) -> str | None:
        """A string; an empty one is none."""
        return self.text(data[key], f"{path}.{key}", what) or None if key in data else None

    def optional_id(self, data: dict[str, Any], key: str, path: str, what: str) -> str | None:
        """An id, a string or a number; an empty one is none."""
        return self.identifier(data[key], f"{path}.{key}", what) or None if key in data else None

    def flag(self, data: dict[str, Any], key: str, path: str) -> bool:
        """A flag; one that is not there is false."""
        return self.truth(data, key, path)


class Attempts:
    """Reads the parts of a whole one after the other, so that one run reports what is wrong in all.

    `done` raises UnreadableError if a part could not be read.
    """

    def __init__(self) -> None:
        self.failed = False

    def read(self, part: Callable[[], _T], otherwise: _Otherwise) -> _T | _Otherwise:
        """What `part` reads; `otherwise` after it reported an error."""
        try:
            return part()
        except UnreadableError:
            self.failed = True
            return otherwise

    def done(self) -> None:
        if self.failed:
            raise UnreadableError
