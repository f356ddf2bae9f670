"""Which tables there are by name, and which files of a folder hold them.

The names are those of `segdsl.sql.catalog`. A table of any other name is a behavior where it has
the columns of one (assumed), and is passed over where it has not. Nothing is opened here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Literal as OneOf

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
# The columns that a table must have beside the profile's id, and what they are.
FIXED: dict[str, dict[str, ColumnType]] = {
    "funnel_stages": {"stage_id": "string"},
    "ab_test_variants": {"variant_id": "string"},
    "predictive_scores": {"model_id": "string", "grade": "number", "converted": "boolean"},
    **{name: {"model_id": "string"} for name in MODEL_TABLES},
}

# The columns of a behavior that are Unix seconds when they are whole numbers (observed).
TIME_COLUMNS = ("timestamp", "time")
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}

Format = OneOf["parquet", "csv"]
_FORMATS: tuple[Format, ...] = ("parquet", "csv")
# What people keep data in beside these.
_DATA = frozenset(
    f".{each}"
    for each in (
        *("arrow", "avro", "db", "duckdb", "feather", "gz", "ipc", "json", "jsonl", "ndjson"),
        *("ods", "orc", "parq", "pq", "sqlite", "tab", "tsv", "txt", "xls", "xlsx", "zip", "zst"),
    )
)
# What queries name a segment that another refers to: a table of that name would be hidden by it.
_NAMED_QUERY = re.compile(r"segment_\d+")


class TableFile(msgspec.Struct, frozen=True):
    """A file that holds a table; `link` is where DuckDB finds it, if not at its own path."""

    table: str
    path: Path
    format: Format
    link: Path | None = None

    @property
    def plain(self) -> Path:
        """The path that DuckDB opens the file by."""
        return self.link or self.path


def is_table(name: str) -> bool:
    """Whether a table of this name means something by its name alone."""
    prefixed = any(
        name.startswith(prefix) and name != prefix for prefix in (PREFIX, CUSTOMER_GROUP)
    )
    return prefixed or name == CUSTOMERS or name in FIXED


def is_behavior(table: str) -> bool:
    """Whether a table of the data holds events: it is none of the others."""
    return table != CUSTOMERS and table not in FIXED and not table.startswith(CUSTOMER_GROUP)


def is_reserved(name: str) -> bool:
    """Whether no behavior can have this name; DuckDB makes no difference between capitals."""
    lower = name.lower()
    return (
        lower in (CUSTOMERS, BEHAVIORS, *FIXED)
        or lower.startswith((PREFIX, CUSTOMER_GROUP))
        or _NAMED_QUERY.fullmatch(lower) is not None
    )


def separator(columns: Collection[str]) -> str | None:
    """What separates the values of a table that has one column alone, by its name, which is then
    the whole first line: semicolons, as spreadsheets write them in much of Europe, or tabs."""
    if len(columns) != 1:
        return None
    (header,) = columns
    return next((said for char, said in _SEPARATORS.items() if char in header), None)


def why_no_events(columns: Iterable[str]) -> str | None:
    """What a table lacks to be a behavior without the prefix, as `has no column …`; or None."""
    there = set(columns)
    if PROFILE_ID not in there:
        mark = separator(there)
        lacks = f"has no column `{PROFILE_ID}`"
        return lacks if mark is None else f"{lacks}: its values are separated by {mark}, not commas"
    if there.isdisjoint(TIME_COLUMNS):
        either = " or ".join(f"`{each}`" for each in TIME_COLUMNS)
        return f"has no column {either}"
    return None


def key_of(table: str) -> tuple[str, ...]:
    """The columns of which no two rows may hold the same; () where rows may repeat."""
    if table == CUSTOMERS or table.startswith(CUSTOMER_GROUP):
        return (PROFILE_ID,)
    if table == "predictive_scores" or table in MODEL_TABLES:
        return ("model_id", PROFILE_ID)
    return ()


def table_files(folder: Path) -> list[TableFile]:
    """The files of a folder that hold tables, or may do so, sorted by name; raises DataError.

    Those that are tables by their names (`is_table`) come first.
    """
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        raise DataError(
            f"cannot read the folder {folder}: {(error.strerror or str(error)).lower()}"
        ) from error
    found: dict[str, TableFile] = {}
    others: list[TableFile] = []
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
                others.append(file)
            continue
        if path.is_dir():
            raise DataError(f"{path} is a folder: the table must be one file")
        if not path.is_file():
            raise DataError(f"{path} is a pipe or a device: the table must be a file")
        # DuckDB makes no difference between capital and small letters in a table's name.
        other = found.setdefault(path.stem.lower(), file)
        if other.path != path:
            raise both_are(other, file)
    if CUSTOMERS not in found:
        stems = [path.stem for path in paths if path.suffix.lower() in (".parquet", ".csv")]
        raise DataError(
            f"{folder} holds no {CUSTOMERS}.parquet or {CUSTOMERS}.csv, the table of the profiles"
            + _near(CUSTOMERS, stems)
        )
    return [*sorted(found.values(), key=lambda each: each.table), *others]


def unread_files(folder: Path) -> dict[str, str]:
    """The files of a folder that look like tables and cannot be read: why not, by name.

    Data in another format, and a folder in the place of a file. What else people keep beside
    their tables is not told.
    """
    found: dict[str, str] = {}
    for path in sorted(folder.iterdir()):
        name = path.name
        if name.startswith(".") or path.suffix.removeprefix(".") in _FORMATS:
            continue
        if path.is_dir():
            if is_table(name):
                found[name] = f"{name} is a folder: a table is one file, {name}.parquet or .csv"
            continue
        table = name.split(".")[0]
        if path.suffix.lower().removeprefix(".") in _FORMATS:
            small = f"{path.stem}{path.suffix.lower()}"
            found[table] = f"{name} is not read: write its ending in small letters, {small}"
        elif path.suffix.lower() in _DATA:
            found[table] = (
                f"{name} is not read: it is neither Parquet (.parquet) nor CSV (.csv); "
                "save it as one of them"
            )
    return found


def how_to_read(table: str) -> str:
    """What makes a behavior of a table without the prefix."""
    return (
        f"events are read from {PREFIX}<name>, or from any table with `{PROFILE_ID}` and "
        f"`{TIME_COLUMNS[0]}`"
        if is_reserved(table)
        else f"with `{PROFILE_ID}` and `{TIME_COLUMNS[0]}` it is the behavior `table "
        f'"{table}"`, and named {PREFIX}{table} the behavior `{table}`'
    )


def both_are(one: TableFile, other: TableFile) -> DataError:
    """The error of two files that are one table."""
    return DataError(
        f"{one.path.parent}: {one.path.name} and {other.path.name} are both the table "
        f"`{other.table}`; keep one of them"
    )


def _near(name: str, stems: list[str]) -> str:
    help = did_you_mean(name, stems)
    return f"; {help}" if help else f"; it needs a column {PROFILE_ID}"
