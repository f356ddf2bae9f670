"""Builds predictive segments and journeys; loaded for the first of them that is met."""

from __future__ import annotations

from segdsl.language.syntax.journey_builder import JourneyBuilder
from segdsl.language.syntax.predictive_builder import PredictiveBuilder


class ModelBuilder(PredictiveBuilder, JourneyBuilder):
    """A method for each rule of predictive segments and journeys that they have alone."""
