"""The YAML of the vendor's own tool, read into segments; see `segdsl.workspace.tdx.segments`."""

from segdsl.workspace.tdx.segments import ImportedSegment, read_segment

__all__ = ["ImportedSegment", "read_segment"]
