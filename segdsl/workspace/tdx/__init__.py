"""The YAML of the vendor's own tool, read into items; see `segdsl.workspace.tdx.reading`."""

from segdsl.workspace.tdx.journeys import ImportedJourney
from segdsl.workspace.tdx.parents import ImportedParent
from segdsl.workspace.tdx.reading import Imported, read_file
from segdsl.workspace.tdx.segments import ImportedSegment

__all__ = ["Imported", "ImportedJourney", "ImportedParent", "ImportedSegment", "read_file"]
