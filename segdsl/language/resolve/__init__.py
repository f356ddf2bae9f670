"""Syntax tree to condition tree: names looked up, definitions expanded, values checked."""

from segdsl.language.resolve.program import Program, check_settings, import_key
from segdsl.language.resolve.segments import resolve
from segdsl.language.resolve.sizes import Room

__all__ = ["Program", "Room", "check_settings", "import_key", "resolve"]
