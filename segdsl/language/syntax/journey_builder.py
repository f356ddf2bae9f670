"""Journeys with their stages and steps, as the grammar recognises them.

What the grammar lets through and the language does not take is reported here. Clauses come out in
the order in which they are written.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar, cast

from segdsl.diagnostics import Code
from segdsl.language import journeys as j
from segdsl.language.activations import WEEKDAYS, Weekday
from segdsl.language.syntax import journey_tree as jt
from segdsl.language.syntax import model_items as m
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.base_builder import BaseBuilder, StoppedError
from segdsl.language.syntax.delivery_tree import Described, InFolder
from segdsl.language.syntax.lalr import Child
from segdsl.language.values import Number, Reference, is_iso_timestamp
from segdsl.source import Span

_Clause = TypeVar("_Clause", bound=m.JourneyClause | m.StageClause)
_Step = TypeVar("_Step", bound=m.Step)
_DATE = len("2025-12-01")
_CRITERIA: dict[jt.CriterionWord, str] = {
    "goal": "a goal",
    "enter": "a criterion to enter",
    "milestone": "a milestone",
    "exit": "",
}
# What a clause is called where there are two, in the order in which they are written.
_ORDER = ("a description", "a folder", "a reentry mode", *_CRITERIA.values(), "steps")


def _called(clause: m.JourneyClause | m.StageClause) -> str:
    match clause:
        case Described():
            return "a description"
        case InFolder():
            return "a folder"
        case jt.Reenters():
            return "a reentry mode"
        case jt.Meets(word):
            return _CRITERIA[word]
        case jt.Steps():
            return "steps"


class JourneyBuilder(BaseBuilder):
    """A method for each rule of journeys."""

    # --- the whole and its stages ------------------------------------------------------

    def journey(self, c: list[Child]) -> None:
        clauses: list[m.JourneyClause] = [
            *(child[1] for child in c if child[0] in ("description", "folder", "reentry", "goal"))
        ]
        item = t.Journey(
            self._text(c[1]),
            self._sorted(clauses, "journey"),
            tuple(self._of(c, "journey_stage")),
            self._span(c),
            self._at(c[1]),
        )
        self.items.append(item)

    def journey_stage(self, c: list[Child]) -> m.JourneyStage:
        clauses: list[m.StageClause] = [child[1] for child in c if not child[0].isupper()]
        return m.JourneyStage(
            self._text(c[1]), self._sorted(clauses, "stage"), self._span(c), self._at(c[1])
        )

    def _sorted(self, clauses: Sequence[_Clause], what: str) -> tuple[_Clause, ...]:
        """The clauses in the order in which they are written, the first of each kind."""
        kept: list[_Clause] = []
        seen: set[str] = set()
        for clause in clauses:
            called = _called(clause)
            if called and called in seen:
                self.report.add(
                    Code.SEG011,
                    clause.span,
                    f"this {what} already has {called}",
                    help="keep one of them",
                )
                continue
            seen.add(called)
            kept.append(clause)
        return tuple(sorted(kept, key=lambda clause: _ORDER.index(_called(clause))))

    def reentry(self, c: list[Child]) -> jt.Reenters:
        mode: j.Reentry = (
            "never"
            if c[1][0] == "NEVER"
            else "always"
            if c[1][0] == "ALWAYS"
            else "unless goal achieved"
        )
        return jt.Reenters(mode, self._span(c))

    def goal(self, c: list[Child]) -> jt.Meets[t.StageRule]:
        return jt.Meets(cast(jt.CriterionWord, c[0][1]), c[1][1], self._span(c))

    def enter(self, c: list[Child]) -> jt.Meets[t.StageRule]:
        return self._without_jump(c, "profiles that enter a stage are in it")

    def milestone(self, c: list[Child]) -> jt.Meets[t.StageRule]:
        return self._without_jump(c, "profiles that reach a milestone go on to the next stage")

    exit = goal

    def _without_jump(self, c: list[Child], why: str) -> jt.Meets[t.StageRule]:
        criterion: m.Criterion = c[1][1]
        if criterion.jump is not None:
            self.report.add(
                Code.SEG001,
                criterion.jump.span,
                "only a goal and an exit jump to a stage",
                help=f"remove it: {why}",
            )
        return self.goal(c)

    def criterion(self, c: list[Child]) -> m.Criterion:
        return j.Criterion(
            self._text(c[0]),
            self._one(c, "stage_rule"),
            self._one(c, "jump_target"),
            self._span(c),
            self._at(c[0]),
            self._described(c),
        )

    def _described(self, c: list[Child]) -> str | None:
        described: Described | None = self._one(c, "description")
        return None if described is None else described.text

    def jump_target(self, c: list[Child]) -> j.JourneyStageRef:
        stage, *behind = self._of(c, "ref")
        journey: Reference | None = behind[0] if behind else None
        return j.JourneyStageRef(stage, journey, self._span(c))

    # --- steps -------------------------------------------------------------------------

    def journey_steps(self, c: list[Child]) -> jt.Steps[t.StageRule]:
        return jt.Steps(c[1][1], self._span(c))

    def steps(self, c: list[Child]) -> m.Block:
        return tuple(child[1] for child in c if not child[0].isupper())

    def then(self, c: list[Child]) -> m.Block:
        return cast(m.Block, c[1][1])

    def named(self, c: list[Child]) -> str:
        return self._text(c[1])

    def _name(self, c: list[Child]) -> str | None:
        return cast("str | None", self._one(c, "named"))

    def activate(self, c: list[Child]) -> j.Activate:
        return j.Activate(self._text(c[1]), self._name(c), self._span(c))

    def wait_for(self, c: list[Child]) -> j.WaitFor:
        amount, unit = self._wait(c[1], c[2])
        return j.WaitFor(amount, unit, self._name(c), self._span(c))

    def up_to(self, c: list[Child]) -> tuple[Number, j.WaitUnit]:
        return self._wait(c[2], c[3])

    def _wait(self, amount: Child, unit: Child) -> tuple[Number, j.WaitUnit]:
        number = self._number(amount)
        if not number.is_whole or number.text == "0":
            self.report.add(
                Code.SEG014,
                self._at(amount),
                f"a wait cannot last {amount[1]} {self._unit(unit)}s",
                help="write a whole number from 1 on",
            )
            number = Number("1")
        match self._unit(unit):
            case "day":
                return number, "day"
            case "week":
                return number, "week"
            case other:
                self.report.add(
                    Code.SEG014,
                    self._at(unit),
                    f"a wait cannot be counted in {other}s",
                    help="a journey waits for days or weeks",
                )
                return number, "day"

    def wait_until(self, c: list[Child]) -> j.WaitUntilDate | j.WaitUntilDays:
        zone, name, span = self._one(c, "zone"), self._name(c), self._span(c)
        if c[2][0] == "DATE":
            return j.WaitUntilDate(self._day(c[2]), zone, name, span)
        return j.WaitUntilDays(self._days(c), zone, name, span)

    def _day(self, child: Child) -> str:
        text: str = child[1]
        if not is_iso_timestamp(text):
            self.report.add(
                Code.SEG016,
                self._at(child),
                f"{text} does not exist in the calendar",
                help="write a date that exists",
            )
        elif len(text) > _DATE:
            self.report.add(
                Code.SEG013,
                self._at(child),
                "a wait ends on a date, without a time",
                help=f"write `{text[:_DATE]}`",
            )
        return text[:_DATE]

    def _days(self, c: list[Child]) -> tuple[Weekday, ...]:
        days: list[Weekday] = []
        for child in c:
            if child[0] == "weekday" and child[1] in days:
                self.report.add(
                    Code.SEG011,
                    self._at(child),
                    f"`{child[1]}` is already listed",
                    help="keep one of them",
                )
            elif child[0] == "weekday":
                days.append(child[1])
        return tuple(day for day in WEEKDAYS if day in days)

    def wait_condition(self, c: list[Child]) -> m.WaitForCondition:
        name = c[2]
        rule = next(child for child in c if child[0] == "stage_rule")
        where = Span(self.file, name[2], rule[3])
        described = self._described(c)
        criterion = j.Criterion(self._text(name), rule[1], None, where, self._at(name), described)
        timeout = self._one(c, "up_to")
        then: m.Block = self._one(c, "then")
        otherwise: m.Block = ()
        at = self._at(c[-1])
        if c[-2][0] == "OTHERWISE":
            otherwise, at = c[-1][1], self._span(c[-2:])
            if timeout is None:
                self.report.add(
                    Code.SEG001,
                    at,
                    "a wait without an end has no `otherwise`",
                    help="write how long they wait at most behind the condition: `up to 2 weeks`",
                )
                otherwise = ()
        step = j.WaitForCondition(
            criterion, then, timeout, otherwise, self._name(c), self._span(c), at
        )
        return self._nested(step, (then, otherwise))

    def decide(self, c: list[Child]) -> m.Decide:
        branches: list[m.Branch] = self._of(c, "decision")
        others = [branch for branch in branches if branch.rule is None]
        for branch in others[1:]:
            self.report.add(
                Code.SEG011,
                branch.span,
                "this decision already has an `otherwise`",
                help="keep one of them",
            )
        step = j.Decide(self._text(c[1]), tuple(branches), self._span(c))
        return self._nested(step, [branch.steps for branch in branches])

    def decision(self, c: list[Child]) -> m.Branch:
        return j.Branch(
            self._text(c[1]),
            self._one(c, "stage_rule"),
            c[-1][1],
            self._span(c),
            self._at(c[1]),
            self._described(c),
        )

    def split(self, c: list[Child]) -> m.Split:
        variants: list[m.Variant] = self._of(c, "variant")
        step = j.Split(self._text(c[1]), tuple(variants), self._one(c, "name"), self._span(c))
        return self._nested(step, [variant.steps for variant in variants])

    def variant(self, c: list[Child]) -> m.Variant:
        percentage = self._number(c[0])
        if not 0 <= percentage.value <= 100:
            self.report.add(
                Code.SEG013,
                self._span(c[:2]),
                f"`{c[0][1]}%` is not a share of the profiles",
                help="write a share from 0% to 100%",
            )
        return j.Variant(
            self._text(c[2]),
            percentage,
            "CONTROL" in self._kinds(c),
            self._one(c, "cap"),
            c[-1][1],
            self._span(c),
            self._at(c[2]),
        )

    def cap(self, c: list[Child]) -> Number:
        number = self._number(c[2])
        if number.is_whole and 1 <= number.value <= j.MAX_CAP:
            return number
        self.report.add(
            Code.SEG013,
            self._at(c[2]),
            f"`{c[2][1]}` is not a number of profiles",
            help=f"write a whole number from 1 to {j.MAX_CAP:,}".replace(",", ""),
        )
        return Number("1")

    def jump(self, c: list[Child]) -> j.Jump:
        return j.Jump(c[0][1], self._name(c), self._span(c))

    def end(self, c: list[Child]) -> j.End:
        return j.End(self._name(c), self._span(c))

    def _nested(self, step: _Step, blocks: Sequence[m.Block]) -> _Step:
        """Notes how deep a step is."""
        inner = (each for block in blocks for each in block)
        depth = 1 + max((self._depth(each)[0] for each in inner), default=0)
        if depth > j.MAX_NESTING:
            self.report.add(
                Code.SEG007,
                step.span,
                f"these steps are nested more than {j.MAX_NESTING} levels deep",
                help="move inner steps to another stage, and jump there",
            )
            raise StoppedError
        self.depths[id(step)] = (step, depth, 0)
        return step
