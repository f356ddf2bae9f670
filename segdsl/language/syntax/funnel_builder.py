"""Funnels and their stages, as the grammar recognises them."""

from __future__ import annotations

from segdsl.diagnostics import Code
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.base_builder import BaseBuilder
from segdsl.language.syntax.lalr import Child
from segdsl.source import Span


class FunnelBuilder(BaseBuilder):
    """A method for each rule of funnels."""

    def funnel_clause(self, c: list[Child]) -> t.FunnelClause:
        return t.FunnelClause(c[0][1], self._text(c[1]), self._span(c))

    stage_clause = funnel_clause

    def stage_rule(self, c: list[Child]) -> t.StageRule:
        span = self._span(c)
        if c[0][0] == "WHERE":
            where, limit, end = c[1][1]
            return t.StageRule(where, limit, span, Span(self.file, span.start, end))
        target = self._parented("segment", c, "is segment")
        return t.StageRule(t.Membership("segment", target, span), None, span, span)

    def stage(self, c: list[Child]) -> t.Stage:
        clauses = self._clauses(self._of(c, "stage_clause"), "stage")
        rule: t.StageRule | None = self._one(c, "stage_rule")
        if clauses and rule is None:
            self.report.add(
                Code.SEG001,
                clauses[0].span,
                "a stage without a rule has no description",
                help='add a rule, `where …` or `is segment "…"`, or remove the description',
            )
        return t.Stage(self._text(c[1]), clauses, rule, self._span(c), self._at(c[1]))

    def funnel(self, c: list[Child]) -> None:
        item = t.Funnel(
            self._text(c[1]),
            self._clauses(self._of(c, "funnel_clause"), "funnel"),
            tuple(self._of(c, "stage")),
            self._span(c),
            self._at(c[1]),
        )
        self.items.append(item)

    def _clauses(self, clauses: list[t.FunnelClause], what: str) -> tuple[t.FunnelClause, ...]:
        """The clauses in the order in which they are written, the first of each kind."""
        first: dict[str, t.FunnelClause] = {}
        for clause in clauses:
            if clause.word in first:
                self.report.add(
                    Code.SEG011,
                    clause.span,
                    f"this {what} already has a {clause.word}",
                    help="keep one of them",
                )
            first.setdefault(clause.word, clause)
        return tuple(first[word] for word in t.FUNNEL_CLAUSES if word in first)
