"""`segdsl create`: segments made on the server, each once."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from segdsl.cli import document
from segdsl.cli.asking import NO_ANSWER, ask, target_options, tell_error
from segdsl.cli.completing import completes
from segdsl.cli.examples import examples
from segdsl.cli.group import WrongUse
from segdsl.cli.options import (
    SCHEMA_HINT,
    Look,
    layout_option,
    look_options,
    no_schema_option,
    select_option,
    settings_option,
    stop_on_errors,
    summed,
    tell,
)
from segdsl.cli.output import say

if TYPE_CHECKING:
    from segdsl.workspace.creation import Outcome
    from segdsl.workspace.remote.connect import Connection


@click.command(
    "create", epilog=examples("segdsl create japan.seg", "segdsl create --count winback")
)
@click.argument(
    "files", nargs=-1, required=True, metavar="FILE...", shell_complete=completes("sources")
)
@click.option("--count", is_flag=True, help="Count the profiles of each, and have them kept.")
@settings_option
@select_option
@layout_option
@no_schema_option
@target_options
@look_options
def command(
    files: tuple[str, ...],
    count: bool,
    settings: dict[str, str],
    select: tuple[str, ...],
    layout: Literal["v5", "nested"],
    no_schema: bool,
    target: str | None,
    now: str | None,
    form: str,
    allowed: tuple[str, ...],
    color: str,
) -> None:
    """Create segments on the server, and the folders they are in.

    Everything is checked before anything is sent. A segment that is there with the same
    rule is left as it is; one that is there with another is an error. Run again after a
    failure, only what is left is done.
    """
    from segdsl.diagnostics import Report
    from segdsl.workspace.check.load_checked import load_checked
    from segdsl.workspace.creation import create, plan_creation
    from segdsl.workspace.project.config import need_project
    from segdsl.workspace.remote.snapshot import read_snapshot

    look = Look(form, allowed, color)
    report = Report()
    need_project(Path.cwd())
    loaded = load_checked(
        files,
        settings,
        report,
        target=target,
        use_schema=not no_schema,
        allowed=allowed,
        select=select,
        ask_server=True,
    )

    async def question(connection: Connection) -> list[Outcome]:
        server = await read_snapshot(connection.client, connection.parent.id)
        steps = plan_creation(loaded.segments, server, report, layout=layout)
        say = _nothing if form == "json" else _say
        return await create(connection, steps, count=count, on_outcome=say)

    outcomes: list[Outcome] = []
    if loaded.segments and not report.has_errors:
        outcomes = ask(target, now, question)
    summary = summed(report, look, loaded.contradicted)
    tell(report, loaded.sources, look, product=True, summary=summary, notes=loaded.notes)
    stop_on_errors(report)
    if loaded.is_empty:
        raise WrongUse("there is no segment in these files, only definitions")
    if form == "json":
        from segdsl.output.remote import create_output

        document.answer(create_output(outcomes))
    for each in outcomes:
        if each.error is not None:
            tell_error(each.error, f"“{each.step.segment.name}”: ")
    undone = [outcome for outcome in outcomes if not outcome.is_done]
    if undone:
        problem = f"{len(undone)} of {len(outcomes)} not created; run it again: what is there stays"
        say(problem, err=True)
        if loaded.schema is None:
            document.note(SCHEMA_HINT)
        document.failed("api", problem)
        raise click.exceptions.Exit(NO_ANSWER)


def _nothing(outcome: Outcome) -> None:
    """For those who wait for the JSON."""


def _say(outcome: Outcome) -> None:
    from segdsl.diagnostics.places import counted
    from segdsl.terminal import visible
    from segdsl.workspace.remote.listing import path_of

    path = visible(path_of(outcome.step.folder, outcome.step.segment.name))
    id = "" if outcome.id is None else f"  #{outcome.id}"
    count = "" if outcome.count is None else f"  {counted(outcome.count, 'profile')}"
    say(f"{outcome.done:<13}  {path}{id}{count}")
    sys.stdout.flush()
