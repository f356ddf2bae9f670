"""Where findings are, in lines and columns, and the order in which they are reported.

Shared by the text and the machine forms, so that all of them agree; it renders nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from segdsl.diagnostics.report import Diagnostic
from segdsl.source import Source, Span

Sources = Mapping[str, Source]


class Place(msgspec.Struct, frozen=True):
    """Lines and columns count from 1, columns in characters; the end is behind the last one."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int


def place_of(span: Span | None, sources: Sources) -> Place | None:
    """The place of a span, or None where it has none or its source is not at hand."""
    source = sources.get(span.file) if span is not None else None
    if span is None or source is None:
        return None
    start, end = span.start, max(span.start, span.end)
    return Place(
        span.file,
        source.line_of(start),
        source.column_of(start),
        source.line_of(end),
        source.column_of(end),
    )


def place_in_text(diagnostic: Diagnostic, sources: Sources) -> Place | None:
    """The place of a finding; None for one that has a path in a JSON document instead."""
    return None if diagnostic.path is not None else place_of(diagnostic.span, sources)


def file_of(diagnostic: Diagnostic) -> str | None:
    """The file that a finding is in, where it is in one."""
    return diagnostic.span.file or None if diagnostic.span is not None else None


def in_order(diagnostics: Iterable[Diagnostic], sources: Sources) -> list[Diagnostic]:
    """By file in the order they were read, then by position; those without a place last.

    Findings at one place stay in the order of their discovery.
    """
    files = {name: rank for rank, name in enumerate(sources)}
    last = len(files)

    def key(diagnostic: Diagnostic) -> tuple[int, int, int]:
        if diagnostic.span is None:
            return (last, 0, 0)
        return (files.get(diagnostic.span.file, last), diagnostic.span.start, diagnostic.span.end)

    return sorted(diagnostics, key=key)


def tally(diagnostics: Sequence[Diagnostic]) -> str:
    """`2 errors, 1 warning`; nothing where there are none."""
    errors = sum(of.severity == "error" for of in diagnostics)
    warnings = len(diagnostics) - errors
    parts = [
        counted(number, word)
        for number, word in ((errors, "error"), (warnings, "warning"))
        if number
    ]
    return ", ".join(parts)


def counted(number: int, word: str) -> str:
    """`1 file`, `2,000 files`."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"
