"""Where a local API over raw tables keeps stores and built tables.

Beside the store `FILE` are `FILE-<id>`, the store of each parent segment, and the folder
`FILE-tables` with the built tables, which git ignores. Without a file, stores are in memory and the
tables in a temporary folder.
"""

from __future__ import annotations

import contextlib
import re
import shutil
from collections.abc import Collection
from pathlib import Path

from segdsl.engine.build.run import BUILDING
from segdsl.engine.temporary import TemporaryFolder
from segdsl.server.store.errors import StoreError

_SUFFIX = ".duckdb"
_TABLES = re.compile(r"\d+-(\d+)\.duckdb")


class Files:
    """The files of one server; to be closed. Raises StoreError."""

    def __init__(self, store: Path | None) -> None:
        self._store = None if store is None else store.absolute()
        self._temporary = TemporaryFolder() if self._store is None else None
        if self._store is None:
            assert self._temporary is not None
            self.tables = self._temporary.path / "tables"
        else:
            self.tables = self._store.with_name(f"{self._store.name}-tables")
        try:
            self.tables.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self._store is not None:
                (self.tables / ".gitignore").write_text("*\n")
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            raise StoreError(f"cannot use the folder `{self.tables}`: {why}") from error

    def store(self, parent: int) -> Path | None:
        """The store of a parent segment; None in memory."""
        return (
            None if self._store is None else self._store.with_name(f"{self._store.name}-{parent}")
        )

    def name(self, parent: int, execution: int) -> str:
        """The name of the file with the tables that an execution builds."""
        return f"{parent}-{execution}{_SUFFIX}"

    def clean(self, used: Collection[str], running: Collection[int]) -> None:
        """Removes tables that are not current, and that no running execution builds."""
        for path in list(self.tables.iterdir()):
            match = _TABLES.fullmatch(path.name.removesuffix(BUILDING))
            if match is None or path.name in used or int(match[1]) in running:
                continue
            # A file that another process has open cannot be removed on every system.
            with contextlib.suppress(OSError):
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink(missing_ok=True)

    def remove_store(self, parent: int) -> None:
        """Removes the store of a parent segment that is deleted."""
        store = self.store(parent)
        if store is not None:
            for suffix in ("", "-wal", "-shm"):
                with contextlib.suppress(OSError):
                    store.with_name(f"{store.name}{suffix}").unlink(missing_ok=True)

    def close(self) -> None:
        if self._temporary is not None:
            self._temporary.close()
