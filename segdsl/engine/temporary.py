"""A folder for what an open data folder needs on disk for a while, which nobody else can read.

DuckDB puts there what memory does not hold: values of profiles. The folder goes when the data is
closed. One that a killed process left behind goes when any process opens data the next time: a
lock of the operating system, which ends with its process, tells which those are.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from segdsl.engine.errors import DataError

try:
    import fcntl
except ImportError:  # where there are no such locks, nothing is cleared up for others
    fcntl = None  # type: ignore[assignment]

PREFIX = "segdsl-data-"
_LOCK = "lock"


class TemporaryFolder:
    """A folder of this process with mode 0700, in the temporary folder; to be closed.

    Raises DataError where none can be made.
    """

    def __init__(self) -> None:
        try:
            _clear_up(Path(tempfile.gettempdir()))
            self.path, self._lock = _made()
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            raise DataError(
                f"cannot make a temporary folder: {why}; name another place with TMPDIR"
            ) from error

    def close(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def _made() -> tuple[Path, int]:
    """A new folder, and its lock."""
    while True:
        path = Path(tempfile.mkdtemp(prefix=PREFIX))
        lock = os.open(path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        if fcntl is None:
            return path, lock
        fcntl.flock(lock, fcntl.LOCK_EX)
        # Between the two steps another process may have taken it for left behind.
        if (path / _LOCK).exists():
            return path, lock
        os.close(lock)


def _clear_up(folder: Path) -> None:
    """Removes what processes of this user left behind that are no more."""
    if fcntl is None:
        return
    for path in _own_folders(folder):
        with contextlib.suppress(OSError):
            lock = os.open(path / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path, ignore_errors=True)
            finally:
                os.close(lock)


def _own_folders(folder: Path) -> Iterator[Path]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if not entry.name.startswith(PREFIX):
                continue
            with contextlib.suppress(OSError):
                found = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid():
                    yield Path(entry.path)
