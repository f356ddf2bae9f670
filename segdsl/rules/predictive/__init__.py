"""Predictive segments: the API's JSON, both ways."""

from segdsl.rules.predictive.bodies import encode_predictive, normal_predictive
from segdsl.rules.predictive.reading import PredictiveParts, read_predictive

__all__ = ["PredictiveParts", "encode_predictive", "normal_predictive", "read_predictive"]
