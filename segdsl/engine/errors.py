"""What can go wrong with data and with queries, in the reader's words.

Each error's text says what is wrong and where; `DataError`'s also what to do.
"""

from __future__ import annotations

from segdsl.errors import InputError, SegdslError

_LONGEST = 300


class DataError(InputError):
    """A folder, file or column of the data that cannot be used as it is."""


class EngineError(SegdslError):
    """A query that ended without a result."""


class QueryKilled(EngineError):  # noqa: N818  # what happened to it, not what went wrong
    """The query was killed before it ended."""

    def __init__(self) -> None:
        super().__init__("the query was killed")


class QueryFailed(EngineError):  # noqa: N818
    """The query could not be run to its end; `message` says why."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def reason(error: Exception) -> str:
    """The first paragraph of a DuckDB error as one line, for the end of a sentence."""
    text = " ".join(str(error).strip().split("\n\n")[0].split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
