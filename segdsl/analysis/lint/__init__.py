"""Lints: warnings about conditions that the author may not have meant.

Works on resolved segments, which are free of errors. `fixes` corrects some findings in the source;
`suppressions` removes the findings that are allowed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from segdsl.analysis.lint.duplicates import SegmentKey, report_equivalent_segments
from segdsl.analysis.lint.normal_form import Normalizer
from segdsl.analysis.lint.prefilter import Prefilter, prefilter
from segdsl.diagnostics import Report
from segdsl.language.condition import tree as c

__all__ = [
    "Prefilter",
    "SegmentKey",
    "lint",
    "lint_each",
    "prefilter",
    "report_equivalent_segments",
]


def lint(segments: Sequence[c.Segment], report: Report) -> None:
    """Lints each segment, and reports segments that select the same profiles."""
    prefilters = [prefilter(each) for each in segments]
    report_equivalent_segments(lint_each(segments, prefilters, Normalizer(), report), report)


def lint_each(
    segments: Sequence[c.Segment],
    prefilters: Sequence[Prefilter],
    normal: Normalizer,
    report: Report,
) -> list[SegmentKey]:
    """Lints each segment by itself; returns the keys for `report_equivalent_segments`."""
    fingerprints = Counter(each.fingerprint for each in prefilters)
    keys: list[SegmentKey] = []
    for segment, summary in zip(segments, prefilters, strict=True):
        number: int | None = None
        if not summary.is_plain or fingerprints[summary.fingerprint] > 1:
            node = normal.node(segment.condition)
            number = normal.segment(segment, node)
            if not summary.is_plain:
                from segdsl.analysis.lint.conditions import lint_condition

                lint_condition(segment.condition, node, report)
        keys.append(
            SegmentKey(summary.fingerprint, number, segment.name, segment.span, segment.folder)
        )
    return keys
