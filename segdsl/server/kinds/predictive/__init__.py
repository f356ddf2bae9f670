"""Predictive segments: what they learn from, their trainings, and what came of them."""

from __future__ import annotations

from segdsl.server.kinds.predictive import entity_handlers, handlers
from segdsl.server.kinds.predictive.collection import PredictiveSegments
from segdsl.server.kinds.scores.collection import NAME
from segdsl.server.service import Kind

PREDICTIVE = Kind(NAME, PredictiveSegments, (*handlers.ROUTES, *entity_handlers.ROUTES))
