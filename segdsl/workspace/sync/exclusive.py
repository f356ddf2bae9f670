"""One run at a time in a workspace: what writes the lock of a target holds a file of its own.

The system releases it when the process ends, however it ends. Where a file system has no such
locks, runs go on side by side: each writes into the lock what it did itself, and nothing else.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import stat
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from segdsl.errors import InputError
from segdsl.workspace.project.config import Project
from segdsl.workspace.project.paths import beside

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_LONGEST = 1_000


class BusyError(InputError):
    """Another run uses the workspace; the message says which."""


@contextlib.contextmanager
def alone(project: Project, target: str, command: str) -> Iterator[None]:
    """Keeps others that write the lock of a target out; raises BusyError if one is running."""
    file = _opened(project, target)
    if file is None:
        yield
        return
    try:
        _take(file, target, command)
        yield
    finally:
        os.close(file)


def _opened(project: Project, target: str) -> int | None:
    """The file that is held; None where there can be none."""
    if fcntl is None:
        return None
    path = Path(project.folder, ".segdsl", beside(project, target, "running").name)
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        path.parent.mkdir(exist_ok=True)
        if path.parent.is_symlink():
            return None
        file = os.open(path, flags, 0o644)
    except OSError:
        return None  # A folder that cannot be written is reported when the lock is saved.
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        return None
    return file


def _take(file: int, target: str, command: str) -> None:
    assert fcntl is not None, "where there is none nothing was opened"
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise BusyError(
            f"{_holder(file)} is running in this workspace, on the target `{target}`: wait until "
            "it has finished"
        ) from None
    except OSError:
        return  # A file system without locks.
    holder = {
        "command": command,
        "process": os.getpid(),
        "host": socket.gethostname(),
        "since": datetime.now().astimezone().isoformat(timespec="seconds"),
    }
    with contextlib.suppress(OSError):
        os.ftruncate(file, 0)
        os.pwrite(file, json.dumps(holder).encode() + b"\n", 0)


def _holder(file: int) -> str:
    """Who holds it, as it wrote itself; it may not have come to that yet."""
    try:
        found = json.loads(os.pread(file, _LONGEST, 0))
        return (
            f"`segdsl {found['command']!s}` (process {found['process']!s} on {found['host']!s}, "
            f"since {found['since']!s})"
        )
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return "another run of segdsl"
