"""Errors of data and of queries.

Each message says what is wrong and where; that of `DataError` also says what to do.
"""

from __future__ import annotations

from segdsl.errors import InputError, SegdslError

_LONGEST = 300


class DataError(InputError):
    """A folder, file or column of the data is invalid or unsupported."""


class EngineError(SegdslError):
    """A query that ended without a result."""


class QueryKilled(EngineError):  # noqa: N818  # what happened to it, not what went wrong
    """The query was killed before it ended."""

    def __init__(self) -> None:
        super().__init__("the query was killed")


class QueryFailed(EngineError):  # noqa: N818
    """The query failed; `message` says why."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def reason(error: Exception) -> str:
    """The first paragraph of a DuckDB error as one line, for the end of a sentence."""
    text = " ".join(str(error).strip().split("\n\n")[0].split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
