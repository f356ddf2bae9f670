"""Journeys as pictures: Mermaid text, and SVG."""

from segdsl.analysis.graph.mermaid import mermaid
from segdsl.analysis.graph.svg import svg

__all__ = ["mermaid", "svg"]
