"""Which tables there are by name, and which files of a folder hold them.

The names are those of `segdsl.sql.catalog`; other files in the folder are left alone.
Nothing is opened here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal as OneOf

import msgspec

from segdsl.behaviors import PREFIX
from segdsl.condition.ml import MODEL_ATTRIBUTES
from segdsl.diagnostics.suggest import did_you_mean
from segdsl.engine.errors import DataError
from segdsl.sql.catalog import CUSTOMER_GROUP, CUSTOMERS, PROFILE_ID
from segdsl.values import ColumnType

MODEL_TABLES = tuple(f"ml_{solution}" for solution in MODEL_ATTRIBUTES)
# The columns that a table must have beside the profile's id, and what they are.
FIXED: dict[str, dict[str, ColumnType]] = {
    "funnel_stages": {"stage_id": "string"},
    "ab_test_variants": {"variant_id": "string"},
    "predictive_scores": {"model_id": "string", "grade": "number", "converted": "boolean"},
    **{name: {"model_id": "string"} for name in MODEL_TABLES},
}

Format = OneOf["parquet", "csv"]
_FORMATS: tuple[Format, ...] = ("parquet", "csv")


class TableFile(msgspec.Struct, frozen=True):
    """A file that holds a table."""

    table: str
    path: Path
    format: Format


def is_table(name: str) -> bool:
    """Whether a table of this name means something."""
    prefixed = any(
        name.startswith(prefix) and name != prefix for prefix in (PREFIX, CUSTOMER_GROUP)
    )
    return prefixed or name == CUSTOMERS or name in FIXED


def key_of(table: str) -> tuple[str, ...]:
    """The columns of which no two rows may hold the same; () where rows may repeat."""
    if table == CUSTOMERS or table.startswith(CUSTOMER_GROUP):
        return (PROFILE_ID,)
    if table == "predictive_scores" or table in MODEL_TABLES:
        return ("model_id", PROFILE_ID)
    return ()


def table_files(folder: Path) -> list[TableFile]:
    """The tables in a folder, sorted by name; raises DataError."""
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        raise DataError(
            f"cannot read the folder {folder}: {(error.strerror or str(error)).lower()}"
        ) from error
    found: dict[str, TableFile] = {}
    for path in paths:
        format = next((each for each in _FORMATS if path.suffix == f".{each}"), None)
        if format is None or not is_table(path.stem):
            continue
        if not path.is_file():
            raise DataError(f"{path} is a folder: the table must be one file")
        # DuckDB makes no difference between capital and small letters in a table's name.
        other = found.setdefault(path.stem.lower(), TableFile(path.stem, path, format))
        if other.path != path:
            raise DataError(
                f"{folder}: {other.path.name} and {path.name} are both the table "
                f"`{path.stem}`; keep one of them"
            )
    if CUSTOMERS not in found:
        stems = [path.stem for path in paths if path.suffix.lower() in (".parquet", ".csv")]
        raise DataError(
            f"{folder} holds no {CUSTOMERS}.parquet or {CUSTOMERS}.csv, the table of the profiles"
            + _near(CUSTOMERS, stems)
        )
    return sorted(found.values(), key=lambda each: each.table)


def _near(name: str, stems: list[str]) -> str:
    help = did_you_mean(name, stems)
    return f"; {help}" if help else f"; it needs a column {PROFILE_ID}"
