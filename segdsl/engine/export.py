"""A query whose rows go into a file, with their types, and not into this program."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Literal as OneOf

from segdsl.engine.columns import literal
from segdsl.engine.errors import QueryFailed
from segdsl.engine.query import Query

ExportFormat = OneOf["csv", "parquet"]
_OPTIONS: dict[ExportFormat, str] = {"csv": "FORMAT csv, HEADER true", "parquet": "FORMAT parquet"}


class Export:
    """A running export to `path`, a private file that the caller moves or removes."""

    def __init__(self, query: Query, path: Path) -> None:
        self.path = path
        self._query = query

    def wait(self) -> int:
        """Waits for the end and returns the number of rows; raises QueryKilled or QueryFailed."""
        match self._query.wait().rows:
            case ((int(number),),):
                return number
            case _:
                raise QueryFailed("the export ended without a number of rows")

    def kill(self) -> None:
        """Requests the end of the export, if it is still running."""
        self._query.kill()

    def discard(self) -> None:
        """Removes the file, if it is there."""
        self._query.join()
        self.path.unlink(missing_ok=True)


def export_path(folder: Path, format: ExportFormat) -> Path:
    """A new file of that format in a folder."""
    return folder / f"{uuid.uuid4().hex}.{format}"


def copy_statement(sql: str, path: Path, format: ExportFormat) -> str:
    """The statement that writes the rows of a query to a file."""
    return f"COPY ({sql}) TO {literal(str(path))} ({_OPTIONS[format]})"
