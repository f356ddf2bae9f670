"""All that the commands write: to people with nothing in it that a terminal would obey, to programs
exactly as it is. No other module of the command line writes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from segdsl.terminal import visible, visible_colored, visible_lines


def say(text: str = "", *, nl: bool = True, err: bool = False, color: bool | None = None) -> None:
    """Writes lines for people.

    Whatever is in the text becomes visible, but for line ends, tabs and, with `color`, the
    colours of our own. A name that is put into a line should be made `visible` there: a line
    end in it would begin a line of its own.
    """
    shown = visible_colored(text) if color else visible_lines(text)
    click.echo(shown, nl=nl, err=err, color=color)


def write(text: str, *, nl: bool = True, err: bool = False) -> None:
    """Writes a form for programs, such as JSON, exactly: whoever reads it takes care of it."""
    # Without a colour said, click takes out what looks like one.
    click.echo(text, nl=nl, err=err, color=True)


def product(text: str, *, color: bool = False) -> None:
    """Writes what a command made, source or SQL or JSON: exactly, but to a terminal as `say`."""
    terminal = sys.stdout is not None and sys.stdout.isatty()
    if terminal or color:
        say(text, nl=False, color=color)
    else:
        write(text, nl=False)


def ask_for(question: str) -> str:
    """What a person types as the answer to a question, which is on standard error."""
    return str(click.prompt(visible(question), err=True, type=str))


def confirm(question: str, *, default: bool | None = False) -> bool:
    """Asks a person on standard error, and returns the answer; raises Abort where there is none."""
    return click.confirm(visible(question), default=default, err=True)


@contextmanager
def errors_in_words() -> Iterator[None]:
    """Makes the texts of errors visible: arguments are repeated in them as they were given."""
    try:
        yield
    except click.ClickException as error:
        # A group that is run without a command tells its help, in lines of our own.
        is_line = isinstance(error, click.UsageError)
        is_line = is_line and not isinstance(error, click.exceptions.NoArgsIsHelpError)
        made = visible if is_line else visible_lines
        error.message = made(error.message)  # type: ignore[misc]
        raise
