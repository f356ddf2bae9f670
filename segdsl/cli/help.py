"""`segdsl help`: the help page of a command, or of all commands."""

from __future__ import annotations

import click

from segdsl.cli.completer import completer
from segdsl.cli.console import echo
from segdsl.cli.examples import examples
from segdsl.cli.group import HELP_OPTIONS, cli


@click.command(
    "help", epilog=examples("segdsl help", "segdsl help plan", "segdsl help schema pull")
)
@click.argument("names", nargs=-1, metavar="[COMMAND]...", shell_complete=completer("commands"))
def command(names: tuple[str, ...]) -> None:
    """Show help for a command."""
    page: click.Command = cli
    ctx = click.Context(cli, info_name="segdsl", help_option_names=HELP_OPTIONS)
    for name in names:
        if not isinstance(page, click.Group):
            raise click.UsageError(f"`{ctx.command_path}` has no subcommands")
        _, subcommand, _ = page.resolve_command(ctx, [name])
        assert subcommand is not None, "an unknown name is an error"
        page, ctx = subcommand, click.Context(subcommand, info_name=name, parent=ctx)
    echo(page.get_help(ctx))
