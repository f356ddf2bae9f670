"""Folders: the tree in which everything of a parent segment lies."""

from __future__ import annotations

from segdsl.server.kinds.folders import entity_handlers, handlers
from segdsl.server.kinds.folders.collection import NAME, Folders
from segdsl.server.kinds.folders.table import LAYOUT
from segdsl.server.service import Kind

FOLDERS = Kind(NAME, Folders, (*handlers.ROUTES, *entity_handlers.ROUTES), LAYOUT)
