"""Segments that select the same profiles, whatever their order and spelling."""

from __future__ import annotations

from collections.abc import Iterable

from segdsl.condition import tree as c
from segdsl.diagnostics import Code, Note, Report
from segdsl.lint.normal import Node, Normal
from segdsl.syntax.text import string


def twins(segments: Iterable[tuple[c.Segment, Node]], normal: Normal, report: Report) -> None:
    """Reports each segment that says the same as one before it."""
    first: dict[int, c.Segment] = {}
    for segment, node in segments:
        before = first.setdefault(normal.segment(segment, node), segment)
        if before is not segment:
            report.add(
                Code.SEG606,
                segment.span,
                f"this segment selects the same profiles as {string(before.name)}",
                help=f"refer to that one instead: `in segment {string(before.name)}`",
                notes=(Note("the other one", before.span),),
            )
