"""What checked files have beside their segments: funnels, activations, journeys, and so on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar, assert_never

import msgspec

from segdsl.diagnostics import Diagnostic, Report
from segdsl.diagnostics.places import counted
from segdsl.language.condition import tree as c
from segdsl.language.references.ids import AmbiguousNames, Ids
from segdsl.language.references.memberships import named_segments
from segdsl.language.references.substitution import funnel_with_ids
from segdsl.language.values import ByName
from segdsl.loading import Loaded
from segdsl.source import SpanKey

if TYPE_CHECKING:
    from segdsl.language import activations as a
    from segdsl.language import journeys as j
    from segdsl.language import predictive as p

    OtherItem = (
        c.Funnel | a.Activation | a.ActivationTemplate | p.PredictiveSegment | j.Journey[c.Segment]
    )

_Item = TypeVar("_Item", bound="OtherItem")


class OtherItems(msgspec.Struct, frozen=True):
    """Items that are no segments, each in the order of the files."""

    funnels: tuple[c.Funnel, ...] = ()
    activations: tuple[a.Activation, ...] = ()
    templates: tuple[a.ActivationTemplate, ...] = ()
    predictive_segments: tuple[p.PredictiveSegment, ...] = ()
    journeys: tuple[j.Journey[c.Segment], ...] = ()

    @property
    def all(self) -> tuple[OtherItem, ...]:
        """All of them, in an order in which they can be created."""
        return (
            *self.funnels,
            *self.predictive_segments,
            *self.templates,
            *self.journeys,
            *self.activations,
        )

    def __str__(self) -> str:
        """How many there are of each kind: `1 funnel, 4 activations`."""
        kinds = (
            (len(self.funnels), "funnel"),
            (len(self.templates), "activation template"),
            (len(self.activations), "activation"),
            (len(self.predictive_segments), "predictive segment"),
            (len(self.journeys), "journey"),
        )
        return ", ".join(counted(number, word) for number, word in kinds if number)

    def only(self, keys: Collection[SpanKey]) -> OtherItems:
        """Those at these places."""

        def kept(items: Iterable[_Item]) -> tuple[_Item, ...]:
            return tuple(each for each in items if each.span.key in keys)

        return OtherItems(
            kept(self.funnels),
            kept(self.activations),
            kept(self.templates),
            kept(self.predictive_segments),
            kept(self.journeys),
        )


def others_of(loaded: Loaded) -> OtherItems:
    """The items of loaded files, also those with errors."""
    return OtherItems(
        loaded.funnels,
        loaded.activations,
        loaded.templates,
        loaded.predictive_segments,
        loaded.journeys,
    )


def names_of_item(item: OtherItem) -> tuple[str, str]:
    """How a person can name the item: by its name, and with its folder's path."""
    from segdsl.language import activations as a

    folder = None if isinstance(item, a.Activation) else item.folder
    return item.name, "/".join((*c.folder_path(folder), item.name))


def kind_of(item: c.Segment | OtherItem) -> str:
    """What an item is, in a word or two: `funnel`, `activation template`."""
    from segdsl.language import activations as a
    from segdsl.language import journeys as j
    from segdsl.language import predictive as p

    match item:
        case c.Segment():
            return "segment"
        case c.Funnel():
            return "funnel"
        case a.Activation():
            return "activation"
        case a.ActivationTemplate():
            return "activation template"
        case p.PredictiveSegment():
            return "predictive segment"
        case j.Journey():
            return "journey"
        case _:
            assert_never(item)


def with_known_ids(
    items: OtherItems, ids: Ids, ambiguous: AmbiguousNames, report: Report
) -> OtherItems:
    """The items with the ids of known names; those with an ambiguous one are left out."""
    funnels = [funnel_with_ids(each, ids, ambiguous, report) for each in items.funnels]
    if len(items.all) == len(items.funnels):
        return OtherItems(tuple(each for each in funnels if each is not None))
    from segdsl.language.references.deliveries import delivery_with_ids
    from segdsl.language.references.journeys import journey_with_ids, predictive_with_ids

    activations = [delivery_with_ids(each, ids, ambiguous, report) for each in items.activations]
    templates = [delivery_with_ids(each, ids, ambiguous, report) for each in items.templates]
    models = [
        predictive_with_ids(each, ids, ambiguous, report) for each in items.predictive_segments
    ]
    journeys = [journey_with_ids(each, ids, ambiguous, report) for each in items.journeys]
    return OtherItems(
        tuple(each for each in funnels if each is not None),
        tuple(each for each in activations if each is not None),
        tuple(each for each in templates if each is not None),
        tuple(each for each in models if each is not None),
        tuple(each for each in journeys if each is not None),
    )


def without_failed(
    items: OtherItems, diagnostics: Sequence[Diagnostic], broken: Mapping[ByName, str]
) -> tuple[OtherItems, list[tuple[OtherItem, str]]]:
    """The items without errors, and those that refer to a segment with errors, with its name.

    `broken` are the names of such segments.
    """
    errors = [each for each in diagnostics if each.severity == "error"]
    places = [span for each in errors for span in ((each.span,) if each.span is not None else ())]
    kept: set[SpanKey] = set()
    skipped: list[tuple[OtherItem, str]] = []
    for item in items.all:
        if any(item.span.holds(place) for place in places):
            continue
        on_broken = [broken[name] for name in _segments_of(item) if name in broken]
        if on_broken:
            skipped.append((item, on_broken[0]))
        else:
            kept.add(item.span.key)
    return items.only(kept), skipped


def _segments_of(item: OtherItem) -> Iterable[ByName]:
    """The names of the segments that an item refers to."""
    if isinstance(item, c.Funnel):
        return _named(stage.segment for stage in item.stages if stage.segment is not None)
    from segdsl.language import activations as a
    from segdsl.language import journeys as j
    from segdsl.language import predictive as p

    match item:
        case j.Journey():
            return _named(j.rules(item))
        case p.PredictiveSegment():
            uses = (item.predicts, item.among, item.scores)
            targets = [use.target for use in uses if use is not None]
            return [target for target in targets if isinstance(target, ByName)]
        case a.Activation() if item.target.kind == "segment":
            reference = item.target.reference
            return [reference] if isinstance(reference, ByName) else []
        case _:
            return []


def _named(rules: Iterable[c.Segment]) -> list[ByName]:
    """The names of the segments in rules."""
    return [name for rule in rules for name, _ in named_segments(rule.condition)]
