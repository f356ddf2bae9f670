"""Typed, frozen records of predictive segments and of what their models say."""

from __future__ import annotations

from typing import Any
from typing import Literal as OneOf

import msgspec

from segdsl.api.activation_records import Form


class PredictiveSegment(msgspec.Struct, frozen=True, gc=False):
    """A predictive segment; `document` is the JSON of the whole, in the form `form`.

    `segdsl.rules.predictive.read_predictive` reads the document. `folder_id` is None if the
    response has no folder. `accuracy` is from 0 to 100 and `area` under the ROC curve from 0 to 1,
    None before the model is trained, and `model_updated_at` when that was.
    """

    id: str
    name: str
    document: msgspec.Raw
    form: Form = "entities"
    folder_id: str | None = None
    segment_id: str | None = None
    accuracy: float | None = None
    area: float | None = None
    model_updated_at: str | None = None
    created_at: str | None = None
    updated_at: str | None = None

    def decoded(self) -> dict[str, Any]:
        """The document as plain values."""
        value: dict[str, Any] = msgspec.json.decode(self.document)
        return value


class NewPredictiveSegment(msgspec.Struct, frozen=True):
    """A predictive segment to create, or the new state of one.

    `body` is `{"type": "predictive-segment", "attributes": {…}}`, as
    `segdsl.rules.predictive.encode_predictive` makes it; the client adds the folder, which is the
    root without one.
    """

    name: str
    body: msgspec.Raw
    folder_id: str | None = None


class FeatureWeight(msgspec.Struct, frozen=True):
    """A feature of a trained model, `column` or `column#category`, and what it weighs."""

    feature: str
    weight: float


class Histogram(msgspec.Struct, frozen=True):
    """How many profiles have a score, by the score: those who have converted, and the others."""

    positives: tuple[tuple[float, int], ...] = ()
    negatives: tuple[tuple[float, int], ...] = ()


class Guess(msgspec.Struct, frozen=True):
    """Guessed features: whether they are there yet, and the JSON of the rule that has them."""

    status: OneOf["running", "success"]
    rule: msgspec.Raw | None = None
