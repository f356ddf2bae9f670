"""Condition trees and other items to plain English, and compiled rules drawn as trees."""

from segdsl.analysis.explain.activation import explain_activation, explain_template
from segdsl.analysis.explain.funnel import explain_funnel
from segdsl.analysis.explain.journey import explain_journey
from segdsl.analysis.explain.outline import Item, Outline, render_outline
from segdsl.analysis.explain.predictive import explain_predictive
from segdsl.analysis.explain.segment import explain

__all__ = [
    "Item",
    "Outline",
    "explain",
    "explain_activation",
    "explain_funnel",
    "explain_journey",
    "explain_predictive",
    "explain_template",
    "render_outline",
]
