"""Predictive segments."""

from segdsl.workspace.kinds.predictive.kind import PredictiveKind

__all__ = ["PredictiveKind"]
