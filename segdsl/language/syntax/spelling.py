"""How strings, names and lengths of time are written in a `.seg` file.

The inverse of what the parser reads; used by the formatter, by explanations and by
error texts, so that all of them quote alike.
"""

from __future__ import annotations

import re
from functools import cache

from segdsl.errors import SegdslError
from segdsl.language.behaviors import name_of
from segdsl.language.predicates import Relation
from segdsl.language.values import (
    PARENT_WORDS,
    Boolean,
    ById,
    ByName,
    Date,
    Duration,
    Literal,
    Name,
    Number,
    Reference,
    Text,
    Unit,
    Value,
)

DATED: dict[Relation, str] = {
    "=": "on",
    "<": "before",
    "<=": "on or before",
    ">": "after",
    ">=": "on or after",
}
"""How a time is compared with a date."""
AGO: dict[Relation, str] = {"<": "more than", "<=": "at least", ">": "less than", ">=": "at most"}
"""How a time is compared with one counted back from now: `more than 7 days ago`."""
_ESCAPE = r'(?s)\\(u\{([0-9a-fA-F]{1,6})\}|["\\`n]|.)?'
_UNPRINTABLE = r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\u200e\u200f\u202a-\u202e\u2066-\u2069]"


class EscapeError(SegdslError, ValueError):
    """An escape that the language does not have; `at` is its offset in the text."""

    def __init__(self, at: int, escape: str, message: str) -> None:
        super().__init__(message)
        self.at = at
        self.escape = escape


def unquote(token: str) -> str:
    """The text that a quoted token (with its quotes) stands for."""
    inner = token[1:-1]
    if "\\" not in inner:
        return inner

    def replace(match: re.Match[str]) -> str:
        escape = match[1]
        if match[2] is not None:
            code = int(match[2], 16)
            if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
                raise EscapeError(match.start() + 1, match[0], f"`{match[0]}` is not a character")
            return chr(code)
        if escape == "n":
            return "\n"
        if escape is not None and escape in '"\\`':
            return escape
        raise EscapeError(match.start() + 1, match[0], f"`{match[0]}` is not an escape")

    return re.sub(_ESCAPE, replace, inner)


def _escape(text: str, quote: str) -> str:
    escaped = text.replace("\\", "\\\\").replace(quote, "\\" + quote).replace("\n", "\\n")
    return re.sub(_UNPRINTABLE, lambda match: f"\\u{{{ord(match[0]):x}}}", escaped)


def string(text: str) -> str:
    """A text as a string literal: `"say \\"hi\\""`."""
    return f'"{_escape(text, chr(34))}"'


@cache
def _bare_name() -> re.Pattern[str]:
    from segdsl.language.syntax.grammar import name_pattern

    return re.compile(name_pattern())


def name(text: str) -> str:
    """A name, in backquotes where it is a keyword or has odd characters."""
    return text if _bare_name().fullmatch(text) else f"`{_escape(text, '`')}`"


def behavior(table: str) -> str:
    """A behavior by its matrix table: `purchases`, or `table "orders"` without the prefix."""
    known = name_of(table)
    return f"table {string(table)}" if known is None else name(known)


def literal(value: Literal) -> str:
    match value:
        case Text(text):
            return string(text)
        case Number(text):
            return text
        case Boolean(truth):
            return "true" if truth else "false"
        case Date(text):
            return text if value.is_iso else f"@{string(text)}"


def value(node: Value) -> str:
    return name(node.name) if isinstance(node, Name) else literal(node)


def amount_of(amount: Value, unit: Unit) -> str:
    """`1 day`, `30 days`, `n days`."""
    plural = "" if isinstance(amount, Number) and amount.text == "1" else "s"
    return f"{value(amount)} {unit}{plural}"


def duration(node: Duration) -> str:
    """`1 day 12 hours`, without its rounding."""
    return " ".join(amount_of(part.amount, part.unit) for part in node.parts)


def rounding(duration: Duration) -> str:
    """` rounded to day`, or nothing."""
    return f" rounded to {duration.rounded}" if duration.rounded else ""


def reference(target: Reference, kind: str = "") -> str:
    """`"Churned"`, `"Interest" of funnel "Onboarding"`, `#1234`.

    `kind` is what it is: a `segment`, a `stage`, a `variant`, or a model of some kind.
    """
    match target:
        case ById(id):
            return f"#{id}" if id.isascii() and id.isdigit() else f"#{string(id)}"
        case ByName(text, None):
            return string(text)
        case ByName(text, parent):
            assert parent is not None
            return f"{string(text)} of {PARENT_WORDS.get(kind, 'folder')} {string(parent)}"
