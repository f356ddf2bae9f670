"""A plan with what a check says of the segments in it: what `plan` and `apply` begin with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import msgspec

from segdsl.diagnostics import Report
from segdsl.workspace.project.config import Project
from segdsl.workspace.remote.connect import Connection
from segdsl.workspace.sync.commands import plan_for
from segdsl.workspace.sync.plan import Plan
from segdsl.workspace.sync.plan_checks import check_plan
from segdsl.workspace.sync.planning import PlanOptions
from segdsl.workspace.sync.workspace import Workspace

Answer = Callable[[Plan], Awaitable[Sequence[bool]]]
"""Says of each rename of a plan whether it is one."""


class CheckedPlan(msgspec.Struct, frozen=True):
    """A plan, None after errors. `contradicted` is the schema's file, if that contradicts it."""

    plan: Plan | None
    contradicted: str | None = None


async def checked_plan(
    connection: Connection,
    project: Project,
    target: str,
    workspace: Workspace,
    report: Report,
    options: PlanOptions,
    paths: Sequence[str],
    on_note: Callable[[str], None],
    *,
    use_schema: bool,
    answer: Answer | None = None,
) -> CheckedPlan:
    """The plan of a workspace, or of its files in some paths; errors are in the report.

    With `answer`, renames that a plan suggests are answered, and the plan made again. Raises what
    `plan_for` and `check_plan` raise.
    """
    while True:
        plan = await plan_for(connection, project, workspace, report, options, paths, on_note)
        contradicted = check_plan(
            project, target, workspace, plan, report, use_schema=use_schema, now=connection.now
        )
        if report.has_errors:
            return CheckedPlan(None, contradicted)
        if answer is None or not plan.renames or plan.conflicts:
            return CheckedPlan(plan, contradicted)
        options = options.answered(plan.renames, await answer(plan))


def without_plan(
    project: Project, target: str, workspace: Workspace, report: Report, *, use_schema: bool
) -> CheckedPlan:
    """The same of a workspace that was read with errors: there is no plan."""
    contradicted = check_plan(project, target, workspace, None, report, use_schema=use_schema)
    return CheckedPlan(None, contradicted)
