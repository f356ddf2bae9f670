"""What a predictive segment says: who converts, whom a model learns from, scores, and by what.

Shared by every stage, as activations are: the parser makes these nodes, the formatter writes them,
and the API's JSON is made from them and read into them. API names stand in the docstrings.
"""

from __future__ import annotations

from typing import Literal as OneOf

import msgspec

from segdsl.language.activations import Function
from segdsl.language.values import Number, Reference
from segdsl.source import NOWHERE, Span

FeatureKind = OneOf["number", "category", "categories"]
FEATURE_LISTS: dict[FeatureKind, str] = {
    "number": "quantitativeAsColumnNames",
    "category": "categoricalAsColumnNames",
    "categories": "categoricalArrayAsColumnNames",
}
"""The kinds of features, and the API's lists of them (described)."""
MAX_GRADES = 3


class FeatureSource(msgspec.Struct, frozen=True, gc=False):
    """`= customers.last_visit | day_of_week()`: a feature that is computed (`preprocess`).

    `table` is None where only a column is written: the table of the profiles, `customers`.
    """

    column: str
    table: str | None = None
    functions: tuple[Function, ...] = ()
    span: Span = NOWHERE


class Feature(msgspec.Struct, frozen=True, gc=False):
    """`number age`, `category weekday = last_visit | day_of_week()`.

    Without a source it is the attribute of its name.
    """

    kind: FeatureKind
    name: str
    source: FeatureSource | None = None
    span: Span = NOWHERE
    name_span: Span = NOWHERE


class Features(msgspec.Struct, frozen=True, gc=False):
    """`features (…)`; `guessed` is `features guessed`: the server proposes them."""

    items: tuple[Feature, ...] = ()
    guessed: bool = False
    span: Span = NOWHERE


class SegmentUse(msgspec.Struct, frozen=True, gc=False):
    """`segment "Members"` of a clause."""

    target: Reference
    span: Span = NOWHERE


class PredictiveSegment(msgspec.Struct, frozen=True, gc=False):
    """A predictive segment with the references as they are written.

    `predicts` are the profiles that have converted (`segmentId`), `among` those that the model
    learns from (`baseSegmentId`, None: all), `scores` those that get a score (`scoredSegmentId`,
    None: all). `grades` are the lowest scores of the grades 4, 3 and 2, highest first
    (`gradeThresholds`; None where they are not written).
    """

    name: str
    predicts: SegmentUse
    description: str | None = None
    folder: str | None = None
    among: SegmentUse | None = None
    scores: SegmentUse | None = None
    grades: tuple[Number, ...] | None = None
    features: Features | None = None
    span: Span = NOWHERE
    name_span: Span = NOWHERE
    grades_span: Span = NOWHERE
    description_span: Span = NOWHERE
