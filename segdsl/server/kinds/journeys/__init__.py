"""Journeys: versions of them in bundles, their activations, and runs over the data."""

from __future__ import annotations

from segdsl.server.kinds.journeys import (
    activation_handlers,
    bundle_handlers,
    handlers,
    report_handlers,
)
from segdsl.server.kinds.journeys.collection import NAME, Journeys
from segdsl.server.kinds.journeys.table import LAYOUT
from segdsl.server.service import Kind

JOURNEYS = Kind(
    NAME,
    Journeys,
    (
        *handlers.ROUTES,
        *activation_handlers.ROUTES,
        *bundle_handlers.ROUTES,
        *report_handlers.ROUTES,
    ),
    LAYOUT,
)
