"""The rows of a query, kept in a private file so that many other queries read them.

The file is removed with `discard`, at the latest when the data is closed. Columns come as NumPy
arrays, many rows at once: whoever asks for them has NumPy, which the engine itself does not need.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import duckdb
from sqlglot import exp

from segdsl.engine.errors import EngineError, QueryFailed, QueryKilled, reason
from segdsl.engine.export import Export

Arrays = Mapping[str, Any]
"""The columns of rows by name: NumPy arrays of one length, masked where values are missing."""


class Frame:
    """The rows of a query; `data.frame` starts it."""

    def __init__(self, export: Export, fetch: Callable[[exp.Expr], Arrays]) -> None:
        self._export = export
        self._fetch = fetch
        self._ended = threading.Event()

    def wait(self) -> int:
        """Waits for the rows and returns their number; raises QueryKilled or QueryFailed."""
        number = self._export.wait()
        self._ended.set()
        return number

    def kill(self) -> None:
        """Requests the end of the query, if it is still running."""
        self._export.kill()

    @property
    def table(self) -> exp.Expr:
        """What reads the rows in a FROM clause, once `wait` has returned."""
        path = exp.Literal.string(str(self._export.path))
        return exp.Table(this=exp.Anonymous(this="read_parquet", expressions=[path]))

    def arrays(self, query: exp.Expr) -> Arrays:
        """The result of a query, such as one of `table`; raises QueryKilled or QueryFailed.

        All of it is in memory at once.
        """
        return self._fetch(query)

    def discard(self) -> None:
        """Removes the rows."""
        self._export.discard()


def fetch_arrays(cursor: duckdb.DuckDBPyConnection, sql: str) -> Arrays:
    """Runs a query on a cursor, which is closed at the end."""
    try:
        return cursor.execute(sql).fetchnumpy()
    except duckdb.InterruptException:
        raise QueryKilled from None
    except (duckdb.Error, MemoryError, RuntimeError) as error:
        failure: EngineError = QueryFailed(f"the query failed: {reason(error)}")
        raise failure from error
    finally:
        cursor.close()
