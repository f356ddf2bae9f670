"""Builds the tables of a parent segment from raw tables, and measures those.

`Build` makes `customers`, `behavior_<table>` and `customer_group_<name>` in a database of DuckDB,
as the workflow of a parent segment does. `validate` says what of the raw tables does not fit.
"""

from __future__ import annotations

from segdsl.engine.build.model import (
    Built,
    BuiltColumn,
    BuiltTable,
    Misfits,
    Progress,
    types_of,
)
from segdsl.engine.build.planned import planned
from segdsl.engine.build.run import Build
from segdsl.engine.build.sources import RawFiles, is_raw

__all__ = [
    "Build",
    "Built",
    "BuiltColumn",
    "BuiltTable",
    "Misfits",
    "Progress",
    "RawFiles",
    "is_raw",
    "planned",
    "types_of",
]
