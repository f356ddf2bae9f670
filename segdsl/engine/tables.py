"""Finds the tables in a folder by the names of files.

Names are those of `segdsl.sql.catalog`. A table of any other name is a behavior if it has the
columns of one, and is skipped otherwise (assumed). Opens no files.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Literal as OneOf
from typing import get_args

import msgspec

from segdsl.diagnostics.suggest import did_you_mean
from segdsl.engine.description import BEHAVIORS
from segdsl.engine.errors import DataError
from segdsl.files import link_fault
from segdsl.language.behaviors import PREFIX
from segdsl.language.condition.ml import MODEL_ATTRIBUTES
from segdsl.language.values import ColumnType
from segdsl.sql.catalog import CUSTOMER_GROUP, CUSTOMERS, PROFILE_ID

MODEL_TABLES = tuple(f"ml_{solution}" for solution in MODEL_ATTRIBUTES)
# The required columns of a table besides the profile's id, with their types.
FIXED: dict[str, dict[str, ColumnType]] = {
    "funnel_stages": {"stage_id": "string"},
    "ab_test_variants": {"variant_id": "string"},
    "predictive_scores": {"model_id": "string", "grade": "number", "converted": "boolean"},
    **{name: {"model_id": "string"} for name in MODEL_TABLES},
}

# The columns of a behavior that are Unix seconds if they are integers (observed).
TIME_COLUMNS = ("timestamp", "time")
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}

Format = OneOf["parquet", "csv"]
_FORMATS: tuple[Format, ...] = ("parquet", "csv")
# Suffixes of other formats for data.
_OTHER_DATA_SUFFIXES = frozenset(
    f".{each}"
    for each in (
        *("arrow", "avro", "db", "duckdb", "feather", "gz", "ipc", "json", "jsonl", "ndjson"),
        *("ods", "orc", "parq", "pq", "sqlite", "tab", "tsv", "txt", "xls", "xlsx", "zip", "zst"),
    )
)
# The names of common table expressions for referenced segments, which would hide such a table.
_NAMED_QUERY = re.compile(r"segment_\d+")


class TableFile(msgspec.Struct, frozen=True):
    """A file with a table; `link` is the path for DuckDB, if it differs from `path`."""

    table: str
    path: Path
    format: Format
    link: Path | None = None

    @property
    def plain(self) -> Path:
        """The path by which DuckDB opens the file."""
        return self.link or self.path


def is_table(name: str) -> bool:
    """Whether the name alone determines the purpose of a table."""
    prefixed = any(
        name.startswith(prefix) and name != prefix for prefix in (PREFIX, CUSTOMER_GROUP)
    )
    return prefixed or name == CUSTOMERS or name in FIXED


def is_behavior(table: str) -> bool:
    """Whether a table contains events: it has none of the other names."""
    return table != CUSTOMERS and table not in FIXED and not table.startswith(CUSTOMER_GROUP)


def is_reserved(name: str) -> bool:
    """Whether a behavior cannot have this name; ignores case, as DuckDB does."""
    lower = name.lower()
    return (
        lower in (CUSTOMERS, BEHAVIORS, *FIXED)
        or lower.startswith((PREFIX, CUSTOMER_GROUP))
        or _NAMED_QUERY.fullmatch(lower) is not None
    )


def separator(columns: Collection[str]) -> str | None:
    """The separator in a file that was read as a single column, or None.

    The name of that column is then the whole first line, with semicolons, as spreadsheets write
    them in much of Europe, or tabs.
    """
    if len(columns) != 1:
        return None
    (header,) = columns
    return next((name for char, name in _SEPARATORS.items() if char in header), None)


def missing_event_column(columns: Iterable[str]) -> str | None:
    """Why a table without the prefix is not a behavior, as `has no column …`; None if it is."""
    names = set(columns)
    if PROFILE_ID not in names:
        separators = separator(names)
        lacks = f"has no column `{PROFILE_ID}`"
        return (
            lacks
            if separators is None
            else f"{lacks}: its values are separated by {separators}, not commas"
        )
    if names.isdisjoint(TIME_COLUMNS):
        either = " or ".join(f"`{each}`" for each in TIME_COLUMNS)
        return f"has no column {either}"
    return None


def key_of(table: str) -> tuple[str, ...]:
    """The columns of a table's unique key; () if rows may repeat."""
    if table == CUSTOMERS or table.startswith(CUSTOMER_GROUP):
        return (PROFILE_ID,)
    if table == "predictive_scores" or table in MODEL_TABLES:
        return ("model_id", PROFILE_ID)
    return ()


def table_files(folder: Path) -> list[TableFile]:
    """The files in a folder that may be tables, sorted by name; raises DataError.

    Those that are tables by their names (`is_table`) come first.
    """
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        raise DataError(
            f"cannot read the folder {folder}: {(error.strerror or str(error)).lower()}"
        ) from error
    tables: dict[str, TableFile] = {}
    candidates: list[TableFile] = []
    for path in paths:
        format = next((each for each in _FORMATS if path.suffix == f".{each}"), None)
        if format is None:
            continue
        file = TableFile(path.stem, path, format)
        fault = link_fault(str(path), None)
        if fault is not None:
            raise DataError(f"cannot read {path}: {fault}")
        if not is_table(path.stem):
            if path.is_file() and not path.name.startswith("."):
                candidates.append(file)
            continue
        if path.is_dir():
            raise DataError(f"{path} is a folder: a table must be one file")
        if not path.is_file():
            raise DataError(f"{path} is a pipe or a device: a table must be a regular file")
        # DuckDB ignores case in the names of tables.
        other = tables.setdefault(path.stem.lower(), file)
        if other.path != path:
            raise duplicate_table_error(other, file)
    if CUSTOMERS not in tables:
        stems = [path.stem for path in paths if path.suffix.lower() in (".parquet", ".csv")]
        raise DataError(
            f"{folder} has no {CUSTOMERS}.parquet or {CUSTOMERS}.csv, the table of profiles"
            + _similar_file(CUSTOMERS, stems, _raw_tables(folder))
        )
    return [*sorted(tables.values(), key=lambda each: each.table), *candidates]


def _raw_tables(folder: Path) -> str:
    """What to do where tables are in folders of databases, and nothing says how they are joined."""
    if not any(folder.glob(f"*/*.{format}") for format in get_args(Format)):
        return ""
    return (
        "; to build it from the tables in its folders, name the master table under [master] in its "
        "parent_segment.toml (`segdsl init --data` proposes a whole one)"
    )


def unsupported_files(folder: Path) -> dict[str, str]:
    """The files in a folder that look like tables but are unsupported, with the reason, by name.

    These are data in other formats and folders with the name of a table; others are ignored.
    """
    reasons: dict[str, str] = {}
    for path in sorted(folder.iterdir()):
        name = path.name
        if name.startswith(".") or path.suffix.removeprefix(".") in _FORMATS:
            continue
        if path.is_dir():
            if is_table(name):
                reasons[name] = f"{name} is a folder: a table is one file, {name}.parquet or .csv"
            continue
        table = name.split(".")[0]
        if path.suffix.lower().removeprefix(".") in _FORMATS:
            lower_name = f"{path.stem}{path.suffix.lower()}"
            reasons[table] = f"{name} is not read: rename it to {lower_name}"
        elif path.suffix.lower() in _OTHER_DATA_SUFFIXES:
            reasons[table] = f"{name} is not read: convert it to Parquet (.parquet) or CSV (.csv)"
    return reasons


def behavior_hint(table: str) -> str:
    """How to make a table without the prefix a behavior."""
    return (
        f"events are read from {PREFIX}<name>, or from any table with `{PROFILE_ID}` and "
        f"`{TIME_COLUMNS[0]}`"
        if is_reserved(table)
        else f"with `{PROFILE_ID}` and `{TIME_COLUMNS[0]}` it is the behavior `table "
        f'"{table}"`, and named {PREFIX}{table} the behavior `{table}`'
    )


def duplicate_table_error(one: TableFile, other: TableFile) -> DataError:
    """The error for two files of one table."""
    return DataError(
        f"{one.path.parent}: {one.path.name} and {other.path.name} are both the table "
        f"`{other.table}`; keep one of them"
    )


def _similar_file(name: str, stems: list[str], otherwise: str = "") -> str:
    help = did_you_mean(name, stems)
    return f"; {help}" if help else otherwise or f"; it must have a column {PROFILE_ID}"
