"""Funnels in lines: the head, then each stage behind a blank line."""

from __future__ import annotations

from segdsl.language.format.expressions import ExpressionPrinter
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.spelling import reference, string


class FunnelPrinter(ExpressionPrinter):
    """Writes funnels; comments go with the clause or the stage that they stand at."""

    def _funnel(self, item: t.Funnel, following: int) -> None:
        self._above(item.name_span.start, 0)
        self._line(0, f"funnel {string(item.name)}")
        end = item.stages[0].span.start if item.stages else following
        self._behind(item.name_span.end, min([end, *(each.span.start for each in item.clauses)]))
        self._blocks(item.clauses, self._funnel_clause, end)
        for stage, limit in self._with_following(item.stages, following):
            above = self.comments.before(stage.span.start)
            self.lines.append("")
            self._block(above, stage.span.start)
            self._stage(stage, limit)
            self._behind(stage.span.end, limit)
            self._indented_below(stage.span.end, limit)

    def _funnel_clause(self, clause: t.FunnelClause) -> None:
        self._above(clause.span.end, 2)
        self._line(2, f"{clause.word} {string(clause.value)}")

    def _stage(self, stage: t.Stage, following: int) -> None:
        """A stage; its rule begins on the line of its name where it has no description."""
        head = f"stage {string(stage.name)}"
        rule = stage.rule
        start = following if rule is None else rule.span.start
        if rule is not None and not stage.clauses:
            self._above(rule.span.start, 0)
            self._rule(rule, f"{head} ", following)
            return
        self._above(stage.name_span.start, 0)
        self._line(0, head)
        self._behind(stage.name_span.end, min([start, *(c.span.start for c in stage.clauses)]))
        self._blocks(stage.clauses, self._funnel_clause, start)
        if rule is not None:
            self._above(rule.span.start, 2)
            self._rule(rule, "", following)

    def _rule(self, rule: t.StageRule, prefix: str, following: int) -> None:
        # What stands above a rule that has lines of its own is a line of the head.
        indent = 0 if prefix else 2
        end = following if rule.limit is None else rule.limit.span.start
        if rule.segment is not None:
            self._above(rule.span.end, indent)
            self._line(0, f"{prefix}is segment {reference(rule.segment.target, 'segment')}")
        elif rule.where is None:
            self._above(rule.where_span.end, indent)
            self._line(0, f"{prefix}where everyone")
            self._behind(rule.where_span.end, end)
        else:
            self._line(0, f"{prefix}where")
            self._behind(rule.span.start + len("where"), rule.where.span.start)
            self._body(rule.where, 2, end)
        if rule.limit is not None:
            self._limit(rule.limit)
