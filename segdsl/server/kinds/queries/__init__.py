"""Queries: rules without names, which are counted and whose profiles are read in pages."""

from __future__ import annotations

from segdsl.server.kinds.queries.collection import NAME, Queries
from segdsl.server.kinds.queries.handlers import ROUTES
from segdsl.server.kinds.queries.table import LAYOUT
from segdsl.server.service import Kind

QUERIES = Kind(NAME, Queries, ROUTES, LAYOUT)
