"""Runs a local Audience API on a port, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from local_api import NOW, Api, client, write_data

# Everything that the command line adds to `serve` is how its options are written.
_PROGRAM = """\
import sys
from argparse import ArgumentParser
from pathlib import Path

from segdsl.server import LOCAL_KEY, parse_faults, serve

parser = ArgumentParser()
parser.add_argument("data", type=Path)
parser.add_argument("--store", type=Path)
parser.add_argument("--port", type=int, default=0)
parser.add_argument("--now", type=int)
parser.add_argument("--key", default=LOCAL_KEY)
parser.add_argument("--faults", type=parse_faults)
parser.add_argument("--strict", action="store_true")
options = vars(parser.parse_args())
data, store = options.pop("data"), options.pop("store")
serve(data, store, **options, announce=lambda url: print(url, flush=True))
"""

_ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}

Server = subprocess.Popen[str]


def start(folder: Path, *options: str, data: Path | None = None) -> tuple[Server, str]:
    """Starts a server over data in `folder`, or over other `data`.

    Returns it and its URL once it listens.
    """
    served = str(data or write_data(folder))
    command = [sys.executable, "-c", _PROGRAM, served, "--now", str(NOW), *options]
    pipe = subprocess.PIPE
    server = subprocess.Popen(command, env=_ENVIRONMENT, stdout=pipe, stderr=pipe, text=True)
    assert server.stdout is not None
    url = server.stdout.readline().strip()
    if not url:
        _, errors = server.communicate()
        raise AssertionError(errors)
    return server, url


def end(server: Server) -> None:
    """Kills a server that still runs, and closes its pipes."""
    server.kill()
    server.communicate()


@asynccontextmanager
async def serving(
    folder: Path, *options: str, data: Path | None = None
) -> AsyncIterator[tuple[Api, Server]]:
    """Runs a server, with a client of it."""
    server, url = start(folder, *options, data=data)
    try:
        async with client(url) as http:
            yield Api(http), server
    finally:
        end(server)
