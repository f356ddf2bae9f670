"""Builds items that are neither segments nor definitions; loaded for the first that is met."""

from __future__ import annotations

from typing import cast

from segdsl.language.syntax.base_builder import BaseBuilder
from segdsl.language.syntax.delivery_builder import DeliveryBuilder
from segdsl.language.syntax.funnel_builder import FunnelBuilder
from segdsl.language.syntax.lalr import Build


class DeclarationBuilder(FunnelBuilder, DeliveryBuilder):
    """A method for each rule of funnels, activations and templates; hands on the others.

    What builds predictive segments and journeys is loaded for the first of them.
    """

    _models: BaseBuilder | None = None

    def join(self, other: BaseBuilder) -> None:
        super().join(other)
        if self._models is not None:
            self._models.join(other)

    def build(self, rule: str) -> Build:
        """The method of a rule."""
        method = getattr(self, rule, None)
        if method is None:
            if self._models is None:
                from segdsl.language.syntax.model_builder import ModelBuilder

                self._models = ModelBuilder()
                self._models.join(self)
            method = getattr(self._models, rule)
        return cast(Build, method)
