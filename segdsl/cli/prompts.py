"""Questions to a person: on standard error, and interruptible at any moment."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import click
from click import termui

from segdsl.cli.errors import INTERRUPTED
from segdsl.terminal import visible


def is_interactive() -> bool:
    """Whether standard input is a terminal, so that a person can answer."""
    return sys.stdin is not None and sys.stdin.isatty()


def prompt(question: str) -> str:
    """Asks for a value and returns it."""
    with _interruptible():
        return str(click.prompt(visible(question), err=True, type=str))


def confirm(question: str, *, default: bool | None = False) -> bool:
    """Asks a yes-or-no question; without a default, until the answer is one of them.

    Raises Abort at the end of the input. One Ctrl-C ends the command (130): the handler of a
    running event loop would only note it for later, and the answer typed after it would count, so
    the plain handler is in place during the question.
    """
    import signal

    interrupted = False

    def interrupt(number: int, frame: object) -> None:
        nonlocal interrupted
        interrupted = True
        raise KeyboardInterrupt

    is_main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, interrupt) if is_main else None
    try:
        with _interruptible():
            answer = click.confirm(visible(question), default=default, err=True)
    except (click.Abort, KeyboardInterrupt):
        # The end of the input is an Abort, too.
        if interrupted:
            raise click.exceptions.Exit(INTERRUPTED) from None
        raise
    finally:
        if is_main:
            signal.signal(signal.SIGINT, before)
    if interrupted:
        raise click.exceptions.Exit(INTERRUPTED)
    return answer


async def confirm_async(question: str, *, default: bool | None = False) -> bool:
    """`confirm` within an event loop; a Ctrl-C just before or after the question ends it, too."""
    await asyncio.sleep(0)
    answer = confirm(question, default=default)
    await asyncio.sleep(0)
    return answer


@contextmanager
def _interruptible() -> Iterator[None]:
    """Lets Ctrl-C end a question of click at any moment, as a KeyboardInterrupt.

    When it is pressed just before `input` begins to wait, `input` waits all the same, and the
    answer typed after it would count.
    """
    interrupted = False

    def read(text: str) -> str:
        nonlocal interrupted
        try:
            return _input(text)
        except KeyboardInterrupt:
            interrupted = True
            raise

    before = termui.visible_prompt_func
    if before is not input or sys.platform == "win32":
        yield
        return
    termui.visible_prompt_func = read
    try:
        yield
    except click.Abort:
        if interrupted:
            raise KeyboardInterrupt from None
        raise
    finally:
        termui.visible_prompt_func = before


def _input(text: str) -> str:
    """`input`, with the prompt on standard error; a signal ends the waiting."""
    click.echo(text, nl=False, err=True)
    if threading.current_thread() is threading.main_thread():
        _wait_for_line()
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line.removesuffix("\n")


def _wait_for_line() -> None:
    """Waits until a line is typed; signal handlers run meanwhile."""
    import select
    import signal
    import socket

    wakened, wakes = socket.socketpair()
    wakes.setblocking(False)
    with wakened, wakes:
        before = signal.set_wakeup_fd(wakes.fileno(), warn_on_full_buffer=False)
        try:
            while sys.stdin not in select.select([sys.stdin, wakened], [], [])[0]:
                wakened.recv(4_096)
        finally:
            signal.set_wakeup_fd(before)
