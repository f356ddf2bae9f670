"""Scores of models that were trained here, beside those that the data itself contains.

Queries see both as the one table `predictive_scores`. The rows of a trained model come as the
bytes of a Parquet file, which go to a private file; the files of the data are never written.
"""

from __future__ import annotations

import contextlib
import threading
import uuid
from collections.abc import Iterable
from pathlib import Path

import duckdb
import msgspec

from segdsl.engine.columns import literal, quoted
from segdsl.engine.errors import QueryFailed, reason
from segdsl.sql.catalog import ASSUMED_TABLES, PROFILE_ID, Catalog

TABLE = "predictive_scores"
_OF_DATA = "scores/of the data"  # no file and no table of a rule has such a name
_SELECTED = ", ".join(map(quoted, ("model_id", PROFILE_ID, "grade", "converted")))


class _Trained(msgspec.Struct, frozen=True):
    version: int
    path: Path


class TrainedScores:
    """The scores of one opened data; any thread may use it."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, folder: Path, catalog: Catalog
    ) -> None:
        self._connection = connection
        self._folder = folder
        self._lock = threading.Lock()
        self._trained: dict[int, _Trained] = {}
        self._stale: list[Path] = []
        self.has_own = catalog.table(TABLE) is not None
        """Whether the data itself contains scores."""
        [table] = [each for each in ASSUMED_TABLES if each.name == TABLE]
        self.catalog = catalog if self.has_own else Catalog((*catalog.tables, table))
        """The tables of the data with one of scores."""
        with connection.cursor() as cursor:
            if self.has_own:
                self._rename_own(cursor)
            cursor.execute(self._view())

    def own_models(self) -> frozenset[str]:
        """The ids of the models whose scores the data itself contains."""
        if not self.has_own:
            return frozenset()
        with self._connection.cursor() as cursor:
            rows = cursor.execute(f"SELECT DISTINCT model_id FROM {quoted(_OF_DATA)}").fetchall()
        return frozenset(str(id) for (id,) in rows if id is not None)

    def version(self, model: int) -> int | None:
        """The version of a model's scores that queries see; None if they see none."""
        trained = self._trained.get(model)
        return None if trained is None else trained.version

    def load(self, model: int, version: int, content: bytes) -> None:
        """Makes queries see the scores of a model instead of those before.

        `content` is a Parquet file with the columns of `predictive_scores`. Raises QueryFailed.
        """
        path = self._folder / f"{uuid.uuid4().hex}.parquet"
        path.write_bytes(content)
        try:
            self._execute(f"SELECT {_SELECTED} FROM read_parquet({literal(str(path))}) LIMIT 0")
        except QueryFailed:
            path.unlink()
            raise
        with self._lock:
            before = self._trained.get(model)
            self._trained[model] = _Trained(version, path)
            self._execute(self._view())
            self._remove(before)

    def drop(self, model: int) -> None:
        """Makes queries see no scores of a model."""
        with self._lock:
            before = self._trained.pop(model, None)
            if before is not None:
                self._execute(self._view())
                self._remove(before)

    def models(self) -> Iterable[int]:
        """The ids of the models whose scores queries see."""
        return tuple(self._trained)

    def _execute(self, sql: str) -> None:
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(sql)
        except duckdb.Error as error:
            raise QueryFailed(f"the scores cannot be read: {reason(error)}") from error

    def _remove(self, trained: _Trained | None) -> None:
        """Removes a file at the next change but one: a query that runs may still open it."""
        for path in self._stale:
            with contextlib.suppress(OSError):
                path.unlink()
        self._stale = [] if trained is None else [trained.path]

    def _rename_own(self, cursor: duckdb.DuckDBPyConnection) -> None:
        (kind,) = cursor.execute(
            "SELECT table_type FROM information_schema.tables "
            "WHERE table_catalog = current_database() AND table_name = ?",
            [TABLE],
        ).fetchone() or ("VIEW",)
        word = "VIEW" if kind == "VIEW" else "TABLE"
        cursor.execute(f"ALTER {word} {quoted(TABLE)} RENAME TO {quoted(_OF_DATA)}")

    def _view(self) -> str:
        parts = []
        if self.has_own:
            parts.append(f"SELECT {_SELECTED} FROM {quoted(_OF_DATA)}")
        if self._trained:
            paths = ", ".join(literal(str(each.path)) for each in self._trained.values())
            parts.append(f"SELECT {_SELECTED} FROM read_parquet([{paths}])")
        if not parts:
            parts.append(
                "SELECT ''::VARCHAR AS model_id, ''::VARCHAR AS "
                f"{quoted(PROFILE_ID)}, 0::BIGINT AS grade, false AS converted WHERE false"
            )
        return f"CREATE OR REPLACE VIEW {quoted(TABLE)} AS {' UNION ALL '.join(parts)}"
