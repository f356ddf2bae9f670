"""What the commands on a whole workspace share: their options, opening it, and locking it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

if TYPE_CHECKING:
    from segdsl.diagnostics import Report
    from segdsl.rules.lower.segment import Layout
    from segdsl.workspace.project.config import Project
    from segdsl.workspace.sync.workspace import Workspace


_Function = TypeVar("_Function", bound=Callable[..., Any])


def plan_options(function: _Function) -> _Function:
    """Adds `--allow-empty` and `--as-new`."""
    for option in (
        click.option(
            "--as-new",
            is_flag=True,
            help="Create what looks renamed as new; see `segdsl mv`.",
        ),
        click.option(
            "--allow-empty",
            is_flag=True,
            help="Allow a workspace that has lost all or most of what it had.",
        ),
    ):
        function = option(function)
    return function


class OpenWorkspace(NamedTuple):
    """A project, the name of the chosen target, and the segments of the workspace."""

    project: Project
    target: str
    workspace: Workspace


def open_workspace(
    target: str | None, settings: dict[str, str], report: Report, layout: Layout = "v5"
) -> OpenWorkspace:
    """Reads the workspace around the current folder; adds errors in its files to the report.

    Rules are compiled in that layout.
    """
    from segdsl.workspace.kinds.registry import kinds_of
    from segdsl.workspace.project.config import need_project
    from segdsl.workspace.project.known_ids import names_of
    from segdsl.workspace.sync.workspace import read_workspace

    here = Path.cwd()
    project = need_project(here)
    name, _ = project.target(target)
    known = names_of(project, name)
    kinds = kinds_of(layout)
    workspace = read_workspace(project.folder, here, settings, report, known, kinds)
    return OpenWorkspace(project, name, workspace)


def exclusive_run(target: str | None, command: str) -> AbstractContextManager[None]:
    """Keeps out other runs that write a target's lock; raises BusyError if there is one."""
    from segdsl.workspace.project.config import need_project
    from segdsl.workspace.sync.exclusive import alone

    project = need_project(Path.cwd())
    name, _ = project.target(target)
    return alone(project, name, command)
