"""A private temporary folder for opened data.

DuckDB spills values of profiles there. The folder is removed when the data is closed. Folders of
killed processes are removed the next time that any process opens data: their file lock, which
the operating system releases, shows that they are stale.
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
except ImportError:  # without file locks, stale folders are not removed
    fcntl = None  # type: ignore[assignment]

PREFIX = "segdsl-data-"
_LOCK = "lock"


class TemporaryFolder:
    """A new folder with mode 0700 in the system's temporary folder; must be closed.

    Raises DataError if it cannot be created.
    """

    def __init__(self) -> None:
        try:
            _remove_stale(Path(tempfile.gettempdir()))
            self.path, self._lock = _create()
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            raise DataError(
                f"cannot create a temporary folder: {why}; set TMPDIR to another folder"
            ) from error

    def close(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def _create() -> tuple[Path, int]:
    """Creates a folder and its lock."""
    while True:
        path = Path(tempfile.mkdtemp(prefix=PREFIX))
        lock = os.open(path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        if fcntl is None:
            return path, lock
        fcntl.flock(lock, fcntl.LOCK_EX)
        # Between the two steps another process may have removed it as stale.
        if (path / _LOCK).exists():
            return path, lock
        os.close(lock)


def _remove_stale(folder: Path) -> None:
    """Removes folders of this user whose process has ended."""
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
                status = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid():
                    yield Path(entry.path)
