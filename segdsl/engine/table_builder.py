"""Makes a view or a table in DuckDB of each file, or of each table of a database, and checks it.

Types come from the description, or from the data. What is wrong is raised as DataError.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Literal as OneOf

import duckdb

from segdsl.diagnostics.places import counted
from segdsl.diagnostics.suggest import did_you_mean
from segdsl.engine.columns import (
    Field,
    duckdb_type,
    literal,
    parquet_source,
    quoted,
    read_column,
)
from segdsl.engine.csv_table import header, load_csv
from segdsl.engine.description import BEHAVIORS, Description
from segdsl.engine.errors import DataError, reason
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
    unsupported_files,
)
from segdsl.language.behaviors import name_of
from segdsl.language.values import ColumnType
from segdsl.sql.catalog import CUSTOMERS, PROFILE_ID, Catalog, Column, Table

# The alias of an attached database file.
_ATTACHED = "attached"


class TableBuilder:
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
            source = parquet_source(file.plain)
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
        return self._field_names(parquet_source(file.plain), str(file.path))

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

    def add_empty(self, table: str, types: Mapping[str, ColumnType]) -> None:
        """Adds a table without rows: its columns by their types, beside that of profile ids."""
        columns: dict[str, ColumnType] = {PROFILE_ID: "string", **types}
        source = quoted("an empty table/as its types")
        listed = ", ".join(f"{quoted(each)} {duckdb_type(columns[each])}" for each in columns)
        self.connection.execute(f"CREATE TABLE {source} ({listed})")
        self._add(table, source, self._fields(source, table), table, kind="TABLE")
        self.connection.execute(f"DROP TABLE {source}")

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


def _choices(name: str, choices: Iterable[str]) -> str:
    names = sorted(choices)
    if (separators := separator(names)) is not None:
        return f"its values are separated by {separators}: save it with commas instead"
    return did_you_mean(name, names) or f"existing names: {', '.join(names)}"
