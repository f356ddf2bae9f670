"""Reports segments that select the same profiles, independent of order and spelling."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from segdsl.diagnostics import Code, Note, Report
from segdsl.language.condition.tree import folder_path, spellings
from segdsl.language.syntax.spelling import reference, string
from segdsl.source import Span


def _named(one: SegmentKey, other: SegmentKey) -> str:
    """A reference to a segment, with its folder if the other one has the same name."""
    alone, with_folder = spellings(folder_path(one.folder), one.name)
    return reference(with_folder if one.name == other.name else alone, "segment")


class SegmentKey(msgspec.Struct, frozen=True):
    """The key of a segment for comparison with others.

    `fingerprint` is that of a prefilter. `number` is that of `Normalizer.segment`, computed only if
    another segment of the run has the same fingerprint.
    """

    fingerprint: int
    number: int | None
    name: str
    span: Span
    folder: str | None = None


def report_equivalent_segments(segments: Iterable[SegmentKey], report: Report) -> None:
    """Reports each segment that is equal to an earlier one.

    Two with the same name and folder are another error, and not reported here.
    """
    first: dict[tuple[int, int], SegmentKey] = {}
    for segment in segments:
        if segment.number is None:
            continue
        before = first.setdefault((segment.fingerprint, segment.number), segment)
        if before is not segment and (before.name, before.folder) != (segment.name, segment.folder):
            report.add(
                Code.SEG606,
                segment.span,
                f"this segment selects the same profiles as {string(before.name)}",
                help=f"refer to it instead: `in segment {_named(before, segment)}`",
                notes=(Note("the other segment", before.span),),
            )
