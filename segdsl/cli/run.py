"""`segdsl run`: an activation run, or a model trained, on the server, after a question."""

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
from segdsl.cli.run_predictive import predictive, train

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from segdsl.api.activation_records import Execution
    from segdsl.workspace.remote.connect import Connection
    from segdsl.workspace.remote.running import Run, Runnable


class _Runs(click.Group):
    """Takes what is no command for the name of what is to be run."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        word = args[0]
        if ctx.resilient_parsing or word in self.commands or word.startswith("-"):
            return super().resolve_command(ctx, args)
        if len(args) > 1 and not args[1].startswith("-"):
            from segdsl.diagnostics.suggest import did_you_mean

            known = tuple(self.commands)
            help = did_you_mean(word, known, "put a name with blanks in quotes")
            ctx.fail(
                f"`{word}` is followed by `{args[1]}`, and is not one of {', '.join(known)}; {help}"
            )
        return "", named, args

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The kinds, and what the names of these offer."""
        from segdsl.cli.completion_items import completion_items

        return [
            *super().shell_complete(ctx, incomplete),
            *completion_items("runnable", ctx, incomplete),
        ]


class _Named(click.Command):
    """A command without a word of its own: its usage is that of the group."""

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_usage(ctx.command_path.strip(), " ".join(self.collect_usage_pieces(ctx)))


@click.group(
    "run",
    cls=_Runs,
    subcommand_metavar="[KIND] NAME|ID",
    epilog=examples(
        'segdsl run activation "Contact sync"',
        "segdsl run activation 1234 --yes",
        'segdsl run predictive-segment "Buys again"',
        'segdsl run "Buys again"',
    ),
)
def command() -> None:
    """Run an activation, or train a predictive segment.

    The kind can be left out where only one of both has the NAME. `segdsl apply` runs nothing.
    """


@click.command("run", cls=_Named, add_help_option=False)
@click.argument("name", metavar="NAME|ID", shell_complete=completer("runnable"))
@click.option("--yes", is_flag=True, help="Run or train without asking for confirmation.")
@click.option("--no-wait", is_flag=True, help="Do not wait for the end.")
@format_options("text", "json")
@connection_options
def named(
    name: str, yes: bool, no_wait: bool, form: str, target: str | None, now: str | None
) -> None:
    """Run the activation, or train the predictive segment, of that name."""
    from segdsl.workspace.project.keys import ACTIVATION, PREDICTIVE
    from segdsl.workspace.remote.resources import Resource, find_resource

    async def look_up(connection: Connection) -> Resource:
        client, parent = connection.client, connection.parent
        return await find_resource(client, parent.id, name, (ACTIVATION, PREDICTIVE))

    found = with_target(target, now, look_up)
    run = run_activation if found.kind == ACTIVATION else train
    run(f"#{found.id}", yes=yes, no_wait=no_wait, form=form, target=target, now=now)


@command.command(
    "activation",
    short_help="Run an activation now.",
    epilog=examples(
        'segdsl run activation "Contact sync"',
        'segdsl run activation "VIPs/Contact sync" --no-wait',
    ),
)
@click.argument("activation", metavar="NAME|ID", shell_complete=completer("runnable"))
@click.option("--yes", is_flag=True, help="Run without asking for confirmation.")
@click.option("--no-wait", is_flag=True, help="Do not wait until the run has ended.")
@format_options("text", "json")
@connection_options
def activation(
    activation: str, yes: bool, no_wait: bool, form: str, target: str | None, now: str | None
) -> None:
    """Run an activation now: it sends its profiles to its connection.

    NAME is its own name, or the path of its segment or stage with its name behind. Waits until the
    run has ended, and exits with 3 if it fails. After Ctrl-C the run goes on; that
    of a local target over data is stopped.
    """
    run_activation(activation, yes=yes, no_wait=no_wait, form=form, target=target, now=now)


def run_activation(
    activation: str, *, yes: bool, no_wait: bool, form: str, target: str | None, now: str | None
) -> None:
    """Runs an activation by its name, path or id, after a question."""
    from asyncio import CancelledError

    from segdsl.terminal import visible
    from segdsl.workspace.remote.running import check_success, find_activation, start, wait

    async def look_up(connection: Connection) -> Runnable:
        return await find_activation(connection.client, connection.parent.id, activation)

    found = with_target(target, now, look_up)
    what = f"{visible(found.path)} (#{found.activation.id})"
    if not yes:
        if not is_interactive():
            raise CommandError(f"not a terminal: pass --yes to run {what}")
        if not confirm(f"Run {what} now? It sends its profiles to its connection."):
            raise click.Abort

    async def run_it(connection: Connection) -> Run:
        run = await start(connection.client, found)
        _show(run, form)
        if no_wait:
            note_not_waited("run", is_embedded=connection.is_embedded)
            return run
        try:
            return await wait(connection.client, connection.parent.id, run, _on_status)
        except CancelledError:
            report_interrupted("run", is_embedded=connection.is_embedded)
            raise

    run = with_target(target, now, run_it)
    if not no_wait:
        _show(run, form)
    check_success(run)


command.add_command(predictive)


def _on_status(execution: Execution) -> None:
    """Progress, for a person alone: which statuses are seen depends on the time."""
    from segdsl.terminal import visible

    if sys.stderr.isatty() and not execution.is_ended:
        echo(f"{visible(execution.status)}…", err=True)


def _show(run: Run, form: str) -> None:
    from segdsl.terminal import visible

    if form == "json":
        from segdsl.cli.document import set_result
        from segdsl.output.remote import run_output

        set_result(run_output(run))
        return
    ended = run.execution.is_ended
    rows = "" if run.rows is None or not ended else f", {run.rows:,} rows"
    status = visible(run.execution.status) if ended else "started"
    echo(f"{status}  {visible(run.of.path)}  #{run.of.activation.id}{rows}")
