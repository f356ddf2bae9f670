"""Templates of activations."""

from segdsl.workspace.kinds.templates.kind import TemplateKind

__all__ = ["TemplateKind"]
