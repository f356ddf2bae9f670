"""All output of the commands.

Text for people has nothing in it that a terminal would obey; output for programs is exact. No
other module of the command line prints, except `segdsl.cli.prompts`.
"""

from __future__ import annotations

import os
import sys
from typing import IO

import click

from segdsl.terminal import visible_colored, visible_lines


def echo(text: str = "", *, nl: bool = True, err: bool = False, color: bool | None = None) -> None:
    """Prints lines for people.

    Control characters become visible, except line ends, tabs and, with `color`, our own colors.
    Make a name `visible` before it goes into a line: a line end in it would begin a line of its
    own. On a terminal a long line breaks between words, unless its layout is final: with `color`,
    or without `nl`.
    """
    shown = visible_colored(text) if color else visible_lines(text)
    if nl and not color:
        shown = wrapped(shown, sys.stderr if err else sys.stdout)
    click.echo(shown, nl=nl, err=err, color=color)


def wrapped(text: str, stream: IO[str] | None) -> str:
    """The text with lines that break between words on a terminal; unchanged elsewhere."""
    if stream is None or not stream.isatty():
        return text
    import shutil

    width = shutil.get_terminal_size().columns
    if all(len(line) * 2 <= width for line in text.split("\n")):
        return text
    from segdsl.diagnostics.render import NARROWEST, folded

    lines = (folded(line, max(width, NARROWEST)) for line in text.split("\n"))
    return "\n".join(part for line in lines for part in line)


def echo_raw(text: str, *, nl: bool = True, err: bool = False) -> None:
    """Prints output for programs, such as JSON, exactly."""
    # Without `color`, click strips what looks like one.
    click.echo(text, nl=nl, err=err, color=True)


def echo_result(text: str, *, color: bool = False) -> None:
    """Prints a command's result, such as source or SQL: exactly, but to a terminal as `echo`."""
    if color or is_terminal(sys.stdout):
        echo(text, nl=False, color=color)
    else:
        echo_raw(text, nl=False)


def is_terminal(stream: IO[str] | None) -> bool:
    """Whether a stream is open, and a terminal."""
    return stream is not None and stream.isatty()


def use_color(color: str, stream: IO[str] | None) -> bool:
    """Whether to print to a stream in color; `color` is the value of `--color`."""
    if color != "auto":
        return color == "always"
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return not plain and is_terminal(stream)


def terminal_width() -> int | None:
    """The columns of the terminal on standard output; None where it is not a terminal."""
    if not is_terminal(sys.stdout):
        return None
    import shutil

    return shutil.get_terminal_size().columns
