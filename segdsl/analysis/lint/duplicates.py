"""Segments that select the same profiles, whatever their order and spelling."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from segdsl.diagnostics import Code, Note, Report
from segdsl.language.condition.tree import folder_path, spellings
from segdsl.language.syntax.spelling import reference, string
from segdsl.source import Span


def _named(one: Mark, other: Mark) -> str:
    """How one is referred to, with its folder where the other has the same name."""
    alone, with_folder = spellings(folder_path(one.folder), one.name)
    return reference(with_folder if one.name == other.name else alone, "segment")


class Mark(msgspec.Struct, frozen=True):
    """A segment as far as others are compared with it.

    `fingerprint` is that of a prefilter. `number` is that of `Normal.segment`, asked for only where
    another segment of the run has the same fingerprint.
    """

    fingerprint: int
    number: int | None
    name: str
    span: Span
    folder: str | None = None


def twins(segments: Iterable[Mark], report: Report) -> None:
    """Reports each segment that says the same as one before it.

    Two of one name and folder are one too many, and reported as that alone.
    """
    first: dict[tuple[int, int], Mark] = {}
    for segment in segments:
        if segment.number is None:
            continue
        before = first.setdefault((segment.fingerprint, segment.number), segment)
        if before is not segment and (before.name, before.folder) != (segment.name, segment.folder):
            report.add(
                Code.SEG606,
                segment.span,
                f"this segment selects the same profiles as {string(before.name)}",
                help=f"refer to that one instead: `in segment {_named(before, segment)}`",
                notes=(Note("the other one", before.span),),
            )
