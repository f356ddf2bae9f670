"""Funnels, with the rules of their stages."""

from segdsl.workspace.kinds.funnels.kind import FunnelKind

__all__ = ["FunnelKind"]
