"""What is reported for a text alone: without a schema, other files or a project."""

from __future__ import annotations

from segdsl.analysis.checking.activations import check_items
from segdsl.analysis.checking.targets import check_stages, check_targets
from segdsl.diagnostics import Diagnostic, Report
from segdsl.language.references.facts import Facts, segment_facts, stage_facts
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
        check_items(items.funnels, items.activations, items.templates, None, report)
        facts = Facts(
            segments=segment_facts(items.segments),
            stages=stage_facts(items.funnels),
            templates=items.templates,
        )
        check_stages(items.segments, facts, None, report)
        check_targets(items.activations, facts, None, report)
    return report.diagnostics, {NAME: source}
