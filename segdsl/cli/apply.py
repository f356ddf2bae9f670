"""`segdsl apply`: a plan carried out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from segdsl.cli import document
from segdsl.cli.completer import completer
from segdsl.cli.connection import connection_options, with_target
from segdsl.cli.console import echo, terminal_width, use_color
from segdsl.cli.errors import API_ERROR, FINDINGS, CommandError, echo_api_error
from segdsl.cli.examples import examples
from segdsl.cli.options import (
    color_option,
    format_options,
    layout_option,
    no_schema_option,
    settings_option,
)
from segdsl.cli.progress import ProgressBar
from segdsl.cli.prompts import confirm_async, is_interactive
from segdsl.cli.reporting import OutputOptions, exit_on_errors, report_diagnostics, summary_of
from segdsl.cli.workspace_options import exclusive_run, open_workspace, plan_options

if TYPE_CHECKING:
    from segdsl.workspace.project.config import Project
    from segdsl.workspace.remote.connect import Connection
    from segdsl.workspace.sync.applying import Outcome
    from segdsl.workspace.sync.plan import Plan, Rename

OUTCOMES = {"there already": "exists", "not tried": "skipped"}
"""How an outcome is printed, unless as it is called."""


@click.command(
    "apply",
    epilog=examples(
        "segdsl apply", "segdsl apply --yes winback", "segdsl apply --plan plan.json --yes"
    ),
)
@click.argument("paths", nargs=-1, metavar="[PATH]...", shell_complete=completer("sources"))
@click.option(
    "--plan",
    "saved",
    metavar="FILE",
    help="Apply this saved plan.",
    shell_complete=completer("anything"),
)
@click.option("--yes", is_flag=True, help="Apply without asking for confirmation.")
@click.option("--prune", is_flag=True, help="Delete what no file defines any more.")
@click.option("--force", is_flag=True, help="Overwrite changes made on the server.")
@format_options("text", "json", alias=("--output",))
@plan_options
@settings_option
@layout_option
@no_schema_option
@connection_options
@color_option
def command(
    paths: tuple[str, ...],
    saved: str | None,
    yes: bool,
    prune: bool,
    force: bool,
    form: str,
    allow_empty: bool,
    as_new: bool,
    settings: dict[str, str],
    layout: Literal["v5", "nested"],
    no_schema: bool,
    target: str | None,
    now: str | None,
    color: str,
) -> None:
    """Apply the workspace to the server.

    Creates, updates and, with --prune, deletes segments, funnels, activation templates and
    activations. Shows the plan and asks for confirmation first. Everything is created after what it
    refers to. If there is a conflict, nothing is applied.

    No activation is run; `segdsl run activation` does that.

    After a failure or Ctrl-C, run the command again to apply the rest.
    """
    from segdsl.diagnostics import Report
    from segdsl.workspace.project.config import need_project
    from segdsl.workspace.sync.checked_plan import CheckedPlan, checked_plan, without_plan
    from segdsl.workspace.sync.planning import PlanOptions

    output = OutputOptions(form, (), color)
    report = Report()
    on_note = document.notes_once()
    saved_plan = None if saved is None else _read_plan(saved, paths, prune=prune, force=force)
    if saved_plan is not None:
        target = target or saved_plan.target

    async def answer(plan: Plan) -> list[bool]:
        _show(plan, form, color)
        return [await _confirm_rename(rename) for rename in plan.renames]

    async def plan_and_apply(connection: Connection) -> tuple[CheckedPlan, list[Outcome]]:
        checked = CheckedPlan(saved_plan)
        if opened is not None:
            checked = await checked_plan(
                connection,
                *opened,
                report,
                PlanOptions(force, prune, allow_empty, as_new),
                paths,
                on_note,
                use_schema=not no_schema,
                answer=answer if is_interactive() and not yes else None,
            )
        plan = checked.plan
        if plan is None:
            return checked, []
        _show(plan, form, color)
        if plan.conflicts or (plan.renames and not as_new):
            return checked, []
        if plan.changes and not yes:
            await _confirm(plan)
        return checked, await _apply(connection, project, plan, form)

    with exclusive_run(target, "apply"):
        # Read only now: another run may have written files a moment ago.
        opened = (
            None if saved_plan is not None else open_workspace(target, settings, report, layout)
        )
        project = need_project(Path.cwd())
        if opened is not None and report.has_errors:
            checked = without_plan(*opened, report, use_schema=not no_schema)
            outcomes: list[Outcome] = []
        else:
            checked, outcomes = with_target(target, now, plan_and_apply)
    report_diagnostics(
        report,
        {} if opened is None else opened.workspace.sources,
        output,
        has_result=not report.has_errors,
        summary=summary_of(report, output, checked.contradicted),
    )
    exit_on_errors(report)
    assert checked.plan is not None, "without errors there is a plan"
    _finish(checked.plan, outcomes, form, as_new=as_new)


async def _apply(connection: Connection, project: Project, plan: Plan, form: str) -> list[Outcome]:
    """Applies a plan, and shows how far it is."""
    from asyncio import CancelledError

    from segdsl.workspace.sync.commands import apply_plan

    bar = ProgressBar("Applying")
    bar.begin(len(plan.changes))

    def on_outcome(outcome: Outcome) -> None:
        bar.answered()
        if form == "text":
            with bar.paused():
                _print(outcome)

    try:
        return await apply_plan(connection, project, plan, on_outcome)
    except CancelledError:
        bar.end()
        echo("interrupted; run the command again to apply the rest", err=True)
        raise
    finally:
        bar.end()


def _read_plan(file: str, paths: tuple[str, ...], *, prune: bool, force: bool) -> Plan:
    from segdsl.files import read_bytes
    from segdsl.workspace.sync.plan import read_plan

    if paths or prune or force:
        raise CommandError("--plan cannot be combined with PATH, --prune or --force")
    return read_plan(read_bytes(file), file)


def _show(plan: Plan, form: str, color: str) -> None:
    from segdsl.workspace.kinds.effects import NOT_COUNTED
    from segdsl.workspace.sync.plan_text import plan_text

    if form == "json":
        from segdsl.output.plans import apply_output

        document.set_result(apply_output(plan, []))
        return
    colored = use_color(color, sys.stdout)
    text = plan_text(plan, NOT_COUNTED, color=colored, width=terminal_width())
    echo(text, nl=False, color=colored)
    sys.stdout.flush()


async def _confirm_rename(rename: Rename) -> bool:
    """Whether a new resource is a renamed one."""
    from segdsl.terminal import visible

    old, new = visible(rename.old_key.path), visible(rename.key.path)
    question = f"Did you rename the {rename.kind} “{old}” (#{rename.id}) to “{new}”?"
    return await confirm_async(question, default=None)


async def _confirm(plan: Plan) -> None:
    if not is_interactive():
        raise CommandError("not a terminal: pass --yes to apply these changes")
    if not await confirm_async(f"Apply these changes to “{plan.target}”?"):
        raise click.Abort


def _print(outcome: Outcome) -> None:
    from segdsl.terminal import visible

    id = "" if outcome.id is None else f"  #{outcome.id}"
    done = OUTCOMES.get(outcome.done, outcome.done)
    echo(f"{done:<9}  {visible(outcome.change.state.key.title)}{id}")
    sys.stdout.flush()


def _finish(plan: Plan, outcomes: list[Outcome], form: str, *, as_new: bool) -> None:
    from segdsl.workspace.project.keys import SEGMENT
    from segdsl.workspace.sync.applying import undone

    if form == "json":
        from segdsl.output.plans import apply_output

        document.set_result(apply_output(plan, outcomes))
    if plan.conflicts:
        document.add_note("nothing was applied: resolve the conflicts first")
        raise click.exceptions.Exit(FINDINGS)
    if plan.renames and not as_new:
        document.add_note(
            "nothing was applied: record the renames with `segdsl mv`, or pass --as-new"
        )
        raise click.exceptions.Exit(FINDINGS)
    remaining = undone(outcomes)
    for outcome in remaining:
        if outcome.error is not None:
            change = outcome.change
            kind = "" if change.kind == SEGMENT else change.kind
            echo_api_error(outcome.error.message, outcome.error.help, change.state.name, kind)
    if remaining:
        problem = (
            f"{len(remaining)} of {len(outcomes)} changes not applied; "
            "run the command again to apply the rest"
        )
        echo(problem, err=True)
        document.set_error("api", problem)
        raise click.exceptions.Exit(API_ERROR)
