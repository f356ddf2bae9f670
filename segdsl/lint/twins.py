"""Segments that select the same profiles, whatever their order and spelling."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from segdsl.diagnostics import Code, Note, Report
from segdsl.source import Span
from segdsl.syntax.text import string


class Mark(msgspec.Struct, frozen=True):
    """A segment as far as others are compared with it.

    `likeness` is that of a glance, and `number` that of `Normal.segment`, where it was asked for:
    it is wherever another of those that were looked at together has the same likeness.
    """

    likeness: int
    number: int | None
    name: str
    span: Span
    folder: str | None = None


def twins(segments: Iterable[Mark], report: Report) -> None:
    """Reports each segment that says the same as one before it."""
    first: dict[tuple[int, int], Mark] = {}
    for segment in segments:
        if segment.number is None:
            continue
        before = first.setdefault((segment.likeness, segment.number), segment)
        if before is not segment:
            report.add(
                Code.SEG606,
                segment.span,
                f"this segment selects the same profiles as {string(before.name)}",
                help=f"refer to that one instead: `in segment {string(before.name)}`",
                notes=(Note("the other one", before.span),),
            )
