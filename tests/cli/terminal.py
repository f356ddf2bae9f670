"""A person at a terminal, for tests: what they read, and the keys that they press."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from running import ENVIRONMENT

pty = pytest.importorskip("pty")
CTRL_C = "\x03"


class Terminal:
    """A command on a terminal of its own. `written` is all that it wrote so far."""

    def __init__(self, running: subprocess.Popen[bytes], ours: int) -> None:
        self.running = running
        self.ours = ours
        self.written = ""

    def read_until(self, words: str, times: int = 1) -> None:
        """Reads until the words were written so often; fails where the command ends first."""
        while self.written.count(words) < times:
            assert self._read(), f"it ended without {words!r}: {self.written}"

    def press(self, keys: str) -> None:
        os.write(self.ours, keys.encode())

    def interrupt(self) -> int:
        """Presses Ctrl-C until the command ends; the exit code.

        Python's `input` goes on with one that comes right before it begins to read.
        """
        for _ in range(30):
            self.press(CTRL_C)
            try:
                self.running.wait(timeout=2)
                break
            except subprocess.TimeoutExpired:
                continue
        return self.end()

    def end(self) -> int:
        """Reads to the end; the exit code."""
        while self._read():
            pass
        return self.running.wait(timeout=60)

    def _read(self) -> bool:
        try:
            part = os.read(self.ours, 65_536)
        except OSError:  # the other end is closed
            return False
        self.written += part.decode(errors="replace")
        return bool(part)


@contextmanager
def on_terminal(folder: Path, *arguments: str, width: int = 100) -> Iterator[Terminal]:
    """A command that takes its keys from a terminal, and Ctrl-C as one does."""
    ours, theirs = pty.openpty()
    program = "import os, signal, sys; os.setsid(); signal.signal(2, signal.SIG_DFL)\n"
    program += "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
    program += "os.execv(sys.executable, [sys.executable, '-m', 'segdsl', *sys.argv[1:]])\n"
    with subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        cwd=folder,
        env={**ENVIRONMENT, "TERM": "xterm", "COLUMNS": str(width), "LINES": "24"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ) as running:
        os.close(theirs)
        try:
            yield Terminal(running, ours)
        finally:
            running.kill()
            os.close(ours)
