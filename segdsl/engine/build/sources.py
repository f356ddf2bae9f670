"""Raw tables: files in folders, one folder for each database.

`cdp_db/customers.csv` or `.parquet` is the table `cdp_db.customers`. Names come from requests, so a
table is looked up among the files that are there; a name is never used as a path.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import get_args

import duckdb
import msgspec

from segdsl.diagnostics.suggest import did_you_mean
from segdsl.engine.columns import Field, parquet_source
from segdsl.engine.csv_table import csv_error, csv_source, header
from segdsl.engine.errors import DataError, reason
from segdsl.engine.paths import PlainPaths
from segdsl.engine.tables import Format
from segdsl.files import body_of, link_fault
from segdsl.parent_segment.model import Table
from segdsl.parent_segment.shape import FILE as DESCRIPTION
from segdsl.sql.catalog import CUSTOMERS

FORMATS: tuple[Format, ...] = get_args(Format)


def is_raw(folder: Path) -> bool:
    """Whether a folder holds raw tables: its `parent_segment.toml` has a `[master]`.

    A folder with a table of profiles holds built tables, whatever is written there. What is wrong
    in the file is reported by who reads it.
    """
    if any((folder / f"{CUSTOMERS}.{each}").exists() for each in FORMATS):
        return False
    try:
        text = body_of((folder / DESCRIPTION).read_bytes()).decode()
        return "master" in tomllib.loads(text)
    except (OSError, ValueError, RecursionError):
        return False


class RawFile(msgspec.Struct, frozen=True):
    """A file that holds a raw table."""

    table: Table
    path: Path
    format: Format


class RawTable(msgspec.Struct, frozen=True):
    """A raw table that can be read: its columns with their DuckDB types, and its FROM clause."""

    file: RawFile
    fields: tuple[Field, ...]
    source: str

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(each.name for each in self.fields)

    def field(self, name: str) -> Field | None:
        return next((each for each in self.fields if each.name == name), None)


class RawFiles:
    """The raw tables of a folder, by their names; raises DataError if it cannot be read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._files: dict[Table, RawFile] = {}
        for path in _raw_paths(folder):
            format = next(each for each in FORMATS if path.suffix == f".{each}")
            table = Table(path.parent.name, path.stem)
            other = self._files.setdefault(table, RawFile(table, path, format))
            if other.path != path:
                raise DataError(
                    f"{path.parent}: {other.path.name} and {path.name} are both the table "
                    f"`{table}`; keep one of them"
                )

    @property
    def tables(self) -> tuple[Table, ...]:
        """The tables in the order of their names."""
        return tuple(self._files)

    def find(self, table: Table) -> RawFile | None:
        return self._files.get(table)

    def need(self, table: Table) -> RawFile:
        """The file of a table; raises DataError, which names the file that is missing."""
        file = self.find(table)
        if file is None:
            help = did_you_mean(str(table), map(str, self._files))
            wanted = f"{table.database}/{table.name}.csv or .parquet"
            raise DataError(
                f"there is no table `{table}`: {self.folder} has no {wanted}"
                + (f"; {help}" if help else "")
            )
        return file


def _raw_paths(folder: Path) -> list[Path]:
    """The files of raw tables in the folders of databases, sorted."""
    try:
        paths = [
            path
            for database in sorted(folder.iterdir())
            if database.is_dir() and not database.is_symlink() and not _is_hidden(database)
            for path in sorted(database.iterdir())
            if path.suffix.removeprefix(".") in FORMATS and not _is_hidden(path) and path.is_file()
        ]
    except OSError as error:
        raise DataError(
            f"cannot read the folder {folder}: {(error.strerror or str(error)).lower()}"
        ) from error
    for path in paths:
        fault = link_fault(str(path), None)
        if fault is not None:
            raise DataError(f"cannot read {path}: {fault}")
    return [path for path in paths if _is_utf8(path)]


def _is_hidden(path: Path) -> bool:
    return path.name.startswith(".")


def _is_utf8(path: Path) -> bool:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def plain_paths(files: Iterable[RawFile], links: PlainPaths) -> dict[Table, Path]:
    """The path by which DuckDB opens each file."""
    return {file.table: links.plain(file.path) for file in files}


def read_table(connection: duckdb.DuckDBPyConnection, file: RawFile, path: Path) -> RawTable:
    """Looks at the columns of a file, which DuckDB opens by `path`; raises DataError."""
    if file.format == "csv":
        names = header(file.path)
        fields = tuple(Field(name, "VARCHAR") for name in names)
        return RawTable(file, fields, csv_source(path, names))
    source = parquet_source(path)
    try:
        rows = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
    except duckdb.Error as error:
        raise DataError(f"{file.path} cannot be read: {reason(error)}") from error
    return RawTable(file, tuple(Field(str(row[0]), str(row[1])) for row in rows), source)


def reading_error(table: RawTable, error: duckdb.Error) -> DataError:
    """The error for a file that turned out to be unreadable while its rows were read."""
    if table.file.format == "csv":
        return DataError(f"{table.file.path} cannot be read as CSV: {csv_error(error)}")
    return DataError(f"{table.file.path} cannot be read: {reason(error)}")
