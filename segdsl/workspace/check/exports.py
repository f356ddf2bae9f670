"""Items of files that are no segments: what each part of a check keeps of them, and what only all
files show. What looks at them is imported only where there are some.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, assert_never

import msgspec

from segdsl.analysis.lint.prefilter import Prefilter
from segdsl.diagnostics import Report
from segdsl.language.condition import tree as c
from segdsl.language.references.facts import Facts, SegmentFacts, segment_facts, stage_facts
from segdsl.language.references.memberships import names_model, names_stage
from segdsl.language.references.uniqueness import report_duplicates
from segdsl.language.syntax import tree as t
from segdsl.language.values import ByName
from segdsl.loading import Loaded
from segdsl.source import Span, SpanKey

if TYPE_CHECKING:
    from segdsl.analysis.checking.schedules import Moments
    from segdsl.language import activations as a
    from segdsl.language.predictive import PredictiveSegment
    from segdsl.schema.model import Schema


class Placed(msgspec.Struct, frozen=True):
    """An item that has a folder: its name, its folder, and where it stands."""

    name: str
    folder: str | None
    span: Span


class Exports(msgspec.Struct, frozen=True):
    """What some files say beside their segments, and what others ask of their segments.

    `moments` are those of the schedules and waits that depend on when they are asked. `ruled` are
    the rules of journeys that refer to others, with nothing but those references in them.
    """

    facts: Facts
    activations: tuple[a.Activation, ...] = ()
    funnels: tuple[Placed, ...] = ()
    templates: tuple[Placed, ...] = ()
    moments: tuple[Moments, ...] = ()
    models: tuple[PredictiveSegment, ...] = ()
    journeys: tuple[Placed, ...] = ()
    ruled: tuple[c.Segment, ...] = ()

    @property
    def counts(self) -> tuple[int, ...]:
        """How many of each kind there are, in the order of `Counts`."""
        return (
            len(self.funnels),
            len(self.activations),
            len(self.templates),
            len(self.models),
            len(self.journeys),
        )


OtherFacts = tuple[Facts, bool]
"""What the other files of a project define, and whether that is all."""


def check_exports(loaded: Loaded, schema: Schema | None, report: Report) -> frozenset[SpanKey]:
    """Reports what is wrong with each item alone; returns the places of those with errors."""
    if not has_others(loaded):
        return frozenset()
    from segdsl.analysis.checking.activations import check_items
    from segdsl.analysis.lint.stages import report_stages

    report_stages(loaded.funnels, report)
    if loaded.journeys:
        from segdsl.analysis.lint.journeys import report_journeys

        report_journeys(loaded.journeys, report)
    return check_items(
        loaded.funnels,
        loaded.activations,
        loaded.templates,
        schema,
        report,
        models=loaded.predictive_segments,
        journeys=loaded.journeys,
    )


def has_others(loaded: Loaded) -> bool:
    """Whether loaded files have items that are no segments."""
    return bool(
        loaded.funnels
        or loaded.activations
        or loaded.templates
        or loaded.predictive_segments
        or loaded.journeys
    )


def exports_in(
    loaded: Loaded,
    named: Iterable[t.File],
    report: Report,
    prefilters: Sequence[Prefilter] | None = None,
    ruled: tuple[c.Segment, ...] = (),
) -> Exports:
    """What is kept of loaded files; `prefilters` are those of their segments, where there are.

    `ruled` is what `Exports` has under this name.
    """
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
        models=frozenset(each.name for each in loaded.predictive_segments),
    )
    if loaded.journeys or loaded.activations:
        from segdsl.language.references.journey_facts import journey_activations, journey_facts

        facts += Facts(
            journeys=journey_facts(loaded.journeys),
            journey_activations=journey_activations(loaded.activations),
        )
    return Exports(
        facts + _broken(loaded, named) if report.has_errors else facts,
        loaded.activations,
        tuple(Placed(each.name, each.folder, each.name_span) for each in loaded.funnels),
        tuple(Placed(each.name, each.folder, each.name_span) for each in loaded.templates),
        tuple(_moments(loaded)),
        loaded.predictive_segments,
        tuple(Placed(each.name, each.folder, each.name_span) for each in loaded.journeys),
        ruled,
    )


def _moments(loaded: Loaded) -> Iterable[Moments]:
    items: list[a.Activation | a.ActivationTemplate] = [*loaded.activations, *loaded.templates]
    if not items and not loaded.journeys:
        return
    from segdsl.analysis.checking.schedules import moments_of, moments_of_waits

    for journey in loaded.journeys:
        yield from moments_of_waits(journey)
    for each in items:
        moments = moments_of(each.delivery.schedule)
        if moments is not None:
            yield moments


def _broken(loaded: Loaded, named: Iterable[t.File]) -> Facts:
    """What files define with errors, so that it was left out."""
    segments: set[c.Place] = set()
    funnels: set[c.Place] = set()
    templates: set[str] = set()
    models: set[str] = set()
    journeys: set[str] = set()
    for tree in named:
        for item in tree.items:
            match item:
                case t.Segment():
                    segments.add((c.folder_path(item.clause("folder")), item.name))
                case t.Funnel():
                    funnels.add((c.folder_path(item.clause("folder")), item.name))
                case t.ActivationTemplate():
                    templates.add(item.name)
                case t.PredictiveSegment():
                    models.add(item.name)
                case t.Journey():
                    journeys.add(item.name)
                case t.Activation() | t.Let() | t.Param() | t.Import():
                    pass
                case _:
                    assert_never(item)
    return Facts(
        broken_segments=frozenset(segments - {each.place for each in loaded.segments}),
        broken_funnels=frozenset(funnels - {each.place for each in loaded.funnels}),
        broken_templates=frozenset(templates - {each.name for each in loaded.templates}),
        broken_models=frozenset(models - {each.name for each in loaded.predictive_segments}),
        broken_journeys=frozenset(journeys - {each.name for each in loaded.journeys}),
    )


def facts_of(loaded: Loaded, named: Iterable[t.File], report: Report) -> Facts:
    """All that activations in other files may ask of loaded files, which `report` is about."""
    places = frozenset(each.place for each in loaded.segments)
    return Facts(places, rules=loaded.segments) + exports_in(loaded, named, report).facts


def combine_exports(
    parts: Sequence[Exports],
    referring: Sequence[c.Segment],
    defined: frozenset[c.Place],
    schema: Schema | None,
    now: datetime | None,
    report: Report,
    *,
    all_known: bool,
    is_project: bool,
    elsewhere: Callable[[], OtherFacts] | None,
    rules_of: Callable[[Collection[ByName]], Iterable[c.Segment]],
) -> None:
    """Reports what only all files show: names used twice, targets and templates, times.

    `referring` are the segments and rules that refer to others, and `defined` the places of all
    segments of the files, also of those with errors. `is_project` is whether the files and those
    elsewhere are all of a project. `rules_of` returns segments with the names that are given, and
    all that those refer to; it may return others too.
    """
    report_duplicates((each for part in parts for each in part.funnels), report, "funnel")
    report_duplicates(
        (each for part in parts for each in part.templates), report, "activation template"
    )
    report_duplicates(
        (each for part in parts for each in part.models), report, "predictive segment"
    )
    report_duplicates((each for part in parts for each in part.journeys), report, "journey")
    activations = [each for part in parts for each in part.activations]
    models = [each for part in parts for each in part.models]
    journeys = [each for part in parts for each in part.facts.journeys]
    staged = [each for each in referring if names_stage(each.condition)]
    scored = [each for each in referring if names_model(each.condition)]
    if activations or staged or models or journeys or (scored and schema is not None):
        from segdsl.analysis.checking.references import Referring, check_references

        facts = Facts(defined)
        for part in parts:
            facts += part.facts
        if elsewhere is not None:
            others, others_known = elsewhere()
            facts, all_known = facts + others, all_known and others_known
        ruled = [each for part in parts for each in part.ruled]
        check_references(
            Referring((*staged, *scored), activations, models, journeys, ruled),
            facts,
            schema,
            report,
            all_known=all_known,
            is_project=is_project,
        )
    if models:
        from segdsl.analysis.lint.predictive import named_by, report_predictive, rules_by_name

        rules = rules_by_name((*facts.rules, *rules_of(named_by(models))))
        report_predictive(models, rules, report)
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
