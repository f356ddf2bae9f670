"""The log of a server's own failures: one line each, and a limited number of lines per period.

Of a request, only its method and path are written, without the key and in one line. A client that
causes many failures cannot fill a disk.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable
from time import monotonic

from segdsl.api.scrubbing import Scrubber
from segdsl.terminal import visible

MOST_LINES = 20
"""Lines in one period."""
PERIOD = 60.0
"""Seconds."""
LONGEST = 500
"""Characters of a line."""


def _to_standard_error(line: str) -> None:
    if sys.stderr is not None:
        print(line, file=sys.stderr, flush=True)


class Log:
    """Writes lines up to the limit of a period; then reports how many were left out.

    `write` gets each line, `clock` gives seconds. Any thread may use it; a failure to write is
    ignored.
    """

    def __init__(
        self,
        key: str = "",
        write: Callable[[str], None] = _to_standard_error,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._scrubber = Scrubber(key)
        self._write = write
        self._clock = clock
        self._lock = threading.Lock()
        self._since = clock()
        self._written = 0
        self._left_out = 0

    def add(self, text: str) -> None:
        with self._lock:
            now = self._clock()
            if now - self._since >= PERIOD:
                self._since, self._written = now, 0
                self._report_left_out()
            if self._written >= MOST_LINES:
                self._left_out += 1
                return
            self._written += 1
            self._line(text)

    def close(self) -> None:
        with self._lock:
            self._report_left_out()

    def _report_left_out(self) -> None:
        if self._left_out:
            self._line(f"{self._left_out} more lines were left out")
            self._left_out = 0

    def _line(self, text: str) -> None:
        line = self._scrubber.scrubbed(visible(text[: 4 * LONGEST]))
        try:
            self._write(line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…")
        except (OSError, ValueError):
            # The reader is gone.
            return


class LogHandler(logging.Handler):
    """Writes records of libraries (uvicorn, asyncio) to a `Log`, without tracebacks."""

    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = record.getMessage()
        except Exception:
            text = str(record.msg)
        if record.exc_info and record.exc_info[1] is not None:
            text = f"{text.strip()}: {describe(record.exc_info[1])}"
        self._log.add(text)


def describe(error: BaseException) -> str:
    """An error in one line, with the place that raised it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = ""
    if trace is not None:
        module = trace.tb_frame.f_globals.get("__name__", "?")
        place = f" at {module}:{trace.tb_lineno}"
    return f"{type(error).__name__}{place}"
