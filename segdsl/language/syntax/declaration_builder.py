"""Builds funnels, activations and templates; loaded for the first of them that is met."""

from __future__ import annotations

from segdsl.language.syntax.delivery_builder import DeliveryBuilder
from segdsl.language.syntax.funnel_builder import FunnelBuilder


class DeclarationBuilder(FunnelBuilder, DeliveryBuilder):
    """A method for each rule of all items that are neither segments nor definitions."""
