"""Segments: the first kind of resources."""

from segdsl.workspace.kinds.segments.kind import SEGMENTS, SegmentKind

__all__ = ["SEGMENTS", "SegmentKind"]
