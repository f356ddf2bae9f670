"""Syntax tree to condition tree: names looked up, definitions expanded, values checked."""

from segdsl.resolve.program import Program, check_settings, import_key
from segdsl.resolve.segments import resolve
from segdsl.resolve.sizes import Room

__all__ = ["Program", "Room", "check_settings", "import_key", "resolve"]
