"""Reports stages of a funnel that do not narrow the one before, as far as their rules prove it.

What a proof cannot show may still be so in the data; `segdsl preview` counts it.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from segdsl.analysis.lint.implication import Prover, looser
from segdsl.analysis.lint.labels import subject_text
from segdsl.analysis.lint.normal_form import Leaf, Node, Normalizer, leaves
from segdsl.diagnostics import Code, Note, Report
from segdsl.language.condition import tree as c
from segdsl.language.syntax.spelling import string

_ORDER = "the stages of a funnel are written from the widest to the narrowest"


def report_stages(funnels: Iterable[c.Funnel], report: Report) -> None:
    """Reports each stage that is proved not to narrow the stage before it."""
    normal = Normalizer()
    prover = Prover()
    for funnel in funnels:
        rules = [each for each in funnel.stages if each.segment is not None]
        nodes = [normal.node(each.segment.condition) for each in rules if each.segment is not None]
        pairs = zip(pairwise(rules), pairwise(nodes), strict=True)
        for (before, stage), (wide, narrow) in pairs:
            fault = _fault(before, stage, wide, narrow, prover)
            if fault is not None:
                message, help = fault
                report.add(
                    Code.SEG620,
                    stage.span,
                    f"the stage {string(stage.name)} {message}",
                    help=help,
                    notes=(Note("the stage before it", before.span),),
                )


def _fault(
    before: c.Stage, stage: c.Stage, wide: Node, narrow: Node, prover: Prover
) -> tuple[str, str] | None:
    """What is wrong with a stage behind another, and what to do."""
    if prover.excludes(narrow, wide):
        return (
            f"never has a profile of the one before it, {string(before.name)}",
            "change one of the rules: their conditions contradict each other",
        )
    assert before.segment is not None
    assert stage.segment is not None
    if before.segment.limit is not None or stage.segment.limit is not None:
        return None
    if prover.implies(wide, narrow):
        if prover.implies(narrow, wide):
            return f"selects the same profiles as {string(before.name)}", "change one of the rules"
        return f"has all profiles of the one before it, {string(before.name)}", _ORDER
    for subject, condition in looser(narrow, wide):
        shown = _shown(condition, subject)
        return (
            f"allows values of `{shown}` that the one before it, {string(before.name)}, does not",
            f"repeat the condition of {string(before.name)}, or change the order of the stages",
        )
    return None


def _shown(node: Node, subject: int) -> str:
    leaf = next(each for each in leaves(node) if each.subject == subject)
    match leaf:
        case Leaf(c.Test(about)):
            return subject_text(about)
        case Leaf(c.Score() as score):
            return subject_text(score)
        case _:
            raise AssertionError("only tests and scores have a subject")
