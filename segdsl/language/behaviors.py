"""Names of behaviors: in a `.seg` file `purchases` is the matrix table `behavior_purchases`.

Rules and data name the table (observed); only the prefix is left out in source. A table without
the prefix is written in full, `table "orders"`.
"""

from __future__ import annotations

PREFIX = "behavior_"


def table_of(name: str) -> str:
    """The matrix table of a behavior by its name in source."""
    return PREFIX + name


def name_of(table: str) -> str | None:
    """The name in source of a behavior by its matrix table; None for a table without the prefix."""
    return table.removeprefix(PREFIX) or None if table.startswith(PREFIX) else None


def source_names(table: str) -> tuple[str, ...]:
    """The name that stands for a table in source; empty if it is written `table "…"`."""
    found = name_of(table)
    return () if found is None else (found,)
