"""How a tree of And and Or is laid out on the API's levels, and read back from them."""

from segdsl.layout.shape import Branch, Leaf, Pin, Shape
from segdsl.layout.two_levels import lay_out, lay_out_nested
from segdsl.layout.unfold import normalise, unfold

__all__ = ["Branch", "Leaf", "Pin", "Shape", "lay_out", "lay_out_nested", "normalise", "unfold"]
