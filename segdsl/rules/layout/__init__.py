"""How a tree of And and Or is laid out on the API's levels; `unfold` reads it back from them."""

from segdsl.rules.layout.shape import Branch, FixedRuleSet, Leaf, Shape
from segdsl.rules.layout.two_levels import lay_out, lay_out_nested

__all__ = ["Branch", "FixedRuleSet", "Leaf", "Shape", "lay_out", "lay_out_nested"]
