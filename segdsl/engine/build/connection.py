"""The connection of a build: bounded memory, a private folder to spill to, and an end on request.

It may read the raw files and write the database that is built, and has access to nothing else.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path

import duckdb

from segdsl.engine.columns import literal
from segdsl.engine.csv_table import Rows
from segdsl.engine.errors import DataError, QueryKilled, reason
from segdsl.engine.priority import run_at_low_priority

MEMORY = "1GB"
"""The memory that DuckDB may use by default; the rest is on the disk."""
_INTERRUPT_INTERVAL = 0.01


class BuildConnection:
    """Executes statements on the thread that created it; `cancel` may be called on any thread."""

    def __init__(
        self,
        read: Iterable[Path],
        zone: str,
        temporary: Path,
        memory: str = MEMORY,
        written: Path | None = None,
    ) -> None:
        self._canceled = threading.Event()
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._connection = run_at_low_priority(
            lambda: duckdb.connect(
                ":memory:",
                config={
                    "autoinstall_known_extensions": "false",
                    "autoload_known_extensions": "false",
                    "allow_community_extensions": "false",
                    "python_enable_replacements": "false",
                    "memory_limit": memory,
                    # Otherwise rows wait in memory for those before them.
                    "preserve_insertion_order": "false",
                    "temp_directory": str(temporary / "spill"),
                },
            )
        )
        try:
            paths = ", ".join(literal(str(each)) for each in read)
            self._connection.execute(f"SET allowed_paths = [{paths}]")
            if written is not None:
                folder = literal(str(written))
                self._connection.execute(f"SET allowed_directories = [{folder}]")
            self._connection.execute("SET enable_external_access = false")
            self._connection.execute(f"SET GLOBAL TimeZone = {literal(zone)}")
        except duckdb.Error as error:
            self._connection.close()
            raise DataError(
                f"DuckDB does not support the time zone “{zone}”: {reason(error)}"
            ) from error

    def execute(self, query: str, /) -> Rows:
        """Executes a statement; raises QueryKilled after `cancel`, and errors of DuckDB."""
        if self._canceled.is_set():
            raise QueryKilled
        try:
            return self._connection.execute(query)
        except duckdb.Error:
            if self._canceled.is_set():
                raise QueryKilled from None
            raise

    @property
    def duckdb(self) -> duckdb.DuckDBPyConnection:
        return self._connection

    def cancel(self) -> None:
        """Ends what runs, as soon as possible, and lets nothing else begin."""
        if self._canceled.is_set():
            return
        self._canceled.set()
        threading.Thread(target=self._interrupt, name="segdsl cancel", daemon=True).start()

    def _interrupt(self) -> None:
        # DuckDB ignores an interrupt before a statement starts, so repeat it.
        while not self._closed.is_set():
            with self._lock:
                if not self._closed.is_set():
                    self._connection.interrupt()
            self._closed.wait(_INTERRUPT_INTERVAL)

    def close(self) -> None:
        with self._lock:
            self._closed.set()
            self._connection.close()
