"""Syntax tree to canonical text: one spelling, every comment kept, meaning untouched."""

from segdsl.language.format.flat import format_expression
from segdsl.language.format.printer import format_file

__all__ = ["format_expression", "format_file"]
