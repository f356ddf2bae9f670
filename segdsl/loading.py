"""Files to resolved items in one call: what every command that takes files begins with.

Reads, parses and resolves; whatever is wrong is in the report. Nothing is made of the
segments here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from segdsl.diagnostics import Report
from segdsl.files import seg_files
from segdsl.imports import load_programs
from segdsl.language.condition.tree import Funnel, Segment
from segdsl.language.references.ids import NO_AMBIGUOUS_NAMES, AmbiguousNames, Ids
from segdsl.language.references.substitution import funnel_with_ids, with_unambiguous_ids
from segdsl.language.resolve import Room, check_settings, resolve_all
from segdsl.language.syntax.tree import File
from segdsl.language.values import Owner
from segdsl.source import Source

if TYPE_CHECKING:
    from segdsl.language.activations import Activation, ActivationTemplate
    from segdsl.language.journeys import Journey
    from segdsl.language.predictive import PredictiveSegment

NO_IDS: Ids = {}


class Loaded(msgspec.Struct, frozen=True):
    """The items in the order of the files, each source by name, how many files were named.

    References of activations and templates are as they are written; only a server knows some of
    their ids. `trees` holds each file that was read, by name, imported ones too. `grown` is what
    definitions added, see `segdsl.language.resolve.sizes`.
    """

    segments: tuple[Segment, ...]
    sources: dict[str, Source]
    files: int
    trees: dict[str, File]
    grown: int = 0
    funnels: tuple[Funnel, ...] = ()
    activations: tuple[Activation, ...] = ()
    templates: tuple[ActivationTemplate, ...] = ()
    predictive_segments: tuple[PredictiveSegment, ...] = ()
    journeys: tuple[Journey[Segment], ...] = ()


def load_segments(
    paths: Iterable[str],
    settings: Mapping[str, str],
    report: Report,
    owners: Mapping[str, Owner] | None = None,
    ids: Ids = NO_IDS,
    several: AmbiguousNames = NO_AMBIGUOUS_NAMES,
) -> Loaded:
    """The segments of files and folders (`-`: standard input); those with mistakes are left out.

    `settings` gives params their values, as texts, by name. `owners` says what dotted names
    begin with, where a schema does, and `ids` what names stand for; other names stay as they are,
    but for those of `several`: they are reported.
    """
    return load_files(seg_files(paths), settings, report, owners, ids, several)


def load_files(
    files: Sequence[str],
    settings: Mapping[str, str],
    report: Report,
    owners: Mapping[str, Owner] | None = None,
    ids: Ids = NO_IDS,
    several: AmbiguousNames = NO_AMBIGUOUS_NAMES,
) -> Loaded:
    """The same for files alone."""
    programs, sources = load_programs(files, report)
    room = Room()
    check_settings(programs, settings, report)
    segments: list[Segment] = []
    funnels: list[Funnel] = []
    activations: list[Activation] = []
    templates: list[ActivationTemplate] = []
    predictive_segments: list[PredictiveSegment] = []
    journeys: list[Journey[Segment]] = []
    for program in programs:
        items = resolve_all(program, report, settings, owners, room)
        for segment in items.segments:
            known = with_unambiguous_ids(segment, ids, several, report)
            if known is not None:
                segments.append(known)
        for funnel in items.funnels:
            placed = funnel_with_ids(funnel, ids, several, report)
            if placed is not None:
                funnels.append(placed)
        activations += items.activations
        templates += items.templates
        if items.predictive_segments or items.journeys:
            from segdsl.language.references.journeys import journey_with_ids, predictive_with_ids

            models = (
                predictive_with_ids(each, ids, several, report)
                for each in items.predictive_segments
            )
            predictive_segments += [each for each in models if each is not None]
            of_ids = (journey_with_ids(each, ids, several, report) for each in items.journeys)
            journeys += [each for each in of_ids if each is not None]
    trees = {name: tree for program in programs for name, tree in program.files.items()}
    return Loaded(
        tuple(segments),
        sources,
        len(files),
        trees,
        room.taken,
        tuple(funnels),
        tuple(activations),
        tuple(templates),
        tuple(predictive_segments),
        tuple(journeys),
    )
