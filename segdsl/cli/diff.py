"""Two texts of one file as a unified diff, in colour on a terminal. Not for rules or plans."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from segdsl.cli.options import Look, in_color
from segdsl.cli.output import product
from segdsl.terminal import visible_lines

_COLORS = {"-": "red", "+": "green", "@": "cyan"}


def diff_of(name: str, before: str, after: str, what: str) -> str:
    """What changes, in lines; `what` says how the second text came about."""
    return "".join(text + "\n" for text in _diff(name, before, after, what))


def _diff(name: str, before: str, after: str, what: str) -> Iterator[str]:
    import difflib

    for line in difflib.unified_diff(_lines(before), _lines(after), name, f"{name} ({what})"):
        text = line.removesuffix("\n")
        if not line.endswith("\n"):
            text += "\n\\ No newline at end of file"
        yield text


def show_diff(name: str, before: str, after: str, what: str, look: Look) -> None:
    """Writes what changes to standard output, in colour on a terminal."""
    color = in_color(look.color, sys.stdout)
    for text in _diff(name, before, after, what):
        style = _COLORS.get(text[0]) if color else None
        shown = visible_lines(text) if color else text
        product((click.style(shown, fg=style) if style else shown) + "\n", color=color)


def _lines(text: str) -> list[str]:
    """Lines at line feeds alone: a form feed in a comment ends none."""
    *whole, last = text.split("\n")
    return [line + "\n" for line in whole] + ([last] if last else [])
