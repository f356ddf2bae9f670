"""Running the command for the tests: in this process, or as a process of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from click.testing import CliRunner, Result

from segdsl.cli.group import cli

ROOT = Path(__file__).parents[2]
TIDY = 'segment "A"\n\nwhere\n  country = "JP"\n'
UNTIDY = 'segment "A" where country="JP"\n'
WRONG = 'segment "A"\nwhere\n  country = = "JP"\n'


# Unbuffered streams lose what a pipe takes only a part of, and say nothing of it.
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
    "PYTHONPATH": str(ROOT),
}


def segdsl(*arguments: str, input: str | bytes | None = None) -> Result:
    """A run in this process and the current folder; nothing but an exit may escape it."""
    result = CliRunner().invoke(cli, arguments, input=input, prog_name="segdsl")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def steady(text: str) -> str:
    """A text with `…` for times and for ids of the server, which differ from run to run."""
    return re.sub(r" *\d+(\.\d+)? m?s\b|(?<=#)\d+", "…", text)


def process(
    *arguments: str,
    input: bytes = b"",
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """A run as a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "segdsl", *arguments],
        input=input,
        capture_output=True,
        env={**ENVIRONMENT, **(environment or {})},
        cwd=cwd,
        check=False,
        timeout=60,
    )


@contextmanager
def interruptible(
    *arguments: str, cwd: Path | None = None, stdin: int | None = None
) -> Iterator[subprocess.Popen[str]]:
    """A run that takes an interrupt, also where the tests run with interrupts ignored.

    Whoever starts a command in the background may have them ignored for all under it.
    """
    with subprocess.Popen(
        [sys.executable, "-m", "segdsl", *arguments],
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
        cwd=cwd,
        preexec_fn=_take_interrupts,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _take_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
