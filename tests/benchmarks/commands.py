"""Processes that the benchmarks start, in clean surroundings: the command and interpreters.

The command is that beside the running interpreter, so that what is timed is what `pip install`
gives, with no checkout and no settings of this shell about it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

COMMAND = Path(sys.executable).parent / "segdsl"
NOTHING = (sys.executable, "-c", "pass")


def surroundings() -> Mapping[str, str]:
    """The environment without what would change how Python starts, or the colours."""
    left_out = ("PYTHON", "COVERAGE", "FORCE_COLOR", "CLICOLOR")
    return {name: value for name, value in os.environ.items() if not name.startswith(left_out)}


def running(*command: str | Path, folder: Path) -> Callable[[], object]:
    """A run that must end well; what it says is thrown away."""
    environment = surroundings()

    def run() -> object:
        return subprocess.run(
            command,
            check=True,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    return run


def said(*command: str | Path, folder: Path, code: int = 0) -> str:
    """What a run says, on both its outputs."""
    done = subprocess.run(
        command,
        check=False,
        cwd=folder,
        env=surroundings(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    assert done.returncode == code, f"{command[0]} ended with {done.returncode}: {done.stdout}"
    return done.stdout
