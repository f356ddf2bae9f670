"""A TOML text with the name of its file, and errors that show where in it something is wrong."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path as FilePath
from typing import Any, TypeVar

import msgspec

from segdsl.diagnostics.render import place_lines
from segdsl.errors import FileError, InputError
from segdsl.files import body_of, link_fault, read_bytes
from segdsl.source import Source
from segdsl.terminal import visible
from segdsl.toml.places import Path, has_long_key, places
from segdsl.toml.shapes import Mistake, Part, mistakes

MAX_BYTES = 32_000_000
"""Bytes of a TOML file: a lock of 50,000 segments has about 20 MB."""
MOST_SHOWN = 10
# Compiled when they are first needed, which is when a file has an error.
_SECRET_KEY = (
    r"(?i)(api[_-]?key|\bkey\b|token|secret|passw(or)?d|credential|authorization)['\"]?\s*[=.\]]"
)
_SECRET = r"\b[0-9]{1,9}/[0-9A-Za-z]{16,}|\b(?=[0-9a-zA-Z]*[0-9])[0-9a-zA-Z]{32,}\b"
_AT = r" \(at (?:line (\d+), column (\d+)|end of document)\)$"

_T = TypeVar("_T")
_Error = TypeVar("_Error", bound=InputError)


class Document:
    """What a file holds; `error` makes an error that shows a place in it."""

    def __init__(
        self, name: str, text: str, data: dict[str, Any], *, is_secret: bool = False
    ) -> None:
        self.name = name
        self.is_secret = is_secret
        self.text = text
        self.data = data

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Document) and (self.name, self.text) == (other.name, other.text)

    __hash__ = None  # type: ignore[assignment]

    def error(
        self,
        kind: type[_Error],
        path: Path,
        message: str,
        help: str | None = None,
        *,
        on: Part = "value",
    ) -> _Error:
        """An error about the key or the value at a path."""
        return self._error_of(kind, [Mistake(path, message, help, on)])

    def convert(self, type: type[_T], kind: type[_Error], what: str, help: str = "") -> _T:
        """The data in a shape; raises an error of that kind with every mistake in it.

        `what` begins its text where the shape is wrong in a way that has no words here, and
        `help` ends it: what to do about any mistake.
        """
        try:
            return msgspec.convert(self.data, type)
        except msgspec.ValidationError as error:
            wrong = list(mistakes(self.data, type))
            if not wrong:
                wrong = [Mistake((), f"{what}: {error}")]
            raise self._error_of(kind, wrong, help) from None

    def _error_of(self, kind: type[_Error], mistakes: Iterable[Mistake], end: str = "") -> _Error:
        known = places(self.text)
        texts: list[tuple[str, str]] = []
        listed = list(mistakes)
        shown_at = _Excerpts(self.name, self.text, is_secret=self.is_secret).at
        for number, mistake in enumerate(listed[:MOST_SHOWN], start=1):
            place = None
            path = mistake.path
            while place is None and path:
                place = known.get(path)
                path = path[:-1]
            span = None if place is None else place.key if mistake.on == "key" else place.value
            last = end if number == min(len(listed), MOST_SHOWN) else ""
            help = "; ".join(part for part in (mistake.help, last) if part)
            texts.append((mistake.message, shown_at(span, help or None)))
        return _joined(kind, texts, len(listed))


def _joined(kind: type[_Error], texts: list[tuple[str, str]], number: int) -> _Error:
    (first, more), *others = texts
    shown = [more, *(f"\nError: {visible(message)}\n{where}" for message, where in others)]
    if number > len(texts):
        shown.append(f"\n{number - len(texts):,} more errors")
    return kind(first, "\n".join(shown))


class _Excerpts:
    """Shows places of one text, which is looked through once for what may be a secret."""

    def __init__(self, name: str, text: str, *, is_secret: bool = False) -> None:
        self._source = Source(name, text)
        self._quotes = not (is_secret or re.search(_SECRET_KEY, text) or re.search(_SECRET, text))

    def at(self, span: tuple[int, int] | None, help: str | None) -> str:
        return "\n".join(place_lines(self._source, span, help, quotes=self._quotes))


def shown_at(
    name: str,
    text: str,
    span: tuple[int, int] | None,
    help: str | None,
    *,
    is_secret: bool = False,
) -> str:
    """The lines that show a place, as those of diagnostics; no text of what may hold a secret."""
    return _Excerpts(name, text, is_secret=is_secret).at(span, help)


def parse_toml(
    text: str,
    name: str,
    kind: type[_Error],
    what: str,
    help: str = "",
    *,
    is_secret: bool = False,
) -> Document:
    """The document in a text; raises an error of that kind, which begins with `what`, such as
    `local.lock.toml is not a valid lock`, and shows the place.

    Of a text that `is_secret` nothing is repeated, only the place is shown.
    """
    try:
        # Python's reader takes time as the square of the parts of a key.
        if has_long_key(text):
            raise RecursionError
        document = Document(name, text, tomllib.loads(text), is_secret=is_secret)
    except tomllib.TOMLDecodeError as error:
        message, span = _syntax(str(error), text)
        if is_secret:
            raise kind(what, shown_at(name, text, span, help or None, is_secret=True)) from None
        advice = "; ".join(part for part in (_advice(message, text[span[0] :]), help) if part)
        raise kind(f"{what}: {message}", shown_at(name, text, span, advice or None)) from None
    except RecursionError:
        advice = f"reduce the nesting; {help}" if help else "reduce the nesting"
        raise kind(f"{what}: it is too deeply nested", shown_at(name, text, None, advice)) from None
    except ValueError as error:
        # Such as the 30th of February, or a number of 5,000 digits.
        why = "a number has too many digits" if "digits" in str(error) else str(error)
        raise kind(f"{what}: {why}", shown_at(name, text, None, help or None)) from None
    path = _large_number(document.data)
    if path is not None:
        raise document.error(kind, path, f"{what}: a number has too many digits", help or None)
    return document


def _large_number(data: dict[str, Any]) -> Path | None:
    """Where an integer of more than 64 bits is, which TOML does not have.

    Written in hexadecimal it may be one that Python refuses to write in decimal.
    """
    waiting: list[tuple[Path, object]] = [((), data)]
    while waiting:
        path, value = waiting.pop()
        match value:
            case dict():
                waiting.extend(((*path, key), each) for key, each in value.items())
            case list():
                waiting.extend(((*path, at), each) for at, each in enumerate(value))
            case int() if not -(2**63) <= value < 2**63:
                return path
    return None


def read_toml(
    path: FilePath, name: str, kind: type[_Error], what: str, help: str = "", *, root: str | None
) -> Document | None:
    """The document in a file, None where it is not there; raises errors of that kind.

    Links are followed within `root` alone; None is for files of a person's own that may be
    anywhere.
    """
    text = read_text(path, kind, what, help, root=root)
    return None if text is None else parse_toml(text, name, kind, what, help)


def read_text(
    path: FilePath, kind: type[_Error], what: str, help: str = "", *, root: str | None
) -> str | None:
    """The text of such a file."""
    end = f"; {help}" if help else ""
    if not os.path.lexists(path):
        return None
    fault = link_fault(str(path), root)
    if fault is not None:
        raise kind(f"cannot read `{path}`: {fault}")
    try:
        data = read_bytes(str(path), MAX_BYTES)
    except FileError as error:
        raise kind(error.message) from None
    if len(data) > MAX_BYTES:
        raise kind(f"{what}: it is larger than {MAX_BYTES // 1_000_000} MB{end}")
    try:
        return body_of(data).decode("utf-8")
    except UnicodeDecodeError:
        raise kind(f"{what}: it is not UTF-8{end}") from None


def _syntax(message: str, text: str) -> tuple[str, tuple[int, int]]:
    """What Python's reader says is wrong, in our words, and where."""
    at = re.search(_AT, message)
    words = message[: at.start()] if at else message
    offset = len(text)
    if at and at[1]:
        lines = text.split("\n")
        line = min(int(at[1]), len(lines))
        offset = sum(len(each) + 1 for each in lines[: line - 1]) + int(at[2]) - 1
    elif text.endswith("\n"):
        # The end of the text is shown behind its last line.
        offset = len(text.rstrip("\r\n"))
    offset = min(offset, len(text))
    for pattern, ours in _WORDS:
        words = re.sub(pattern, ours, words)
    return words[:1].lower() + words[1:], (offset, offset + 1)


_WORDS = (
    (r"^Cannot declare \((.*?),?\) twice$", r"the table \1 is defined twice"),
    (r"^Cannot overwrite a value$", "this key is defined twice"),
    (r"^Duplicate inline table key (.*)$", r"the key \1 is defined twice"),
    (r"^Invalid value$", "expected a value"),
    (r"^Invalid statement$", "expected a key or a table"),
    (r"^Invalid initial character for a key part$", "expected a key"),
    (r"^Expected newline or end of document after a statement$", "expected a new line"),
    (r"^Expected '=' after a key in a key/value pair$", "expected `=` after the key"),
)
_ADVICE = (
    ("expected a value", 'put a string in quotes, such as "data"'),
    ("expected `=`", "write `key = value`, or `[name]` for a table"),
    ("expected a new line", "put each key on its own line, and strings in quotes"),
    ("escape", "use single quotes for text with backslashes, such as 'C:\\data'"),
    ("is defined twice", "keep one of the two"),
)


def _advice(message: str, rest: str) -> str | None:
    if message.startswith("expected a value"):
        word = re.match(r"[“”‘’„`]?([\w./:-]+)[“”‘’`]?\s*(?:#.*)?$", rest, re.MULTILINE)
        if word:
            return f'put a string in quotes: "{word[1][:60]}"'
    return next((help for part, help in _ADVICE if part in message.lower()), None)
