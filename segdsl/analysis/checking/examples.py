"""What is reported for a text alone: without a schema, other files or a project."""

from __future__ import annotations

from segdsl.analysis.checking.activations import check_items
from segdsl.analysis.checking.references import check_text
from segdsl.diagnostics import Diagnostic, Report
from segdsl.language.journeys import rules
from segdsl.language.resolve import Program, resolve_all
from segdsl.language.syntax.parser import parse
from segdsl.rules.lower import lower
from segdsl.source import Source

NAME = "example.seg"


def reported(text: str) -> tuple[list[Diagnostic], dict[str, Source]]:
    """The findings of parsing, resolving, lowering and checking a text, and its source by name."""
    report = Report()
    source = Source(NAME, text)
    tree = parse(source, report)
    if not report.has_errors:
        items = resolve_all(Program(NAME, {NAME: tree}), report)
        for segment in items.segments:
            lower(segment, report)
        check_items(
            items.funnels,
            items.activations,
            items.templates,
            None,
            report,
            models=items.predictive_segments,
            journeys=items.journeys,
        )
        of_journeys = [rule for journey in items.journeys for rule in rules(journey)]
        check_text(items, [*items.segments, *of_journeys], None, report)
    return report.diagnostics, {NAME: source}
