"""Checks files: some at a time, and then all combined.

`check_part` finds what a file shows alone, and `combine` what needs the others, from what
`check_part` keeps of each. Several processes, options and output of a run are not here. What
checks names and values is imported only for a schema or a reference.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from segdsl.analysis.lint import SegmentKey, lint_each, prefilter, report_equivalent_segments
from segdsl.analysis.lint.normal_form import Normalizer
from segdsl.analysis.lint.prefilter import Prefilter
from segdsl.analysis.lint.suppressions import (
    Suppression,
    apply_suppressions,
    suppressions_by_file,
    used_names,
)
from segdsl.analysis.lint.unused import Export, Unused, imports_in, report_unused, unused_in
from segdsl.diagnostics import Code, Diagnostic, Report
from segdsl.diagnostics.codes import OF_SAMPLES, OF_TIME, WARNINGS
from segdsl.files import STDIN, name_of
from segdsl.language.condition import tree as c
from segdsl.language.condition.walk import walk
from segdsl.language.references.memberships import named_segments
from segdsl.language.references.uniqueness import report_duplicates
from segdsl.language.resolve import import_key
from segdsl.language.syntax import tree as t
from segdsl.language.values import ByName, Owner
from segdsl.loading import Loaded, load_files
from segdsl.rules.lower import lower
from segdsl.source import SpanKey
from segdsl.workspace.check.exports import (
    Exports,
    OtherFacts,
    check_exports,
    combine_exports,
    exports_in,
)

if TYPE_CHECKING:
    from segdsl.schema.model import Schema


class Basis(msgspec.Struct, frozen=True):
    """What files are checked with: values of params, a schema, codes of suppressed warnings.

    `owners` has the owners in qualified names, where they are known: also where no schema is used.
    `now` is the time that schedules are compared with; without it they are not.
    """

    settings: Mapping[str, str]
    schema: Schema | None
    allowed: tuple[str, ...]
    owners: Mapping[str, Owner] | None = None
    now: datetime | None = None


class CheckedPart(msgspec.Struct, frozen=True):
    """What was found in some files alone, and what combining them with others needs.

    `names` are those of the segments, `defined` also the places of the ones with mistakes, and
    `all_defined` says whether there are no more: of a file that cannot be parsed not all are known.
    `referring` are the segments that refer to others, with nothing but those references in their
    conditions, and `staged` are funnels with the same of the rules of their stages. `exports` are
    the other items.
    `unused` are definitions that their own files do not use, `imported` what the files import.
    `digests` are of every file that was read, by name. `used` are the names of definitions in use,
    where that was requested. `grown` is what definitions add to the segments, see
    `segdsl.language.resolve.sizes`.
    """

    diagnostics: tuple[Diagnostic, ...]
    names: tuple[str, ...]
    defined: frozenset[c.Place]
    all_defined: bool
    referring: tuple[c.Segment, ...]
    staged: tuple[c.Funnel, ...]
    exports: Exports
    marks: tuple[SegmentKey, ...]
    unused: tuple[Unused, ...]
    imported: frozenset[Export]
    allowances: dict[str, list[Suppression]]
    digests: dict[str, bytes]
    used: frozenset[str] | None
    grown: int


class OtherFiles(msgspec.Struct, frozen=True):
    """The places of segments that are not in the checked files.

    `defined` are in other files of the project, and `locked` in the lock. `imported` is what those
    files import.
    """

    defined: frozenset[c.Place]
    locked: frozenset[c.Place]
    all_known: bool
    imported: frozenset[Export] = frozenset()


class CheckedHere(msgspec.Struct, frozen=True):
    """What was checked in this process, with the files themselves and the items that failed.

    `failed` are the places in the text of items, and of stages, that have errors of their own.
    """

    part: CheckedPart
    loaded: Loaded
    failed: frozenset[SpanKey]


def check_part(files: Sequence[str], basis: Basis) -> CheckedPart:
    """Reads files and what they import, and checks each alone."""
    return _check(files, basis, False).part


def check_here(files: Sequence[str], basis: Basis, *, with_digests: bool = True) -> CheckedHere:
    """The same, with the names in use; without `with_digests` the result cannot be cached."""
    return _check(files, basis, True, with_digests)


def _check(
    files: Sequence[str], basis: Basis, with_used: bool, with_digests: bool = True
) -> CheckedHere:
    report = Report()
    loaded = load_files(files, basis.settings, report, basis.owners)
    return check_loaded(
        loaded,
        loaded.segments,
        files,
        basis,
        report,
        with_used=with_used,
        with_digests=with_digests,
    )


def _definitions(loaded: Loaded) -> dict[str, set[str]]:
    """The names of conditions by file, with those that are imported."""
    own = {
        file: {item.name for item in tree.items if isinstance(item, t.Let)}
        for file, tree in loaded.trees.items()
    }
    return {
        file: own[file].union(
            *(
                own.get(import_key(file, item.path), set()).intersection(item.names)
                for item in tree.items
                if isinstance(item, t.Import)
            )
        )
        for file, tree in loaded.trees.items()
    }


def check_loaded(
    loaded: Loaded,
    segments: Sequence[c.Segment],
    files: Sequence[str],
    basis: Basis,
    report: Report,
    *,
    with_used: bool = True,
    with_digests: bool = False,
) -> CheckedHere:
    """The same for loaded files and some of their segments.

    `report` has what loading them reported.
    """
    # The rules of stages are segments too, but none that another one could be compared with.
    stages = [each.segment for funnel in loaded.funnels for each in funnel.stages if each.segment]
    of_journeys = _rules_of_journeys(loaded)
    rules = [*segments, *stages, *of_journeys]
    prefilters = [prefilter(each) for each in rules]
    failed = _without_rules(rules, prefilters, report)
    if basis.schema is not None:
        from segdsl.analysis.checking import check_segments, check_values

        failed += check_segments(rules, basis.schema, report, _definitions(loaded))
        check_values(rules, basis.schema, report)
    marks = lint_each(rules, prefilters, Normalizer(), report)[: len(segments)]
    failed_items = check_exports(loaded, basis.schema, report)
    found = suppressions_by_file(loaded.trees, loaded.sources)
    keys = keys_of(files)
    named = [loaded.trees[key] for key in keys if key in loaded.trees]
    errors = [each for each in report.diagnostics if each.severity == "error"]
    wrong = {each.span.file for each in errors if each.span is not None}
    part = CheckedPart(
        tuple(report.diagnostics),
        tuple(each.name for each in segments),
        _defined(named),
        len(named) == len(keys) and not any(of.code.name[3] == "0" for of in report.diagnostics),
        _referring(segments, prefilters[: len(segments)]),
        tuple(_staged(loaded.funnels, iter(prefilters[len(segments) :]))),
        exports_in(
            loaded,
            named,
            report,
            prefilters[: len(segments)] if segments is loaded.segments else None,
            _referring(of_journeys, prefilters[len(segments) + len(stages) :]),
        ),
        tuple(marks),
        tuple(
            each
            for key in keys
            if key in loaded.trees and key not in wrong
            for each in unused_in(key, loaded.trees[key])
        ),
        frozenset(each for key, tree in loaded.trees.items() for each in imports_in(key, tree)),
        found,
        _digests(loaded) if with_digests else {},
        frozenset(used_names(loaded.trees.values())) if with_used and found else None,
        loaded.grown,
    )
    return CheckedHere(part, loaded, failed_items.union(each.span.key for each in failed))


def _rules_of_journeys(loaded: Loaded) -> list[c.Segment]:
    if not loaded.journeys:
        return []
    from segdsl.language.journeys import rules

    return [rule for journey in loaded.journeys for rule in rules(journey)]


def _without_rules(
    rules: Iterable[c.Segment], prefilters: Iterable[Prefilter], report: Report
) -> list[c.Segment]:
    """The segments and stages that no rule can express, each reported."""
    failed = []
    for segment, seen in zip(rules, prefilters, strict=True):
        if not seen.fits:
            own = Report()
            lower(segment, own, symbolic=True)
            for diagnostic in own.diagnostics:
                report.put(diagnostic)
            if own.has_errors:
                failed.append(segment)
    return failed


def _referring(
    segments: Iterable[c.Segment], prefilters: Iterable[Prefilter]
) -> tuple[c.Segment, ...]:
    return tuple(
        made
        for each, seen in zip(segments, prefilters, strict=True)
        if seen.refers and (made := _references(each)) is not None
    )


def _staged(funnels: Iterable[c.Funnel], prefilters: Iterator[Prefilter]) -> Iterator[c.Funnel]:
    """The funnels with their stages that refer to others; `prefilters` are those of all rules."""
    for funnel in funnels:
        stages = tuple(
            msgspec.structs.replace(stage, segment=made)
            for stage in funnel.stages
            if stage.segment is not None
            and next(prefilters).refers
            and (made := _references(stage.segment)) is not None
        )
        if stages:
            yield msgspec.structs.replace(funnel, stages=stages)


def _digests(loaded: Loaded) -> dict[str, bytes]:
    from segdsl.workspace.check.check_cache import digest

    return {name: digest(source.text.encode()) for name, source in loaded.sources.items()}


def keys_of(files: Sequence[str]) -> list[str]:
    """The names of files in reports and imports."""
    return [STDIN if path == "-" else import_key("", name_of(path)) for path in files]


def _defined(trees: Iterable[t.File]) -> frozenset[c.Place]:
    return frozenset(place for tree in trees for place in places_in(tree))


def places_in(tree: t.File) -> Iterator[c.Place]:
    """The places of the segments of a file."""
    for item in tree.items:
        if isinstance(item, t.Segment):
            yield c.folder_path(item.clause("folder")), item.name


def _references(segment: c.Segment) -> c.Segment | None:
    kept = tuple(
        node
        for node in walk(segment.condition)
        if (isinstance(node, c.Membership) and node.of != "variant") or isinstance(node, c.Score)
    )
    return msgspec.structs.replace(segment, condition=c.And(kept)) if kept else None


# --- combined ------------------------------------------------------------------------


def combine(
    parts: Sequence[CheckedPart],
    files: Sequence[str],
    basis: Basis,
    used: Callable[[], Collection[str]],
    elsewhere: Callable[[], OtherFiles] | None = None,
    *,
    whole: bool = True,
    facts_elsewhere: Callable[[], OtherFacts] | None = None,
) -> Report:
    """The report on all files: what each shows alone, and what only all of them show.

    `used` returns the names of definitions that are in use, and `elsewhere` the segments that are
    not in these files; without it there are none. `facts_elsewhere` returns what activations ask
    of those files. `whole` is whether these are all files of the project.
    """
    report = Report()
    for part in parts:
        for diagnostic in part.diagnostics:
            report.put(diagnostic)
    report_duplicates((mark for part in parts for mark in part.marks), report)
    every = frozenset(place for part in parts for place in part.defined)
    all_known = all(part.all_defined for part in parts)
    referring = [each for part in parts for each in part.referring]
    staged = [each for part in parts for each in part.staged]
    if referring or staged:
        _report_cycles(parts, referring, staged, every, basis.schema, report)
        rules = (of.segment for funnel in staged for of in funnel.stages)
        referring += [each for each in rules if each is not None]
    referring += [rule for part in parts for rule in part.exports.ruled]
    if referring:
        _report_names(referring, every, basis.schema, elsewhere, report, all_known=all_known)
    combine_exports(
        [part.exports for part in parts],
        referring,
        every,
        basis.schema,
        basis.now,
        report,
        all_known=all_known,
        is_project=elsewhere is not None,
        elsewhere=None if whole else facts_elsewhere,
        rules_of=lambda names: _rules_of(names, parts, basis),
    )
    looked_for_uses = _unused(parts, report, elsewhere, whole=whole)
    report_equivalent_segments(_comparable([part.marks for part in parts], basis), report)
    allowances: dict[str, list[Suppression]] = {}
    for part in parts:
        allowances.update(part.allowances)
    return apply_suppressions(
        report,
        allowances,
        used,
        allowed=basis.allowed,
        checked_files=keys_of(files),
        inactive_codes=_inactive_codes(basis.schema, whole=whole, looked_for_uses=looked_for_uses),
    )


def _rules_of(
    names: Collection[ByName], parts: Sequence[CheckedPart], basis: Basis
) -> list[c.Segment]:
    """The segments of checked files with these names, and those that they refer to.

    A part does not keep rules, so the files are read again, each once.
    """
    files: dict[str, set[str]] = {}
    for part in parts:
        for mark in part.marks:
            files.setdefault(mark.name, set()).add(mark.span.file)
    rules: list[c.Segment] = []
    waiting, read = {name.name for name in names}, set[str]()
    while waiting:
        wanted = sorted({file for name in waiting for file in files.get(name, ())} - read)
        read.update(wanted)
        loaded = load_files(wanted, basis.settings, Report(), basis.owners).segments
        rules += loaded
        waiting = {name.name for each in loaded for name, _ in named_segments(each.condition)}
    return rules


def _report_cycles(
    parts: Sequence[CheckedPart],
    referring: Sequence[c.Segment],
    staged: Sequence[c.Funnel],
    places: frozenset[c.Place],
    schema: Schema | None,
    report: Report,
) -> None:
    """Reports segments and stages that refer to themselves through others."""
    from segdsl.language.references.order import in_dependency_order

    names = _names(referring, schema)
    in_dependency_order(referring, report, names, places)
    if staged:
        from segdsl.language.references.stage_cycles import report_funnel_cycles

        report_funnel_cycles(
            referring,
            staged,
            report,
            segment_names=names,
            stage_names=_stage_names(schema),
            places=places,
            funnel_names=[of.name for part in parts for of in part.exports.funnels],
        )


def _report_names(
    referring: Sequence[c.Segment],
    places: frozenset[c.Place],
    schema: Schema | None,
    elsewhere: Callable[[], OtherFiles] | None,
    report: Report,
    *,
    all_known: bool,
) -> None:
    """Reports names that neither these files (`places`), other files nor a schema have."""
    from segdsl.analysis.checking import check_names

    unknown = Report()
    check_names(referring, schema, unknown, places)
    if unknown.diagnostics and elsewhere is not None:
        others = elsewhere()
        all_known = all_known and others.all_known
        unknown = Report()
        check_names(referring, schema, unknown, places.union(others.defined), others.locked)
    for each in unknown.diagnostics:
        # What a file that cannot be parsed defines is not known; its own errors are reported.
        if each.code is not Code.SEG304 or all_known:
            report.put(each)


def _inactive_codes(schema: Schema | None, *, whole: bool, looked_for_uses: bool) -> list[Code]:
    """The warnings that a check of these files cannot have: suppressing them may be needed."""
    return [
        code
        for code in WARNINGS
        if (code.name[3] == "5" and schema is None)
        # The duplicate may be in a file that was not checked.
        or (code is Code.SEG606 and not whole)
        or (code is Code.SEG611 and not looked_for_uses)
        or (code in OF_SAMPLES and not (schema and schema.samples))
        # What is over today was not so yesterday.
        or code in OF_TIME
    ]


def _unused(
    parts: Sequence[CheckedPart],
    report: Report,
    elsewhere: Callable[[], OtherFiles] | None,
    *,
    whole: bool,
) -> bool:
    """Reports definitions that nothing uses; whether all files that could use one were read.

    What a file that cannot be read uses is not known, and nothing is reported then. Without a
    project (`elsewhere`) nothing is known of what uses the definitions of a file without segments.
    """
    if not all(part.all_defined for part in parts):
        return False
    imported = frozenset(each for part in parts for each in part.imported)
    found = [each for part in parts for each in part.unused if each.export not in imported]
    if found and elsewhere is not None and not whole:
        others = elsewhere()
        if not others.all_known:
            return False
        imported = others.imported
    is_project = elsewhere is not None
    report_unused(found, imported, report, whole=is_project)
    return is_project


def _names(segments: Iterable[c.Segment], schema: Schema | None) -> dict[str, ByName]:
    """The segments by the ids that a schema has for their places."""
    if schema is None:
        return {}
    here = {each.place for each in segments}
    return {
        each.id: c.spellings(each.folder, each.name)[1]
        for each in schema.segments
        if (each.folder, each.name) in here
    }


def _stage_names(schema: Schema | None) -> dict[str, ByName]:
    """The stages by the ids that a schema has for them."""
    funnels = () if schema is None else schema.funnels
    return {stage.id: ByName(stage.name, of.name) for of in funnels for stage in of.stages}


def _comparable(parts: Sequence[tuple[SegmentKey, ...]], basis: Basis) -> list[SegmentKey]:
    """The marks of several processes with numbers that are exact among all.

    Two segments of two processes with one fingerprint are almost surely the same: those are
    compared again, in one process.
    """
    if len(parts) == 1:
        return list(parts[0])
    times = Counter(
        fingerprint for part in parts for fingerprint in {mark.fingerprint for mark in part}
    )
    doubtful = {fingerprint for fingerprint, count in times.items() if count > 1}
    files = dict.fromkeys(
        mark.span.file for part in parts for mark in part if mark.fingerprint in doubtful
    )
    loaded = load_files(list(files), basis.settings, Report(), basis.owners)
    normal = Normalizer()
    exact = {
        each.span.key: normal.segment(each, normal.node(each.condition)) for each in loaded.segments
    }
    return [
        msgspec.structs.replace(mark, number=exact.get(mark.span.key))
        if mark.fingerprint in doubtful
        else mark
        for part in parts
        for mark in part
    ]
