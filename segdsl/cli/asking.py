"""What the commands that speak to an Audience API share: targets, progress, how they end.

Exit code 3 says that the API did not answer as asked; its reason is told, never the key.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from segdsl.cli.completing import completes
from segdsl.cli.document import failed
from segdsl.cli.group import INTERRUPTED
from segdsl.cli.options import in_color
from segdsl.cli.output import confirm, say

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from segdsl.api import ClientError
    from segdsl.workspace.remote.connect import Connection
    from segdsl.workspace.remote.preview import Failed

_T = TypeVar("_T")
_Function = TypeVar("_Function", bound=Callable[..., Any])
NO_ANSWER = 3


def target_options(function: _Function) -> _Function:
    """Adds `--target`, `--now` and `--send-key`, which `ask` reads by itself."""
    for option in (
        click.option(
            "--send-key",
            is_flag=True,
            expose_value=False,
            callback=_send_key,
            help="Send the API key to a target whose `url` is on this machine, too.",
        ),
        click.option(
            "--now",
            metavar="TIME",
            help="The clock of a local target, such as 2024-10-01T09:00:00+09:00.",
        ),
        click.option(
            "--target",
            metavar="NAME",
            shell_complete=completes("targets"),
            help="A target of segdsl.toml; else its default one.",
        ),
    ):
        function = option(function)
    return function


_SEND_KEY = "segdsl.send_key"


def _send_key(ctx: click.Context, param: click.Parameter, given: bool) -> None:
    ctx.meta[_SEND_KEY] = given


def ask(target: str | None, now: str | None, question: Callable[[Connection], Awaitable[_T]]) -> _T:
    """What comes of a question to a target; an API that does not answer ends the command."""
    import asyncio

    from segdsl.api import ClientError
    from segdsl.workspace.project.config import need_project
    from segdsl.workspace.remote.connect import Surroundings, connect

    project = need_project(Path.cwd())
    context = click.get_current_context(silent=True)
    send_key = context is not None and bool(context.meta.get(_SEND_KEY))
    around = Surroundings(os.environ, Path.home(), send_key)

    async def main() -> _T:
        async with connect(project, target, around, now=now) as connection:
            return await question(connection)

    try:
        return asyncio.run(main())
    except ClientError as error:
        tell_error(error)
        failed("api", error.message, error.help)
        raise click.exceptions.Exit(NO_ANSWER) from None


def can_be_asked() -> bool:
    """Whether a person can answer a question."""
    return sys.stdin is not None and sys.stdin.isatty()


def agrees(question: str, *, default: bool | None = False) -> bool:
    """What a person answers to a question; without a default it is asked until they do.

    One Ctrl-C ends the command (130). While an event loop runs, its handler of Ctrl-C only notes
    it for later: the answer that is typed after it would count. So the question has the plain
    handler.
    """
    import signal
    import threading

    interrupted = False

    def interrupt(number: int, frame: object) -> None:
        nonlocal interrupted
        interrupted = True
        raise KeyboardInterrupt

    is_main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, interrupt) if is_main else None
    try:
        answer = confirm(question, default=default)
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


async def agrees_to(question: str, *, default: bool | None = False) -> bool:
    """The same within an event loop; a Ctrl-C just before or after the question ends it too."""
    import asyncio

    await asyncio.sleep(0)
    answer = agrees(question, default=default)
    await asyncio.sleep(0)
    return answer


def tell_error(error: ClientError | Failed, about: str = "") -> None:
    """One failure of the API on standard error."""
    from segdsl.terminal import visible

    color = in_color("auto", sys.stderr)
    head = click.style("error", fg="red", bold=True) if color else "error"
    say(f"{head}: {visible(about)}{visible(error.message)}", err=True, color=color)
    if error.help:
        say(f"  = help: {visible(error.help)}", err=True, color=color)


class Bar:
    """Progress on a terminal, on standard error; elsewhere nothing. A `Progress` of counts."""

    def __init__(self, words: str) -> None:
        self.words = words
        self.progress: Progress | None = None
        self.task: TaskID | None = None

    def begin(self, questions: int) -> None:
        if sys.stderr is None or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
            return
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
        )

        self.progress = Progress(
            TextColumn(self.words),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=Console(file=sys.stderr, no_color=not in_color("auto", sys.stderr)),
            transient=True,
        )
        self.task = self.progress.add_task(self.words, total=questions)
        self.progress.start()

    def answered(self) -> None:
        if self.progress is not None and self.task is not None:
            self.progress.advance(self.task)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Takes the bar away while lines are written where it is."""
        if self.progress is not None:
            self.progress.stop()
        yield
        if self.progress is not None:
            self.progress.start()

    def stopped(self, killed: int) -> None:
        self.end()
        words = "query was" if killed == 1 else "queries were"
        say(f"stopped: {killed} running {words} killed on the server", err=True)

    def end(self) -> None:
        if self.progress is not None:
            self.progress.stop()
            self.progress = None
