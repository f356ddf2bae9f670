"""Paths as DuckDB can be given them: it takes `*`, `?` and `[` for a pattern.

Nothing that it understands says that they are none where it must reach no other file. So a file
with such a sign in its path is reached through a link in a temporary folder of this process alone.
"""

from __future__ import annotations

import re
from itertools import count
from pathlib import Path

from segdsl.engine.errors import DataError

_PATTERN = re.compile(r"[*?\[]")


class PlainPaths:
    """The links of one opened folder or database, which are made in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count()

    def plain(self, path: Path) -> Path:
        """The path, or that of a link to the file; raises DataError."""
        if _PATTERN.search(str(path)) is None:
            return path
        link = self._folder / f"{next(self._numbers)}{path.suffix}"
        if _PATTERN.search(str(link)) is not None:
            raise self._cannot(path, f"the temporary folder {link.parent} has such a sign as well")
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            link.symlink_to(path)
        except OSError as error:
            raise self._cannot(path, (error.strerror or str(error)).lower()) from error
        return link

    def _cannot(self, path: Path, why: str) -> DataError:
        return DataError(f"{path} has `*`, `?` or `[` in its path: rename it ({why})")
