"""Syntax tree to condition tree: names looked up, definitions expanded, values checked."""

from segdsl.language.resolve.program import Program, check_settings, import_key
from segdsl.language.resolve.segments import Resolved, resolve, resolve_all
from segdsl.language.resolve.sizes import Room

__all__ = [
    "Program",
    "Resolved",
    "Room",
    "check_settings",
    "import_key",
    "resolve",
    "resolve_all",
]
