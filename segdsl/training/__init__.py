"""Trains models that say which profiles are like those of a segment, and scores profiles.

Features are made by SQL on the engine, models by scikit-learn, which the extra `models` brings:
`pip install 'segdsl[models]'`. Nothing here imports it before a model is trained. This package
knows segments only as queries: what a server keeps of a model is no matter of it.
"""

from __future__ import annotations

from segdsl.training.errors import TrainingError, check_installed
from segdsl.training.features import FeatureColumn, feature_columns
from segdsl.training.grades import DEFAULT_THRESHOLDS, grade_of
from segdsl.training.model import METHODS, Method, Task, Trained, Weight
from segdsl.training.training import train

__all__ = [
    "DEFAULT_THRESHOLDS",
    "METHODS",
    "FeatureColumn",
    "Method",
    "Task",
    "Trained",
    "TrainingError",
    "Weight",
    "check_installed",
    "feature_columns",
    "grade_of",
    "train",
]
