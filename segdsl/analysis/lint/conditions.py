"""The lints of one condition; loaded for the first that the prefilter does not spare."""

from __future__ import annotations

from collections.abc import Sequence

from segdsl.analysis.lint.grades import report_grades
from segdsl.analysis.lint.intervals import report_contradiction, report_contradictions
from segdsl.analysis.lint.merge_into_in import report_mergeable
from segdsl.analysis.lint.normal_form import Leaf, Node, leaves
from segdsl.analysis.lint.nulls import report_negated_nulls
from segdsl.analysis.lint.redundant import report_redundant, report_repeated_values
from segdsl.analysis.lint.relative_times import report_relative_times
from segdsl.diagnostics import Report
from segdsl.language.condition import tree as c


def lint_condition(condition: c.Condition, node: Node, report: Report) -> None:
    """Lints a condition, of which `node` is the normal form."""
    if _lint_node(node, report, in_filter=False):
        report_mergeable(condition, report)


def _lint_node(node: Node, report: Report, *, in_filter: bool) -> bool:
    """Lints a node and the filters in it; returns whether two conditions share a subject."""
    all_leaves = list(leaves(node))
    report_relative_times(node, report)
    share_subject = not have_distinct_subjects(all_leaves)
    if share_subject:
        report_negated_nulls(node, report, in_filter=in_filter)
        report_redundant(node, report)
        report_contradictions(node, report)
    else:
        if any(leaf.negated for leaf in all_leaves):
            report_negated_nulls(node, report, in_filter=in_filter)
        for leaf in all_leaves:
            report_repeated_values(leaf, report)
            report_contradiction(leaf, report)
    for leaf in all_leaves:
        if isinstance(leaf.condition, c.Score):
            report_grades(leaf, report)
        if leaf.inside is not None:
            within = in_filter or isinstance(leaf.condition, c.Test)
            share_subject = _lint_node(leaf.inside, report, in_filter=within) or share_subject
    return share_subject


def have_distinct_subjects(leaves_: Sequence[Leaf]) -> bool:
    """Whether all conditions have different subjects, so that no two can interact.

    This is the common case, which needs few checks. Different subjects may share a key: any count
    can test whether there are events.
    """
    subjects: set[int] = set()
    keys: set[int] = set()
    for leaf in leaves_:
        key = leaf.key >> 1
        if leaf.subject in subjects or key in keys:
            return False
        keys.add(key)
        if leaf.subject >= 0:
            subjects.add(leaf.subject)
    return True
