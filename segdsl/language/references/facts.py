"""What files define, as far as other files ask for it.

Files are checked some at a time; facts of each are put together for what only all of them show.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import msgspec

from segdsl.language.condition import tree as c
from segdsl.language.condition.walk import walk
from segdsl.language.values import Reference, SegmentKind

if TYPE_CHECKING:
    from segdsl.language import activations as a
    from segdsl.language.references.journey_facts import JourneyFacts


class SegmentFacts(msgspec.Struct, frozen=True):
    """A segment: its place, its kind, and the behaviors (matrix tables) that its rule uses.

    Definitions count, as they are part of the rule; segments that it refers to do not.
    """

    place: c.Place
    kind: SegmentKind = "batch"
    behaviors: frozenset[str] = frozenset()


class StageFacts(msgspec.Struct, frozen=True):
    """A stage: the place of its funnel, its name, and the behaviors that its rule uses.

    `segment` is the one that it is, where it is one (`is segment`).
    """

    funnel: c.Place
    name: str
    behaviors: frozenset[str] = frozenset()
    segment: Reference | None = None


class Facts(msgspec.Struct, frozen=True):
    """What some files define.

    `places` are those of all segments, and `segments` what is known of those that are more than a
    batch segment without behaviors. `models` are the names of predictive segments, and
    `journey_activations` those of activations of journeys, each behind its journey's. `broken` are
    the places of segments and funnels with errors, and the names of templates, predictive segments
    and journeys with errors: nothing is known of them. `rules` are the segments of files that are
    not checked, which predictive segments may name.
    """

    places: frozenset[c.Place] = frozenset()
    segments: tuple[SegmentFacts, ...] = ()
    stages: tuple[StageFacts, ...] = ()
    templates: tuple[a.ActivationTemplate, ...] = ()
    models: frozenset[str] = frozenset()
    journeys: tuple[JourneyFacts, ...] = ()
    journey_activations: frozenset[tuple[str, str]] = frozenset()
    broken_segments: frozenset[c.Place] = frozenset()
    broken_funnels: frozenset[c.Place] = frozenset()
    broken_templates: frozenset[str] = frozenset()
    broken_models: frozenset[str] = frozenset()
    broken_journeys: frozenset[str] = frozenset()
    rules: tuple[c.Segment, ...] = ()

    def __add__(self, other: Facts) -> Facts:
        return Facts(
            self.places | other.places,
            self.segments + other.segments,
            self.stages + other.stages,
            self.templates + other.templates,
            self.models | other.models,
            self.journeys + other.journeys,
            self.journey_activations | other.journey_activations,
            self.broken_segments | other.broken_segments,
            self.broken_funnels | other.broken_funnels,
            self.broken_templates | other.broken_templates,
            self.broken_models | other.broken_models,
            self.broken_journeys | other.broken_journeys,
            self.rules + other.rules,
        )


def segment_facts(segments: Iterable[c.Segment]) -> tuple[SegmentFacts, ...]:
    """What is known of segments, each by its own rule."""
    return tuple(
        SegmentFacts(each.place, each.kind, behaviors_of(each.condition)) for each in segments
    )


def stage_facts(funnels: Iterable[c.Funnel]) -> tuple[StageFacts, ...]:
    """What is known of the stages of funnels."""
    return tuple(
        StageFacts(
            funnel.place,
            stage.name,
            frozenset() if stage.segment is None else behaviors_of(stage.segment.condition),
            _segment_of(stage),
        )
        for funnel in funnels
        for stage in funnel.stages
    )


def _segment_of(stage: c.Stage) -> Reference | None:
    match stage.segment:
        case c.Segment(condition=c.Membership("segment", target), limit=None):
            return target
        case _:
            return None


def behaviors_of(condition: c.Condition) -> frozenset[str]:
    """The matrix tables of the behaviors that a condition uses itself."""
    return frozenset(_behaviors(condition))


def _behaviors(condition: c.Condition) -> Iterator[str]:
    for node in walk(condition):
        if isinstance(node, c.Test) and isinstance(node.subject, c.Aggregate):
            yield node.subject.behavior
