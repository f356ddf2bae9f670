"""Activations of segments and of stages."""

from segdsl.workspace.kinds.activations.kind import ActivationKind

__all__ = ["ActivationKind"]
