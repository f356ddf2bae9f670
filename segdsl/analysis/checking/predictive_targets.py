"""Predictive segments against the segments that they name: are they there, and batch segments.

What a proof says of their rules is a lint. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from segdsl.analysis.checking.targets import Targets
from segdsl.diagnostics import Code, Report
from segdsl.language import predictive as p
from segdsl.language.syntax.spelling import reference


def uses_of(model: p.PredictiveSegment) -> Iterator[tuple[str, p.SegmentUse]]:
    """The segments that a predictive segment names, each with the word before it."""
    for word, use in (
        ("predicts", model.predicts),
        ("among", model.among),
        ("scores", model.scores),
    ):
        if use is not None:
            yield word, use


def check_uses(models: Iterable[p.PredictiveSegment], targets: Targets, report: Report) -> None:
    """Reports segments that are not there, and realtime ones, which have no batch to learn from."""
    for model in models:
        for word, use in uses_of(model):
            found = targets.segment(use.target, use.span, f"{word} segment")
            if found is not None and found.kind == "realtime":
                report.add(
                    Code.SEG252,
                    use.span,
                    f"the segment {reference(use.target, 'segment')} is a realtime one, and a "
                    "model learns in batches",
                    help="use a batch segment",
                )
