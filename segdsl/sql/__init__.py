"""Translates segments to SQL: from a condition tree to sqlglot's expression tree."""

<<<<<<< d83992606450c2c7430622c696b3ad1d99a66e8b
from segdsl.dialects import DIALECTS
from segdsl.sql.batching import merged, together
=======
from segdsl.sql.batching import batch_counts, merge_semijoins
>>>>>>> 2ceff9ca6377487ec4ab251a5b9b7e60500329e5
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
