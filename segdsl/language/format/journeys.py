"""Predictive segments and journeys in lines: a clause each, and a step each, blocks indented."""

from __future__ import annotations

from typing import assert_never

from segdsl.language import journeys as j
from segdsl.language import predictive as p
from segdsl.language.format import flat, journey_text
from segdsl.language.format.expressions import ExpressionPrinter, is_open
from segdsl.language.format.lines import WIDTH
from segdsl.language.syntax import journey_tree as jt
from segdsl.language.syntax import model_items as m
from segdsl.language.syntax import predictive_tree as pt
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.delivery_tree import Described, InFolder
from segdsl.language.syntax.spelling import reference, string


class JourneyPrinter(ExpressionPrinter):
    """Writes both; comments go with the clause, the step or the branch that they stand at."""

    def item(self, item: t.PredictiveSegment | t.Journey, following: int) -> None:
        """One item, before what begins at `following`."""
        match item:
            case t.PredictiveSegment():
                self._predictive(item, following)
            case t.Journey():
                self._journey(item, following)
            case _:
                assert_never(item)

    # --- predictive segments -----------------------------------------------------------

    def _predictive(self, item: t.PredictiveSegment, following: int) -> None:
        self._above(item.name_span.start, 0)
        self._line(0, f"predictive segment {string(item.name)}")
        first = min((clause.span.start for clause in item.clauses), default=following)
        self._behind(item.name_span.end, first)
        self._blocks(item.clauses, self._predictive_clause, following)

    def _predictive_clause(self, clause: pt.PredictiveClause) -> None:
        whole = journey_text.predictive_clause(clause)
        items = clause.items if isinstance(clause, p.Features) else ()
        if not items or (
            len(items) < 2
            and len(whole) + 2 <= WIDTH
            and not self.comments.between(clause.span.start, clause.span.end)
        ):
            self._above(clause.span.end, 2)
            self._line(2, whole)
            return
        self._above(clause.span.start, 2)
        self._line(2, "features (")
        for feature, following in self._with_following(items, clause.span.end):
            self._above(feature.span.end, 4)
            self._line(4, f"{journey_text.feature(feature)},")
            self._behind(feature.span.end, following)
        self._above(clause.span.end, 4)
        self._line(2, ")")

    # --- journeys and their stages -----------------------------------------------------

    def _journey(self, item: t.Journey, following: int) -> None:
        self._above(item.name_span.start, 0)
        self._line(0, f"journey {string(item.name)}")
        end = item.stages[0].span.start if item.stages else following
        self._behind(item.name_span.end, min([end, *(each.span.start for each in item.clauses)]))
        self._blocks(item.clauses, self._journey_clause, end)
        for stage, limit in self._with_following(item.stages, following):
            above = self.comments.before(stage.span.start)
            self.lines.append("")
            self._block(above, stage.span.start)
            self._journey_stage(stage, limit)
            self._behind(stage.span.end, limit)
            self._indented_below(stage.span.end, limit)

    def _journey_stage(self, stage: m.JourneyStage, following: int) -> None:
        self._above(stage.name_span.start, 0)
        self._line(0, f"stage {string(stage.name)}")
        first = min((clause.span.start for clause in stage.clauses), default=following)
        self._behind(stage.name_span.end, first)
        self._blocks(stage.clauses, self._journey_clause, following)

    def _journey_clause(self, clause: m.JourneyClause | m.StageClause) -> None:
        match clause:
            case Described() | InFolder():
                self._above(clause.span.end, 2)
                self._line(2, journey_text.line(clause))
            case jt.Reenters(reentry):
                self._above(clause.span.end, 2)
                self._line(2, f"reentry {reentry}")
            case jt.Meets(word, criterion):
                self._meets(word, criterion)
            case jt.Steps(steps):
                self._above(clause.span.start, 2)
                self._steps("steps ", steps, clause.span.end, 2)
            case _:
                assert_never(clause)

    def _meets(self, word: jt.CriterionWord, criterion: m.Criterion) -> None:
        """A criterion, and on a line of its own where those who meet it go on."""
        jump = criterion.jump
        end = criterion.span.end if jump is None else jump.span.start
        self._above(_end_of_head(criterion, criterion.rule), 2)
        head = f"{word} {string(criterion.name)}{journey_text.described(criterion)} "
        self._rule_lines(head, criterion.rule, 2, end)
        if jump is not None:
            self._behind(criterion.rule.span.end, jump.span.start)
            self._above(jump.span.end, 4)
            self._line(4, journey_text.jump(jump))

    # --- rules -------------------------------------------------------------------------

    def _rule_lines(self, head: str, rule: t.StageRule, indent: int, end: int) -> None:
        """A rule behind its head: on that line where it fits, else in lines below it."""
        whole = self._rule_on_a_line(head, rule, indent)
        if whole is not None:
            self._line(indent, whole)
            return
        assert rule.where is not None, "everyone has a line"
        limit = rule.limit
        self._line(indent, f"{head}where")
        self._behind(rule.span.start + len("where"), rule.where.span.start)
        self._body(rule.where, indent + 2, end if limit is None else limit.span.start)
        if limit is not None:
            self._above(limit.span.end, indent + 2)
            self._line(indent + 2, flat.limit(limit))

    def _rule_on_a_line(
        self, head: str, rule: t.StageRule, indent: int, behind: str = ""
    ) -> str | None:
        """A rule with its head and what is behind it; None where it needs lines of its own."""
        where = rule.where
        limit = "" if rule.limit is None else f" {flat.limit(rule.limit)}"
        if rule.segment is not None:
            self._above(rule.span.end, indent)
            return f"{head}is segment {reference(rule.segment.target, 'segment')}{behind}"
        if where is None:
            self._above(rule.span.end, indent)
            return f"{head}where everyone{limit}{behind}"
        if is_open(where) or self.comments.between(0, rule.span.end):
            return None
        whole = f"{head}where {flat.format_expression(where)}{limit}{behind}"
        return whole if indent + len(whole) <= WIDTH else None

    # --- steps -------------------------------------------------------------------------

    def _steps(self, head: str, steps: m.Block, end: int, indent: int, suffix: str = "") -> None:
        """A block behind its head, which ends at `end`: a short step stays on the line."""
        if not steps:
            self._above(end, indent)
            self._line(indent, f"{head}(){suffix}")
            return
        step = steps[0]
        if isinstance(step, journey_text.PlainStep) and len(steps) == 1:
            whole = f"{head}({journey_text.plain_step(step)}){suffix}"
            if indent + len(whole) <= WIDTH and not self.comments.between(0, end):
                self._line(indent, whole)
                return
        self._line(indent, f"{head}(")
        for step, following in self._with_following(steps, end):
            self._step(step, indent + 2)
            self._behind(step.span.end, following)
        self._above(end, indent + 2)
        self._line(indent, f"){suffix}")

    def _step(self, step: m.Step, indent: int) -> None:
        match step:
            case j.WaitForCondition():
                self._wait(step, indent)
            case j.Decide(name, branches):
                self._above(step.span.start, indent)
                self._line(indent, f"decide {string(name)} (")
                for branch, following in self._with_following(branches, step.span.end):
                    self._branch(branch, indent + 2)
                    self._behind(branch.span.end, following)
                self._end(step.span.end, indent)
            case j.Split(_, variants):
                self._above(step.span.start, indent)
                self._line(indent, f"{journey_text.split_head(step)}(")
                for variant, following in self._with_following(variants, step.span.end):
                    self._above(variant.name_span.end, indent + 2)
                    head = journey_text.variant_head(variant)
                    self._steps(head, variant.steps, variant.span.end, indent + 2, ",")
                    self._behind(variant.span.end, following)
                self._end(step.span.end, indent)
            case _:
                self._above(step.span.end, indent)
                self._line(indent, f"{journey_text.plain_step(step)},")

    def _end(self, end: int, indent: int) -> None:
        """The end of a step with branches."""
        self._above(end, indent + 2)
        self._line(indent, "),")

    def _branch(self, branch: m.Branch, indent: int) -> None:
        rule, end = branch.rule, branch.span.end
        self._above(_end_of_head(branch, rule), indent)
        named = f"{string(branch.name)}{journey_text.described(branch)} "
        if rule is None:
            self._steps(f"otherwise {named}then ", branch.steps, end, indent, ",")
            return
        self._rule_and_steps(f"when {named}", rule, branch.steps, end, indent)

    def _rule_and_steps(
        self, head: str, rule: t.StageRule, steps: m.Block, end: int, indent: int
    ) -> None:
        """A rule and its block, which begins on the line of the rule where that is one."""
        line = self._rule_on_a_line(head, rule, indent, " then ")
        if line is not None:
            self._steps(line, steps, end, indent, ",")
            return
        self._rule_lines(head, rule, indent, steps[0].span.start if steps else end)
        self._steps("then ", steps, end, indent, ",")

    def _wait(self, step: m.WaitForCondition, indent: int) -> None:
        criterion, end = step.criterion, step.span.end
        self._above(_end_of_head(criterion, criterion.rule), indent)
        named = journey_text.named(step.name)
        head = f"wait for {string(criterion.name)}{named}{journey_text.described(criterion)} "
        if step.timeout is None:
            self._rule_and_steps(head, criterion.rule, step.then, end, indent)
            return
        others = step.otherwise_span if step.otherwise else None
        end_of_then = end if others is None else others.start
        first = step.then[0].span.start if step.then else end_of_then
        self._rule_lines(head, criterion.rule, indent, first)
        self._line(indent + 2, f"up to {journey_text.duration(step.timeout)}")
        self._steps("then ", step.then, end_of_then, indent + 2, "," if others is None else "")
        if others is not None:
            self._steps("otherwise ", step.otherwise, end, indent + 2, ",")


def _end_of_head(node: m.Criterion | m.Branch, rule: t.StageRule | None) -> int:
    """Where what stands before a rule ends: comments before its description go above the line."""
    return node.name_span.end if node.description is None or rule is None else rule.span.start
