"""Reports branches that no profile takes and waits that end at once, as far as rules prove it.

In one evaluation a profile goes on until it comes to a step at which it rests. What it met on the
way there, such as the rule by which it entered the stage, it still meets: a proof may use that up
to the next wait, and not behind it. Who comes to a stage by a jump need not meet its rule: where
one of these journeys jumps there, nothing is known. Rules with a limit are left alone, as others
decide who is among the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from segdsl.analysis.lint.implication import Prover, negation
from segdsl.analysis.lint.normal_form import Node, Normalizer
from segdsl.diagnostics import Code, Note, Report
from segdsl.language import journeys as j
from segdsl.language.condition import tree as c
from segdsl.language.references.journey_facts import journey_facts
from segdsl.language.syntax.spelling import string
from segdsl.language.values import ByName

Known = tuple[tuple[c.Condition, Note], ...]
"""What profiles meet where they are, each with where that was asked."""
Block = j.Block[c.Segment]
_NOTHING: Known = ()


def report_journeys(journeys: Iterable[j.Journey[c.Segment]], report: Report) -> None:
    """Reports what is proved of the steps of journeys."""
    walker = _Walker(report)
    listed = list(journeys)
    targets = _Targets(listed)
    for journey in listed:
        for stage in journey.stages:
            entered = _NOTHING
            has_rule = stage.enter is not None and stage.enter.rule.limit is None
            if stage.enter is not None and has_rule and not targets.has(journey, stage):
                note = Note("who enters the stage meets this", stage.enter.span)
                entered = ((stage.enter.rule.condition, note),)
            walker.block(stage.steps, entered)


class _Targets:
    """The stages that jumps of some journeys lead to, as far as they are named."""

    def __init__(self, journeys: Sequence[j.Journey[c.Segment]]) -> None:
        self._named: set[tuple[str, str]] = set()
        self._any_stage: set[str] = set()
        for journey in journey_facts(journeys):
            for jump in journey.jumps:
                of, stage = jump.target.journey, jump.target.stage
                name = journey.place[1] if of is None else of.name if isinstance(of, ByName) else ""
                if isinstance(stage, ByName):
                    self._named.add((name, stage.name))
                else:
                    self._any_stage.add(name)

    def has(self, journey: j.Journey[c.Segment], stage: j.JourneyStage[c.Segment]) -> bool:
        """Whether a jump may lead to a stage; one to the id of a stage may lead to each."""
        return journey.name in self._any_stage or (journey.name, stage.name) in self._named


class _Walker:
    def __init__(self, report: Report) -> None:
        self.report = report
        self.normal = Normalizer()
        self.prover = Prover()

    def block(self, block: Block, known: Known) -> Known:
        """Walks a block; returns what those know who come to its end in the same evaluation."""
        for step in block:
            match step:
                case j.Activate():
                    pass
                case j.WaitForCondition():
                    self._wait(step, known)
                    known = _NOTHING
                case j.Decide():
                    known = self._decide(step, known)
                case j.Split():
                    kept = [self.block(each.steps, known) for each in step.variants]
                    known = known if all(each == known for each in kept) else _NOTHING
                case j.WaitFor() | j.WaitUntilDate() | j.WaitUntilDays():
                    known = _NOTHING
                case j.Jump() | j.End():
                    break
        return known

    def _wait(self, step: j.WaitForCondition[c.Segment], known: Known) -> None:
        criterion = step.criterion
        then: Known = _NOTHING
        otherwise: Known = _NOTHING
        if criterion.rule.limit is None:
            condition = criterion.rule.condition
            meets = Note("who goes on here meets this", criterion.span)
            then = ((condition, meets),)
            otherwise = ((c.Not(condition), Note("who goes on here does not", criterion.span)),)
            node = self.normal.node(condition)
            reason = self._implying(known, node)
            if reason is not None and not self.prover.always(node):
                self.report.add(
                    Code.SEG632,
                    criterion.span,
                    f"profiles do not wait for {string(criterion.name)}: they meet it already",
                    help="remove the wait, or wait for something else",
                    notes=reason,
                )
        self.block(step.then, then)
        self.block(step.otherwise, otherwise)

    def _decide(self, step: j.Decide[c.Segment], known: Known) -> Known:
        """Looks at the branches in order; each has those who took none before it."""
        before: list[j.Branch[c.Segment]] = []
        passed = known
        kept: list[Known] = []
        for branch in step.branches:
            if branch.rule is None:
                continue
            if branch.rule.limit is not None:
                kept.append(self.block(branch.steps, passed))
                continue
            condition = branch.rule.condition
            if not self._never_meets(branch, known, before):
                before.append(branch)
            meets = Note("who goes on here meets this", branch.name_span)
            kept.append(self.block(branch.steps, (*passed, (condition, meets))))
            passed = (*passed, (c.Not(condition), Note("this branch is before it", branch.span)))
        otherwise = next((branch for branch in step.branches if branch.rule is None), None)
        if otherwise is None:
            # Who meets no branch rests here, and may meet less at a later evaluation.
            return _NOTHING
        if before:
            self._is_left_over(otherwise, known, before)
        kept.append(self.block(otherwise.steps, passed))
        # At the end of a block in the same evaluation what was known at its beginning holds still.
        return known if all(each[: len(known)] == known for each in kept) else _NOTHING

    def _never_meets(
        self, branch: j.Branch[c.Segment], known: Known, before: Sequence[j.Branch[c.Segment]]
    ) -> bool:
        """Reports a branch that nobody takes, and returns whether there is nobody."""
        assert branch.rule is not None
        node = self.normal.node(branch.rule.condition)
        if self.prover.always(negation(node)):
            # That its rule contradicts itself is reported of the rule.
            return True
        excluding = self._excluding(known, node)
        if excluding is not None:
            self._nobody(branch, "all who come here do not meet it", excluding)
            return True
        if not before:
            return False
        earlier = self._any(before)
        both = self._all([*(condition for condition, _ in known), branch.rule.condition])
        if self.prover.always(earlier) or (both and self.prover.implies(both, earlier)):
            notes = self._notes(both, node, before)
            self._nobody(branch, "all who meet it take a branch before it", notes)
            return True
        return False

    def _is_left_over(
        self, branch: j.Branch[c.Segment], known: Known, before: Sequence[j.Branch[c.Segment]]
    ) -> None:
        """Reports an `otherwise` that nobody is left for."""
        every = self._any(before)
        if self.prover.always(every):
            self._nobody(
                branch, "everybody takes a branch before it", self._notes(None, None, before)
            )
        elif (reason := self._implying(known, every)) is not None:
            self._nobody(branch, "all who come here take another branch", reason)

    def _nobody(self, branch: j.Branch[c.Segment], why: str, notes: tuple[Note, ...]) -> None:
        self.report.add(
            Code.SEG631,
            branch.span,
            f"no profile takes the branch {string(branch.name)}: {why}",
            help="remove it, or change the rules or their order",
            notes=notes,
        )

    def _notes(
        self, both: Node | None, own: Node | None, before: Sequence[j.Branch[c.Segment]]
    ) -> tuple[Note, ...]:
        """The branch that has them all, where one alone has."""
        for each in before:
            assert each.rule is not None
            node = self.normal.node(each.rule.condition)
            has_all = self.prover.always(node) or any(
                one is not None and self.prover.implies(one, node) for one in (own, both)
            )
            if has_all:
                return (Note("they take this one", each.span),)
        return ()

    # --- proofs ------------------------------------------------------------------------

    def _all(self, conditions: Sequence[c.Condition]) -> Node | None:
        """The node of conditions that all hold; None where that is no condition at all."""
        asked = [each for each in conditions if not isinstance(each, c.Everyone)]
        if len(asked) < 2:
            return self.normal.node(asked[0]) if asked else None
        return self.normal.node(c.And(tuple(asked)))

    def _any(self, branches: Sequence[j.Branch[c.Segment]]) -> Node:
        rules = [each.rule.condition for each in branches if each.rule is not None]
        return self.normal.node(rules[0] if len(rules) == 1 else c.Or(tuple(rules)))

    def _implying(self, known: Known, node: Node) -> tuple[Note, ...] | None:
        """Where it was asked what implies a condition; None without a proof."""
        for condition, note in known:
            if not isinstance(condition, c.Everyone) and self.prover.implies(
                self.normal.node(condition), node
            ):
                return (note,)
        both = self._all([condition for condition, _ in known])
        if both is not None and len(known) > 1 and self.prover.implies(both, node):
            return tuple(note for _, note in known)
        return None

    def _excluding(self, known: Known, node: Node) -> tuple[Note, ...] | None:
        return self._implying(known, negation(node))
