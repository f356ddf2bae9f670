"""`segdsl mv`: a new name or folder of a segment, recorded in the lock."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from segdsl.cli.completing import completes
from segdsl.cli.examples import examples
from segdsl.cli.options import Look, format_options, settings_option, stop_on_errors, tell
from segdsl.cli.output import say
from segdsl.cli.workspace_options import held, open_workspace

if TYPE_CHECKING:
    from segdsl.workspace.sync.moving import Move


@click.command(
    "mv",
    epilog=examples(
        'segdsl mv "Tokyo shoppers" "High-value Tokyo shoppers"',
        'segdsl mv 1234 "Loyalty/Tokyo shoppers"',
    ),
)
@click.argument("old", metavar="OLD|ID", shell_complete=completes("segments"))
@click.argument("new", metavar="NEW", shell_complete=completes("segments"))
@format_options("text", "json")
@settings_option
@click.option(
    "--target",
    metavar="NAME",
    shell_complete=completes("targets"),
    help="A target of segdsl.toml; else its default one.",
)
def command(old: str, new: str, form: str, settings: dict[str, str], target: str | None) -> None:
    """Record that a segment has a new name or folder here, so that it keeps its id.

    OLD is how the lock knows it, NEW how the workspace has it: give it its new name, folder or
    file there first, together with any other edit.
    Then the next apply updates the segment on the server in place: it keeps its id and its
    activations. Nothing is sent; commit the lock with the edit.

    OLD and NEW are names, or paths such as `Loyalty/Tokyo/Camera shoppers`; OLD may be an id.
    """
    from segdsl.diagnostics import Report
    from segdsl.workspace.sync.commands import move_in_lock

    report = Report()
    with held(target, "mv"):
        place = open_workspace(target, settings, report)
        tell(report, place.workspace.sources, Look(form, (), "auto"), product=True)
        stop_on_errors(report)
        move = move_in_lock(place.project, place.target, place.workspace, old, new)
    if form == "json":
        from segdsl.cli.document import answer
        from segdsl.output.plans import mv_output

        answer(mv_output(move))
    else:
        _say(move)


def _say(move: Move) -> None:
    from segdsl.terminal import visible

    old = visible(move.entry.key.path)
    new = visible(move.local.key.path)
    if not move.is_new:
        say(f"{new} (#{move.entry.id}) is at that place already", err=True)
        return
    say(f"moved  {old} → {new}  #{move.entry.id}")
    sys.stdout.flush()
    if move.displaced is not None:
        say(
            f"note: the lock had #{move.displaced.id} at that place; no file has it now, and "
            "`segdsl apply --prune` deletes it",
            err=True,
        )
