"""`segdsl parent`: the parent segment of a target, its file, and its runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from segdsl.cli import document
from segdsl.cli.background import note_not_waited, report_interrupted
from segdsl.cli.completer import completer
from segdsl.cli.connection import connection_options, with_account
from segdsl.cli.console import echo
from segdsl.cli.errors import CHANGES_PENDING, FINDINGS, CommandError
from segdsl.cli.examples import examples
from segdsl.cli.options import format_options, target_option
from segdsl.cli.parent_validate import command as validate
from segdsl.cli.prompts import confirm, confirm_async, is_interactive
from segdsl.cli.workspace_options import exclusive_run, open_workspace

if TYPE_CHECKING:
    from segdsl.api.activation_records import Execution
    from segdsl.loading import Loaded
    from segdsl.workspace.parent.commands import Applied, ParentPull, ParentRun, ParentStatus
    from segdsl.workspace.parent.planning import OnServer, ParentPlan
    from segdsl.workspace.project.config import Project
    from segdsl.workspace.remote.connect import Reached

_FILE_HELP = "The file, instead of parent_segment.toml beside the data or segdsl.toml."


def _file_option(function: Any) -> Any:
    return click.option(
        "--file", metavar="FILE", help=_FILE_HELP, shell_complete=completer("anything")
    )(function)


@click.group(
    "parent", epilog=examples("segdsl parent pull", "segdsl parent plan", "segdsl parent run")
)
def command() -> None:
    """Configure and run the parent segment.

    Its master table, attributes, behaviors and schedule are in parent_segment.toml.
    """


def _project() -> Project:
    from segdsl.workspace.project.config import need_project

    return need_project(Path.cwd())


# --- init ----------------------------------------------------------------------------------


@command.command(
    "init",
    short_help="Begin a parent_segment.toml.",
    epilog=examples(
        'segdsl parent init "Customers" --master cdp_db.users',
        "segdsl parent init Shop --master gold.users --json",
    ),
)
@click.argument("name")
@click.option(
    "--master", metavar="TABLE", required=True, help="The master table, as database.table."
)
@_file_option
@format_options("text", "json")
@target_option
def init(name: str, master: str, file: str | None, target: str | None, form: str) -> None:
    """Begin a parent_segment.toml for a new parent segment.

    NAME is that of the parent segment. What the file holds already stays.
    """
    from segdsl.terminal import visible
    from segdsl.workspace.parent.files import begin_parent_file

    begun = begin_parent_file(_project(), target, file, name, master)
    if form == "json":
        from segdsl.output.documents import ParentInitOutput

        document.set_result(ParentInitOutput(file=begun.file, status=begun.status))
        return
    echo(f"{begun.status}: {visible(begun.file)}")
    echo("\nNext:\n  add attributes and behaviors\n  segdsl parent plan")


# --- pull ----------------------------------------------------------------------------------


@command.command(
    "pull",
    short_help="Write the parent segment of the server to its file.",
    epilog=examples("segdsl parent pull", "segdsl parent pull --file data/parent_segment.toml"),
)
@click.option("--force", is_flag=True, help="Overwrite changes made here.")
@click.option("--keep", is_flag=True, help="Keep the file, and mark the server version as seen.")
@_file_option
@format_options("text", "json")
@connection_options
def pull(
    force: bool, keep: bool, file: str | None, form: str, target: str | None, now: str | None
) -> None:
    """Write the parent segment of the server to parent_segment.toml.

    Comments, and what the file holds for local data, stay. What was changed here since the last
    pull or apply is not overwritten.
    """
    from segdsl.terminal import visible
    from segdsl.workspace.parent.commands import pull_parent
    from segdsl.workspace.parent.text import changes_text

    if force and keep:
        raise click.UsageError("--force and --keep cannot be combined")
    project = _project()

    async def read(reached: Reached) -> ParentPull:
        return await pull_parent(reached, project, file, force=force, keep=keep)

    with exclusive_run(target, "parent pull"):
        pulled = with_account(target, now, read)
    for note in pulled.notes:
        document.add_note(visible(note))
    if form == "json":
        from segdsl.output.parents import parent_pull_output

        document.set_result(parent_pull_output(pulled))
    else:
        echo(f"{pulled.status}: {visible(pulled.file)} ({visible(pulled.name)}, #{pulled.id})")
        for line in changes_text(pulled.changes):
            echo(line)
    if pulled.status == "conflict":
        document.add_note(
            "nothing was written: it was changed on both sides; merge it in the file and pull "
            "with --keep, or overwrite the file with --force"
        )
        raise click.exceptions.Exit(FINDINGS)


# --- plan and apply ------------------------------------------------------------------------


@command.command(
    "plan",
    short_help="Show what `segdsl parent apply` would change.",
    epilog=examples("segdsl parent plan", "segdsl parent plan --exit-code"),
)
@click.option("--exit-code", is_flag=True, help="Exit with 4 if there are changes to apply.")
@_file_option
@format_options("text", "json")
@connection_options
def plan(exit_code: bool, file: str | None, form: str, target: str | None, now: str | None) -> None:
    """Show what `segdsl parent apply` would change, and what disappears.

    Changes nothing. Lists every segment, stage, activation, template, predictive segment and
    journey, on the server and in files, that uses an attribute or a behavior that disappears.
    """
    from segdsl.workspace.parent.commands import plan_parent

    project, loaded = _project(), _loaded(target)

    async def read(reached: Reached) -> ParentPlan:
        return await plan_parent(reached, project, file, loaded)

    made = with_account(target, now, read)
    _show_plan(made, form)
    if made.is_conflict:
        raise click.exceptions.Exit(FINDINGS)
    if exit_code and made.action != "none":
        raise click.exceptions.Exit(CHANGES_PENDING)


def _loaded(target: str | None) -> Loaded:
    """What the files of the workspace define; a note where some of them have errors."""
    from segdsl.diagnostics import Report

    report = Report()
    opened = open_workspace(target, {}, report)
    if report.has_errors:
        document.add_note(
            "files with errors are not searched for what uses attributes: run `segdsl check`"
        )
    return opened.workspace.loaded


def _show_plan(made: ParentPlan, form: str, applied: Applied | None = None) -> None:
    if form == "json":
        from segdsl.output.parents import parent_apply_output, parent_plan_output

        in_apply = click.get_current_context().info_name == "apply"
        document.set_result(
            parent_apply_output(made, applied) if in_apply else parent_plan_output(made)
        )
        return
    from segdsl.workspace.parent.text import plan_text

    echo(plan_text(made), nl=False)
    sys.stdout.flush()


@command.command(
    "apply",
    short_help="Apply parent_segment.toml to the server.",
    epilog=examples("segdsl parent apply", "segdsl parent apply --replace --yes"),
)
@click.option("--yes", is_flag=True, help="Apply without asking for confirmation.")
@click.option(
    "--replace",
    is_flag=True,
    help="Allow changes of attributes, behaviors and filters, which replace all of them.",
)
@_file_option
@format_options("text", "json")
@connection_options
def apply(
    yes: bool,
    replace: bool,
    file: str | None,
    form: str,
    target: str | None,
    now: str | None,
) -> None:
    """Apply parent_segment.toml to the server: create the parent segment, or update it.

    Settings are changed alone. The API has no means to change one attribute: all attributes,
    behaviors and filters are replaced, which takes --replace, and what the file does not have is
    deleted without undo. It is done only if the server is as it was last seen. Segments see a
    change after the next run.
    """
    from segdsl.terminal import visible
    from segdsl.workspace.parent.commands import apply_parent, plan_parent

    project = _project()

    async def plan_and_apply(reached: Reached) -> tuple[ParentPlan, Applied | None]:
        made = await plan_parent(reached, project, file, loaded)
        _show_plan(made, form)
        if made.is_conflict or (made.action == "replace" and not replace):
            return made, None
        if made.action != "none" and not yes:
            await _confirm(made)
        return made, await apply_parent(reached, project, made)

    with exclusive_run(target, "parent apply"):
        loaded = _loaded(target)
        made, applied = with_account(target, now, plan_and_apply)
    if applied is None:
        document.add_note(
            "nothing was applied: resolve the conflict first"
            if made.is_conflict
            else "nothing was applied: attributes, behaviors or filters change; pass --replace to "
            "replace all of them"
        )
        raise click.exceptions.Exit(FINDINGS)
    if form == "json":
        _show_plan(made, form, applied)
    elif applied.done != "nothing":
        echo(f"{applied.done}  {visible(made.name)}  #{applied.id}")
    if applied.recorded is not None:
        document.add_note(f"{visible(applied.recorded)}: the target has its id now")


async def _confirm(made: ParentPlan) -> None:
    if not is_interactive():
        raise CommandError("not a terminal: pass --yes to apply these changes")
    if not await confirm_async(f"Apply these changes to “{made.target}”?"):
        raise click.Abort


# --- run and status ------------------------------------------------------------------------


@command.command(
    "run",
    short_help="Build the parent segment now.",
    epilog=examples("segdsl parent run", "segdsl parent run --yes --no-wait"),
)
@click.option("--yes", is_flag=True, help="Run without asking for confirmation.")
@click.option("--no-wait", is_flag=True, help="Do not wait until the run has ended.")
@format_options("text", "json")
@connection_options
def run(yes: bool, no_wait: bool, form: str, target: str | None, now: str | None) -> None:
    """Build the parent segment now: run its workflow, as its schedule does.

    The runs of launched journeys follow. Waits until the run has ended, and exits with 3 if it
    fails. After Ctrl-C the run goes on; that of a local target over data is stopped.
    """
    from asyncio import CancelledError

    from segdsl.terminal import visible
    from segdsl.workspace.parent.commands import check_built, need_parent, run_parent

    project = _project()

    async def look_up(reached: Reached) -> OnServer:
        return await need_parent(reached, project)

    record = with_account(target, now, look_up).record
    what = f"{visible(record.name)} (#{record.id})"
    if not yes:
        if not is_interactive():
            raise CommandError(f"not a terminal: pass --yes to run {what}")
        if not confirm(f"Run {what} now? It builds its tables again."):
            raise click.Abort

    async def run_it(reached: Reached) -> ParentRun:
        if no_wait:
            note_not_waited("run", is_embedded=reached.is_embedded)
        try:
            return await run_parent(
                reached.client,
                record,
                lambda started: _show_run(started, form),
                _on_status,
                wait=not no_wait,
                # Others go on by themselves.
                with_journeys=reached.is_embedded,
            )
        except CancelledError:
            report_interrupted("run", is_embedded=reached.is_embedded)
            raise

    ended = with_account(target, now, run_it)
    if not no_wait:
        _show_run(ended, form)
    check_built(ended)


def _on_status(execution: Execution) -> None:
    """Progress, for a person alone: which statuses are seen depends on the time."""
    from segdsl.terminal import visible

    if sys.stderr.isatty() and not execution.is_ended:
        echo(f"{visible(execution.status)}…", err=True)


def _show_run(started: ParentRun, form: str) -> None:
    from segdsl.diagnostics.places import counted
    from segdsl.terminal import visible

    if form == "json":
        from segdsl.output.parents import parent_run_output

        document.set_result(parent_run_output(started))
        return
    execution = started.execution
    status = visible(execution.status) if execution.is_ended else "started"
    profiles = "" if started.population is None else f", {counted(started.population, 'profile')}"
    echo(f"{status}  {visible(started.name)}  #{started.id}{profiles}")
    for journey in started.journeys:
        ended = visible(journey.execution.status)
        echo(f"{ended}  journey {visible(journey.name)}  #{journey.id}")


@command.command(
    "status",
    short_help="Show the schedule, the last runs and the population.",
    epilog=examples("segdsl parent status", "segdsl parent status --json"),
)
@format_options("text", "json")
@connection_options
def status(form: str, target: str | None, now: str | None) -> None:
    """Show the schedule, the last runs and the population of the parent segment."""
    from segdsl.workspace.parent.commands import parent_status
    from segdsl.workspace.parent.text import status_text

    project = _project()

    async def read(reached: Reached) -> ParentStatus:
        return await parent_status(reached, project)

    found = with_account(target, now, read)
    if form == "json":
        from segdsl.output.parents import parent_status_output

        document.set_result(parent_status_output(found))
        return
    echo(status_text(found), nl=False)


command.add_command(validate)
