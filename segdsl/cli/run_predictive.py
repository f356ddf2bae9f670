"""`segdsl run predictive-segment`: a predictive segment trained on the server, after a question."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from segdsl.cli.background import note_not_waited, report_interrupted
from segdsl.cli.completer import completer
from segdsl.cli.connection import connection_options, with_target
from segdsl.cli.console import echo
from segdsl.cli.errors import CommandError
from segdsl.cli.examples import examples
from segdsl.cli.options import format_options
from segdsl.cli.prompts import confirm, is_interactive

if TYPE_CHECKING:
    from segdsl.api.activation_records import Execution
    from segdsl.workspace.remote.connect import Connection
    from segdsl.workspace.remote.training import Trainable, Training


@click.command(
    "predictive-segment",
    short_help="Train a predictive segment now.",
    epilog=examples(
        'segdsl run predictive-segment "Buys again"',
        'segdsl run predictive-segment "Models/Buys again" --yes',
    ),
)
@click.argument("segment", metavar="NAME|ID", shell_complete=completer("runnable"))
@click.option("--yes", is_flag=True, help="Train without asking for confirmation.")
@click.option("--no-wait", is_flag=True, help="Do not wait until the training has ended.")
@format_options("text", "json")
@connection_options
def predictive(
    segment: str, yes: bool, no_wait: bool, form: str, target: str | None, now: str | None
) -> None:
    """Train a predictive segment now: its profiles get new scores.

    NAME is its own name, or its path. Waits until the training has ended, and shows accuracy, AUC,
    the features that weigh most, and the scores; exits with 3 if it fails. After Ctrl-C the
    training goes on; that of a local target over data is stopped.
    """
    train(segment, yes=yes, no_wait=no_wait, form=form, target=target, now=now)


def train(
    segment: str, *, yes: bool, no_wait: bool, form: str, target: str | None, now: str | None
) -> None:
    """Trains a predictive segment by its name, path or id, after a question."""
    from asyncio import CancelledError

    from segdsl.terminal import visible
    from segdsl.workspace.remote.training import check_trained, find_predictive, start, wait

    async def look_up(connection: Connection) -> Trainable:
        return await find_predictive(connection.client, connection.parent.id, segment)

    found = with_target(target, now, look_up)
    what = f"{visible(found.path)} (#{found.segment.id})"
    if not yes:
        if not is_interactive():
            raise CommandError(f"not a terminal: pass --yes to train {what}")
        if not confirm(f"Train {what} now? Its profiles get new scores."):
            raise click.Abort

    async def train_it(connection: Connection) -> Training:
        training = await start(connection.client, connection.parent.id, found)
        _show(training, form)
        if no_wait:
            note_not_waited("training", is_embedded=connection.is_embedded)
            return training
        try:
            return await wait(connection.client, connection.parent.id, training, _on_status)
        except CancelledError:
            report_interrupted("training", is_embedded=connection.is_embedded)
            raise

    training = with_target(target, now, train_it)
    if not no_wait:
        _show(training, form)
    check_trained(training)


def _on_status(execution: Execution) -> None:
    """Progress, for a person alone: which statuses are seen depends on the time."""
    from segdsl.terminal import visible

    if sys.stderr.isatty() and not execution.is_ended:
        echo(f"{visible(execution.status)}…", err=True)


def _show(training: Training, form: str) -> None:
    if form == "json":
        from segdsl.cli.document import set_result
        from segdsl.output.remote import training_output

        set_result(training_output(training))
        return
    from segdsl.workspace.remote.training_text import training_text

    echo(training_text(training))
