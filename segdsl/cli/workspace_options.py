"""What the commands about a whole workspace share: finding it, reading it, and its options."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from segdsl.diagnostics import Report
    from segdsl.project.config import Project
    from segdsl.workspace.local import Workspace
    from segdsl.workspace.plan import Plan


class Place(NamedTuple):
    """A project, the target that was chosen, and its workspace."""

    project: Project
    target: str
    workspace: Workspace


def open_workspace(target: str | None, settings: dict[str, str], report: Report) -> Place:
    """The workspace that the current folder is in; mistakes in its files are in the report."""
    from segdsl.project.config import need_project
    from segdsl.project.names import names_of
    from segdsl.workspace.local import read_workspace

    here = Path.cwd()
    project = need_project(here)
    name, _ = project.target(target)
    workspace = read_workspace(project.folder, here, settings, report, names_of(project, name))
    return Place(project, name, workspace)


def check_changes(place: Place, plan: Plan, report: Report) -> str | None:
    """As `check_for_sending`, of the segments that a plan would send or has in conflict.

    What is as on the server is the server's to judge: its parent segment may have lost a column.
    Where a plan has errors, the files that have them are checked; what the schema has against a
    place is told in the place of them.
    """
    from segdsl.diagnostics import Report
    from segdsl.project.sending import check_for_sending

    keys = {change.state.key for change in plan.changes if change.after is not None}
    keys |= {(conflict.folder, conflict.name) for conflict in plan.conflicts}
    found = report.diagnostics
    files = {each.span.file for each in found if each.span is not None}
    files |= {note.span.file for each in found for note in each.notes}
    segments = [
        each.segment
        for each in place.workspace.segments
        if each.key in keys or each.segment.span.file in files
    ]
    checked = Report()
    speaking = check_for_sending(place.project, place.target, segments, checked)
    places = [each.span for each in checked.diagnostics]
    report.diagnostics[:] = [each for each in found if each.span not in places]
    report.diagnostics.extend(checked.diagnostics)
    return speaking
