"""What `segdsl check` does: files loaded, checked with the schema where there is one, linted,
put right where that is asked for, and what was allowed left out.

Reads and, with `put_right`, writes files; asks no server. How it is told is the command line's.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from segdsl.diagnostics import Report
from segdsl.errors import FileError, InputError
from segdsl.files import read_bytes, read_seg, write_text
from segdsl.source import Source
from segdsl.workspace.check.check_cache import FEWEST, Keeper, Kept, files_told
from segdsl.workspace.check.inputs import NotLookedAt, Wanted

if TYPE_CHECKING:
    from segdsl.workspace.check.check_runner import Basis
    from segdsl.workspace.project.config import Project


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


def check(
    wanted: Wanted,
    settings: Mapping[str, str],
    *,
    target: str | None = None,
    use_schema: bool = True,
    allowed: Sequence[str] = (),
    keep: bool = True,
) -> Checked:
    """All that is wrong or odd in files; `allowed` are codes of warnings that are not told.

    Of a project's files what was found is kept, with `keep`, and told again while nothing has
    changed.
    """
    project = wanted.project
    codes = (*allowed, *(project.allow if project is not None else ()))
    path = _schema_path(project, target) if project is not None else None
    text = read_bytes(str(path)) if path is not None else None
    may_have = use_schema and project is not None and path is None
    elsewhere = NotLookedAt(wanted, target)
    schema = _SchemaFile(path, use_schema)
    if project is None or not keep or "-" in wanted.files or len(wanted.files) < FEWEST:
        found, sources = _look(wanted, settings, codes, schema, elsewhere)
        return _checked(found, sources, wanted, may_have)
    options = [sorted(settings.items()), codes, str(path), use_schema, bool(wanted.rest)]
    keeper = Keeper(str(project.folder), wanted.files, options)
    basis = keeper.basis(text)
    again = keeper.again(basis)
    if again is not None:
        return _checked(*again, wanted, may_have)
    found, sources = _look(wanted, settings, codes, schema, elsewhere)
    # What changed while it was looked at is not known: only what was there before counts. Nor is
    # what other files will say.
    if not elsewhere.was_asked and (path is None or read_bytes(str(path)) == text):
        keeper.keep(msgspec.structs.replace(found, basis=basis))
    return _checked(found, sources, wanted, may_have)


def _checked(
    found: Kept, sources: Mapping[str, Source], wanted: Wanted, may_have_schema: bool
) -> Checked:
    report = Report()
    report.diagnostics.extend(found.diagnostics)
    return Checked(
        report, dict(sources), len(wanted.files), found.segments, found.schema, may_have_schema
    )


def _schema_path(project: Project, target: str | None) -> Path | None:
    """The file of the target's schema, where there is one."""
    from segdsl.workspace.project.schema import schema_path

    path = schema_path(project, project.target(target)[0])
    return path if path.exists() else None


class _SchemaFile(NamedTuple):
    """A schema's file, if any, and whether segments are checked with it."""

    path: Path | None
    is_used: bool

    def basis(self, settings: Mapping[str, str], allowed: Sequence[str]) -> Basis:
        """What files are judged by; raises SchemaError."""
        from segdsl.workspace.check.check_runner import Basis
        from segdsl.workspace.project.schema import schema_in

        schema = None if self.path is None else schema_in(self.path)
        owners = None if schema is None else schema.owners
        return Basis(settings, schema if self.is_used else None, tuple(allowed), owners)


def _look(
    wanted: Wanted,
    settings: Mapping[str, str],
    allowed: Sequence[str],
    schema: _SchemaFile,
    elsewhere: NotLookedAt,
) -> tuple[Kept, dict[str, Source]]:
    """Checks files from the beginning: in several processes where there are many."""
    from segdsl.workspace.check.check_runner import judge_here, judge_many, together

    basis = schema.basis(settings, allowed)
    parts = judge_many(wanted.files, basis)
    sources: dict[str, Source] | None = None
    if parts is None:
        here = judge_here(wanted.files, basis)
        sources = here.loaded.sources
        parts = [here.judged]

    def used() -> Collection[str]:
        known = parts[0].used if len(parts) == 1 else None
        return known if known is not None else judge_here(wanted.files, basis).judged.used or ()

    report = together(
        parts,
        wanted.files,
        basis,
        used,
        elsewhere if wanted.project is not None else None,
        whole=not wanted.rest,
    )
    found = Kept(
        b"",
        {name: known for part in parts for name, known in part.digests.items()},
        tuple(report.diagnostics),
        sum(len(part.names) for part in parts),
        schema.path.name if schema.path is not None and schema.is_used else None,
    )
    if sources is None:
        told = files_told(report.diagnostics)
        sources = {name: read_seg(name, Report())[0] for name in found.files if name in told}
    return found, sources


def put_right(wanted: Wanted, allowed: Sequence[str], *, write: bool) -> list[PutRight]:
    """The files with what can be put right by itself; written where asked, but for `-`.

    A file with mistakes is left alone.
    """
    if "-" in wanted.files and len(wanted.files) > 1:
        raise InputError("`-` (standard input) and files cannot be put right in one run")
    from segdsl.analysis.lint.fixes import fix

    codes = (*allowed, *(wanted.project.allow if wanted.project is not None else ()))
    unused = _unused(wanted)
    done: list[PutRight] = []
    for path in wanted.files:
        source, usable = read_seg(path, Report())
        if not usable:
            continue
        text, made, kept = fix(source, codes, unused.get(path, ()))
        done.append(PutRight(path, source.name, source.text, text, made, kept))
        if write and made and path != "-":
            write_text(path, text)
    return done


def _unused(wanted: Wanted) -> Mapping[str, Collection[str]]:
    """The names of definitions that nothing uses, by path; none where a file cannot be read."""
    from segdsl.analysis.lint.unused import unused_among
    from segdsl.language.syntax.parser import parse
    from segdsl.language.syntax.tree import File
    from segdsl.workspace.check.check_runner import keys_of

    report = Report()
    trees: dict[str, File] = {}
    paths = dict(zip(keys_of(wanted.files), wanted.files, strict=True))
    try:
        for key, path in zip(
            keys_of((*wanted.files, *wanted.rest)), (*wanted.files, *wanted.rest), strict=True
        ):
            if path == "-":
                # What is on the standard input can be read once, and may be any file.
                return {}
            source, usable = read_seg(path, report)
            if usable:
                trees[key] = parse(source, report)
    except FileError:
        return {}
    if report.has_errors:
        return {}
    found = unused_among(trees, whole=wanted.project is not None)
    return {paths[key]: names for key, names in found.items() if key in paths}


def look_at(fixed: PutRight) -> tuple[Report, dict[str, Source]]:
    """What is wrong with the text of a file that was put right, as far as it can be parsed."""
    from segdsl.language.syntax.parser import parse

    report = Report()
    source = Source(fixed.name, fixed.after)
    parse(source, report)
    return report, {source.name: source}
