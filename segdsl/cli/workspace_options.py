"""What the commands about a whole workspace share: finding it, reading it, and its options."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

if TYPE_CHECKING:
    from segdsl.diagnostics import Report
    from segdsl.workspace.project.config import Project
    from segdsl.workspace.sync.workspace import Workspace


_Function = TypeVar("_Function", bound=Callable[..., Any])


def plan_options(function: _Function) -> _Function:
    """Adds `--allow-empty` and `--as-new`."""
    for option in (
        click.option(
            "--as-new",
            is_flag=True,
            help="Create what looks renamed as a new segment; see `segdsl mv`.",
        ),
        click.option(
            "--allow-empty",
            is_flag=True,
            help="The workspace is meant to have lost all or most of its segments.",
        ),
    ):
        function = option(function)
    return function


class Place(NamedTuple):
    """A project, the target that was chosen, and its workspace."""

    project: Project
    target: str
    workspace: Workspace


def open_workspace(target: str | None, settings: dict[str, str], report: Report) -> Place:
    """The workspace that the current folder is in; mistakes in its files are in the report."""
    from segdsl.workspace.project.config import need_project
    from segdsl.workspace.project.known_ids import names_of
    from segdsl.workspace.sync.workspace import read_workspace

    here = Path.cwd()
    project = need_project(here)
    name, _ = project.target(target)
    workspace = read_workspace(project.folder, here, settings, report, names_of(project, name))
    return Place(project, name, workspace)


def held(target: str | None, command: str) -> AbstractContextManager[None]:
    """Keeps other runs that write the lock of a target out; raises BusyError where one is on."""
    from segdsl.workspace.project.config import need_project
    from segdsl.workspace.sync.exclusive import alone

    project = need_project(Path.cwd())
    name, _ = project.target(target)
    return alone(project, name, command)
