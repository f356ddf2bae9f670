"""Paths that DuckDB does not parse as patterns.

DuckDB treats `*`, `?` and `[` as patterns and has no way to escape them in allowed paths. A file
with such a character in its path is opened through a link in a private temporary folder.
"""

from __future__ import annotations

import re
from itertools import count
from pathlib import Path

from segdsl.engine.errors import DataError

_PATTERN = re.compile(r"[*?\[]")


def has_pattern(path: Path) -> bool:
    """Whether DuckDB would read the path as a pattern."""
    return _PATTERN.search(str(path)) is not None


class PlainPaths:
    """The links to the files of one opened folder or database, in their own folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count()

    def plain(self, path: Path) -> Path:
        """The path itself or that of a link to the file; raises DataError."""
        if not has_pattern(path):
            return path
        link_path = self._folder / f"{next(self._numbers)}{path.suffix}"
        if has_pattern(link_path):
            raise self._error(path, f"the temporary folder {link_path.parent} has one, too")
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            link_path.symlink_to(path)
        except OSError as error:
            raise self._error(path, (error.strerror or str(error)).lower()) from error
        return link_path

    def _error(self, path: Path, why: str) -> DataError:
        return DataError(f"the path {path} contains `*`, `?` or `[`: rename it ({why})")
