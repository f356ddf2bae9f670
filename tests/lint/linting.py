"""A text to what the lints say of it, for tests that show text in and findings out."""

from __future__ import annotations

from segdsl.analysis.lint import lint
from segdsl.diagnostics import Diagnostic, Report
from segdsl.language.resolve import Program, resolve
from segdsl.language.syntax.parser import parse
from segdsl.source import Source

NAME = "test.seg"


def findings(text: str) -> list[Diagnostic]:
    """What is found in a file, which must be without errors."""
    report = Report()
    file = parse(Source(NAME, text), report)
    segments = resolve(Program(NAME, {NAME: file}), report)
    assert not report.has_errors, [of.message for of in report.diagnostics]
    lint(segments, report)
    return report.diagnostics


def codes(where: str, *without: str) -> list[str]:
    """The codes found in a segment with that `where`, but for those left out."""
    found = [of.code.name for of in findings(f'segment "x" where {where}')]
    return [code for code in found if code not in without]


def places(where: str) -> list[tuple[str, str]]:
    """The same with the text that each points at."""
    text = f'segment "x" where {where}'
    return [
        (of.code.name, text[of.span.start : of.span.end])
        for of in findings(text)
        if of.span is not None
    ]
