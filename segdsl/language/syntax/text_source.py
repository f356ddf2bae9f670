"""Strings of exports: `"{segment name} {time yyyy-MM-dd}"`, read from their token and written.

They have the escapes of every string, and `\\{` for a brace that begins no placeholder. A format
of a time holds braces as `\\u{7b}` and `\\u{7d}`.
"""

from __future__ import annotations

import re

from segdsl.diagnostics.suggest import did_you_mean
from segdsl.errors import SegdslError
from segdsl.language.activations import PLACEHOLDERS, Placeholder, TextSource, Time
from segdsl.language.syntax.spelling import EscapeError, string, unquote

_CODE = r"\\u\{[0-9a-fA-F]{1,6}\}"
_PIECE = rf"(?s)(?P<brace>\\\{{)|(?P<open>\{{(?:{_CODE}|\\.|[^{{}}\\])*+(?P<close>\}})?)"
_TIME = "time"
_LISTED = ", ".join(f"`{{{name}}}`" for name in PLACEHOLDERS)
HELP = f"the placeholders are {_LISTED} and `{{time yyyy-MM-dd}}`; a brace is written `\\{{`"


class PlaceholderError(SegdslError, ValueError):
    """A placeholder that the language does not have; it is `token[start:end]`."""

    def __init__(self, start: int, end: int, message: str, help: str) -> None:
        super().__init__(message)
        self.start = start
        self.end = end
        self.help = help


def read_text_source(token: str) -> TextSource:
    """The parts of a string token, its quotes included.

    Raises `EscapeError` and `PlaceholderError`.
    """
    parts: list[str | Time | Placeholder] = []
    texts: list[str] = []
    at, end = 1, len(token) - 1

    def end_text() -> None:
        if text := "".join(texts):
            parts.append(text)
        texts.clear()

    while at < end:
        piece = re.compile(rf"{_PIECE}|(?P<text>(?:{_CODE}|\\[^{{]|[^\\{{])++)").match(
            token, at, end
        )
        assert piece is not None, "a backslash never ends the string, and all else is a piece"
        if piece["brace"] is not None:
            texts.append("{")
        elif piece["open"] is None:
            texts.append(_unquoted(piece["text"], at))
        else:
            end_text()
            parts.append(_placeholder(piece, at))
        at = piece.end()
    end_text()
    return TextSource(tuple(parts))


def _unquoted(text: str, at: int) -> str:
    try:
        return unquote(f'"{text}"')
    except EscapeError as error:
        raise EscapeError(at + error.at - 1, error.escape, str(error)) from None


def _placeholder(piece: re.Match[str], at: int) -> Time | Placeholder:
    written = piece["open"]
    if piece["close"] is None:
        raise PlaceholderError(at, piece.end(), "this placeholder has no end", HELP)
    inner = written[1:-1]
    for name in PLACEHOLDERS:
        if inner == name:
            return Placeholder(name)
    word, _, format = inner.partition(" ")
    if word == _TIME:
        if not format.strip():
            message = "the format of this time is missing"
            raise PlaceholderError(at, piece.end(), message, "write one: `{time yyyy-MM-dd}`")
        return Time(_unquoted(format, at + len("{time ")))
    near = did_you_mean(inner.strip(), PLACEHOLDERS, "")
    message = f"`{written}` is not a placeholder"
    raise PlaceholderError(at, piece.end(), message, near or HELP)


def text_source(source: TextSource) -> str:
    """A text source as a string token; the inverse of `read_text_source`."""
    return f'"{"".join(map(_part, source.parts))}"'


def _part(part: str | Time | Placeholder) -> str:
    match part:
        case Placeholder(name):
            return f"{{{name}}}"
        case Time(format):
            escaped = "".join(
                f"\\u{{{ord(each):x}}}" if each in "{}" else string(each)[1:-1] for each in format
            )
            return f"{{{_TIME} {escaped}}}"
        case str():
            return "\\{".join(string(each)[1:-1] for each in part.split("{"))
