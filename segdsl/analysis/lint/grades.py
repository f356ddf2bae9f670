"""Reports grades of scores that no profile has."""

from __future__ import annotations

from segdsl.analysis.lint.normal_form import Leaf
from segdsl.diagnostics import Code, Report
from segdsl.language.condition import tree as c
from segdsl.language.values import Number

LOWEST, HIGHEST = 1, 4
"""Grades of a predictive segment: three thresholds make four of them (described)."""


def report_grades(leaf: Leaf, report: Report) -> None:
    """Reports a score that is asked for outside the grades there are."""
    score = leaf.condition
    if not isinstance(score, c.Score):
        return
    outside = [each for each in (score.low, score.high) if not _is_grade(each)]
    if not outside:
        return
    reaches = score.high.value >= LOWEST and score.low.value <= HIGHEST
    shown = f"`between {score.low.text} and {score.high.text}`"
    report.add(
        Code.SEG639,
        leaf.span,
        f"{shown} asks for grades that no score has"
        if reaches
        else f"no score has a grade {shown}",
        help=f"the grades are {LOWEST} to {HIGHEST}, the highest scores have {HIGHEST}",
        via=leaf.via,
    )


def _is_grade(number: Number) -> bool:
    return number.is_bounded and LOWEST <= number.value <= HIGHEST
