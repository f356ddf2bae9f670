"""Where a segment is: its folder and its name, which no two segments have both.

Looks at what files say; what is on a server is not asked.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from segdsl.diagnostics import Code, Note, Report
from segdsl.language.condition.tree import folder_path
from segdsl.language.syntax.spelling import string
from segdsl.source import Span

Folder = tuple[str, ...]


class Placed(Protocol):
    """A segment as far as its place goes."""

    @property
    def name(self) -> str: ...
    @property
    def folder(self) -> str | None: ...
    @property
    def span(self) -> Span: ...


def one_of_each(segments: Iterable[Placed], report: Report) -> None:
    """Reports a segment whose place another has already.

    In one file only where the place is spelled in two ways: the rest is told when it is read.
    """
    named: dict[str, list[Placed]] = {}
    for each in segments:
        named.setdefault(each.name, []).append(each)
    for several in named.values():
        if len(several) > 1:
            _one_of_each(several, report)


def _one_of_each(segments: Iterable[Placed], report: Report) -> None:
    """The same of segments of one name."""
    seen: dict[Folder, Placed] = {}
    for each in segments:
        first = seen.setdefault(folder_path(each.folder), each)
        here = first.span.file == each.span.file
        if first is not each and not (here and first.folder == each.folder):
            what = (
                "another segment of this file is"
                if here
                else "another of these files has a segment"
            )
            report.add(
                Code.SEG111,
                each.span,
                f"{what} named {string(each.name)} too",
                help="the API keeps names unique within a folder: give it another name or folder",
                notes=(Note("the first one", first.span),),
            )
