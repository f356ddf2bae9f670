"""`segdsl mv`: a new name or folder of a segment or another resource, recorded in the lock."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from segdsl.cli.completer import completer
from segdsl.cli.console import echo
from segdsl.cli.examples import examples
from segdsl.cli.options import format_options, settings_option, target_option
from segdsl.cli.reporting import OutputOptions, exit_on_errors, report_diagnostics
from segdsl.cli.workspace_options import exclusive_run, open_workspace

if TYPE_CHECKING:
    from segdsl.workspace.sync.moving import Move


@click.command(
    "mv",
    epilog=examples(
        'segdsl mv "Tokyo shoppers" "High-value Tokyo shoppers"',
        'segdsl mv 1234 "Loyalty/Tokyo shoppers"',
    ),
)
@click.argument("old", metavar="OLD|ID", shell_complete=completer("segments"))
@click.argument("new", metavar="NEW", shell_complete=completer("segments"))
@format_options("text", "json")
@settings_option
@target_option
def command(old: str, new: str, form: str, settings: dict[str, str], target: str | None) -> None:
    """Record a rename or a move, so that the id stays the same.

    First rename or move a segment, funnel, activation template or activation in its file. Then run
    this command with its OLD name in the lock and its NEW name in the workspace, and commit the
    lock with the file. The next apply updates it in place: it keeps its id, and a segment or a
    funnel keeps its activations. Nothing is sent.

    OLD and NEW are names or paths, such as `Loyalty/Tokyo/Camera shoppers`. OLD can be an id.
    """
    from segdsl.diagnostics import Report
    from segdsl.workspace.sync.commands import move_in_lock

    report = Report()
    with exclusive_run(target, "mv"):
        opened = open_workspace(target, settings, report)
        output = OutputOptions(form, (), "auto")
        report_diagnostics(report, opened.workspace.sources, output, has_result=True)
        exit_on_errors(report)
        move = move_in_lock(opened.project, opened.target, opened.workspace, old, new)
    if form == "json":
        from segdsl.cli.document import set_result
        from segdsl.output.plans import mv_output

        set_result(mv_output(move))
    else:
        _print(move)


def _print(move: Move) -> None:
    from segdsl.terminal import visible

    old = visible(move.entry.key.title)
    new = visible(move.local.key.path)
    if not move.is_new:
        echo(
            f"No changes. The lock already has {visible(move.local.key.title)} (#{move.entry.id}).",
            err=True,
        )
        return
    echo(f"moved  {old} → {new}  #{move.entry.id}")
    sys.stdout.flush()
    if move.displaced is not None:
        echo(
            f"note: the lock had #{move.displaced.id} under that name; no file defines it now, so "
            "`segdsl apply --prune` deletes it",
            err=True,
        )
