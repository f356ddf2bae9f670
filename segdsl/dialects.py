"""The SQL dialects that queries can be written in.

Apart from `segdsl.sql`, as the command line lists them without loading sqlglot.
"""

from __future__ import annotations

DIALECTS: tuple[str, ...] = ("duckdb", "trino", "spark", "bigquery", "snowflake", "postgres")
