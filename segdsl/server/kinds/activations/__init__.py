"""Activations of segments and of stages, what runs them, and templates of activations."""

from __future__ import annotations

from segdsl.server.kinds.activations import (
    entity_handlers,
    handlers,
    overviews,
    template_handlers,
    workflows,
)
from segdsl.server.kinds.activations.collection import NAME, Activations
from segdsl.server.kinds.activations.table import LAYOUT
from segdsl.server.kinds.activations.template_table import LAYOUT as TEMPLATE_LAYOUT
from segdsl.server.kinds.activations.templates import NAME as TEMPLATE_NAME
from segdsl.server.kinds.activations.templates import Templates
from segdsl.server.service import Kind

TEMPLATES = Kind(TEMPLATE_NAME, Templates, template_handlers.ROUTES, TEMPLATE_LAYOUT)
ACTIVATIONS = Kind(
    NAME,
    Activations,
    (*handlers.ROUTES, *entity_handlers.ROUTES, *overviews.ROUTES, *workflows.ROUTES),
    LAYOUT,
)
