"""What the commands about a whole workspace share: finding it, reading it, and its options."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from segdsl.diagnostics import Report
    from segdsl.project.config import Project
    from segdsl.workspace.local import Workspace


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
