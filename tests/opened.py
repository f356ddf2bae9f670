"""Data of the same content, opened once for all local APIs in this process.

Opening a folder of CSV files takes longer than most tests of a local API. What the engine does
with the files is tested in `tests/engine`, which opens each folder itself.
"""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

from segdsl.engine import Data, open_data
from segdsl.server.hosting import transport

MOST = 16
"""Databases that are kept; each takes a few megabytes."""
_LARGEST = 1_000_000
_OPEN: OrderedDict[tuple[str, tuple[tuple[str, bytes], ...]], Data] = OrderedDict()


class _Borrowed:
    """The temporary folder of the first to open the data, to which exports go; it stays."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def close(self) -> None:
        pass


def share() -> None:
    """Makes local APIs in this process share their data, each with queries of its own."""
    transport.open_data = _shared  # type: ignore[attr-defined]


def close() -> None:
    """Closes what was kept."""
    while _OPEN:
        _OPEN.popitem()[1].close()


def _shared(path: Path) -> Data:
    files = sorted(path.iterdir()) if path.is_dir() else []
    if (
        not any(file.suffix == ".csv" for file in files)
        or not all(file.is_file() and file.suffix in (".csv", ".toml") for file in files)
        or sum(file.stat().st_size for file in files) > _LARGEST
    ):
        return open_data(path)
    key = (path.name, tuple((file.name, file.read_bytes()) for file in files))
    if key not in _OPEN:
        _OPEN[key] = open_data(path)
        if len(_OPEN) > MOST:
            _OPEN.popitem(last=False)[1].close()
    _OPEN.move_to_end(key)
    first = _OPEN[key]
    return Data(
        first.parent,
        first.catalog,
        first._connection.cursor(),
        first.population(),
        _Borrowed(first._temporary.path),  # type: ignore[arg-type]
        first.skipped,
        first.skip_messages,
    )
