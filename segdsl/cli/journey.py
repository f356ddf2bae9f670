"""`segdsl journey`: journeys of the server launched, paused and resumed, each after a question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from segdsl.cli.connection import connection_options, with_target
from segdsl.cli.console import echo
from segdsl.cli.errors import CommandError
from segdsl.cli.examples import examples
from segdsl.cli.options import format_options
from segdsl.cli.prompts import confirm, is_interactive

if TYPE_CHECKING:
    from segdsl.workspace.remote.connect import Connection
    from segdsl.workspace.remote.journeys import Action, Version

_MEANING = {
    "launch": "Profiles enter it from its next run on, and a launched version does not change.",
    "pause": "Its profiles stay where they are, and its activations do not run.",
    "resume": "Its profiles go on, and its activations run again.",
}


@click.group(
    "journey",
    epilog=examples(
        'segdsl journey launch "Welcome"',
        'segdsl journey pause "Lifecycle/Welcome"',
        'segdsl journey resume "Welcome"',
    ),
)
def command() -> None:
    """Launch, pause and resume journeys of the server."""


def _options(function: Any) -> Any:
    function = connection_options(function)
    function = format_options("text", "json")(function)
    function = click.option("--yes", is_flag=True, help="Do not ask for confirmation.")(function)
    return click.argument("journey", metavar="NAME|ID")(function)


@command.command(
    "launch",
    short_help="Launch the newest draft of a journey.",
    epilog=examples('segdsl journey launch "Welcome"', "segdsl journey launch '#600' --yes"),
)
@_options
def launch(journey: str, yes: bool, form: str, target: str | None, now: str | None) -> None:
    """Launch the newest draft of a journey.

    NAME is its own name, or its path; an id is that of a version. Profiles enter it from its next
    run on. Other versions stay as they are.
    """
    _run("launch", journey, yes, form, target, now)


@command.command(
    "pause",
    short_help="Pause a journey and its activations.",
    epilog=examples('segdsl journey pause "Welcome"', "segdsl journey pause '#600' --yes"),
)
@_options
def pause(journey: str, yes: bool, form: str, target: str | None, now: str | None) -> None:
    """Pause a journey and its activations: all of its launched versions.

    NAME is its own name, or its path; an id is that of one version.
    """
    _run("pause", journey, yes, form, target, now)


@command.command(
    "resume",
    short_help="Resume a paused journey and its activations.",
    epilog=examples('segdsl journey resume "Welcome"', "segdsl journey resume '#600' --yes"),
)
@_options
def resume(journey: str, yes: bool, form: str, target: str | None, now: str | None) -> None:
    """Resume a paused journey and its activations: all of its paused versions.

    NAME is its own name, or its path; an id is that of one version.
    """
    _run("resume", journey, yes, form, target, now)


def _run(
    action: Action, name: str, yes: bool, form: str, target: str | None, now: str | None
) -> None:
    from segdsl.terminal import visible
    from segdsl.workspace.remote.journeys import carry_out, find_versions

    async def look_up(connection: Connection) -> tuple[Version, ...]:
        return await find_versions(connection.client, connection.parent.id, name, action)

    found = with_target(target, now, look_up)
    what = " and ".join(visible(each.title) for each in found)
    if not yes:
        if not is_interactive():
            raise CommandError(f"not a terminal: pass --yes to {action} {what}")
        if not confirm(f"{action.capitalize()} {what}? {_MEANING[action]}"):
            raise click.Abort

    done: list[Version] = []

    async def run(connection: Connection) -> None:
        for each in found:
            done.append(await carry_out(connection.client, each, action))

    try:
        with_target(target, now, run)
    finally:
        if done:  # Also what was done before a failure.
            _show(action, done, form)


def _show(action: Action, done: list[Version], form: str) -> None:
    from segdsl.terminal import visible

    if form == "json":
        from segdsl.cli.document import set_result
        from segdsl.output.journeys import journey_output

        set_result(journey_output(action, done))
        return
    words = {"launch": "launched", "pause": "paused", "resume": "resumed"}
    for each in done:
        echo(f"{words[action]}  {visible(each.title)}")
