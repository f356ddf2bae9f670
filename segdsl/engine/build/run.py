"""A build: raw tables and a configuration in, a database file out."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb

from segdsl.engine.build.builder import DATABASE, Builder
from segdsl.engine.build.connection import MEMORY, BuildConnection
from segdsl.engine.build.model import Built, Progress
from segdsl.engine.build.sources import RawFiles, RawTable, plain_paths, read_table
from segdsl.engine.columns import literal
from segdsl.engine.errors import DataError, reason
from segdsl.engine.paths import PlainPaths, has_pattern
from segdsl.engine.temporary import TemporaryFolder
from segdsl.parent_segment import matrix
from segdsl.parent_segment.model import Configuration, Table

DEFAULT_ZONE = "UTC"
BUILDING = ".building"
"""The ending of the folder in which a database is built."""
_FILE = "tables.duckdb"


class Build:
    """Builds the tables of a parent segment from the raw tables of a folder.

    `memory` is what DuckDB may use, such as `1GB`; it spills the rest to a temporary folder.
    `run` is called once; `cancel` ends it, from any thread.
    """

    def __init__(self, folder: Path, configuration: Configuration, *, memory: str = MEMORY) -> None:
        self._folder = folder
        self._configuration = configuration
        self._memory = memory
        self._connection: BuildConnection | None = None
        self._is_canceled = False

    def run(self, target: Path, progress: Progress = lambda table, done, of: None) -> Built:
        """Builds the database `target`, which does not exist yet, or is replaced.

        It is there when it is whole, and not before. Raises DataError, which says what to do, and
        QueryKilled after `cancel`.
        """
        if has_pattern(target):
            raise DataError(f"the path {target.parent} contains `*`, `?` or `[`: rename it")
        folder = target.with_name(f"{target.name}{BUILDING}")
        try:
            folder.mkdir(mode=0o700, parents=True)
            built = self._run(folder, progress)
            os.replace(folder / _FILE, target)
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            raise DataError(f"cannot write {target}: {why}") from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return built

    def cancel(self) -> None:
        """Ends the build as soon as possible: `run` raises QueryKilled."""
        self._is_canceled = True
        if self._connection is not None:
            self._connection.cancel()

    def _run(self, folder: Path, progress: Progress) -> Built:
        names = matrix.table_names(self._configuration)
        zone = self._configuration.timezone or DEFAULT_ZONE
        files = RawFiles(self._folder)
        with opened_tables(files, names, zone, self._memory, folder, self._opened) as (
            connection,
            tables,
        ):
            try:
                connection.execute(
                    f"ATTACH {literal(str(folder / _FILE))} AS {DATABASE} (TYPE duckdb)"
                )
                connection.execute("SET lock_configuration = true")
                built = Builder(self._configuration, tables, connection, progress).run()
                connection.execute(f"CHECKPOINT {DATABASE}")
                connection.execute(f"DETACH {DATABASE}")
            except duckdb.Error as error:
                raise DataError(f"the tables cannot be built: {reason(error)}") from error
            return built

    def _opened(self, connection: BuildConnection) -> None:
        self._connection = connection
        if self._is_canceled:
            connection.cancel()


@contextlib.contextmanager
def opened_tables(
    files: RawFiles,
    names: tuple[Table, ...],
    zone: str,
    memory: str = MEMORY,
    written: Path | None = None,
    opened: Callable[[BuildConnection], None] = lambda connection: None,
) -> Iterator[tuple[BuildConnection, dict[Table, RawTable]]]:
    """A connection that reads raw tables by their names; raises DataError for missing ones.

    It may write to the folder `written`, and nowhere else.
    """
    found = [files.need(name) for name in names]
    temporary = TemporaryFolder()
    try:
        paths = plain_paths(found, PlainPaths(temporary.path / "links"))
        connection = BuildConnection(paths.values(), zone, temporary.path, memory, written)
        try:
            opened(connection)
            tables = {
                file.table: read_table(connection.duckdb, file, paths[file.table]) for file in found
            }
            yield connection, tables
        finally:
            connection.close()
    finally:
        temporary.close()
