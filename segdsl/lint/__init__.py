"""Lints: what a segment says that its author may not have meant. Warnings all of them.

Looks at resolved segments and changes nothing; `fixes` changes what can be put right, and
`silence` drops what was allowed. That something is wrong is said by the stages before.
"""

from __future__ import annotations

from collections.abc import Sequence

from segdsl.condition import tree as c
from segdsl.diagnostics import Report
from segdsl.lint.bounds import bounds
from segdsl.lint.equals import equals
from segdsl.lint.normal import Node, Normal, leaves
from segdsl.lint.nulls import negated_nulls
from segdsl.lint.repeats import repeats
from segdsl.lint.twins import Mark, twins

__all__ = ["Mark", "lint", "lint_each", "twins"]


def lint(segments: Sequence[c.Segment], report: Report) -> None:
    """Adds what is odd about each segment, and which are the same as another."""
    twins(lint_each(segments, Normal(), report), report)


def lint_each(segments: Sequence[c.Segment], normal: Normal, report: Report) -> list[Mark]:
    """Adds what is odd about each segment by itself; the marks are for `twins`."""
    marks: list[Mark] = []
    for segment in segments:
        node = normal.node(segment.condition)
        equals(segment.condition, report)
        _look(node, report, in_filter=False)
        marks.append(Mark(normal.segment(segment, node), segment.name, segment.span))
    return marks


def _look(of: Node, report: Report, *, in_filter: bool) -> None:
    negated_nulls(of, report, in_filter=in_filter)
    repeats(of, report)
    bounds(of, report)
    for leaf in leaves(of):
        if leaf.inside is not None:
            _look(leaf.inside, report, in_filter=in_filter or isinstance(leaf.of, c.Test))
