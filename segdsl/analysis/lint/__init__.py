"""Lints: what a segment says that its author may not have meant. Warnings all of them.

Looks at resolved segments and changes nothing; `fixes` changes what can be put right, and
`silence` drops what was allowed. That something is wrong is said by the stages before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from segdsl.analysis.lint.duplicates import Mark, twins
from segdsl.analysis.lint.intervals import bounds, bounds_alone
from segdsl.analysis.lint.merge_into_in import equals
from segdsl.analysis.lint.normal import Leaf, Node, Normal, leaves
from segdsl.analysis.lint.nulls import negated_nulls
from segdsl.analysis.lint.prefilter import Prefilter, prefilter
from segdsl.analysis.lint.redundant import listed_twice, repeats
from segdsl.analysis.lint.relative_times import times
from segdsl.diagnostics import Report
from segdsl.language.condition import tree as c

__all__ = ["Mark", "Prefilter", "lint", "lint_each", "prefilter", "twins"]


def lint(segments: Sequence[c.Segment], report: Report) -> None:
    """Adds what is odd about each segment, and which are the same as another."""
    prefilters = [prefilter(each) for each in segments]
    twins(lint_each(segments, prefilters, Normal(), report), report)


def lint_each(
    segments: Sequence[c.Segment], prefilters: Sequence[Prefilter], normal: Normal, report: Report
) -> list[Mark]:
    """Adds what is odd about each segment by itself; the marks are for `twins`."""
    alike = Counter(each.fingerprint for each in prefilters)
    marks: list[Mark] = []
    for segment, seen in zip(segments, prefilters, strict=True):
        exact: int | None = None
        if not seen.is_plain or alike[seen.fingerprint] > 1:
            node = normal.node(segment.condition)
            exact = normal.segment(segment, node)
            if not seen.is_plain and _look(node, report, in_filter=False):
                equals(segment.condition, report)
        marks.append(Mark(seen.fingerprint, exact, segment.name, segment.span, segment.folder))
    return marks


def _look(of: Node, report: Report, *, in_filter: bool) -> bool:
    """Looks at a node and the filters in it; whether any two conditions ask of one thing."""
    found = list(leaves(of))
    times(of, report)
    crowded = not are_apart(found)
    if crowded:
        negated_nulls(of, report, in_filter=in_filter)
        repeats(of, report)
        bounds(of, report)
    else:
        if any(leaf.negated for leaf in found):
            negated_nulls(of, report, in_filter=in_filter)
        for leaf in found:
            listed_twice(leaf, report)
            bounds_alone(leaf, report)
    for leaf in found:
        if leaf.inside is not None:
            within = in_filter or isinstance(leaf.of, c.Test)
            crowded = _look(leaf.inside, report, in_filter=within) or crowded
    return crowded


def are_apart(found: Sequence[Leaf]) -> bool:
    """Whether each condition asks of something else, so that none can say anything of another.

    Most are, and then there is little to look at. Two subjects may share a key: whether there are
    events can be asked of any count of them.
    """
    subjects: set[int] = set()
    keys: set[int] = set()
    for leaf in found:
        key = leaf.key >> 1
        if leaf.subject in subjects or key in keys:
            return False
        keys.add(key)
        if leaf.subject >= 0:
            subjects.add(leaf.subject)
    return True
