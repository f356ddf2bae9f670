"""Composite expressions: `A and (B or C)` inside a rule set, `1 and (2 or 3)` above them.

Documented: rules are named `A` to `Z` and rule sets `1` to `9`; lower-case `and` and
`or`, parentheses, no `not`. Assumed, where an expression mixes the two words without
parentheses: `and` binds tighter. We always write the parentheses.
"""

from __future__ import annotations

import re
from typing import Literal as OneOf

import msgspec

from segdsl.errors import SegdslError

MAX_RULES = 26
MAX_RULE_SETS = 9
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_TOKEN = r"\s*(?:([A-Za-z]+|[0-9]+)|([()])|(\S))"
_MAX_DEPTH = 200


class Named(msgspec.Struct, frozen=True, gc=False):
    """A rule or a rule set by its place, from 0."""

    index: int


class Combined(msgspec.Struct, frozen=True, gc=False):
    word: OneOf["and", "or"]
    parts: tuple[Expr, ...]


Expr = Named | Combined


def over_rule_sets(text: str, *, holds_groups: bool, top: bool) -> bool:
    """Whether an expression names rule sets (by number) and not rules (by letter).

    One over groups does; one over conditions does only at the top, and only if it is
    written with numbers: an older rule may have its conditions right there.
    """
    return holds_groups or (top and any(each.isdigit() for each in text))


class ExprError(SegdslError, ValueError):
    """An expression that cannot be read; the text says why, in the reader's words."""


def write_expr(expr: Expr, *, rule_sets: bool) -> str:
    """The expression's text; `rule_sets` names by number instead of by letter."""
    match expr:
        case Named(index):
            return str(index + 1) if rule_sets else LETTERS[index]
        case Combined(word, parts):
            return f" {word} ".join(
                f"({write_expr(part, rule_sets=rule_sets)})"
                if isinstance(part, Combined)
                else write_expr(part, rule_sets=rule_sets)
                for part in parts
            )


def read_expr(text: str, *, rule_sets: bool) -> Expr:
    """The expression that a text stands for; raises ExprError."""
    token = re.compile(_TOKEN)
    tokens: list[str] = []
    at = 0
    text = text.rstrip()
    while at < len(text):
        match = token.match(text, at)
        if match is None or match[3]:
            raise ExprError(
                f"unexpected character `{text[at:].strip()[:1]}` in a Composite expression"
            )
        tokens.append(match[1] or match[2])
        at = match.end()
    reader = _Reader(tokens, rule_sets)
    expr = reader.either(0)
    if reader.at < len(tokens):
        raise ExprError(f"unexpected `{tokens[reader.at]}`")
    return expr


class _Reader:
    def __init__(self, tokens: list[str], rule_sets: bool) -> None:
        self.tokens = tokens
        self.rule_sets = rule_sets
        self.at = 0

    def _next_is(self, word: str) -> bool:
        return self.at < len(self.tokens) and self.tokens[self.at].lower() == word

    def either(self, depth: int) -> Expr:
        parts = [self._both(depth)]
        while self._next_is("or"):
            self.at += 1
            parts.append(self._both(depth))
        return parts[0] if len(parts) == 1 else Combined("or", tuple(parts))

    def _both(self, depth: int) -> Expr:
        parts = [self._one(depth)]
        while self._next_is("and"):
            self.at += 1
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else Combined("and", tuple(parts))

    def _one(self, depth: int) -> Expr:
        if depth > _MAX_DEPTH:
            raise ExprError("it is nested too deeply")
        if self.at >= len(self.tokens):
            raise ExprError("unexpected end: expected a name")
        token = self.tokens[self.at]
        self.at += 1
        if token == "(":
            inner = self.either(depth + 1)
            if not self._next_is(")"):
                raise ExprError("a parenthesis is not closed")
            self.at += 1
            return inner
        if self.rule_sets and token.isdecimal() and token[0] != "0" and len(token) < 6:
            return Named(int(token) - 1)
        if not self.rule_sets and len(token) == 1 and token in LETTERS:
            return Named(LETTERS.index(token))
        kind = "a rule set, which is named by a number" if self.rule_sets else "a rule, A to Z"
        raise ExprError(f"`{token}` is not the name of {kind}")


def names(expr: Expr) -> list[int]:
    """Every place named, in order, repetitions too."""
    match expr:
        case Named(index):
            return [index]
        case Combined(_, parts):
            return [index for part in parts for index in names(part)]
