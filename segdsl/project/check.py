"""What `segdsl check` does: files loaded, checked with the schema where there is one, linted,
put right where that is asked for, and what was allowed left out.

Reads and, with `put_right`, writes files; asks no server. How it is told is the command line's.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from segdsl.condition.tree import Segment
from segdsl.diagnostics import Report
from segdsl.diagnostics.codes import WARNINGS
from segdsl.files import STDIN, FileError, name_of, read_source, seg_files, write_text
from segdsl.lint import lint
from segdsl.lint.fixes import fix
from segdsl.lint.silence import spoken
from segdsl.live.references import in_order
from segdsl.loading import load_files
from segdsl.lower import lower
from segdsl.project.config import Project, find_project, need_project
from segdsl.project.finding import FILE
from segdsl.resolve import import_key
from segdsl.schema.model import Schema
from segdsl.source import Source
from segdsl.syntax.parser import parse


class Checked(NamedTuple):
    """What is told, the sources that it points into, and what was looked at.

    `schema` is the file of the schema that was used, `may_have_schema` whether there could be
    one that is not there.
    """

    report: Report
    sources: dict[str, Source]
    files: int
    segments: int
    schema: str | None
    may_have_schema: bool


class PutRight(NamedTuple):
    """A file with its text before and after, how much was put right, and how much was not.

    `path` is as it was named; the other number counts fixes that a comment stood in the way of.
    """

    path: str
    name: str
    before: str
    after: str
    made: int
    kept_for_comments: int


class Wanted(NamedTuple):
    """The files to look at, and the project they are in."""

    files: list[str]
    project: Project | None


def wanted(files: Sequence[str], target: str | None) -> Wanted:
    """The files that are named, or all of the project; raises FileError."""
    project = find_project(Path.cwd()) if target is None else need_project(Path.cwd())
    if project is not None:
        project.target(target)
    if files:
        return Wanted(seg_files(files), project)
    if project is None:
        raise FileError(
            f"name a file or a folder to check: without one it is the project's, and there is no "
            f"{FILE} here or in a folder above"
        )
    return Wanted(seg_files([os.path.relpath(project.folder)]), project)


def check(
    of: Wanted,
    settings: Mapping[str, str],
    *,
    target: str | None = None,
    use_schema: bool = True,
    allowed: Sequence[str] = (),
) -> Checked:
    """All that is wrong or odd in files; `allowed` are codes of warnings that are not told."""
    report = Report()
    name, schema = _schema(of.project, target) if use_schema else (None, None)
    groups = [] if schema is None else [each.name for each in schema.customer_groups]
    loaded = load_files(of.files, settings, report, groups)
    for segment in loaded.segments:
        lower(segment, report, symbolic=True)
    _circles(loaded.segments, report)
    if schema is not None:
        from segdsl.checking import check_segments

        check_segments(loaded.segments, schema, report, among=loaded.segments)
    lint(loaded.segments, report)
    told = spoken(
        report,
        loaded.trees,
        loaded.sources,
        allowed=(*allowed, *(of.project.allow if of.project is not None else ())),
        judged=[STDIN if path == "-" else import_key("", name_of(path)) for path in of.files],
        idle=[] if schema is not None else [code for code in WARNINGS if code.name[3] == "5"],
    )
    may_have = use_schema and of.project is not None and schema is None
    used = name if schema is not None else None
    return Checked(told, loaded.sources, loaded.files, len(loaded.segments), used, may_have)


def _schema(project: Project | None, target: str | None) -> tuple[str | None, Schema | None]:
    """The name of the schema's file, and the schema, where the workspace has one."""
    if project is None:
        return None, None
    from segdsl.project.schema import load_schema, schema_path

    name, _ = project.target(target)
    return schema_path(project, name).name, load_schema(project, name)


def _circles(segments: Sequence[Segment], report: Report) -> None:
    """Reports segments that refer to each other; a name that two have means neither."""
    times = Counter(each.name for each in segments)
    in_order([each for each in segments if times[each.name] == 1], report)


def put_right(of: Wanted, allowed: Sequence[str], *, write: bool) -> list[PutRight]:
    """The files with what can be put right by itself; written where asked, but for `-`.

    A file with mistakes is left alone.
    """
    if "-" in of.files and len(of.files) > 1:
        raise FileError("`-` (standard input) and files cannot be put right in one run")
    codes = (*allowed, *(of.project.allow if of.project is not None else ()))
    done: list[PutRight] = []
    for path in of.files:
        source, usable = read_source(path, Report())
        if not usable:
            continue
        text, made, kept = fix(source, codes)
        done.append(PutRight(path, source.name, source.text, text, made, kept))
        if write and made and path != "-":
            write_text(path, text)
    return done


def look_at(of: PutRight) -> tuple[Report, dict[str, Source]]:
    """What is wrong with the text of a file that was put right, as far as it can be parsed."""
    report = Report()
    source = Source(of.name, of.after)
    parse(source, report)
    return report, {source.name: source}
