"""Places of segments and funnels: no two of a kind may have the same folder and name.

Compares the files with each other; the server is not considered.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from segdsl.diagnostics import Code, Note, Report
from segdsl.language.condition.tree import folder_path
from segdsl.language.syntax.spelling import string
from segdsl.source import Span

Folder = tuple[str, ...]


class Located(Protocol):
    """The part of a segment that says where it is."""

    @property
    def name(self) -> str: ...
    @property
    def folder(self) -> str | None: ...
    @property
    def span(self) -> Span: ...


def report_duplicates(segments: Iterable[Located], report: Report, noun: str = "segment") -> None:
    """Reports each segment, or what else the noun says, whose folder and name an earlier one has.

    Within one file only if the folder is spelled differently: the resolver reports the others.
    """
    by_name: dict[str, list[Located]] = {}
    for segment in segments:
        by_name.setdefault(segment.name, []).append(segment)
    for namesakes in by_name.values():
        if len(namesakes) > 1:
            _report_namesakes(namesakes, report, noun)


def _report_namesakes(segments: Iterable[Located], report: Report, noun: str) -> None:
    """Reports the duplicates among segments with the same name."""
    seen: dict[Folder, Located] = {}
    for segment in segments:
        first = seen.setdefault(folder_path(segment.folder), segment)
        same_file = first.span.file == segment.span.file
        if first is not segment and not (same_file and first.folder == segment.folder):
            what = f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
            where = f"another {noun} of this file is" if same_file else f"{what} of another file is"
            report.add(
                Code.SEG111,
                segment.span,
                f"{where} named {string(segment.name)} too",
                help="the API keeps names unique within a folder: give it another name or folder",
                notes=(Note("the first one", first.span),),
            )
