"""TOML files as people and programs write them, with each mistake at its line.

A file is read once, whole and within bounds; what is wrong in it comes as an error whose text shows
the place as diagnostics do, unless the file may hold a secret.
"""

from segdsl.toml.document import Document, parse_toml, read_toml

__all__ = ["Document", "parse_toml", "read_toml"]
