"""`segdsl plan`: what an apply would do."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Literal

import click

from segdsl.cli import document
from segdsl.cli.completer import completer
from segdsl.cli.connection import connection_options, with_target
from segdsl.cli.console import echo, echo_raw, terminal_width, use_color
from segdsl.cli.errors import CHANGES_PENDING, FINDINGS
from segdsl.cli.examples import examples
from segdsl.cli.options import (
    color_option,
    format_options,
    layout_option,
    no_schema_option,
    settings_option,
)
from segdsl.cli.progress import ProgressBar
from segdsl.cli.reporting import OutputOptions, exit_on_errors, report_diagnostics, summary_of
from segdsl.cli.workspace_options import open_workspace, plan_options

if TYPE_CHECKING:
    from segdsl.workspace.kinds.effects import Effects
    from segdsl.workspace.remote.connect import Connection
    from segdsl.workspace.sync.plan import Plan


@click.command(
    "plan",
    epilog=examples("segdsl plan", "segdsl plan --count winback", "segdsl plan --save plan.json"),
)
@click.argument("paths", nargs=-1, metavar="[PATH]...", shell_complete=completer("sources"))
@click.option(
    "--count", is_flag=True, help="Count the profiles that join and leave segments and stages."
)
@click.option(
    "--save",
    metavar="FILE",
    help="Save the plan for `segdsl apply --plan FILE`.",
    shell_complete=completer("anything"),
)
@click.option("--prune", is_flag=True, help="Delete what no file defines any more.")
@click.option("--force", is_flag=True, help="Overwrite changes made on the server.")
@click.option("--exit-code", is_flag=True, help="Exit with 4 if there are changes to apply.")
@format_options(
    *("text", "json", "github"),
    alias=("--output",),
    help="Output format; json: one document; github: a pull request comment.",
)
@plan_options
@settings_option
@layout_option
@no_schema_option
@connection_options
@color_option
def command(
    paths: tuple[str, ...],
    count: bool,
    save: str | None,
    prune: bool,
    force: bool,
    exit_code: bool,
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
    """Show what `segdsl apply` would change on the server.

    Changes nothing. Plans all files in the folder of segdsl.toml, or only those in PATH.

    The plan has segments, funnels, activation templates and activations. What was changed on the
    server since the last pull or apply is a conflict; pass --force to overwrite it. What is new and
    looks renamed is reported; record the rename with `segdsl mv` to keep the id.
    """
    from segdsl.diagnostics import Report
    from segdsl.workspace.kinds.effects import NOT_COUNTED
    from segdsl.workspace.sync.checked_plan import CheckedPlan, checked_plan, without_plan
    from segdsl.workspace.sync.plan_file import check_plan_file, save_plan
    from segdsl.workspace.sync.planning import PlanOptions

    if save is not None:
        check_plan_file(save)
    output = OutputOptions("json" if form == "json" else "text", (), color)
    report = Report()
    on_note = document.notes_once()
    opened = open_workspace(target, settings, report, layout)

    async def make_plan(connection: Connection) -> tuple[CheckedPlan, Effects]:
        options = PlanOptions(force, prune, allow_empty, as_new)
        checked = await checked_plan(
            connection, *opened, report, options, paths, on_note, use_schema=not no_schema
        )
        if checked.plan is None or not count:
            return checked, NOT_COUNTED
        return checked, await _effects(connection, checked.plan)

    checked, effects = (
        (without_plan(*opened, report, use_schema=not no_schema), NOT_COUNTED)
        if report.has_errors
        else with_target(target, now, make_plan)
    )
    report_diagnostics(
        report,
        opened.workspace.sources,
        output,
        has_result=not report.has_errors,
        summary=summary_of(report, output, checked.contradicted),
    )
    exit_on_errors(report)
    plan = checked.plan
    assert plan is not None, "without errors there is a plan"
    if save is not None:
        save_plan(save, plan)
    _show(plan, effects, form, color)
    if plan.conflicts or plan.renames:
        raise click.exceptions.Exit(FINDINGS)
    if exit_code and plan.changes:
        raise click.exceptions.Exit(CHANGES_PENDING)


async def _effects(connection: Connection, plan: Plan) -> Effects:
    """The effects of a plan; shows how far the counting is."""
    from segdsl.workspace.sync.commands import Progress, effects_of

    bar = ProgressBar("Counting")
    try:
        return await effects_of(connection, plan, Progress(bar.begin, bar.answered))
    finally:
        bar.end()


def _show(plan: Plan, effects: Effects, form: str, color: str) -> None:
    from segdsl.workspace.sync.plan_text import plan_markdown, plan_text

    match form:
        case "json":
            from segdsl.output.plans import plan_output

            document.set_result(plan_output(plan, effects))
        case "github":
            echo_raw(plan_markdown(plan, effects), nl=False)
        case _:
            colored = use_color(color, sys.stdout)
            text = plan_text(plan, effects, color=colored, width=terminal_width())
            echo(text, nl=False, color=colored)
