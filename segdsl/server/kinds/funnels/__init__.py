"""Funnels: stages in order, each with a segment as its rule, or without one."""

from __future__ import annotations

from segdsl.server.kinds.funnels import entity_handlers, handlers
from segdsl.server.kinds.funnels.collection import NAME, Funnels
from segdsl.server.service import Kind

FUNNELS = Kind(NAME, Funnels, (*handlers.ROUTES, *entity_handlers.ROUTES))
