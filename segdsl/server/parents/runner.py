"""Builds tables in the background, each run on a thread of its own, and stores how it ended.

A run builds a new file. The tables become the current ones in one transaction of the store, after
the file is whole: whoever looks sees either those before or those after.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path

from segdsl.engine import DataError, QueryKilled
from segdsl.engine.build import Build
from segdsl.parent_segment.model import Configuration
from segdsl.server.parents.files import Files
from segdsl.server.parents.table import Execution, ParentTable
from segdsl.server.store.errors import StoreError

STOPPED = "the run was stopped before the tables were built: run it again"


class BuildRunner:
    """The runs of one server. `before_switch` is called with the id of a parent segment just
    before its new tables become the current ones, and `after_switch` right behind that; neither
    raises errors but those of the store."""

    def __init__(
        self,
        folder: Path,
        table: ParentTable,
        files: Files,
        clock: Callable[[], int],
        before_switch: Callable[[int], None],
        after_switch: Callable[[int], None],
    ) -> None:
        self._folder = folder
        self._table = table
        self._files = files
        self._clock = clock
        self._before_switch = before_switch
        self._after_switch = after_switch
        self._lock = threading.Lock()
        self._running: dict[int, tuple[Build, threading.Thread]] = {}
        self._closed = False

    def start(self, execution: Execution, configuration: Configuration) -> None:
        """Begins an execution that is in the store."""
        build = Build(self._folder, configuration)
        thread = threading.Thread(
            target=self._run, args=(execution, build), name="segdsl build", daemon=True
        )
        with self._lock:
            self._running[execution.parent] = (build, thread)
            if self._closed:
                build.cancel()
        thread.start()

    def cancel(self, parent: int) -> None:
        """Ends the run of a parent segment, if there is one, and waits for its end."""
        with self._lock:
            running = self._running.get(parent)
        if running is not None:
            build, thread = running
            build.cancel()
            thread.join()

    def close(self) -> None:
        """Ends all runs, and waits for that."""
        with self._lock:
            self._closed = True
            parents = list(self._running)
        for parent in parents:
            self.cancel(parent)

    def _run(self, execution: Execution, build: Build) -> None:
        try:
            # Requests report a store that has become unusable.
            with contextlib.suppress(StoreError):
                self._build(execution, build)
        finally:
            with self._lock:
                self._running.pop(execution.parent, None)

    def _build(self, execution: Execution, build: Build) -> None:
        if not self._table.begin(execution.id):
            return
        name = self._files.name(execution.parent, execution.id)
        target = self._files.tables / name
        try:
            built = build.run(target)
            self._before_switch(execution.parent)
        except QueryKilled:
            self._table.fail(execution.id, "canceled", STOPPED, self._clock())
        except DataError as error:
            self._table.fail(execution.id, "error", str(error), self._clock())
        except StoreError:
            raise
        except Exception as error:
            name = type(error).__name__
            message = f"internal error of the local API ({name}): please report it"
            self._table.fail(execution.id, "error", message, self._clock())
        else:
            self._table.succeed(execution, name, built, self._clock())
            self._after_switch(execution.parent)
        self._files.clean(*self._table.used_files())
