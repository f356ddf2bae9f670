"""Files to checked segments in one call: what every command that takes files begins with.

It reports what `segdsl check` reports of the same files, and keeps the segments without errors.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from segdsl.diagnostics import Code, Diagnostic, Report
from segdsl.diagnostics.suggest import did_you_mean
from segdsl.errors import InputError
from segdsl.language.condition import tree as c
from segdsl.language.references.ids import Ids
from segdsl.language.references.memberships import named_segments
from segdsl.language.references.substitution import with_names, with_unambiguous_ids
from segdsl.language.syntax import tree as t
from segdsl.language.values import ByName
from segdsl.loading import NO_IDS, Loaded, load_files
from segdsl.source import Source, Span, SpanKey
from segdsl.workspace.check.check_runner import Basis, CheckedHere, check_here, combine, keys_of
from segdsl.workspace.check.inputs import InputFiles, OtherFilesReader, input_files
from segdsl.workspace.check.other_items import (
    OtherItems,
    kind_of,
    names_of_item,
    others_of,
    with_known_ids,
    without_failed,
)
from segdsl.workspace.project.known_ids import Known, names_of

if TYPE_CHECKING:
    from segdsl.language import activations as a
    from segdsl.schema.model import Schema
    from segdsl.workspace.check.other_items import OtherItem

MOST_LISTED = 10
"""Segments that an error about an unknown name lists."""


class CheckedFiles(msgspec.Struct, frozen=True):
    """The segments of files that have no error, in order, with the ids of known names in place.

    `beside` are other segments that these may refer to: not selected, or in other files of the
    project. `skipped` are the kinds and names of what refers to a segment with errors, each with
    the name of that one.
    `schema` is the target's, where there is one, and `contradicted` the name of its file, where
    it contradicts a segment. `is_empty` is whether the files define no segment at all. `others` are
    the items that are no segments, and `ids` what names stand for. `around` are all of them
    without errors that these may refer to; there, activations and templates have their references
    as they are written.
    """

    segments: tuple[c.Segment, ...]
    beside: tuple[c.Segment, ...]
    skipped: tuple[tuple[str, str, str], ...]
    sources: dict[str, Source]
    schema: Schema | None
    contradicted: str | None
    is_empty: bool
    others: OtherItems = OtherItems()
    ids: Ids = NO_IDS
    around: OtherItems = OtherItems()

    @property
    def named_segments(self) -> tuple[c.Segment, ...]:
        """The segments with names in place of known ids, as people read them."""
        return tuple(with_names(each, self.ids) for each in self.segments)

    @property
    def notes(self) -> list[str]:
        """Notes beside the findings, a line each."""
        return [
            f"skipped: the {kind} “{name}”, as it refers to “{other}”, which has errors"
            for kind, name, other in self.skipped
        ]


def load_checked(
    files: Sequence[str] | None,
    settings: Mapping[str, str],
    report: Report,
    *,
    target: str | None = None,
    use_schema: bool = True,
    allowed: Sequence[str] = (),
    segment_ids: bool = False,
    select: Sequence[str] = (),
    with_rest: bool = False,
    ask_server: bool = False,
    now: datetime | None = None,
) -> CheckedFiles:
    """The segments of files and folders (`-`: standard input), checked as `segdsl check` does.

    None is no file, and an empty sequence all of the project.
    `settings` gives params their values, as strings, by name; a setting with an error leaves no
    segment. `allowed` are codes of warnings that are not reported, besides those of the project.
    With `segment_ids` the names of segments are replaced by the ids that schema and lock know.
    `select` are the names of segments, alone or with their folder's path: the others are left out,
    with what is reported of them. With `with_rest` the other files of the project are read where
    a segment refers to one that these files do not define. With `ask_server` it is left to the
    server which names of segments and stages are there. Schedules are compared with `now`, an
    aware time, by default that of a local target or else the current one.

    Raises FileError, ProjectError, SchemaError, LockError.
    """
    inputs = input_files(files, target)
    project = inputs.project
    known = Known() if project is None else names_of(project, target, segments=segment_ids)
    codes = (*allowed, *(() if project is None else project.allow))
    schema = known.schema if use_schema else None
    basis = Basis(
        settings, schema, codes, known.owners, now or inputs.fixed_now(target) or datetime.now(UTC)
    )
    here, found = _check(inputs, basis, target)
    if ask_server:
        found.diagnostics[:] = _without_lookups(found.diagnostics, here.loaded)
    items = _items(here.loaded.trees, inputs.files)
    sound = _sound_items(here, items, known, found)
    chosen = sound
    if select:
        loaded_others = others_of(here.loaded)
        keys = {each.span.key for each in _selected(items, loaded_others, select)}
        _drop_findings((*items, *loaded_others.all), keys, found)
        chosen = sound.only(keys)
    if any(each.code is Code.SEG106 for each in found.diagnostics):
        # What a person set is not what would be used.
        chosen = msgspec.structs.replace(chosen, segments={}, others=OtherItems())
    for diagnostic in found.diagnostics:
        report.put(diagnostic)
    beside = [each for key, each in sound.segments.items() if key not in chosen.segments]
    around = [sound.written]
    if with_rest and _needs_rest(chosen, sound.written, items):
        rest = load_files(inputs.rest, settings, Report(), known.owners, known.ids)
        beside += rest.segments
        around.append(others_of(rest))
    return CheckedFiles(
        tuple(chosen.segments.values()),
        tuple(beside),
        tuple((kind_of(item), item.name, other) for item, other in chosen.skipped),
        here.loaded.sources,
        known.schema,
        known.file if _is_contradicted(found) else None,
        not items,
        chosen.others,
        known.ids,
        _joined(around),
    )


class _SoundItems(msgspec.Struct, frozen=True):
    """The items without errors, segments by their places in the text, with the ids of known names.

    `written` are the others with the references of activations and templates as they are written.
    `skipped` are the items that refer to a segment with errors, each with the name of that one.
    """

    segments: dict[SpanKey, c.Segment]
    others: OtherItems
    written: OtherItems
    skipped: tuple[tuple[c.Segment | OtherItem, str], ...]

    def only(self, keys: Collection[SpanKey]) -> _SoundItems:
        """Those at these places."""
        return _SoundItems(
            {key: each for key, each in self.segments.items() if key in keys},
            self.others.only(keys),
            self.written,
            tuple(each for each in self.skipped if each[0].span.key in keys),
        )


def _sound_items(
    here: CheckedHere, items: Sequence[t.Segment], known: Known, report: Report
) -> _SoundItems:
    """The items of checked files without errors; an ambiguous name is reported."""
    sound, skipped = _without_failed(_placed(here, known, report), items)
    loaded = others_of(here.loaded)
    with_known = with_known_ids(loaded, known.ids, known.several, report)
    others, skipped_others = without_failed(with_known, report.diagnostics, _broken(items, sound))
    written = loaded.only({each.span.key for each in others.all})
    return _SoundItems(
        sound,
        others,
        msgspec.structs.replace(written, funnels=others.funnels),
        (*skipped, *skipped_others),
    )


def _drop_findings(
    items: Iterable[t.Segment | OtherItem], keys: Collection[SpanKey], report: Report
) -> None:
    """Takes out what is reported of the items that are not at these places."""
    left_out = [each.span for each in items if each.span.key not in keys]
    report.diagnostics[:] = [each for each in report.diagnostics if not _inside(each, left_out)]


def _needs_rest(chosen: _SoundItems, written: OtherItems, items: Sequence[t.Segment]) -> bool:
    """Whether a chosen item refers to one that the files do not define."""
    rules = [each.segment for of in chosen.others.funnels for each in of.stages if each.segment]
    if chosen.others.journeys:
        from segdsl.language.journeys import rules as rules_of

        rules += [rule for each in chosen.others.journeys for rule in rules_of(each)]
    keys = {each.span.key for each in chosen.others.activations}
    return _refers_elsewhere((*chosen.segments.values(), *rules), items) or _sends_elsewhere(
        written.only(keys).activations, written, items
    )


def _check(inputs: InputFiles, basis: Basis, target: str | None) -> tuple[CheckedHere, Report]:
    """The files checked in this process, and the report on all of them."""
    here = check_here(inputs.files, basis, with_digests=False)
    reader = OtherFilesReader(inputs, target)
    report = combine(
        [here.part],
        inputs.files,
        basis,
        lambda: here.part.used or (),
        None if inputs.project is None else reader,
        whole=not inputs.rest,
        facts_elsewhere=reader.facts,
    )
    return here, report


def _without_lookups(diagnostics: Iterable[Diagnostic], loaded: Loaded) -> list[Diagnostic]:
    """The findings but for those about names of segments and stages, which a server looks up."""
    from segdsl.workspace.check.lookups import stage_references

    stages = stage_references(loaded)
    return [
        each
        for each in diagnostics
        if each.code is not Code.SEG304
        if each.code is not Code.SEG510 or each.span is None or each.span.key not in stages
    ]


def _placed(here: CheckedHere, known: Known, report: Report) -> dict[SpanKey, c.Segment]:
    """The segments without errors by their place in the text, with the ids of known names.

    An ambiguous name is reported.
    """
    segments = here.loaded.segments
    failed = {*here.failed, *_places(report.diagnostics, [each.span for each in segments])}
    placed: dict[SpanKey, c.Segment] = {}
    for segment in segments:
        with_ids = with_unambiguous_ids(segment, known.ids, known.several, own := Report())
        for diagnostic in own.diagnostics:
            report.put(diagnostic)
        if with_ids is not None and segment.span.key not in failed:
            placed[segment.span.key] = with_ids
    return placed


def _joined(several: Sequence[OtherItems]) -> OtherItems:
    return OtherItems(
        tuple(each for items in several for each in items.funnels),
        tuple(each for items in several for each in items.activations),
        tuple(each for items in several for each in items.templates),
        tuple(each for items in several for each in items.predictive_segments),
        tuple(each for items in several for each in items.journeys),
    )


def _is_contradicted(report: Report) -> bool:
    return any(of.code.name[3] == "5" and of.severity == "error" for of in report.diagnostics)


def _items(trees: Mapping[str, t.File], files: Sequence[str]) -> list[t.Segment]:
    """The segments that files which were named define, also those with errors."""
    return [
        item
        for key in dict.fromkeys(keys_of(files))
        if key in trees
        for item in trees[key].items
        if isinstance(item, t.Segment)
    ]


def _refers_elsewhere(segments: Iterable[c.Segment], items: Iterable[t.Segment]) -> bool:
    """Whether a name in segments is that of none of these."""
    here = _spellings(items)
    return any(name not in here for each in segments for name, _ in named_segments(each.condition))


def _sends_elsewhere(
    activations: Iterable[a.Activation], here: OtherItems, items: Iterable[t.Segment]
) -> bool:
    """Whether a target or a template of activations is none of these."""
    targets = {
        "segment": _spellings(items),
        "stage": {ByName(s.name, of.name) for of in here.funnels for s in of.stages},
        "journey": {ByName(each.name) for each in here.journeys},
    }
    templates = {ByName(each.name) for each in here.templates}
    return any(
        isinstance(reference, ByName) and reference not in names
        for each in activations
        for reference, names in (
            (each.target.reference, targets[each.target.kind]),
            (each.template, templates),
        )
    )


def _spellings(items: Iterable[t.Segment]) -> set[ByName]:
    return {
        spelling
        for each in items
        for spelling in c.spellings(c.folder_path(each.clause("folder")), each.name)
    }


def _places(diagnostics: Iterable[Diagnostic], segments: Collection[Span]) -> Iterator[SpanKey]:
    """The places of the segments that errors are in, or that led to them."""
    for diagnostic in diagnostics:
        if diagnostic.severity != "error" or diagnostic.span is None:
            continue
        spans = (diagnostic.span, *(note.span for note in diagnostic.notes))
        yield from (of.key for of in segments if any(of.holds(span) for span in spans))


def _inside(diagnostic: Diagnostic, spans: Iterable[Span]) -> bool:
    """Whether a finding is about what stands in one of these places, and nothing else."""
    places = (
        *(() if diagnostic.span is None else (diagnostic.span,)),
        *(note.span for note in diagnostic.notes),
    )
    return bool(places) and any(each.holds(places[0]) for each in spans)


def _selected(
    items: Sequence[t.Segment], others: OtherItems, select: Sequence[str]
) -> list[t.Segment | OtherItem]:
    """The items that a person named; raises FileError for a name that none has."""
    chosen: list[t.Segment | OtherItem] = []
    for name in select:
        found: list[t.Segment | OtherItem] = [
            *(each for each in items if name in (each.name, _path(each))),
            *(each for each in others.all if name in names_of_item(each)),
        ]
        if not found:
            pairs = (*((each.name, _path(each)) for each in items), *map(names_of_item, others.all))
            names = dict.fromkeys(name for pair in pairs for name in pair)
            help = did_you_mean(name, names, _known(items, others))
            what = "nothing in" if others.all else "no segment of"
            raise InputError(f"{what} these files is named `{name}`; {help}")
        chosen += found
    return chosen


def _known(items: Sequence[t.Segment], others: OtherItems) -> str:
    """`the segments are: Japan, Loyalty/Tokyo`, at most `MOST_LISTED` of them."""
    names = [*map(_path, items), *(names_of_item(each)[1] for each in others.all)]
    if not names:
        return "they define no segments"
    listed = ", ".join(names[:MOST_LISTED])
    more = len(names) - MOST_LISTED
    what = "names" if others.all else "segments"
    return f"the {what} are: {listed}" + (f" and {more:,} more" if more > 0 else "")


def _path(segment: t.Segment) -> str:
    return "/".join((*c.folder_path(segment.clause("folder")), segment.name))


def _broken(items: Iterable[t.Segment], sound: Collection[SpanKey]) -> dict[ByName, str]:
    """The names of the segments with errors, in each spelling."""
    return {
        spelling: each.name
        for each in items
        if each.span.key not in sound
        for spelling in c.spellings(c.folder_path(each.clause("folder")), each.name)
    }


def _without_failed(
    placed: Mapping[SpanKey, c.Segment], items: Iterable[t.Segment]
) -> tuple[dict[SpanKey, c.Segment], list[tuple[c.Segment, str]]]:
    """The segments that refer to none with errors, and those that do, each with one it refers to.

    What a name means is not known where the segment that has it has errors.
    """
    broken = _broken(items, placed)
    sound = dict(placed)
    skipped: list[tuple[c.Segment, str]] = []
    while broken:
        leaving = [
            (each, found[0])
            for each in sound.values()
            if (found := [broken[n] for n, _ in named_segments(each.condition) if n in broken])
        ]
        for each, _ in leaving:
            del sound[each.span.key]
        skipped += leaving
        broken = {name: each.name for each, _ in leaving for name in c.spellings(*each.place)}
    return sound, skipped
