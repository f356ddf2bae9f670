"""Reads a YAML file of the vendor's own tool: a segment, a journey or a parent segment."""

from __future__ import annotations

from segdsl.diagnostics import Report
from segdsl.source import Source
from segdsl.workspace.tdx.document import UnreadableError, Value, load
from segdsl.workspace.tdx.journeys import ImportedJourney, read_journey
from segdsl.workspace.tdx.parents import ImportedParent, read_parent
from segdsl.workspace.tdx.segments import ImportedSegment, read_segment

Imported = ImportedSegment | ImportedJourney | ImportedParent

_JOURNEY_KEYS = ("stages", "journeys")
_PARENT_KEY = "master"
_PARENT_TYPES = ("parent_segment", "parent-segment")


def read_file(source: Source, report: Report) -> Imported | None:
    """What a YAML text holds; None after a report. Raises FileError without a YAML reader.

    Files of journeys may have no `type`, and those of parent segments have none: they are known
    by their keys.
    """
    own = Report()
    try:
        imported = _read(load(source, own), own)
    except UnreadableError:
        imported = None
    report.diagnostics.extend(own.diagnostics)
    return None if own.has_errors else imported


def _read(document: Value, report: Report) -> Imported | None:
    data = document.data if isinstance(document.data, dict) else {}
    kind = data["type"].data if "type" in data else None
    if kind == "journey" or (kind is None and any(key in data for key in _JOURNEY_KEYS)):
        return read_journey(document, report)
    if kind in _PARENT_TYPES or (kind is None and _PARENT_KEY in data):
        return read_parent(document, report)
    return read_segment(document, report)
