"""Syntax tree to condition tree: names looked up, definitions expanded, values checked."""

from segdsl.resolve.program import Program, check_settings, import_key
from segdsl.resolve.segments import resolve

__all__ = ["Program", "check_settings", "import_key", "resolve"]
