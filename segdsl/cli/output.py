"""All that the commands write: to people with nothing in it that a terminal would obey, to programs
exactly as it is. No other module of the command line writes.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import click
from click import termui

from segdsl.terminal import visible, visible_colored, visible_lines

_ERROR = "Error: "
"""What click puts before the text of an error."""


def say(text: str = "", *, nl: bool = True, err: bool = False, color: bool | None = None) -> None:
    """Writes lines for people.

    Whatever is in the text becomes visible, but for line ends, tabs and, with `color`, the
    colours of our own. A name that is put into a line should be made `visible` there: a line
    end in it would begin a line of its own. On a terminal a long line ends between words, but
    where a layout was made for it already: with `color`, or without `nl`.
    """
    shown = visible_colored(text) if color else visible_lines(text)
    if nl and not color:
        shown = _fitted(shown, sys.stderr if err else sys.stdout)
    click.echo(shown, nl=nl, err=err, color=color)


def _fitted(text: str, stream: IO[str] | None) -> str:
    """Lines that end between words on a terminal; as they are elsewhere."""
    if stream is None or not stream.isatty():
        return text
    import shutil

    width = shutil.get_terminal_size().columns
    if all(len(line) * 2 <= width for line in text.split("\n")):
        return text
    from segdsl.diagnostics.render import NARROWEST, folded

    lines = (folded(line, max(width, NARROWEST)) for line in text.split("\n"))
    return "\n".join(part for line in lines for part in line)


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
    with _interruptible():
        return str(click.prompt(visible(question), err=True, type=str))


def confirm(question: str, *, default: bool | None = False) -> bool:
    """Asks a person on standard error, and returns the answer; raises Abort where there is none."""
    with _interruptible():
        return click.confirm(visible(question), default=default, err=True)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Lets Ctrl-C end a question of click at any moment, as a KeyboardInterrupt.

    Where it is pressed just before `input` begins to wait, `input` waits all the same, and the
    answer that is typed after it would count.
    """
    interrupted = False

    def ask(prompt: str) -> str:
        nonlocal interrupted
        try:
            return _input(prompt)
        except KeyboardInterrupt:
            interrupted = True
            raise

    before = termui.visible_prompt_func
    if before is not input or sys.platform == "win32":
        yield
        return
    termui.visible_prompt_func = ask
    try:
        yield
    except click.Abort:
        if interrupted:
            raise KeyboardInterrupt from None
        raise
    finally:
        termui.visible_prompt_func = before


def _input(prompt: str) -> str:
    """As `input`, with the prompt on standard error; a signal ends the waiting."""
    click.echo(prompt, nl=False, err=True)
    if threading.current_thread() is threading.main_thread():
        _wait_for_line()
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line.removesuffix("\n")


def _wait_for_line() -> None:
    """Waits until a line was typed; handlers of signals run meanwhile."""
    import select
    import signal
    import socket

    woken, wakes = socket.socketpair()
    wakes.setblocking(False)
    with woken, wakes:
        before = signal.set_wakeup_fd(wakes.fileno(), warn_on_full_buffer=False)
        try:
            while sys.stdin not in select.select([sys.stdin, woken], [], [])[0]:
                woken.recv(4_096)
        finally:
            signal.set_wakeup_fd(before)


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
        before = _ERROR + error.format_message().removesuffix(error.message)
        whole = _fitted(before + error.message, sys.stderr)
        if whole.startswith(before):
            error.message = whole.removeprefix(before)  # type: ignore[misc]
        raise
