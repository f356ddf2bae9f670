"""The engine: a folder of tables as a DuckDB database, and queries that can be killed.

The only place that touches DuckDB. It reads tables and runs queries; what a query means
is `segdsl.sql`'s matter, and nothing here knows the API.
"""

from __future__ import annotations

from segdsl.engine.data import Data, open_data
from segdsl.engine.description import ParentSegment
from segdsl.engine.errors import DataError, EngineError, QueryFailed, QueryKilled
from segdsl.engine.query import Query, Result, Value

__all__ = [
    "Data",
    "DataError",
    "EngineError",
    "ParentSegment",
    "Query",
    "QueryFailed",
    "QueryKilled",
    "Result",
    "Value",
    "open_data",
]
