"""What must hold of segments before they are sent: the committed schema speaks against nothing.

Reads the schema's file and asks no server. Names of segments are not looked up here: whoever
sends knows better what is there.
"""

from __future__ import annotations

from collections.abc import Sequence

from segdsl.checking import check_segments
from segdsl.condition import tree as c
from segdsl.diagnostics import Report
from segdsl.project.config import Project
from segdsl.project.schema import schema_in, schema_path


def check_for_sending(
    project: Project, target: str | None, segments: Sequence[c.Segment], report: Report
) -> str | None:
    """Reports what a target's schema has against segments, errors alone.

    The name of the schema's file, where it has anything against them. Raises SchemaError.
    """
    path = schema_path(project, project.target(target)[0])
    schema = schema_in(path)
    if schema is None:
        return None
    found = Report()
    check_segments(segments, schema, found)
    for each in found.diagnostics:
        if each.severity == "error":
            report.put(each)
    return path.name if found.has_errors else None
