"""Syntax tree to canonical text: one spelling, every comment kept, meaning untouched.

What prints whole files is imported for it; messages quote expressions.
"""

from __future__ import annotations

from segdsl.language.format.flat import format_expression
from segdsl.language.syntax import tree as t
from segdsl.source import Source

__all__ = ["format_expression", "format_file"]


def format_file(file: t.File, source: Source | None = None) -> str:
    """The canonical text; `source` is what the file was parsed from, for its comments.

    Without a source comments come first, as nobody can tell where they stood.
    """
    from segdsl.language.format.comments import Comments
    from segdsl.language.format.printer import FilePrinter

    printer = FilePrinter(Comments(file.comments if source else (), source or Source("", "")))
    if source is None:
        printer.lines.extend(comment.text for comment in file.comments)
    printer.file(file)
    return "\n".join(printer.lines) + "\n" if printer.lines else ""
