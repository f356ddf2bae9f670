"""Tokens of any text, ours or not: the ground of rules about texts that the grammar refuses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

# Letters, digits, and the marks of decomposed letters; marks without width too.
_WORD = r"[^\W\d][\w\u0300-\u036f\u3099\u309a\u200b-\u200d\u2060\ufeff]*+"
_PATTERN = rf"""
  (?P<id>\#(?:[0-9]+(?!\w)|"(?:[^"\\\n]|\\[^\n])*+"))
 |(?P<comment>\#[^\n]*+)
 |(?P<string>@?"(?:[^"\\\n]|\\[^\n])*+")
 |(?P<quoted>`(?:[^`\\\n]|\\[^\n])*+`)
 |(?P<single>'[^'\n]*+')
 |(?P<date>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[\w:.+]*+)
 |(?P<number>-?\.?[0-9][\w.]*+)
 |(?P<word>{_WORD})
 |(?P<sign>===|!==|==|<>|!=|<=|>=|=>|=<|&&|\|\||:=|=~|!~|--|//|/\*|\*/|\.\.)
 |(?P<other>\S)
"""


class Token(NamedTuple):
    """`kind` is the name of the alternative that matched; offsets count characters."""

    kind: str
    text: str
    start: int
    end: int


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile(_PATTERN, re.VERBOSE)


def tokens(text: str, start: int = 0, end: int | None = None) -> Iterator[Token]:
    """The tokens of `text[start:end]` without comments; white space separates them."""
    for match in _pattern().finditer(text, start, len(text) if end is None else end):
        kind = match.lastgroup
        assert kind is not None, "every alternative is named"
        if kind != "comment":
            yield Token(kind, match[0], match.start(), match.end())
