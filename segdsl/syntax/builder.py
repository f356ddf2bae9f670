"""Turns what the grammar recognises into nodes, while it is being parsed.

One method for each rule of `grammar/segment.lark`; children arrive with every token
kept, so a span runs from the first child to the last. What the grammar lets through
and the language does not take is reported here with the place at hand.
"""

from __future__ import annotations

from typing import Any, cast

import msgspec
from lark import Token

from segdsl.diagnostics import Code
from segdsl.source import Span
from segdsl.syntax import tree as t
from segdsl.syntax.pieces import Piece
from segdsl.syntax.predicate_builder import PredicateBuilder
from segdsl.values import ByName, Limit, Order, Reference

_KINDS = ("batch", "realtime", "funnel_stage")
_PARAM_TYPES = ("number", "string", "boolean", "date")
_PARENT_WORD = {"stage": "funnel", "variant": "test"}


class Builder(PredicateBuilder):
    """Subjects, tests, groups and items."""

    # --- subjects ----------------------------------------------------------------------

    def attribute(self, c: list[Any]) -> Piece:
        return Piece("subject", t.Attribute(c[0].value), c[0].span)

    def dotted(self, c: list[Any]) -> Piece:
        return Piece("subject", t.Dotted(c[0].value, c[2].value), self._span(c))

    def group_attribute(self, c: list[Any]) -> Piece:
        return Piece("subject", t.GroupAttribute(c[1].value, c[3].value), self._span(c))

    def ml_attribute(self, c: list[Any]) -> Piece:
        node = t.MlAttribute(cast(Any, str(c[0])), c[2].value, c[5].value)
        return Piece("subject", node, self._span(c))

    def column(self, c: list[Any]) -> Piece:
        return Piece("column", (c[0].value, c[2].value), self._span(c))

    def by(self, c: list[Any]) -> Piece:
        return Piece("grouping", tuple(self._of(c, "name")), self._span(c))

    per = by

    def over(self, c: list[Any]) -> Piece:
        for part in c[1].value.parts:
            if part.unit not in ("day", "hour", "minute", "second"):
                self.report.add(
                    Code.SEG014,
                    c[1].span,
                    f"a window cannot be counted in {part.unit}s",
                    help="a window is counted in days, hours, minutes and seconds",
                )
        return Piece("over", c[1].value, self._span(c))

    def filter(self, c: list[Any]) -> Piece:
        return Piece("filter", c[1], self._span(c))

    def _aggregate(self, c: list[Any], order: str | None) -> Piece:
        words = [
            str(w) for w in c if isinstance(w, Token) and w.type not in ("LPAR", "RPAR", "COMMA")
        ]
        function = "count distinct" if "distinct" in words else words[0]
        columns = self._of(c, "column")
        behavior = columns[0][0] if columns else self._one(c, "name")
        span = self._span(c)
        if any(of != behavior for of, _ in columns):
            self.report.add(
                Code.SEG211,
                span,
                "the columns of one aggregate belong to one behavior",
                help=f"count columns of `{behavior}` only, and ask for the other elsewhere",
            )
        where = self._one(c, "filter")
        node = t.Aggregate(
            cast(t.Function, function),
            behavior,
            tuple(column for _, column in columns),
            "some" in words,
            order,
            self._one(c, "grouping") or (),
            self._one(c, "over"),
            where,
        )
        return Piece("subject", self._deep(node, [where], span), span)

    def aggregate(self, c: list[Any]) -> Piece:
        return self._aggregate(c, None)

    def edge_aggregate(self, c: list[Any]) -> Piece:
        return self._aggregate(c, self._one(c, "name"))

    # --- tests and other leaves --------------------------------------------------------

    def quantifier(self, c: list[Any]) -> Piece:
        words = self._tokens(c)
        how = (
            "any"
            if "ANY" in words
            else "every"
            if "EVERY" in words
            else "exactly"
            if "EXACTLY" in words
            else "at least"
            if "LEAST" in words
            else "at most"
        )
        number = self._one(c, "amount")
        return Piece("quantifier", t.Quantifier(cast(Any, how), number), self._span(c))

    def test(self, c: list[Any]) -> t.Test:
        predicate, negated = c[-1].value
        quantifier = self._one(c, "quantifier")
        subject = c[-2]
        span = self._span(c)
        node = t.Test(subject.value, predicate, negated, quantifier, span, subject.span)
        return self._deep(node, [subject.value], span)

    def has(self, c: list[Any]) -> t.Has:
        return t.Has(c[1].value, c[0].type == "NO", None, self._span(c))

    def has_where(self, c: list[Any]) -> t.Has:
        span = self._span(c)
        return self._deep(t.Has(c[1].value, c[0].type == "NO", c[3], span), [c[3]], span)

    def membership(self, c: list[Any]) -> t.Membership:
        of = str(c[1])
        target: Reference = c[2].value
        if len(c) > 3:
            if isinstance(target, ByName):
                target = ByName(target.name, self._text(c[5]))
            else:
                self.report.add(
                    Code.SEG001,
                    self._span(c[3:]),
                    "an id needs no name beside it",
                    help=f"end after the id: `in {of} #{target.id}`",
                )
        elif isinstance(target, ByName) and of in _PARENT_WORD:
            word = _PARENT_WORD[of]
            self.report.add(
                Code.SEG001,
                self._span(c),
                f"it is not said of which {word} this {of} is",
                help=f'add `of {word} "…"`, or name the {of} by its id: `in {of} #1234`',
            )
        return t.Membership(cast(Any, of), target, self._span(c))

    def score(self, c: list[Any]) -> t.Score:
        converted = "CONVERTED" in self._tokens(c)
        return t.Score(c[2].value, c[4].value, c[6].value, converted, self._span(c))

    def use(self, c: list[Any]) -> t.Use:
        arguments = tuple(self._of(c, "value")) if len(c) > 1 else None
        return t.Use(c[0].value, arguments, self._span(c))

    # --- groups ------------------------------------------------------------------------

    def chain(self, c: list[Any]) -> t.Chain:
        span = self._span(c)
        operands = c[::2]
        node = t.Chain(cast(Any, str(c[1])), tuple(operands), span)
        return self._deep(node, operands, span)

    def negation(self, c: list[Any]) -> t.Negation:
        span = self._span(c)
        return self._deep(t.Negation(c[1], span), [c[1]], span)

    def paren(self, c: list[Any]) -> t.Expression:
        span = self._span(c)
        inner: t.Expression = c[1]
        node = msgspec.structs.replace(inner, span=span)
        return self._deep(node, [inner], span, self._depth(inner)[1] + 1)

    def listing(self, c: list[Any]) -> t.Listing:
        span = self._span(c)
        items = [item for item in c if not isinstance(item, Token)]
        return self._deep(t.Listing(cast(Any, str(c[0])), tuple(items), span), items, span)

    def pinned(self, c: list[Any]) -> t.Pinned:
        span = self._span(c)
        label = self._text(c[0]) if c[0].type == "STRING" else None
        return self._deep(t.Pinned(label, c[2], span), [c[2]], span)

    def order(self, c: list[Any]) -> Piece:
        column = None if isinstance(c[0], Token) else c[0].value
        return Piece("order", Order(column, c[1].type == "DESC"), self._span(c))

    def limit(self, c: list[Any]) -> Piece:
        span = self._span(c)
        percent = "PERCENT" in self._tokens(c)
        limit = Limit(c[1].value, percent, tuple(self._of(c, "order")), span)
        return Piece("limit", limit, span)

    def limited(self, c: list[Any]) -> t.Limited:
        span = self._span(c)
        return self._deep(t.Limited(c[1], c[2].value, span), [c[1]], span)

    # --- items: appended as they end, so that those before a mistake are kept -----------

    def clause(self, c: list[Any]) -> t.Clause:
        word, value = c
        if word.type == "KIND":
            text = self._choice(value, _KINDS, "kind of segment")
        else:
            text = self._text(value)
        return t.Clause(cast(Any, str(word)), text, self._span(c))

    def body(self, c: list[Any]) -> Piece:
        where = None if isinstance(c[0], Token) else c[0]
        return Piece("body", (where, self._one(c, "limit"), self._span(c[:1])), self._span(c))

    def segment(self, c: list[Any]) -> None:
        clauses: dict[str, t.Clause] = {}
        for clause in c[2:-2]:
            if clause.word in clauses:
                self.report.add(
                    Code.SEG011,
                    clause.span,
                    f"this segment has a {clause.word} already",
                    help="keep one of the two",
                )
            clauses.setdefault(clause.word, clause)
        where, limit, body = c[-1].value
        ordered = tuple(clauses[w] for w in ("description", "folder", "kind") if w in clauses)
        item = t.Segment(
            self._text(c[1]),
            ordered,
            where,
            limit,
            self._span(c),
            self._token_span(c[1]),
            Span(self.file, c[-2].start_pos, body.end),
        )
        self.items.append(item)

    def let(self, c: list[Any]) -> None:
        names = self._of(c, "name")
        item = t.Let(names[0], tuple(names[1:]), c[-1], self._span(c), c[1].span)
        self.items.append(item)

    def param(self, c: list[Any]) -> None:
        kind = self._choice(c[3], _PARAM_TYPES, "type of param")
        default = self._one(c, "literal")
        item = t.Param(c[1].value, cast(Any, kind), default, self._span(c), c[1].span)
        self.items.append(item)

    def import_(self, c: list[Any]) -> None:
        path, names = self._text(c[-1]), tuple(self._of(c, "name"))
        item = t.Import(names, path, self._span(c), self._token_span(c[-1]))
        self.items.append(item)

    def start(self, c: list[Any]) -> None:
        return None
