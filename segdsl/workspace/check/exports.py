"""Funnels, activations and templates of files: what each part of a check keeps of them, and what
only all files show. What looks at them is imported only where there are some.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from segdsl.analysis.lint.prefilter import Prefilter
from segdsl.diagnostics import Report
from segdsl.language.condition import tree as c
from segdsl.language.references.facts import Facts, SegmentFacts, segment_facts, stage_facts
from segdsl.language.references.memberships import names_stage
from segdsl.language.references.uniqueness import report_duplicates
from segdsl.language.syntax import tree as t
from segdsl.loading import Loaded
from segdsl.source import Span, SpanKey

if TYPE_CHECKING:
    from segdsl.analysis.checking.schedules import Moments
    from segdsl.language import activations as a
    from segdsl.schema.model import Schema


class Placed(msgspec.Struct, frozen=True):
    """A funnel or a template: its name, its folder, and where it stands."""

    name: str
    folder: str | None
    span: Span


class Exports(msgspec.Struct, frozen=True):
    """What some files say beside their segments, and what others ask of their segments.

    `moments` are those of the schedules that depend on when they are asked.
    """

    facts: Facts
    activations: tuple[a.Activation, ...] = ()
    funnels: tuple[Placed, ...] = ()
    templates: tuple[Placed, ...] = ()
    moments: tuple[Moments, ...] = ()

    @property
    def counts(self) -> tuple[int, int, int]:
        """How many funnels, activations and templates there are."""
        return len(self.funnels), len(self.activations), len(self.templates)


OtherFacts = tuple[Facts, bool]
"""What the other files of a project define, and whether that is all."""


def check_exports(loaded: Loaded, schema: Schema | None, report: Report) -> frozenset[SpanKey]:
    """Reports what is wrong with each item alone; returns the places of those with errors."""
    if not (loaded.funnels or loaded.activations or loaded.templates):
        return frozenset()
    from segdsl.analysis.checking.activations import check_items
    from segdsl.analysis.lint.stages import report_stages

    report_stages(loaded.funnels, report)
    return check_items(loaded.funnels, loaded.activations, loaded.templates, schema, report)


def exports_in(
    loaded: Loaded,
    named: Iterable[t.File],
    report: Report,
    prefilters: Sequence[Prefilter] | None = None,
) -> Exports:
    """What is kept of loaded files; `prefilters` are those of their segments, where there are."""
    if prefilters is None:
        segments = segment_facts(loaded.segments)
    else:
        segments = tuple(
            SegmentFacts(segment.place, segment.kind, seen.behaviors)
            for segment, seen in zip(loaded.segments, prefilters, strict=True)
            if seen.behaviors or segment.kind != "batch"
        )
    facts = Facts(
        segments=segments,
        stages=stage_facts(loaded.funnels),
        templates=loaded.templates,
    )
    return Exports(
        facts + _broken(loaded, named) if report.has_errors else facts,
        loaded.activations,
        tuple(Placed(each.name, each.folder, each.name_span) for each in loaded.funnels),
        tuple(Placed(each.name, each.folder, each.name_span) for each in loaded.templates),
        tuple(_moments(loaded)),
    )


def _moments(loaded: Loaded) -> Iterable[Moments]:
    items: list[a.Activation | a.ActivationTemplate] = [*loaded.activations, *loaded.templates]
    if not items:
        return
    from segdsl.analysis.checking.schedules import moments_of

    for each in items:
        moments = moments_of(each.delivery.schedule)
        if moments is not None:
            yield moments


def _broken(loaded: Loaded, named: Iterable[t.File]) -> Facts:
    """What files define with errors, so that it was left out."""
    segments: set[c.Place] = set()
    funnels: set[c.Place] = set()
    templates: set[str] = set()
    for tree in named:
        for item in tree.items:
            match item:
                case t.Segment():
                    segments.add((c.folder_path(item.clause("folder")), item.name))
                case t.Funnel():
                    funnels.add((c.folder_path(item.clause("folder")), item.name))
                case t.ActivationTemplate():
                    templates.add(item.name)
                case t.Activation() | t.Let() | t.Param() | t.Import():
                    pass
    return Facts(
        broken_segments=frozenset(segments - {each.place for each in loaded.segments}),
        broken_funnels=frozenset(funnels - {each.place for each in loaded.funnels}),
        broken_templates=frozenset(templates - {each.name for each in loaded.templates}),
    )


def facts_of(loaded: Loaded, named: Iterable[t.File], report: Report) -> Facts:
    """All that activations in other files may ask of loaded files, which `report` is about."""
    places = frozenset(each.place for each in loaded.segments)
    return Facts(places) + exports_in(loaded, named, report).facts


def combine_exports(
    parts: Sequence[Exports],
    referring: Sequence[c.Segment],
    defined: frozenset[c.Place],
    schema: Schema | None,
    now: datetime | None,
    report: Report,
    *,
    all_known: bool,
    elsewhere: Callable[[], OtherFacts] | None,
) -> None:
    """Reports what only all files show: names used twice, targets and templates, times.

    `referring` are the segments and rules of stages that refer to others, and `defined` the places
    of all segments of the files, also of those with errors.
    """
    report_duplicates((each for part in parts for each in part.funnels), report, "funnel")
    report_duplicates(
        (each for part in parts for each in part.templates), report, "activation template"
    )
    activations = [each for part in parts for each in part.activations]
    staged = [each for each in referring if names_stage(each.condition)]
    if activations or staged:
        from segdsl.analysis.checking.targets import check_stages, check_targets

        facts = Facts(defined)
        for part in parts:
            facts += part.facts
        if elsewhere is not None:
            others, others_known = elsewhere()
            facts, all_known = facts + others, all_known and others_known
        check_stages(staged, facts, schema, report, all_known=all_known)
        check_targets(activations, facts, schema, report, all_known=all_known)
    moments = [each for part in parts for each in part.moments]
    if moments and now is not None:
        from segdsl.analysis.checking.schedules import check_moments

        check_moments(moments, now, report)


def next_change(moments: Sequence[Moments], now: datetime) -> datetime | None:
    """The next time at which something else is reported of schedules; None for never."""
    if not moments:
        return None
    from segdsl.analysis.checking.schedules import next_change

    return next_change(moments, now)
