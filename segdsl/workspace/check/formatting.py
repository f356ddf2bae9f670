"""Files formatted in memory; writing and showing them is the command line's task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from segdsl.diagnostics import Report
from segdsl.files import decode, name_of, seg_bytes, seg_files
from segdsl.language.format import format_file
from segdsl.language.syntax.parser import parse
from segdsl.source import Source


class Formatted(NamedTuple):
    """One file before and after formatting; `after` is None if it has errors.

    `path` is the file as it was named, `-` for standard input.
    """

    path: str
    source: Source
    after: str | None
    changed: bool


def format_files(files: Sequence[str], report: Report) -> list[Formatted]:
    """Formats files, and all .seg files of folders (`-`: standard input), without writing them.

    Errors in a file are added to the report. Raises FileError.
    """
    return [_format(path, report) for path in seg_files(files)]


def _format(path: str, report: Report) -> Formatted:
    before = len(report.diagnostics)
    name = name_of(path)
    data = seg_bytes(path, name, report)
    if data is None:
        return Formatted(path, Source(name, ""), None, False)
    source, usable = decode(data, name, report)
    tree = parse(source, report) if usable else None
    has_errors = any(found.severity == "error" for found in report.diagnostics[before:])
    if tree is None or has_errors:
        return Formatted(path, source, None, False)
    after = format_file(tree, source)
    return Formatted(path, source, after, after.encode() != data)
