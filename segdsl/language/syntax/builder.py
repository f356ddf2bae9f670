"""Turns what the grammar recognises into nodes, while it is being parsed.

One method for each rule of `grammar/segment.lark`; children arrive with every token
kept, so a span runs from the first child to the last. What the grammar lets through
and the language does not take is reported here with the place at hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import msgspec

from segdsl.diagnostics import Code, Report
from segdsl.language.behaviors import PREFIX, table_of
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.fast_path import FastPathBuilder
from segdsl.language.syntax.lalr import Build, Child
from segdsl.language.syntax.spelling import behavior, name
from segdsl.language.values import SEGMENT_KINDS, Duration, Limit, Order
from segdsl.source import Span

if TYPE_CHECKING:
    from segdsl.language.syntax.declaration_builder import DeclarationBuilder

_PARAM_TYPES = ("number", "string", "boolean", "date")
# The condition of a segment (None: everyone), its limit, and where the condition ends.
_Body = tuple[t.Expression | None, Limit | None, int]


class Builder(FastPathBuilder):
    """Subjects, tests, groups, segments and definitions; hands on the rules of other items."""

    _declarations: DeclarationBuilder | None = None

    def begin(self, file: str, report: Report, items: list[t.Item]) -> None:
        super().begin(file, report, items)
        if self._declarations is not None:
            self._declarations.join(self)

    def build(self, rule: str) -> Build:
        """The method of a rule."""
        method = getattr(self, rule, None)
        if method is None:
            if self._declarations is None:
                from segdsl.language.syntax.declaration_builder import DeclarationBuilder

                self._declarations = DeclarationBuilder()
                self._declarations.join(self)
            method = self._declarations.build(rule)
        return cast(Build, method)

    # --- subjects ----------------------------------------------------------------------

    def attribute(self, c: list[Child]) -> t.Attribute:
        return t.Attribute(c[0][1])

    def dotted(self, c: list[Child]) -> t.Dotted:
        return t.Dotted(c[0][1], c[2][1])

    def group_attribute(self, c: list[Child]) -> t.GroupAttribute:
        return t.GroupAttribute(c[1][1], c[3][1])

    def ml_attribute(self, c: list[Child]) -> t.MlAttribute:
        return t.MlAttribute(cast(Any, c[0][1]), c[2][1], c[5][1])

    def source(self, c: list[Child]) -> str:
        if len(c) == 1:
            return table_of(c[0][1])
        _, word, start, end = c[0]
        is_quoted = end - start > len(word)
        if word != "table" or is_quoted:
            self.report.add(
                Code.SEG001,
                self._at(c[1]),
                f"a string cannot follow the behavior `{name(word)}`",
                help=f"remove the backquotes: `table {c[1][1]}`"
                if word == "table"
                else "a behavior is named without quotes; only a table whose name does not begin "
                f"with `{PREFIX}` is written in quotes: `table {c[1][1]}`",
            )
        return self._text(c[1])

    def column(self, c: list[Child]) -> tuple[str, str]:
        return c[0][1], c[2][1]

    def by(self, c: list[Child]) -> tuple[str, ...]:
        return tuple(self._of(c, "name"))

    per = by

    def over(self, c: list[Child]) -> Duration:
        window: Duration = c[1][1]
        for part in window.parts:
            if part.unit not in ("day", "hour", "minute", "second"):
                self.report.add(
                    Code.SEG014,
                    self._at(c[1]),
                    f"a window cannot be counted in {part.unit}s",
                    help="a window is counted in days, hours, minutes and seconds",
                )
        return window

    def filter(self, c: list[Child]) -> t.Expression:
        return cast(t.Expression, c[1][1])

    def _aggregate(self, c: list[Child], order: str | None) -> t.Aggregate:
        kinds = self._kinds(c)
        function = "count distinct" if "DISTINCT" in kinds else c[0][1]
        columns = self._of(c, "column")
        table = columns[0][0] if columns else self._one(c, "source")
        if any(of != table for of, _ in columns):
            self.report.add(
                Code.SEG211,
                self._span(c),
                "the columns of one aggregate belong to one behavior",
                help=f"count only columns of `{behavior(table)}`, and test the others separately",
            )
        where = self._one(c, "filter")
        node = t.Aggregate(
            cast(t.Function, function),
            table,
            tuple([column for _, column in columns]),
            "SOME" in kinds,
            order,
            self._one(c, "by") or self._one(c, "per") or (),
            self._one(c, "over"),
            where,
        )
        return node if where is None else self._deep(node, [where], self._span(c))

    def aggregate(self, c: list[Child]) -> t.Aggregate:
        return self._aggregate(c, None)

    def edge_aggregate(self, c: list[Child]) -> t.Aggregate:
        return self._aggregate(c, self._one(c, "name"))

    # --- tests and other leaves --------------------------------------------------------

    def quantifier(self, c: list[Child]) -> t.Quantifier:
        words = self._kinds(c)
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
        return t.Quantifier(cast(Any, how), self._one(c, "amount"))

    def test(self, c: list[Child]) -> t.Test:
        predicate, negated = c[-1][1]
        quantifier = c[0][1] if len(c) == 3 else None
        _, subject, start, end = c[-2]
        span = self._span(c)
        node = t.Test(subject, predicate, negated, quantifier, span, Span(self.file, start, end))
        return self._deep(node, [subject], span) if id(subject) in self.depths else node

    def has(self, c: list[Child]) -> t.Has:
        return t.Has(c[1][1], c[0][0] == "NO", None, self._span(c))

    def has_where(self, c: list[Child]) -> t.Has:
        span = self._span(c)
        return self._deep(t.Has(c[1][1], c[0][0] == "NO", c[3][1], span), [c[3][1]], span)

    def membership(self, c: list[Child]) -> t.Membership:
        of: str = c[1][1]
        target = self._parented(of, c, f"in {of}")
        return t.Membership(cast(Any, of), target, self._span(c))

    def score(self, c: list[Child]) -> t.Score:
        return t.Score(c[2][1], c[4][1], c[6][1], c[-1][0] == "CONVERTED", self._span(c))

    def use(self, c: list[Child]) -> t.Use:
        arguments = tuple(self._of(c, "value")) if len(c) > 1 else None
        return t.Use(c[0][1], arguments, self._span(c))

    # --- groups ------------------------------------------------------------------------

    def chain(self, c: list[Child]) -> t.Chain:
        span = self._span(c)
        operands = [child[1] for child in c[::2]]
        return self._deep(t.Chain(c[1][1], tuple(operands), span), operands, span)

    def negation(self, c: list[Child]) -> t.Negation:
        span = self._span(c)
        return self._deep(t.Negation(c[1][1], span), [c[1][1]], span)

    def paren(self, c: list[Child]) -> t.Expression:
        span = self._span(c)
        inner: t.Expression = c[1][1]
        node = msgspec.structs.replace(inner, span=span)
        return self._deep(node, [inner], span, self._depth(inner)[1] + 1)

    def listing(self, c: list[Child]) -> t.Listing:
        span = self._span(c)
        items = [value for kind, value, _, _ in c if not kind.isupper()]
        return self._deep(t.Listing(c[0][1], tuple(items), span), items, span)

    def pinned(self, c: list[Child]) -> t.FixedRuleSet:
        span = self._span(c)
        label = self._text(c[0]) if c[0][0] == "STRING" else None
        return self._deep(t.FixedRuleSet(label, c[2][1], span), [c[2][1]], span)

    def order(self, c: list[Child]) -> Order:
        column = None if c[0][0] == "AGGREGATE" else c[0][1]
        return Order(column, c[1][0] == "DESC")

    def limit(self, c: list[Child]) -> Limit:
        percent = "PERCENT" in self._kinds(c)
        return Limit(c[1][1], percent, tuple(self._of(c, "order")), self._span(c))

    def limited(self, c: list[Child]) -> t.Limited:
        span = self._span(c)
        return self._deep(t.Limited(c[1][1], c[2][1], span), [c[1][1]], span)

    # --- items: appended as they end, so that those before a mistake are kept -----------

    def clause(self, c: list[Child]) -> t.Clause:
        word = c[0]
        match word[0]:
            case "HIDDEN":
                text = ""
            case "KIND":
                text = self._choice(c[1], SEGMENT_KINDS, "a kind of segment")
            case _:
                text = self._text(c[1])
        return t.Clause(word[1], text, self._span(c))

    def body(self, c: list[Child]) -> _Body:
        where = None if c[0][0] == "EVERYONE" else c[0][1]
        return where, self._one(c, "limit"), c[0][3]

    def segment(self, c: list[Child]) -> None:
        clauses: dict[str, t.Clause] = {}
        for clause in self._of(c, "clause"):
            if clause.word in clauses:
                self.report.add(
                    Code.SEG011,
                    clause.span,
                    f"this segment already has a {clause.word}",
                    help="keep one of them",
                )
            clauses.setdefault(clause.word, clause)
        where, limit, body_end = c[-1][1]
        ordered = tuple(clauses[w] for w in t.CLAUSES if w in clauses)
        item = t.Segment(
            self._text(c[1]),
            ordered,
            where,
            limit,
            self._span(c),
            self._at(c[1]),
            Span(self.file, c[-2][2], body_end),
        )
        self.items.append(item)

    def let(self, c: list[Child]) -> None:
        names = self._of(c, "name")
        item = t.Let(names[0], tuple(names[1:]), c[-1][1], self._span(c), self._at(c[1]))
        self.items.append(item)

    def param(self, c: list[Child]) -> None:
        kind = self._choice(c[3], _PARAM_TYPES, "a type of param")
        default = self._one(c, "literal")
        item = t.Param(c[1][1], cast(Any, kind), default, self._span(c), self._at(c[1]))
        self.items.append(item)

    def import_(self, c: list[Child]) -> None:
        path, names = self._text(c[-1]), tuple(self._of(c, "name"))
        item = t.Import(names, path, self._span(c), self._at(c[-1]))
        self.items.append(item)
