"""What `segdsl check` does: loads files, checks them with the schema if there is one, lints them,
fixes them on request, and leaves suppressed warnings out.

Reads files, and writes them with `fix_files`; asks no server. Output is the command line's.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from segdsl.diagnostics import Report
from segdsl.errors import FileError, InputError
from segdsl.files import read_bytes, read_seg, write_text
from segdsl.source import Source
from segdsl.workspace.check.check_cache import (
    MIN_FILES,
    CachedCheck,
    CheckCache,
    Counts,
    files_in,
)
from segdsl.workspace.check.inputs import InputFiles, OtherFilesReader

if TYPE_CHECKING:
    from segdsl.workspace.check.check_runner import Basis
    from segdsl.workspace.project.config import Project


class Checked(msgspec.Struct, frozen=True):
    """The report, the sources that it points into, and what was checked.

    `schema` is the file of the schema that was used, `may_have_schema` whether there could be
    one that is not there.
    """

    report: Report
    sources: dict[str, Source]
    files: int
    segments: int
    schema: str | None
    may_have_schema: bool
    others: Counts


class FileFix(msgspec.Struct, frozen=True):
    """A file with its text before and after, how many fixes were made, and how many were not.

    `path` is as it was named; `kept_for_comments` counts fixes that would have lost a comment.
    """

    path: str
    name: str
    before: str
    after: str
    made: int
    kept_for_comments: int


def check(
    inputs: InputFiles,
    settings: Mapping[str, str],
    *,
    target: str | None = None,
    use_schema: bool = True,
    allowed: Sequence[str] = (),
    keep: bool = True,
    now: datetime | None = None,
) -> Checked:
    """Checks files; `allowed` are the codes of suppressed warnings.

    Schedules are compared with `now`, an aware time, by default that of a local target or else the
    current one.
    With `keep` the result for a project's files is cached, and used again while nothing changes.
    """
    project = inputs.project
    codes = (*allowed, *(project.allow if project is not None else ()))
    path = _schema_path(project, target) if project is not None else None
    text = read_bytes(str(path)) if path is not None else None
    may_have = use_schema and project is not None and path is None
    elsewhere = OtherFilesReader(inputs, target)
    fixed = now or inputs.fixed_now(target)
    now = fixed or datetime.now(UTC)
    schema = _SchemaFile(path, use_schema, now)
    if project is None or not keep or "-" in inputs.files or len(inputs.files) < MIN_FILES:
        found, sources = _look(inputs, settings, codes, schema, elsewhere)
        return _checked(found, sources, inputs, may_have)
    options = [
        sorted(settings.items()),
        codes,
        str(path),
        use_schema,
        bool(inputs.rest),
        str(fixed),
    ]
    keeper = CheckCache(str(project.folder), inputs.files, options)
    basis = keeper.basis(text)
    again = keeper.again(basis, now)
    if again is not None:
        return _checked(*again, inputs, may_have)
    found, sources = _look(inputs, settings, codes, schema, elsewhere)
    # Files may have changed during the check: only what was there before counts. What other files
    # will have is not known either.
    if not elsewhere.was_read and (path is None or read_bytes(str(path)) == text):
        keeper.keep(msgspec.structs.replace(found, basis=basis))
    return _checked(found, sources, inputs, may_have)


def _checked(
    cached: CachedCheck, sources: Mapping[str, Source], inputs: InputFiles, may_have_schema: bool
) -> Checked:
    report = Report()
    report.diagnostics.extend(cached.diagnostics)
    return Checked(
        report,
        dict(sources),
        len(inputs.files),
        cached.segments,
        cached.schema,
        may_have_schema,
        cached.others,
    )


def _schema_path(project: Project, target: str | None) -> Path | None:
    """The file of the target's schema, where there is one."""
    from segdsl.workspace.project.schema import schema_path

    path = schema_path(project, project.target(target)[0])
    return path if path.exists() else None


class _SchemaFile(msgspec.Struct, frozen=True):
    """A schema's file, if any, whether segments are checked with it, and when they are."""

    path: Path | None
    is_used: bool
    now: datetime

    def basis(self, settings: Mapping[str, str], allowed: Sequence[str]) -> Basis:
        """What files are checked with; raises SchemaError."""
        from segdsl.workspace.check.check_runner import Basis
        from segdsl.workspace.project.schema import schema_in

        schema = None if self.path is None else schema_in(self.path)
        owners = None if schema is None else schema.owners
        used = schema if self.is_used else None
        return Basis(settings, used, tuple(allowed), owners, self.now)


def _look(
    inputs: InputFiles,
    settings: Mapping[str, str],
    allowed: Sequence[str],
    schema: _SchemaFile,
    elsewhere: OtherFilesReader,
) -> tuple[CachedCheck, dict[str, Source]]:
    """Checks files from the beginning: in several processes where there are many."""
    from segdsl.workspace.check.check_processes import check_in_processes
    from segdsl.workspace.check.check_runner import check_here, combine
    from segdsl.workspace.check.exports import next_change

    basis = schema.basis(settings, allowed)
    parts = check_in_processes(inputs.files, basis)
    sources: dict[str, Source] | None = None
    if parts is None:
        here = check_here(inputs.files, basis)
        sources = here.loaded.sources
        parts = [here.part]

    def used() -> Collection[str]:
        known = parts[0].used if len(parts) == 1 else None
        return known if known is not None else check_here(inputs.files, basis).part.used or ()

    report = combine(
        parts,
        inputs.files,
        basis,
        used,
        elsewhere if inputs.project is not None else None,
        whole=not inputs.rest,
        facts_elsewhere=elsewhere.facts,
    )
    counts = [part.exports.counts for part in parts]
    moments = [each for part in parts for each in part.exports.moments]
    found = CachedCheck(
        b"",
        {name: known for part in parts for name, known in part.digests.items()},
        tuple(report.diagnostics),
        sum(len(part.names) for part in parts),
        schema.path.name if schema.path is not None and schema.is_used else None,
        Counts(*(sum(numbers) for numbers in zip(*counts, strict=True))),
        schema.now if moments else None,
        next_change(moments, schema.now),
    )
    if sources is None:
        names = files_in(report.diagnostics)
        sources = {name: read_seg(name, Report())[0] for name in found.files if name in names}
    return found, sources


def fix_files(inputs: InputFiles, allowed: Sequence[str], *, write: bool) -> list[FileFix]:
    """Fixes what can be fixed automatically; with `write` in the files, but for `-`.

    A file with errors is skipped.
    """
    if "-" in inputs.files and len(inputs.files) > 1:
        raise InputError("`-` (standard input) and files cannot be fixed in one run")
    from segdsl.analysis.lint.fixes import fix

    codes = (*allowed, *(inputs.project.allow if inputs.project is not None else ()))
    unused = _unused(inputs)
    done: list[FileFix] = []
    for path in inputs.files:
        source, usable = read_seg(path, Report())
        if not usable:
            continue
        text, made, kept = fix(source, codes, unused.get(path, ()))
        done.append(FileFix(path, source.name, source.text, text, made, kept))
        if write and made and path != "-":
            write_text(path, text)
    return done


def _unused(inputs: InputFiles) -> Mapping[str, Collection[str]]:
    """The names of definitions that nothing uses, by path; none where a file cannot be read."""
    from segdsl.analysis.lint.unused import unused_among
    from segdsl.language.syntax.parser import parse
    from segdsl.language.syntax.tree import File
    from segdsl.workspace.check.check_runner import keys_of

    report = Report()
    trees: dict[str, File] = {}
    paths = dict(zip(keys_of(inputs.files), inputs.files, strict=True))
    try:
        for key, path in zip(
            keys_of((*inputs.files, *inputs.rest)), (*inputs.files, *inputs.rest), strict=True
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
    found = unused_among(trees, whole=inputs.project is not None)
    return {paths[key]: names for key, names in found.items() if key in paths}


def check_fixed(fixed: FileFix) -> tuple[Report, dict[str, Source]]:
    """Parses the text of a fixed file, and reports what is wrong with it."""
    from segdsl.language.syntax.parser import parse

    report = Report()
    source = Source(fixed.name, fixed.after)
    parse(source, report)
    return report, {source.name: source}
