"""What is reported for a text alone: without a schema, other files or a project."""

from __future__ import annotations

from segdsl.diagnostics import Diagnostic, Report
from segdsl.language.resolve import Program, resolve
from segdsl.language.syntax.parser import parse
from segdsl.rules.lower import lower
from segdsl.source import Source

NAME = "example.seg"


def reported(text: str) -> tuple[list[Diagnostic], dict[str, Source]]:
    """The findings of parsing, resolving and lowering a text, and its source by name."""
    report = Report()
    source = Source(NAME, text)
    tree = parse(source, report)
    if not report.has_errors:
        for segment in resolve(Program(NAME, {NAME: tree}), report):
            lower(segment, report)
    return report.diagnostics, {NAME: source}
