"""Condition trees and activations to plain English, and compiled rules drawn as trees."""

from segdsl.analysis.explain.activation import explain_activation, explain_template
from segdsl.analysis.explain.funnel import explain_funnel
from segdsl.analysis.explain.outline import Item, Outline, render_outline
from segdsl.analysis.explain.segment import explain

__all__ = [
    "Item",
    "Outline",
    "explain",
    "explain_activation",
    "explain_funnel",
    "explain_template",
    "render_outline",
]
