"""`segdsl help`: the help page of a command, or of all."""

from __future__ import annotations

import click

from segdsl.cli.completing import completes
from segdsl.cli.examples import examples
from segdsl.cli.group import HELP, cli
from segdsl.cli.output import say


@click.command(
    "help", epilog=examples("segdsl help", "segdsl help plan", "segdsl help schema pull")
)
@click.argument("names", nargs=-1, metavar="[COMMAND]...", shell_complete=completes("commands"))
def command(names: tuple[str, ...]) -> None:
    """Show the help of a command."""
    found: click.Command = cli
    ctx = click.Context(cli, info_name="segdsl", help_option_names=HELP)
    for name in names:
        if not isinstance(found, click.Group):
            raise click.UsageError(f"`{ctx.command_path}` has no commands of its own")
        _, inner, _ = found.resolve_command(ctx, [name])
        assert inner is not None, "a name that is unknown is an error"
        found, ctx = inner, click.Context(inner, info_name=name, parent=ctx)
    say(found.get_help(ctx))
