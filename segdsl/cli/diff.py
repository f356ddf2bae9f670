"""Unified diffs of two texts of one file. Not for rules or plans.

Secrets in the lines of a diff are masked: it is read, and ends in logs.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from segdsl.cli.console import echo_result, use_color
from segdsl.cli.reporting import OutputOptions
from segdsl.secrets import masked_text, secret_places
from segdsl.terminal import visible_lines

_COLORS = {"-": "red", "+": "green", "@": "cyan"}


def diff_of(name: str, before: str, after: str, label: str) -> str:
    """The diff as lines; `label` says what the second text is, such as "formatted"."""
    return "".join(text + "\n" for text in _diff(name, before, after, label))


def _diff(name: str, before: str, after: str, label: str) -> Iterator[str]:
    import difflib

    old, new = (_lines(masked_text(each, secret_places(each))) for each in (before, after))
    for line in difflib.unified_diff(old, new, name, f"{name} ({label})"):
        text = line.removesuffix("\n")
        if not line.endswith("\n"):
            text += "\n\\ No newline at end of file"
        yield text


def show_diff(name: str, before: str, after: str, label: str, options: OutputOptions) -> None:
    """Prints the diff to standard output, in color on a terminal."""
    color = use_color(options.color, sys.stdout)
    for text in _diff(name, before, after, label):
        style = _COLORS.get(text[0]) if color else None
        shown = visible_lines(text) if color else text
        echo_result((click.style(shown, fg=style) if style else shown) + "\n", color=color)


def _lines(text: str) -> list[str]:
    """The lines, split at line feeds only: a form feed in a comment ends none."""
    *whole, last = text.split("\n")
    return [line + "\n" for line in whole] + ([last] if last else [])
