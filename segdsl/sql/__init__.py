"""Translates segments to SQL: from a condition tree to sqlglot's expression tree."""

from segdsl.dialects import DIALECTS
from segdsl.sql.batching import batch_counts, merge_semijoins
from segdsl.sql.context import Context, SqlError
from segdsl.sql.dialects import render
from segdsl.sql.queries import count, profiles, selection

__all__ = [
    "DIALECTS",
    "Context",
    "SqlError",
    "batch_counts",
    "count",
    "merge_semijoins",
    "profiles",
    "render",
    "selection",
]
