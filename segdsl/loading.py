"""Files to resolved segments in one call: what every command that takes files begins with.

Reads, parses and resolves; whatever is wrong is in the report. Nothing is made of the
segments here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from segdsl.condition.tree import Segment
from segdsl.diagnostics import Report
from segdsl.files import load_programs, seg_files
from segdsl.resolve import check_settings, resolve
from segdsl.source import Source


class Loaded(NamedTuple):
    """The segments in the order of the files, each source by name, how many files were named."""

    segments: tuple[Segment, ...]
    sources: dict[str, Source]
    files: int


def load_segments(paths: Iterable[str], settings: Mapping[str, str], report: Report) -> Loaded:
    """The segments of files and folders (`-`: standard input); those with mistakes are left out.

    `settings` gives params their values, as texts, by name.
    """
    files = seg_files(paths)
    programs, sources = load_programs(files, report)
    check_settings(programs, settings, report)
    segments = [each for program in programs for each in resolve(program, report, settings)]
    return Loaded(tuple(segments), sources, len(files))
