"""Progress on a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from segdsl.cli.console import echo, use_color

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class ProgressBar:
    """A progress bar on standard error; nothing where that is not a terminal."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.progress: Progress | None = None
        self.task: TaskID | None = None

    def begin(self, total: int) -> None:
        """Shows the bar, with `total` steps to go."""
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
            TextColumn(self.title),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=Console(file=sys.stderr, no_color=not use_color("auto", sys.stderr)),
            transient=True,
        )
        self.task = self.progress.add_task(self.title, total=total)
        self.progress.start()

    def answered(self) -> None:
        """One step is done."""
        if self.progress is not None and self.task is not None:
            self.progress.advance(self.task)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Hides the bar while lines are printed in its place."""
        if self.progress is not None:
            self.progress.stop()
        yield
        if self.progress is not None:
            self.progress.start()

    def stopped(self, killed: int) -> None:
        """Ends the bar after an interruption that killed queries on the server."""
        self.end()
        queries = "1 running query" if killed == 1 else f"{killed} running queries"
        echo(f"interrupted: killed {queries} on the server", err=True)

    def end(self) -> None:
        """Removes the bar."""
        if self.progress is not None:
            self.progress.stop()
            self.progress = None
