"""The YAML of the vendor's own tool, read into segments; see `segdsl.tdx.segments`."""

from segdsl.tdx.segments import Imported, read_segment

__all__ = ["Imported", "read_segment"]
