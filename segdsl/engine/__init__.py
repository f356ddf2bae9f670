"""Runs queries on a folder of tables or a database with DuckDB.

The only package that uses DuckDB. It opens tables and runs queries that can be killed; it knows
neither the language (`segdsl.sql` builds queries) nor the API.
"""

from __future__ import annotations

from segdsl.engine.data import Data, open_built, open_data
from segdsl.engine.description import ParentSegment
from segdsl.engine.errors import DataError, EngineError, QueryFailed, QueryKilled
from segdsl.engine.export import Export, ExportFormat
from segdsl.engine.frame import Arrays, Frame
from segdsl.engine.query import Query, Result, Value
from segdsl.engine.scores import TrainedScores

__all__ = [
    "Arrays",
    "Data",
    "DataError",
    "EngineError",
    "Export",
    "ExportFormat",
    "Frame",
    "ParentSegment",
    "Query",
    "QueryFailed",
    "QueryKilled",
    "Result",
    "TrainedScores",
    "Value",
    "open_built",
    "open_data",
]
