"""Opens a folder of tables or a DuckDB database for queries.

Parquet files and a database's tables are read in place, lazily; CSV files are loaded. Nothing is
written but exports, to a private folder, and DuckDB has access to no other file and no network.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Literal as OneOf
from typing import Self

import duckdb
import msgspec
from sqlglot import exp

from segdsl.diagnostics.places import counted
from segdsl.diagnostics.suggest import did_you_mean
from segdsl.engine.columns import Field, literal, quoted, read_column
from segdsl.engine.csv_table import header, load_csv
from segdsl.engine.description import (
    BEHAVIORS,
    FILE,
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
from segdsl.engine.tables import (
    FIXED,
    TableFile,
    behavior_hint,
    duplicate_table_error,
    is_reserved,
    is_table,
    key_of,
    missing_event_column,
    separator,
    table_files,
    unsupported_files,
)
from segdsl.engine.temporary import TemporaryFolder
from segdsl.language.behaviors import name_of
from segdsl.language.values import ColumnType
from segdsl.sql import render
from segdsl.sql.catalog import CUSTOMERS, PROFILE_ID, Catalog, Column, Table
from segdsl.terminal import visible

DATABASE_SUFFIX = ".duckdb"
# The alias of an attached database file.
_ATTACHED = "attached"
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
        builder = _Builder(connection, description)
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


def _find_tables(path: Path) -> tuple[list[TableFile], Description]:
    """The files of a folder (none of a database), and its description; raises DataError."""
    if not _is_utf8(path):
        raise DataError(f"the name of {visible(str(path))} is not UTF-8: rename it")
    if path.is_dir():
        return table_files(path), read_description(path / FILE, path.name)
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


class _Builder:
    """Creates a view of each table and collects the catalog."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, description: Description) -> None:
        self.connection = connection
        self.description = description
        self.labels = description.parent.labels
        self.tables: list[Table] = []
        self.skipped: dict[str, str] = {}
        self.unsupported: set[str] = set()

    def add_files(self, files: Iterable[TableFile]) -> None:
        unprefixed: dict[str, TableFile] = {}
        for file in files:
            if not is_table(file.table):
                names = partial(self._names, file)
                if not self._has_events(file.table, file.path.name, names):
                    continue
                other = unprefixed.setdefault(file.table.lower(), file)
                if other is not file:
                    raise duplicate_table_error(other, file)
            if file.format == "csv":
                self._load(file)
                continue
            source = _parquet(file)
            self._add(file.table, source, self._fields(source, str(file.path)), str(file.path))
        # A table that another file provides is not reported as skipped.
        for table in self.tables:
            self.skipped.pop(table.name, None)

    def skip_messages(self) -> tuple[str, ...]:
        return tuple(
            why if table in self.unsupported else f"{why}; {behavior_hint(table)}"
            for table, why in self.skipped.items()
        )

    def add_unsupported(self, folder: Path) -> None:
        """Adds the unsupported files of a folder to the skipped tables."""
        read = {table.name for table in self.tables}
        for table, why in unsupported_files(folder).items():
            if table not in read and table not in self.skipped:
                self.skipped[table] = why
                self.unsupported.add(table)

    def _has_events(self, table: str, location: str, columns: Callable[[], list[str]]) -> bool:
        """Whether a table without the prefix is a behavior; others are added to `skipped`."""
        if is_reserved(table):
            why: str | None = "has a reserved name"
        else:
            try:
                why = missing_event_column(columns())
            except DataError:
                why = "cannot be read"
        if why is not None:
            self.skipped[table] = f"{location} {why}"
        return why is None

    def _names(self, file: TableFile) -> list[str]:
        if file.format == "csv":
            return header(file.path)
        return self._field_names(_parquet(file), str(file.path))

    def _field_names(self, name: str, location: str) -> list[str]:
        return [each.name for each in self._fields(name, location)]

    def _load(self, file: TableFile) -> None:
        declared = self._declared(file.table)
        texts = frozenset(
            name
            for name, type in declared.items()
            if type in ("string", "string_array", "number_array")
        )
        loaded = quoted("a file/as its types")  # no file has such a name
        fields = load_csv(self.connection, file.path, loaded, texts, plain=file.plain)
        self._add(file.table, loaded, fields, str(file.path), kind="TABLE")
        self.connection.execute(f"DROP TABLE {loaded}")

    def attach(self, path: Path, plain: Path) -> None:
        """Adds the tables of a database; DuckDB opens it by the path `plain`."""
        try:
            self.connection.execute(
                f"ATTACH {literal(str(plain))} AS {_ATTACHED} (TYPE duckdb, READ_ONLY)"
            )
            rows = self.connection.execute(
                "SELECT table_name FROM information_schema.tables "
                "WHERE table_catalog = ? AND table_schema = 'main' ORDER BY table_name",
                [_ATTACHED],
            ).fetchall()
        except duckdb.Error as error:
            raise DataError(
                f"{path} cannot be opened as a DuckDB database: {reason(error)}"
            ) from error
        for (table,) in rows:
            location = f"{path}, table `{table}`"
            name = f"{_ATTACHED}.main.{quoted(table)}"
            names = partial(self._field_names, name, location)
            if is_table(table) or self._has_events(table, f"the table `{table}`", names):
                self._add(table, name, self._fields(name, location), location)

    def finish(self, path: Path) -> int:
        """Validates all tables; returns the number of profiles."""
        names = [table.name for table in self.tables]
        if CUSTOMERS not in names:
            raise DataError(f"{path} has no table `{CUSTOMERS}`, the table of profiles")
        for table in self.description.types:
            if table not in names:
                raise DataError(
                    f"{self.description.path}: unknown table in `[types.{table}]`; "
                    f"{self._skip_reason_or_choices(table, names)}"
                )
        attributes = [column.name for column in Catalog(tuple(self.tables)).attributes]
        for attribute in self.description.parent.grouping:
            if attribute not in attributes:
                raise DataError(
                    f"{self.description.path}: unknown attribute `{attribute}` in `[groups]`; "
                    f"{_choices(attribute, attributes)}"
                )
        self._check_labels(names)
        counts = {name: self._check_key(name, path) for name in names if key_of(name)}
        return counts[CUSTOMERS]

    def _check_labels(self, names: list[str]) -> None:
        tables = Catalog(tuple(self.tables)).behaviors
        labels = self.labels = self.labels.about(tables)
        self._check_columns("labels", labels.columns, [CUSTOMERS, *tables], [BEHAVIORS])
        visibility = self.description.parent.visibility
        self._check_columns("visibility", visibility, [CUSTOMERS, *tables])
        behaviors = [name_of(each) or each for each in tables]
        for name in (name_of(each) or each for each in labels.behaviors):
            if name not in behaviors:
                raise DataError(
                    f"{self.description.path}: unknown behavior `{name}` in "
                    f"`[labels.{BEHAVIORS}]`; {self._skip_reason_or_choices(name, behaviors)}"
                )

    def _check_columns(
        self,
        key: str,
        by_table: Mapping[str, Mapping[str, str]],
        tables: Sequence[str],
        others: Sequence[str] = (),
    ) -> None:
        """Checks that what a key says is about columns of these tables; it may have `others`."""
        for name in by_table:
            if name not in tables:
                raise DataError(
                    f"{self.description.path}: unknown table in `[{key}.{name}]`; "
                    f"{self._skip_reason_or_choices(name, [*tables, *others])}"
                )
        for table in self.tables:
            columns = [column.name for column in table.columns]
            for name in by_table.get(table.name, {}):
                if name not in columns:
                    raise DataError(
                        f"{self.description.path}: unknown column `{name}` in "
                        f"`[{key}.{table.name}]`; {_choices(name, columns)}"
                    )

    def _skip_reason_or_choices(self, table: str, known: Iterable[str]) -> str:
        """The help for an unknown table: why it was skipped, or the existing ones."""
        return self.skipped.get(table) or _choices(table, known)

    def _declared(self, table: str) -> dict[str, ColumnType]:
        fixed: dict[str, ColumnType] = {PROFILE_ID: "string", **FIXED.get(table, {})}
        return {**self.description.types.get(table, {}), **fixed}

    def _fields(self, name: str, location: str) -> list[Field]:
        try:
            rows = self.connection.execute(f"DESCRIBE SELECT * FROM {name}").fetchall()
        except duckdb.Error as error:
            raise DataError(f"{location} cannot be read: {reason(error)}") from error
        return [Field(str(row[0]), str(row[1])) for row in rows]

    def _add(
        self,
        table: str,
        source: str,
        fields: list[Field],
        location: str,
        kind: OneOf["VIEW", "TABLE"] = "VIEW",
    ) -> None:
        declared = self._declared(table)
        names = [field.name for field in fields]
        for name in declared:
            if name in names:
                continue
            if name in self.description.types.get(table, {}):
                raise DataError(
                    f"{self.description.path}: unknown column `{name}` in `[types.{table}]`; "
                    f"{_choices(name, names)}"
                )
            raise DataError(
                f"{location} has no column `{name}`, which is required; {_choices(name, names)}"
            )
        readings = [read_column(table, each, declared.get(each.name), location) for each in fields]
        columns = ", ".join(f"{each.sql} AS {quoted(each.column.name)}" for each in readings)
        try:
            self.connection.execute(
                f"CREATE {kind} {quoted(table)} AS SELECT {columns} FROM {source}"
            )
        except duckdb.Error as error:
            raise DataError(f"{location} cannot be read: {reason(error)}") from error
        kept_columns: tuple[Column, ...] = tuple(
            each.column for each in readings if each.column.name != PROFILE_ID
        )
        self.tables.append(Table(table, kept_columns))

    def _check_key(self, table: str, path: Path) -> int:
        """Checks that a table's key is unique and never null; returns the number of rows."""
        key = ", ".join(map(quoted, key_of(table)))
        missing = " OR ".join(f"{quoted(each)} IS NULL" for each in key_of(table))
        try:
            row = self.connection.execute(
                f"SELECT count(*), count(*) FILTER (WHERE {missing}), "
                f"count(DISTINCT ({key})) FROM {quoted(table)}"
            ).fetchone()
        except duckdb.Error as error:
            raise DataError(f"{path}, table `{table}` cannot be read: {reason(error)}") from error
        assert row is not None
        rows, nulls, distinct = row
        key_names = " and ".join(key_of(table))
        if nulls:
            raise DataError(
                f"{path}, table `{table}`: {counted(nulls, 'row')} without {key_names}, which "
                "every row must have"
            )
        if distinct != rows:
            duplicate = self.connection.execute(
                f"SELECT {quoted(key_of(table)[-1])} FROM {quoted(table)} "
                f"GROUP BY {key} HAVING count(*) > 1 ORDER BY ALL LIMIT 1"
            ).fetchone()
            assert duplicate is not None
            raise DataError(
                f"{path}, table `{table}`: duplicate {key_names}, such as “{duplicate[0]}”; "
                "keep one row for each"
            )
        return int(rows)


def _parquet(file: TableFile) -> str:
    """The FROM clause that reads a Parquet file."""
    path = literal(str(file.plain))
    return f"read_parquet({path}, hive_partitioning = false, binary_as_string = true)"


def _choices(name: str, choices: Iterable[str]) -> str:
    names = sorted(choices)
    if (separators := separator(names)) is not None:
        return f"its values are separated by {separators}: save it with commas instead"
    return did_you_mean(name, names) or f"existing names: {', '.join(names)}"
