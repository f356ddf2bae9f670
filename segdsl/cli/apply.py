"""`segdsl apply`: a plan carried out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from segdsl.cli import document
from segdsl.cli.asking import (
    NO_ANSWER,
    Bar,
    agrees_to,
    ask,
    can_be_asked,
    target_options,
    tell_error,
)
from segdsl.cli.completing import completes
from segdsl.cli.examples import examples
from segdsl.cli.group import WrongUse
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
from segdsl.cli.output import say
from segdsl.cli.workspace_options import held, open_workspace, plan_options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segdsl.cli.workspace_options import Place
    from segdsl.source import Source
    from segdsl.workspace.remote.connect import Connection
    from segdsl.workspace.sync.applying import Outcome
    from segdsl.workspace.sync.plan import Plan, Rename


@click.command(
    "apply",
    epilog=examples(
        "segdsl apply", "segdsl apply --yes winback", "segdsl apply --plan plan.json --yes"
    ),
)
@click.argument("paths", nargs=-1, metavar="[PATH]...", shell_complete=completes("sources"))
@click.option(
    "--plan",
    "saved",
    metavar="FILE",
    help="Carry out exactly this saved plan.",
    shell_complete=completes("anything"),
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--prune", is_flag=True, help="Delete what no file has any more.")
@click.option("--force", is_flag=True, help="Overwrite what was changed on the server.")
@format_options("text", "json", alias=("--output",))
@plan_options
@settings_option
@layout_option
@no_schema_option
@target_options
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
    """Make the server have what the workspace says.

    Shows the plan and asks first (--yes where nobody can be asked). Each segment comes after
    those that it refers to. With a conflict nothing is sent. After a failure, or Ctrl-C, run
    it again: only what is left is done.
    """
    from asyncio import CancelledError

    from segdsl.diagnostics import Report
    from segdsl.workspace.project.config import need_project
    from segdsl.workspace.sync.commands import apply_plan, plan_for
    from segdsl.workspace.sync.plan_checks import check_plan
    from segdsl.workspace.sync.planning import PlanOptions

    look = Look(form, (), color)
    report = Report()
    fixed = None if saved is None else _saved(saved, paths, prune=prune, force=force)
    if fixed is not None:
        target = target or fixed.target
    speaking: str | None = None
    sources: Mapping[str, Source] = {}

    async def planned(connection: Connection, place: Place) -> Plan | None:
        nonlocal speaking
        options = PlanOptions(layout, force, prune, allow_empty, as_new)
        while True:
            plan = await plan_for(connection, project, place.workspace, report, options, paths)
            speaking = check_plan(*place, plan, report, use_schema=not no_schema)
            if report.has_errors:
                return None
            if yes or not plan.renames or plan.conflicts or not can_be_asked():
                return plan
            _show(plan, form, color)
            options = options.answered(plan.renames, [await _asked(each) for each in plan.renames])

    async def question(connection: Connection) -> tuple[Plan, list[Outcome]] | None:
        plan = fixed if place is None else await planned(connection, place)
        if plan is None:
            return None
        _show(plan, form, color)
        if plan.conflicts or (plan.renames and not as_new):
            return plan, []
        if plan.changes and not yes:
            await _confirm(plan)
        bar = Bar("Applying")
        bar.begin(len(plan.changes))

        def hear(outcome: Outcome) -> None:
            bar.answered()
            if form == "text":
                with bar.aside():
                    _say(outcome)

        try:
            return plan, await apply_plan(connection, project, plan, hear)
        except CancelledError:
            bar.end()
            say("stopped; run it again: what is done stays", err=True)
            raise
        finally:
            bar.end()

    with held(target, "apply"):
        # Read only now: another run may have written files a moment ago.
        place = None if fixed is not None else open_workspace(target, settings, report)
        project = need_project(Path.cwd())
        if place is not None:
            sources = place.workspace.sources
            if report.has_errors:
                speaking = check_plan(*place, None, report, use_schema=not no_schema)
        answer = None if report.has_errors else ask(target, now, question)
    tell(
        report, sources, look, product=not report.has_errors, summary=summed(report, look, speaking)
    )
    stop_on_errors(report)
    assert answer is not None, "without errors there is a plan"
    _end(*answer, form, as_new=as_new)


def _saved(file: str, paths: tuple[str, ...], *, prune: bool, force: bool) -> Plan:
    from segdsl.files import read_bytes
    from segdsl.workspace.sync.plan import read_plan

    if paths or prune or force:
        raise WrongUse("a saved plan is carried out as it is: leave PATHs, --prune, --force out")
    return read_plan(read_bytes(file), file)


def _show(plan: Plan, form: str, color: str) -> None:
    from segdsl.workspace.kinds.effects import NOT_COUNTED
    from segdsl.workspace.sync.plan_text import plan_text

    if form == "json":
        from segdsl.output.plans import apply_output

        document.answer(apply_output(plan, []))
    else:
        color_it = in_color(color, sys.stdout)
        say(
            plan_text(plan, NOT_COUNTED, color=color_it, width=terminal_width()),
            nl=False,
            color=color_it,
        )
        sys.stdout.flush()


async def _asked(rename: Rename) -> bool:
    """Whether a new segment is a renamed one."""
    from segdsl.terminal import visible

    old, new = rename.old_key.path, rename.key.path
    return await agrees_to(
        f"Is “{visible(new)}” the {rename.kind} “{visible(old)}” (#{rename.id}) under its new "
        "name?",
        default=None,
    )


async def _confirm(plan: Plan) -> None:
    if not can_be_asked():
        raise WrongUse("would make these changes; say --yes where nobody can be asked")
    if not await agrees_to(f"Apply to “{plan.target}”?"):
        raise click.Abort


def _say(outcome: Outcome) -> None:
    from segdsl.terminal import visible

    id = "" if outcome.id is None else f"  #{outcome.id}"
    say(f"{outcome.done:<13}  {visible(outcome.change.state.key.title)}{id}")
    sys.stdout.flush()


def _end(plan: Plan, outcomes: list[Outcome], form: str, *, as_new: bool) -> None:
    from segdsl.workspace.sync.applying import undone

    if form == "json":
        from segdsl.output.plans import apply_output

        document.answer(apply_output(plan, outcomes))
    if plan.conflicts:
        document.note("nothing was sent: settle the conflicts first")
        raise click.exceptions.Exit(1)
    if plan.renames and not as_new:
        document.note(
            "nothing was sent: record what was renamed with `segdsl mv`, or pass --as-new"
        )
        raise click.exceptions.Exit(1)
    left = undone(outcomes)
    for each in left:
        if each.error is not None:
            tell_error(each.error, f"“{each.change.state.name}”: ")
    if left:
        problem = f"{len(left)} of {len(outcomes)} not done; run it again: what is done stays"
        say(problem, err=True)
        document.failed("api", problem)
        raise click.exceptions.Exit(NO_ANSWER)
