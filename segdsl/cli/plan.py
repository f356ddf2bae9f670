"""`segdsl plan`: what an apply would do."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Literal

import click

from segdsl.cli.asking import Bar, ask, target_options
from segdsl.cli.completing import completes
from segdsl.cli.examples import examples
from segdsl.cli.options import (
    Look,
    color_option,
    format_options,
    in_color,
    layout_option,
    no_schema_option,
    settings_option,
    stop_on_errors,
    summed,
    tell,
    terminal_width,
)
from segdsl.cli.output import say, write
from segdsl.cli.workspace_options import open_workspace, plan_options

if TYPE_CHECKING:
    from segdsl.workspace.kinds.effects import Effects
    from segdsl.workspace.remote.connect import Connection
    from segdsl.workspace.sync.plan import Plan

PENDING = 4


@click.command(
    "plan",
    epilog=examples("segdsl plan", "segdsl plan --count winback", "segdsl plan --save plan.json"),
)
@click.argument("paths", nargs=-1, metavar="[PATH]...", shell_complete=completes("sources"))
@click.option("--count", is_flag=True, help="Count who joins and who leaves by each change.")
@click.option(
    "--save",
    metavar="FILE",
    help="Keep the plan, for `segdsl apply --plan FILE`.",
    shell_complete=completes("anything"),
)
@click.option("--prune", is_flag=True, help="Plan to delete what no file has any more.")
@click.option("--force", is_flag=True, help="Plan to overwrite what was changed on the server.")
@click.option("--exit-code", is_flag=True, help="Exit with 4 where there is something to do.")
@format_options(
    *("text", "json", "github"),
    alias=("--output",),
    help="As lines, as one document with everything, or as the comment of a pull request.",
)
@plan_options
@settings_option
@layout_option
@no_schema_option
@target_options
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
    """Compare the workspace with the server, and say what `segdsl apply` would do.

    The workspace is the folder of segdsl.toml; with PATHs, only their files are planned.
    Nothing is changed. What somebody changed on the server since it was last seen is a
    conflict, and is never planned to be overwritten without --force. A new segment that looks
    like one that no file has now is to be settled, too: `segdsl mv` keeps its id.
    """
    from segdsl.diagnostics import Report
    from segdsl.workspace.kinds.effects import NOT_COUNTED
    from segdsl.workspace.sync.commands import Progress, effects_of, plan_for
    from segdsl.workspace.sync.plan_checks import check_plan
    from segdsl.workspace.sync.plan_file import check_plan_file, save_plan
    from segdsl.workspace.sync.plan_text import plan_markdown, plan_text
    from segdsl.workspace.sync.planning import PlanOptions

    if save is not None:
        check_plan_file(save)
    look = Look("json" if form == "json" else "text", (), color)
    report = Report()
    place = open_workspace(target, settings, report)
    speaking: str | None = None

    async def question(connection: Connection) -> tuple[Plan, Effects] | None:
        nonlocal speaking
        options = PlanOptions(layout, force, prune, allow_empty, as_new)
        plan = await plan_for(connection, place.project, place.workspace, report, options, paths)
        speaking = check_plan(*place, plan, report, use_schema=not no_schema)
        if report.has_errors:
            return None
        bar = Bar("Counting")
        progress = Progress(bar.begin, bar.answered)
        try:
            return plan, await effects_of(connection, plan, progress) if count else NOT_COUNTED
        finally:
            bar.end()

    if report.has_errors:
        speaking = check_plan(*place, None, report, use_schema=not no_schema)
    answer = None if report.has_errors else ask(target, now, question)
    tell(
        report,
        place.workspace.sources,
        look,
        product=not report.has_errors,
        summary=summed(report, look, speaking),
    )
    stop_on_errors(report)
    assert answer is not None, "without errors there is a plan"
    plan, effects = answer
    if save is not None:
        save_plan(save, plan)
    match form:
        case "json":
            from segdsl.cli.document import answer as answered
            from segdsl.output.plans import plan_output

            answered(plan_output(plan, effects))
        case "github":
            write(plan_markdown(plan, effects), nl=False)
        case _:
            color_it = in_color(color, sys.stdout)
            say(
                plan_text(plan, effects, color=color_it, width=terminal_width()),
                nl=False,
                color=color_it,
            )
    if plan.conflicts or plan.renames:
        raise click.exceptions.Exit(1)
    if exit_code and plan.changes:
        raise click.exceptions.Exit(PENDING)
