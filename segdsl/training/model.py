"""What a training needs, and what it makes. Frozen data, without any library."""

from __future__ import annotations

import msgspec
from sqlglot import exp

from segdsl.engine import Export
from segdsl.language.predictive import FeatureKind
from segdsl.parent_segment.shape import TrainingMethod
from segdsl.training.features import FeatureColumn
from segdsl.training.grades import DEFAULT_THRESHOLDS

Method = TrainingMethod
METHODS: tuple[Method, ...] = ("logistic", "boosting")
"""Logistic regression, whose weights say more and less likely, and gradient boosting of trees."""

HISTOGRAM = 101
"""Places of a histogram: scores from 0 to 100, rounded down."""


class Task(msgspec.Struct, frozen=True):
    """A model to be trained.

    The queries give the ids of profiles, each once: `converts` those that have converted, `among`
    those to learn from and `scores` those that get a score (None: all). `model` is the id that the
    rows of the scores carry. `thresholds` are the lowest scores of the grades 4, 3 and 2.
    """

    model: str
    features: tuple[FeatureColumn, ...]
    converts: exp.Select
    among: exp.Select | None = None
    scores: exp.Select | None = None
    thresholds: tuple[float, ...] = DEFAULT_THRESHOLDS
    method: Method = "logistic"


class Weight(msgspec.Struct, frozen=True):
    """What a feature weighs in a model; its name is `column` or `column#category`."""

    feature: str
    weight: float


class Trained(msgspec.Struct, frozen=True):
    """A trained model, and the scores of profiles in a private file that must be discarded.

    `accuracy` is from 0 to 100 and `area` under the ROC curve from 0 to 1, both of the profiles
    that were held out. `weights` are in the order of the features. A histogram has the number of
    scored profiles at each score from 0 to 100, rounded down: `positives` have converted,
    `negatives` have not, and `unseen_positives` are those positives that the model did not learn
    from. The columns of `scores` are model_id, cdp_customer_id, score, grade and converted.
    """

    accuracy: float
    area: float
    weights: tuple[Weight, ...]
    columns: tuple[tuple[str, FeatureKind], ...]
    positives: tuple[int, ...]
    unseen_positives: tuple[int, ...]
    negatives: tuple[int, ...]
    learned: int
    held_out: int
    scored: int
    scores: Export
