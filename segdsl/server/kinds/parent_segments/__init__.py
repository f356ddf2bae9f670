"""The parent segment and its data: read only, from the tables and `parent_segment.toml`."""

from __future__ import annotations

from segdsl.server.kinds.parent_segments.handlers import ROUTES
from segdsl.server.service import Collection, Kind


class ParentSegments(Collection):
    """The one parent segment of a service, which is the service's own data."""


PARENT_SEGMENTS = Kind("parent segment", ParentSegments, ROUTES)
