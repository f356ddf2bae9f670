"""Journeys, with the rules of their criteria and their activations."""

from segdsl.workspace.kinds.journeys.kind import JourneyKind

__all__ = ["JourneyKind"]
