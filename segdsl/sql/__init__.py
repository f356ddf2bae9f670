"""Segments as SQL: a condition tree to sqlglot's expression tree, for any engine."""

from segdsl.dialects import DIALECTS
from segdsl.sql.batching import merged, together
from segdsl.sql.context import Context, SqlError
from segdsl.sql.dialects import render
from segdsl.sql.queries import count, profiles, selection

__all__ = [
    "DIALECTS",
    "Context",
    "SqlError",
    "count",
    "merged",
    "profiles",
    "render",
    "selection",
    "together",
]
