"""The YAML of the vendor's own tool, read into segments; see `segdsl.workspace.tdx.segments`."""

from segdsl.workspace.tdx.segments import Imported, read_segment

__all__ = ["Imported", "read_segment"]
