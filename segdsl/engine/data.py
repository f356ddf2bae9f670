"""Opens a folder of tables or a DuckDB database for queries.

Parquet files and a database's tables are read in place, lazily; CSV files are loaded. Nothing is
written but exports, to a private folder, and DuckDB has access to no other file and no network.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb
import msgspec
from sqlglot import exp

from segdsl.engine.columns import literal
from segdsl.engine.description import (
    Description,
    ParentSegment,
    read_description,
)
from segdsl.engine.errors import DataError, QueryKilled, reason
from segdsl.engine.export import Export, ExportFormat, copy_statement, export_path
from segdsl.engine.frame import Arrays, Frame, fetch_arrays
from segdsl.engine.paths import PlainPaths
from segdsl.engine.priority import low_priority_pool, run_at_low_priority
from segdsl.engine.query import Query
from segdsl.engine.scores import TrainedScores
from segdsl.engine.table_builder import TableBuilder
from segdsl.engine.tables import (
    TableFile,
    table_files,
)
from segdsl.engine.temporary import TemporaryFolder
from segdsl.language.values import ColumnType
from segdsl.parent_segment.shape import FILE
from segdsl.sql import render
from segdsl.sql.catalog import CUSTOMERS, Catalog
from segdsl.terminal import visible

DATABASE_SUFFIX = ".duckdb"
_MAX_QUERIES = 1_000
_EXPORTS = "exports"
"""The private folder for exports, the only one to which DuckDB may write beside its own."""


class Data:
    """The tables of a parent segment; created by `open_data`, must be closed.

    `skipped` has the reason for each table that is not read, by name: `x.csv has no column …`.
    `skip_messages` are the same for users, with how to have them read.
    """

    def __init__(
        self,
        parent: ParentSegment,
        catalog: Catalog,
        connection: duckdb.DuckDBPyConnection,
        population: int,
        temporary: TemporaryFolder,
        skipped: Mapping[str, str],
        skip_messages: tuple[str, ...],
    ) -> None:
        self.parent = parent
        self.catalog = catalog
        self.skipped = skipped
        self.skip_messages = skip_messages
        self._connection = connection
        self._population = population
        self._temporary = temporary
        self._lock = threading.Lock()
        self._queries: list[Query] = []
        self._threads = low_priority_pool(_MAX_QUERIES)
        self._closed = False
        self._trained: TrainedScores | None = None

    def population(self) -> int:
        """The number of profiles."""
        return self._population

    def start(self, query: exp.Expr) -> Query:
        """Starts a query concurrently with others; raises ValueError after `close`."""
        return self._start(render(query, "duckdb", pretty=False))

    def export(
        self, query: exp.Expr, format: ExportFormat, tables: Mapping[str, Arrays] | None = None
    ) -> Export:
        """Starts a query whose rows go to a private file; raises ValueError after `close`.

        `tables` are arrays that the query reads as tables of these names.
        """
        path = export_path(self._temporary.path / _EXPORTS, format)
        sql = copy_statement(render(query, "duckdb", pretty=False), path, format)
        return Export(self._start(sql, tables), path)

    def frame(self, query: exp.Expr) -> Frame:
        """Starts a query whose rows other queries read; raises ValueError after `close`."""
        return Frame(self.export(query, "parquet"), self._arrays)

    def trained_scores(self) -> TrainedScores:
        """The scores of models that are trained here, which queries see from now on.

        The catalog has a table of scores then, also where the data has none.
        """
        with self._lock:
            if self._trained is None:
                folder = self._temporary.path / _EXPORTS
                self._trained = TrainedScores(self._connection, folder, self.catalog)
                self.catalog = self._trained.catalog
            return self._trained

    def _start(self, sql: str, tables: Mapping[str, Arrays] | None = None) -> Query:
        with self._lock:
            if self._closed:
                raise ValueError("the data is closed")
            self._queries = [each for each in self._queries if not each.is_over]
            cursor = self._connection.cursor()
            for name, columns in (tables or {}).items():
                cursor.register(name, dict(columns))
            started = Query(cursor, sql, self._threads)
            self._queries.append(started)
        return started

    def _arrays(self, query: exp.Expr) -> Arrays:
        sql = render(query, "duckdb", pretty=False)
        with self._lock:
            if self._closed:
                raise QueryKilled
            cursor = self._connection.cursor()
        return fetch_arrays(cursor, sql)

    def close(self) -> None:
        """Kills running queries, waits for them, and releases all resources."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        for query in self._queries:
            query.kill()
        for query in self._queries:
            query.join()
        self._threads.shutdown()
        self._connection.close()
        self._temporary.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def open_data(path: Path) -> Data:
    """Opens the data in a folder or a `.duckdb` file; raises DataError, which says what to do."""
    path = path.resolve()
    files, description = _find_tables(path)
    nameless = [each for each in files if not _is_utf8(each.path)]
    files = [each for each in files if _is_utf8(each.path)]
    temporary = TemporaryFolder()
    links = PlainPaths(temporary.path / "links")
    try:
        files = [msgspec.structs.replace(each, link=links.plain(each.path)) for each in files]
        database = None if path.is_dir() else links.plain(path)
        connection = _connect(
            [each.plain for each in files] if database is None else _database_paths(database, path),
            description.parent.timezone,
            temporary.path,
        )
    except BaseException:
        temporary.close()
        raise
    try:
        builder = TableBuilder(connection, description)
        for each in nameless:
            why = "has a name that is not UTF-8"
            builder.skipped[each.table] = f"{visible(each.path.name)} {why}"
        if database is None:
            builder.add_files(files)
            builder.add_unsupported(path)
        else:
            builder.attach(path, database)
        population = builder.finish(path)
        # From here on no query can change the settings for external access.
        connection.execute("SET lock_configuration = true")
    except BaseException:
        connection.close()
        temporary.close()
        raise
    catalog = Catalog(tuple(builder.tables))
    parent = msgspec.structs.replace(description.parent, labels=builder.labels)
    return Data(
        parent,
        catalog,
        connection,
        population,
        temporary,
        builder.skipped,
        builder.skip_messages(),
    )


def open_built(
    path: Path | None,
    parent: ParentSegment,
    types: Mapping[str, Mapping[str, ColumnType]],
    population: int,
) -> Data:
    """Opens tables that `segdsl.engine.build` made; their keys are not checked again.

    Without a path they are those of a parent segment that was never built: tables of `types`
    without rows. Raises DataError.
    """
    temporary = TemporaryFolder()
    try:
        plain = None if path is None else PlainPaths(temporary.path / "links").plain(path)
        allowed = [] if path is None or plain is None else _database_paths(plain, path)
        connection = _connect(allowed, parent.timezone, temporary.path)
    except BaseException:
        temporary.close()
        raise
    try:
        builder = TableBuilder(connection, Description(path or Path(), parent, types))
        if path is None or plain is None:
            for table, columns in {CUSTOMERS: {}, **types}.items():
                builder.add_empty(table, columns)
        else:
            builder.attach(path, plain)
        connection.execute("SET lock_configuration = true")
    except BaseException:
        connection.close()
        temporary.close()
        raise
    return Data(parent, Catalog(tuple(builder.tables)), connection, population, temporary, {}, ())


def _find_tables(path: Path) -> tuple[list[TableFile], Description]:
    """The files of a folder (none of a database), and its description; raises DataError."""
    if not _is_utf8(path):
        raise DataError(f"the name of {visible(str(path))} is not UTF-8: rename it")
    if path.is_dir():
        # What is wrong there may be why there are no tables of profiles.
        description = read_description(path / FILE, path.name)
        return table_files(path), description
    if path.suffix == DATABASE_SUFFIX and path.is_file():
        return [], read_description(path.with_suffix(".toml"), path.stem)
    if path.exists():
        raise DataError(f"{path} is neither a folder of tables nor a {DATABASE_SUFFIX} file")
    raise DataError(f"{path} does not exist: check the spelling")


def _is_utf8(path: Path) -> bool:
    """Whether a path can be used in SQL: names of files may have any bytes."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def _database_paths(*paths: Path) -> list[Path]:
    """The paths of a database and of its write-ahead logs.

    DuckDB inserts `.wal` before a `?`, as if the rest were a query string.
    """
    all_paths = []
    for path in paths:
        before, mark, after = str(path).partition("?")
        all_paths += [path, Path(f"{before}.wal{mark}{after}")]
    return all_paths


def _connect(allowed: Iterable[Path], zone: str, temporary: Path) -> duckdb.DuckDBPyConnection:
    exports = temporary / _EXPORTS
    exports.mkdir()
    connection = run_at_low_priority(
        lambda: duckdb.connect(
            ":memory:",
            config={
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "allow_community_extensions": "false",
                "python_enable_replacements": "false",
                "temp_directory": str(temporary / "spill"),
            },
        )
    )
    paths = ", ".join(literal(str(each)) for each in allowed)
    connection.execute(f"SET allowed_paths = [{paths}]")
    connection.execute(f"SET allowed_directories = [{literal(str(exports))}]")
    connection.execute("SET enable_external_access = false")
    # Metadata of files is cached and read again if a file's modification time changes.
    connection.execute("SET GLOBAL parquet_metadata_cache = true")
    try:
        connection.execute(f"SET GLOBAL TimeZone = {literal(zone)}")
    except duckdb.Error as error:
        connection.close()
        raise DataError(
            f"DuckDB does not support the time zone “{zone}”: {reason(error)}"
        ) from error
    return connection
