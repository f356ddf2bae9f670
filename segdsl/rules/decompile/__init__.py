"""The API's JSON to canonical source: rules, segments, funnels, activations and templates."""

from segdsl.rules.decompile.document import decompile

__all__ = ["decompile"]
