"""The kinds of resources that there are, by name."""

from __future__ import annotations

from collections.abc import Mapping

from segdsl.rules.lower.segment import Layout
from segdsl.workspace.kinds.activations import ActivationKind
from segdsl.workspace.kinds.funnels import FunnelKind
from segdsl.workspace.kinds.journeys import JourneyKind
from segdsl.workspace.kinds.kind import Kind
from segdsl.workspace.kinds.predictive import PredictiveKind
from segdsl.workspace.kinds.segments import SegmentKind
from segdsl.workspace.kinds.templates import TemplateKind
from segdsl.workspace.project.keys import MODEL, PREDICTIVE

Kinds = Mapping[str, Kind]


def kinds_of(layout: Layout = "v5") -> Kinds:
    """Every kind, for a run that wants rules in that layout."""
    kinds: tuple[Kind, ...] = (
        SegmentKind(layout),
        FunnelKind(layout),
        PredictiveKind(),
        JourneyKind(layout),
        TemplateKind(),
        ActivationKind(),
    )
    return {kind.name: kind for kind in kinds}


KINDS: Kinds = kinds_of()


def named_kinds(kinds: Kinds) -> frozenset[str]:
    """The kinds of all that a plan looks up itself: resources, their parts, and what of the
    account they name.

    What else a text names is known by a schema alone.
    """
    others = ((*kind.part_kinds, *kind.outside_kinds) for kind in kinds.values())
    models = (MODEL,) if PREDICTIVE in kinds else ()
    return frozenset((*kinds, *models, *(name for names in others for name in names)))
