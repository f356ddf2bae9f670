"""Segments: rules with names, which are stored, counted and referred to by other rules."""

from __future__ import annotations

from segdsl.server.kinds.segments import entity_handlers, handlers, moving
from segdsl.server.kinds.segments.collection import NAME, Segments
from segdsl.server.kinds.segments.table import LAYOUT
from segdsl.server.service import Kind

SEGMENTS = Kind(NAME, Segments, (*handlers.ROUTES, *moving.ROUTES, *entity_handlers.ROUTES), LAYOUT)
