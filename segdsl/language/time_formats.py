"""The pattern of a time in a text: which letters there are, and what it is made of.

The API does not say whose letters it means; its own time functions have Java's (assumed). Letters
for weeks, whose first day is a locale's, and for names of time zones are not among these. What
writes a time by a pattern is `segdsl.sql.time_format`.
"""

from __future__ import annotations

import msgspec

LETTERS = "yMdDEuaHkKhmsSZX"
"""The letters of Java's SimpleDateFormat that an export knows."""
_MOST_OFFSET = 3
"""The number of `X` that Java allows."""
_HELP = "quote text with apostrophes, as in 'T'"


class Piece(msgspec.Struct, frozen=True):
    """A run of one letter, or text between them, whose letter is None."""

    letter: str | None
    text: str


class Fault(msgspec.Struct, frozen=True):
    """Why a pattern is not supported, and what to do."""

    message: str
    help: str | None = None


def read_time_format(pattern: str) -> list[Piece] | Fault:
    """The pieces of a pattern such as `yyyy-MM-dd'T'HH:mm:ssXXX`, in order."""
    pieces: list[Piece] = []
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if char == "'":
            quoted = _quoted(pattern, at)
            if quoted is None:
                what = f"the time format `{pattern}` has an apostrophe without its pair"
                return Fault(what, _HELP)
            text, at = quoted
            pieces.append(Piece(None, text))
            continue
        end = at + 1
        if not (char.isascii() and char.isalpha()):
            pieces.append(Piece(None, char))
        else:
            while end < len(pattern) and pattern[end] == char:
                end += 1
            if char not in LETTERS:
                return Fault(
                    f"the time format `{pattern}` has the letter `{char}`, which is not supported",
                    f"the letters are {' '.join(LETTERS)}; {_HELP}",
                )
            if char == "X" and end - at > _MOST_OFFSET:
                return Fault(
                    f"the time format `{pattern}` has more than three `X`",
                    "write `X`, `XX` or `XXX`",
                )
            pieces.append(Piece(char, pattern[at:end]))
        at = end
    return pieces


def _quoted(pattern: str, start: int) -> tuple[str, int] | None:
    """The text from an apostrophe to its pair, and where it ends; two are one apostrophe."""
    if pattern.startswith("''", start):
        return "'", start + 2
    text, at = "", start + 1
    while (end := pattern.find("'", at)) >= 0:
        text += pattern[at:end]
        if not pattern.startswith("''", end):
            return text, end + 1
        text, at = text + "'", end + 2
    return None
