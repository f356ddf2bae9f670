"""`segdsl apply` on a terminal: a bar below, and lines of results that it leaves alone."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from running import ENVIRONMENT
from workspace import NOW, write_project

pty = pytest.importorskip("pty")
WIDTH = 60
LOCAL = f'[targets.local]\nkind = "local"\ndata = "data"\nnow = {NOW}\n'


def on_a_terminal(folder: Path, *arguments: str) -> str:
    """All that a run writes to a terminal, with what moves its cursor."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "segdsl", *arguments],
        cwd=folder,
        env={**ENVIRONMENT, "TERM": "xterm", "COLUMNS": str(WIDTH), "LINES": "24"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ) as running:
        os.close(theirs)
        written = b""
        while True:
            try:
                part = os.read(ours, 65_536)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            written += part
        assert running.wait(timeout=60) == 0
    os.close(ours)
    return written.decode()


def screen(written: str) -> list[str]:
    """The lines that a terminal shows, by what the bar uses of its language."""
    lines, row, column = [""], 0, 0
    for token in re.findall(r"\x1b\[[?0-9;]*[A-Za-z]|\r|\n|[^\x1b\r\n]", written):
        if token == "\n":
            row += 1
            lines.extend([""] * (row + 1 - len(lines)))
        elif token == "\r":
            column = 0
        elif token.startswith("\x1b"):
            if token.endswith("A"):
                row = max(0, row - int(token[2:-1] or 1))
            elif token == "\x1b[2K":
                lines[row] = ""
        else:
            lines[row] = lines[row][:column].ljust(column) + token + lines[row][column + 1 :]
            column += 1
    return lines


def test_no_frame_of_the_bar_stays_between_the_results(tmp_path: Path) -> None:
    write_project(tmp_path, LOCAL)
    for number in range(12):
        (tmp_path / f"s{number}.seg").write_text(f'segment "S{number}" where age > {number}\n')
    written = on_a_terminal(tmp_path, "apply", "--yes")
    assert "Applying" in written
    shown = screen(written)
    made = [line for line in shown if line.startswith("created")]
    assert len(made) == 15
    assert not [line for line in shown if "Applying" in line or "━" in line]
    assert all(re.fullmatch(r"created {4}.*#\d+", line) for line in made)
