"""What every rule of the grammar is built from: spans, texts, values, lengths of time.

The groundwork of `segdsl.syntax.builder`: helpers over children, and the smallest rules.
"""

from __future__ import annotations

from typing import Any, TypeVar, cast

import msgspec
from lark import Token, Transformer

from segdsl.diagnostics import Code, Report
from segdsl.diagnostics.suggest import did_you_mean
from segdsl.source import Span
from segdsl.syntax import tree as t
from segdsl.syntax.text import EscapeError, unquote
from segdsl.values import (
    UNITS,
    Boolean,
    ById,
    ByName,
    Date,
    Duration,
    Literal,
    Name,
    Number,
    Part,
    Reference,
    Text,
    Unit,
)

MAX_DEPTH = 200
_N = TypeVar("_N")


class StoppedError(Exception):
    """Parsing cannot go on; the report says why."""


class Piece(msgspec.Struct, frozen=True):
    """A piece of a rule on its way up: its kind, its value and where it stood."""

    kind: str
    value: Any
    span: Span


class PieceBuilder(Transformer[Token, Any]):
    """State (`report`, `file`, `depths`) is set by the parser before each parse."""

    report: Report
    file: str
    # Of each node by its id: the node (kept, so that no other takes its id), how deep it
    # is, and how many parentheses stand around it.
    depths: dict[int, tuple[object, int, int]]
    items: list[t.Item]

    # --- helpers ---------------------------------------------------------------------

    def _span(self, children: list[Any]) -> Span:
        first, last = children[0], children[-1]
        start: Any = first.start_pos if isinstance(first, Token) else first.span.start
        end: Any = last.end_pos if isinstance(last, Token) else last.span.end
        return Span(self.file, start, end)

    def _token_span(self, token: Token) -> Span:
        assert token.start_pos is not None
        assert token.end_pos is not None
        return Span(self.file, token.start_pos, token.end_pos)

    def _depth(self, node: object) -> tuple[int, int]:
        _, depth, parentheses = self.depths.get(id(node), (None, 0, 0))
        return depth, parentheses

    def _deep(self, node: _N, inner: list[Any], span: Span, parentheses: int = 0) -> _N:
        """Notes the depth of a node; parentheses alone make none, as the formatter sets its own."""
        depth = max((self._depth(child)[0] for child in inner), default=0) + (not parentheses)
        if max(depth, parentheses) > MAX_DEPTH:
            self.report.add(
                Code.SEG007,
                span,
                f"this is nested more than {MAX_DEPTH} levels deep",
                help="give an inner part a name with `let`, or drop needless parentheses",
            )
            raise StoppedError
        self.depths[id(node)] = (node, depth, parentheses)
        return node

    def _text(self, token: Token, prefix: int = 0) -> str:
        try:
            return unquote(token[prefix:])
        except EscapeError as error:
            start = (token.start_pos or 0) + prefix + error.at
            self.report.add(
                Code.SEG003,
                Span(self.file, start, start + len(error.escape)),
                str(error),
                help='the escapes are `\\"`, `\\\\`, `\\n` and `\\u{…}` with a code point in hex',
            )
            return ""

    @staticmethod
    def _tokens(children: list[Any]) -> set[str]:
        return {child.type for child in children if isinstance(child, Token)}

    @staticmethod
    def _of(children: list[Any], kind: str) -> list[Any]:
        return [c.value for c in children if isinstance(c, Piece) and c.kind == kind]

    def _one(self, children: list[Any], kind: str) -> Any:
        found = self._of(children, kind)
        return found[0] if found else None

    def _choice(self, token: Token, choices: tuple[str, ...], what: str) -> str:
        if token in choices:
            return str(token)
        listed = ", ".join(f"`{choice}`" for choice in choices)
        self.report.add(
            Code.SEG012,
            self._token_span(token),
            f"`{token}` is no {what}",
            help=did_you_mean(token, choices, f"it is one of {listed}"),
        )
        return choices[0]

    # --- names, literals, lengths of time ----------------------------------------------

    def name(self, c: list[Any]) -> Piece:
        token = c[0]
        text = self._text(token) if token.type == "QUOTED_NAME" else str(token)
        return Piece("name", text, self._token_span(token))

    def literal(self, c: list[Any]) -> Piece:
        token = c[0]
        value: Literal
        match token.type:
            case "STRING":
                value = Text(self._text(token))
            case "NUMBER":
                value = self._number(token)
            case "DATE":
                value = self._date(token)
            case "TIMESTAMP":
                value = Date(self._text(token, 1))
            case _:
                value = Boolean(token.type == "TRUE")
        return Piece("literal", value, self._token_span(token))

    def _number(self, token: Token) -> Number:
        found = Number(str(token))
        if found.is_bounded:
            return found
        self.report.add(
            Code.SEG008,
            self._token_span(token),
            "this number is too large to reckon with",
            help="write it with at most 400 digits and an exponent of at most 9999",
        )
        return Number("0")

    def _date(self, token: Token) -> Date:
        found = Date(str(token))
        if not found.is_iso:
            self.report.add(
                Code.SEG016,
                self._token_span(token),
                f"{token} is not in the calendar",
                help=f'for a text that only the API can read write `@"{token}"`',
            )
        return found

    def value(self, c: list[Any]) -> Piece:
        part = c[0]
        value = part.value if part.kind == "literal" else Name(part.value, part.span)
        return Piece("value", value, part.span)

    def amount(self, c: list[Any]) -> Piece:
        if isinstance(c[0], Token):
            return Piece("amount", self._number(c[0]), self._token_span(c[0]))
        return Piece("amount", Name(c[0].value, c[0].span), c[0].span)

    @staticmethod
    def _unit(token: Token) -> Unit:
        return cast(Unit, str(token).removesuffix("s"))

    def duration(self, c: list[Any]) -> Piece:
        parts = tuple(
            Part(amount.value, self._unit(unit))
            for amount, unit in zip(c[::2], c[1::2], strict=True)
        )
        span = self._span(c)
        units = [part.unit for part in parts]
        if len(set(units)) < len(units):
            self.report.add(
                Code.SEG014,
                span,
                "a unit stands twice in this length of time",
                help="add the two up",
            )
            parts = parts[:1]
        parts = tuple(sorted(parts, key=lambda part: UNITS.index(part.unit)))
        return Piece("duration", Duration(parts), span)

    def rounded(self, c: list[Any]) -> Piece:
        return Piece("rounded", self._unit(c[2]), self._span(c))

    def _single(self, part: Piece, instead: str) -> Part:
        duration: Duration = part.value
        if len(duration.parts) > 1:
            self.report.add(
                Code.SEG014, part.span, "the API takes one unit here, not several", help=instead
            )
        return duration.parts[0]

    def _rounded(self, c: list[Any]) -> Duration:
        duration: Duration = self._one(c, "duration")
        rounded: Unit | None = self._one(c, "rounded")
        if rounded == duration.smallest:
            rounded = None
        return msgspec.structs.replace(duration, rounded=rounded)

    def ref(self, c: list[Any]) -> Piece:
        token = c[0]
        value: Reference
        match token.type:
            case "STRING":
                value = ByName(self._text(token))
            case "ID":
                value = ById(str(token[1:]))
            case _:
                value = ById(self._text(token, 1))
        return Piece("ref", value, self._token_span(token))
