"""A folder of tables, or a DuckDB database, opened to be asked.

Parquet files and a database's tables are read where they are, lazily; CSV files are loaded.
Nothing is written to them, and DuckDB reaches no other file and no network.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Literal as OneOf
from typing import Self

import duckdb
import msgspec
from sqlglot import exp

from segdsl.diagnostics.suggest import did_you_mean
from segdsl.engine.columns import Field, literal, quoted, reading
from segdsl.engine.csv_table import header, load_csv
from segdsl.engine.description import (
    BEHAVIORS,
    FILE,
    Description,
    ParentSegment,
    read_description,
)
from segdsl.engine.errors import DataError, reason
from segdsl.engine.paths import PlainPaths
from segdsl.engine.priority import kept_threads, stepped_back
from segdsl.engine.query import Query
from segdsl.engine.tables import (
    FIXED,
    TableFile,
    both_are,
    how_to_read,
    is_reserved,
    is_table,
    key_of,
    separator,
    table_files,
    unread_files,
    why_no_events,
)
from segdsl.engine.temporary import TemporaryFolder
from segdsl.language.behaviors import name_of
from segdsl.language.values import ColumnType
from segdsl.sql import render
from segdsl.sql.catalog import CUSTOMERS, PROFILE_ID, Catalog, Column, Table
from segdsl.terminal import visible

DATABASE_SUFFIX = ".duckdb"
# What a database file is called beside the one in memory.
_ATTACHED = "attached"
_MOST_AT_ONCE = 1_000


class Data:
    """The tables of a parent segment; made by `open_data`, to be closed.

    `passed_over` says what the tables lack that are not read, by name: `x.csv has no column …`.
    `left_out` says the same to a reader, and how they would be read.
    """

    def __init__(
        self,
        parent: ParentSegment,
        catalog: Catalog,
        connection: duckdb.DuckDBPyConnection,
        population: int,
        temporary: TemporaryFolder,
        passed_over: Mapping[str, str],
        left_out: tuple[str, ...],
    ) -> None:
        self.parent = parent
        self.catalog = catalog
        self.passed_over = passed_over
        self.left_out = left_out
        self._connection = connection
        self._population = population
        self._temporary = temporary
        self._lock = threading.Lock()
        self._queries: list[Query] = []
        self._threads = kept_threads(_MOST_AT_ONCE)
        self._closed = False

    def population(self) -> int:
        """The number of profiles."""
        return self._population

    def start(self, query: exp.Expr) -> Query:
        """Runs a query beside all others; returns at once. Not after `close`."""
        sql = render(query, "duckdb", pretty=False)
        with self._lock:
            if self._closed:
                raise ValueError("the data is closed")
            self._queries = [each for each in self._queries if not each.is_over]
            started = Query(self._connection.cursor(), sql, self._threads)
            self._queries.append(started)
        return started

    def close(self) -> None:
        """Kills what still runs, waits for its end, and gives everything back."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        for each in self._queries:
            each.kill()
        for each in self._queries:
            each.join()
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
    """The data in a folder or a `.duckdb` file; raises DataError, which says what to do."""
    path = path.resolve()
    if not _is_text(path):
        raise DataError(f"the name of {visible(str(path))} is not UTF-8: rename it")
    if path.is_dir():
        files = table_files(path)
        description = read_description(path / FILE, path.name)
    elif path.suffix == DATABASE_SUFFIX and path.is_file():
        files = []
        description = read_description(path.with_suffix(".toml"), path.stem)
    elif path.exists():
        raise DataError(f"{path} is neither a folder of tables nor a {DATABASE_SUFFIX} file")
    else:
        raise DataError(f"there is no folder or file {path}: check the spelling")
    nameless = [each for each in files if not _is_text(each.path)]
    files = [each for each in files if _is_text(each.path)]
    temporary = TemporaryFolder()
    links = PlainPaths(temporary.path / "links")
    try:
        files = [msgspec.structs.replace(each, link=links.plain(each.path)) for each in files]
        database = None if path.is_dir() else links.plain(path)
        connection = _connect(
            [each.plain for each in files] if database is None else _places_of(database, path),
            description.parent.timezone,
            temporary.path / "spill",
        )
    except BaseException:
        temporary.close()
        raise
    try:
        builder = _Builder(connection, description)
        for each in nameless:
            why = "has a name that is not UTF-8"
            builder.passed_over[each.table] = f"{visible(each.path.name)} {why}"
        if database is None:
            builder.add_files(files)
            builder.add_unread(path)
        else:
            builder.attach(path, database)
        population = builder.finish(path)
        # From here on nothing can open the doors again.
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
        builder.passed_over,
        builder.left_out(),
    )


def _is_text(path: Path) -> bool:
    """Whether a path can be named in SQL: names of files may be of any bytes."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def _places_of(*paths: Path) -> list[Path]:
    """A database by its paths, and where DuckDB looks for what a crash may have left.

    It puts that ending before a `?`, as if what follows were no part of a path.
    """
    found = []
    for path in paths:
        before, question, behind = str(path).partition("?")
        found += [path, Path(f"{before}.wal{question}{behind}")]
    return found


def _connect(allowed: Iterable[Path], zone: str, spill: Path) -> duckdb.DuckDBPyConnection:
    connection = stepped_back(
        lambda: duckdb.connect(
            ":memory:",
            config={
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "allow_community_extensions": "false",
                "python_enable_replacements": "false",
                "temp_directory": str(spill),
            },
        )
    )
    paths = ", ".join(literal(str(each)) for each in allowed)
    connection.execute(f"SET allowed_paths = [{paths}]")
    connection.execute("SET enable_external_access = false")
    # What files say of themselves is read once, and again where a file has another time.
    connection.execute("SET GLOBAL parquet_metadata_cache = true")
    try:
        connection.execute(f"SET GLOBAL TimeZone = {literal(zone)}")
    except duckdb.Error as error:
        connection.close()
        raise DataError(f"DuckDB does not know the time zone “{zone}”: {reason(error)}") from error
    return connection


class _Builder:
    """Makes a view of each table, and gathers what the catalog says of it."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, description: Description) -> None:
        self.connection = connection
        self.description = description
        self.labels = description.parent.labels
        self.tables: list[Table] = []
        self.passed_over: dict[str, str] = {}
        self.unread: set[str] = set()

    def add_files(self, files: Iterable[TableFile]) -> None:
        unprefixed: dict[str, TableFile] = {}
        for file in files:
            if not is_table(file.table):
                names = partial(self._names, file)
                if not self._has_events(file.table, file.path.name, names):
                    continue
                other = unprefixed.setdefault(file.table.lower(), file)
                if other is not file:
                    raise both_are(other, file)
            if file.format == "csv":
                self._load(file)
                continue
            source = _parquet(file)
            self._add(file.table, source, self._fields(source, str(file.path)), str(file.path))
        # What another file of that name holds is not missed.
        for table in self.tables:
            self.passed_over.pop(table.name, None)

    def left_out(self) -> tuple[str, ...]:
        return tuple(
            why if table in self.unread else f"{why}; {how_to_read(table)}"
            for table, why in self.passed_over.items()
        )

    def add_unread(self, folder: Path) -> None:
        """Says of the other files of a folder which are not read."""
        known = {table.name for table in self.tables}
        for table, why in unread_files(folder).items():
            if table not in known and table not in self.passed_over:
                self.passed_over[table] = why
                self.unread.add(table)

    def _has_events(self, table: str, place: str, columns: Callable[[], list[str]]) -> bool:
        """Whether a table without the prefix is a behavior; what is none is passed over."""
        if is_reserved(table):
            why: str | None = "has a name that no behavior can have"
        else:
            try:
                why = why_no_events(columns())
            except DataError:
                why = "cannot be read"
        if why is not None:
            self.passed_over[table] = f"{place} {why}"
        return why is None

    def _names(self, file: TableFile) -> list[str]:
        if file.format == "csv":
            return header(file.path)
        return self._field_names(_parquet(file), str(file.path))

    def _field_names(self, name: str, place: str) -> list[str]:
        return [each.name for each in self._fields(name, place)]

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
        """The tables of a database at a path, which DuckDB opens by its `plain` one."""
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
            place = f"{path}, table `{table}`"
            name = f"{_ATTACHED}.main.{quoted(table)}"
            names = partial(self._field_names, name, place)
            if is_table(table) or self._has_events(table, f"the table `{table}`", names):
                self._add(table, name, self._fields(name, place), place)

    def finish(self, path: Path) -> int:
        """Checks what is to be checked of all tables; the number of profiles."""
        names = [table.name for table in self.tables]
        if CUSTOMERS not in names:
            raise DataError(f"{path} holds no table `{CUSTOMERS}`, the table of the profiles")
        for table in self.description.types:
            if table not in names:
                raise DataError(
                    f"{self.description.path}: `[types.{table}]` is about a table that is "
                    f"not there; {self._instead(table, names)}"
                )
        attributes = [column.name for column in Catalog(tuple(self.tables)).attributes]
        for attribute in self.description.parent.grouping:
            if attribute not in attributes:
                raise DataError(
                    f"{self.description.path}: `[groups]` names the attribute `{attribute}`, "
                    f"which is not there; {_choices(attribute, attributes)}"
                )
        self._check_labels(names)
        counts = {name: self._check_key(name, path) for name in names if key_of(name)}
        return counts[CUSTOMERS]

    def _check_labels(self, names: list[str]) -> None:
        tables = Catalog(tuple(self.tables)).behaviors
        labels = self.labels = self.labels.about(tables)
        labelled = [CUSTOMERS, *tables]
        for name in labels.columns:
            if name not in labelled:
                raise DataError(
                    f"{self.description.path}: `[labels.{name}]` is about no table of profiles "
                    f"or events that is there; {self._instead(name, [*labelled, BEHAVIORS])}"
                )
        for table in self.tables:
            columns = [column.name for column in table.columns]
            for name in labels.columns.get(table.name, {}):
                if name not in columns:
                    raise DataError(
                        f"{self.description.path}: `[labels.{table.name}]` names the column "
                        f"`{name}`, which is not there; {_choices(name, columns)}"
                    )
        behaviors = [name_of(each) or each for each in tables]
        for name in (name_of(each) or each for each in labels.behaviors):
            if name not in behaviors:
                raise DataError(
                    f"{self.description.path}: `[labels.{BEHAVIORS}]` names the behavior "
                    f"`{name}`, which is not there; {self._instead(name, behaviors)}"
                )

    def _instead(self, table: str, known: Iterable[str]) -> str:
        """What to say of a table that is not there: why it was passed over, or which are."""
        return self.passed_over.get(table) or _choices(table, known)

    def _declared(self, table: str) -> dict[str, ColumnType]:
        fixed: dict[str, ColumnType] = {PROFILE_ID: "string", **FIXED.get(table, {})}
        return {**self.description.types.get(table, {}), **fixed}

    def _fields(self, name: str, place: str) -> list[Field]:
        try:
            rows = self.connection.execute(f"DESCRIBE SELECT * FROM {name}").fetchall()
        except duckdb.Error as error:
            raise DataError(f"{place} cannot be read: {reason(error)}") from error
        return [Field(str(row[0]), str(row[1])) for row in rows]

    def _add(
        self,
        table: str,
        source: str,
        fields: list[Field],
        place: str,
        kind: OneOf["VIEW", "TABLE"] = "VIEW",
    ) -> None:
        declared = self._declared(table)
        names = [field.name for field in fields]
        for name in declared:
            if name in names:
                continue
            if name in self.description.types.get(table, {}):
                where = f"{self.description.path}: `[types.{table}]` names the column `{name}`,"
                raise DataError(f"{where} which is not there; {_choices(name, names)}")
            raise DataError(
                f"{place} has no column `{name}`, which every such table must have; "
                f"{_choices(name, names)}"
            )
        readings = [reading(table, each, declared.get(each.name), place) for each in fields]
        columns = ", ".join(f"{each.sql} AS {quoted(each.column.name)}" for each in readings)
        try:
            self.connection.execute(
                f"CREATE {kind} {quoted(table)} AS SELECT {columns} FROM {source}"
            )
        except duckdb.Error as error:
            raise DataError(f"{place} cannot be read: {reason(error)}") from error
        kept: tuple[Column, ...] = tuple(
            each.column for each in readings if each.column.name != PROFILE_ID
        )
        self.tables.append(Table(table, kept))

    def _check_key(self, table: str, path: Path) -> int:
        """Refuses a missing key and one that is there twice; the number of rows."""
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
        said = " and ".join(key_of(table))
        if nulls:
            raise DataError(
                f"{path}, table `{table}`: rows without {said}: {nulls:,}; each row must have one"
            )
        if distinct != rows:
            again = self.connection.execute(
                f"SELECT {quoted(key_of(table)[-1])} FROM {quoted(table)} "
                f"GROUP BY {key} HAVING count(*) > 1 ORDER BY ALL LIMIT 1"
            ).fetchone()
            assert again is not None
            raise DataError(
                f"{path}, table `{table}`: {said} is there more than once, as in "
                f"“{again[0]}”; keep one row of each"
            )
        return int(rows)


def _parquet(file: TableFile) -> str:
    """The rows of a file, in DuckDB's SQL."""
    path = literal(str(file.plain))
    return f"read_parquet({path}, hive_partitioning = false, binary_as_string = true)"


def _choices(name: str, known: Iterable[str]) -> str:
    there = sorted(known)
    if (mark := separator(there)) is not None:
        return f"its values are separated by {mark}: save it with commas between them"
    return did_you_mean(name, there) or f"there are: {', '.join(there)}"
