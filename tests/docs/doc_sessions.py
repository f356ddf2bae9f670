"""Runs a session of a page: its files are written, its commands and programs run, in order.

Everything runs in one folder, with the command of this checkout as `segdsl`. What a block shows is
what its commands print, standard error after standard output; a command that shows nothing only has
to work. A `text` block right after a `python` block is what that prints.
"""

from __future__ import annotations

import os
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from doc_pages import ROOT, Block

PORT = "8700"
"""The port of the pages; a session takes a free one in its place."""
PLACEHOLDER = "…\n"
"""What a person writes for the output of a command, for `make pages` to fill in."""
_SECONDS = re.compile(r"\d+\.\d\d s")
_COMMAND = re.compile(r"^\$ ((?:[^\n]*\\\n)*[^\n]*)\n", re.MULTILINE)
_FAILED = re.compile(r"^error[:\[]|^! conflict|^--- |: \d+ errors?$", re.MULTILINE)


class Shown(NamedTuple):
    """A block as the page has it, and as it is when it is run; `failed` says what went wrong."""

    block: Block
    actual: str
    failed: str | None


def run(session: list[Block], folder: Path) -> Iterator[Shown]:
    """Each block of a session whose text depends on a run, and those that fail."""
    with ExitStack() as servers:
        runner = _Runner(folder, servers)
        printed: str | None = None
        for block in session:
            if "not run" in block.marks:
                continue
            if block.title:
                path = folder / block.title
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(runner.inward(block.text), encoding="utf-8")
            elif block.language == "console":
                yield runner.console(block)
            elif block.language == "python":
                shown, printed = runner.python(block)
                yield shown
                continue
            elif block.language == "text" and printed is not None:
                yield Shown(block, printed, None)
            printed = None


class _Runner:
    def __init__(self, folder: Path, servers: ExitStack) -> None:
        self.folder = folder
        self.servers = servers
        self.port = _free_port()
        home = folder.parent / f"{folder.name}-home"
        home.mkdir(exist_ok=True)
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("TD_")},
            "PYTHONPATH": str(ROOT),
            "HOME": str(home),
            "COLUMNS": "100",
        }
        self.environment.pop("PYTHONUNBUFFERED", None)

    def console(self, block: Block) -> Shown:
        places = list(_COMMAND.finditer(block.text))
        begins = bool(places) and places[0].start() == 0
        assert begins, f"{block.name} does not begin with `$ command`"
        ends = [*(of.start() for of in places[1:]), len(block.text)]
        text, failed = "", None
        for match, end in zip(places, ends, strict=True):
            command, shown = match[1], block.text[match.end() : end]
            status, output = self._run(command)
            last = match is places[-1]
            expected = (
                int(block.marks["exits with"]) if last and "exits with" in block.marks else None
            )
            if expected is None:
                shows_failure = _FAILED.search(shown) or shown == PLACEHOLDER
                expected = 1 if _FAILED.search(output) and shows_failure else 0
            if status != expected and failed is None:
                failed = f"`{command}` ended with {status} and not {expected}:\n{output}"
            text += f"$ {command}\n{output if shown else ''}"
        return Shown(block, text, failed)

    def python(self, block: Block) -> tuple[Shown, str]:
        done = self._process([sys.executable, "-W", "error", "-c", self.inward(block.text)])
        failed = done.stderr if done.returncode else None
        return Shown(block, block.text, failed), self._outward(done.stdout)

    def _run(self, command: str) -> tuple[int, str]:
        if command.startswith("segdsl serve "):
            return 0, self._outward(self.servers.enter_context(self._served(command)))
        script = f'segdsl() {{ "{sys.executable}" -m segdsl "$@"; }}\n{self.inward(command)}'
        done = self._process(["sh", "-c", script])
        return done.returncode, self._outward(done.stdout + done.stderr)

    def _process(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            cwd=self.folder,
            env=self.environment,
            check=False,
            timeout=120,
        )

    @contextmanager
    def _served(self, command: str) -> Iterator[str]:
        """A server in the background, until the session ends; its first line."""
        words = shlex.split(self.inward(command).removesuffix("&"))
        with subprocess.Popen(
            [sys.executable, "-m", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=self.folder,
            env=self.environment,
        ) as server:
            try:
                assert server.stdout is not None
                yield server.stdout.readline()
            finally:
                server.terminate()

    def inward(self, text: str) -> str:
        """A text of the page with the port of this session."""
        return re.sub(rf"\b{PORT}\b", self.port, text)

    def _outward(self, text: str) -> str:
        text = text.replace(self.port, PORT).replace(str(self.folder), "/home/you/shop")
        return _SECONDS.sub("0.02 s", text)


def _free_port() -> str:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return str(found.getsockname()[1])
