"""Condition tree to plain English, and compiled rules drawn as trees."""

from segdsl.analysis.explain.outline import Item, Outline, render_outline
from segdsl.analysis.explain.segment import explain

__all__ = ["Item", "Outline", "explain", "render_outline"]
