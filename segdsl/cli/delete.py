"""`segdsl delete`: a segment deleted from the server, after a question."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from segdsl.cli.completer import completer
from segdsl.cli.connection import connection_options, with_target
from segdsl.cli.console import echo
from segdsl.cli.errors import CommandError
from segdsl.cli.examples import examples
from segdsl.cli.options import format_options
from segdsl.cli.prompts import confirm, is_interactive

if TYPE_CHECKING:
    from segdsl.workspace.remote.connect import Connection
    from segdsl.workspace.remote.listing import PlacedSegment


@click.command(
    "delete", epilog=examples('segdsl delete "Loyalty/Tokyo shoppers"', "segdsl delete 1234 --yes")
)
@click.argument("segment", metavar="NAME|ID", shell_complete=completer("segments"))
@click.option("--yes", is_flag=True, help="Delete without asking for confirmation.")
@format_options("text", "json")
@connection_options
def command(segment: str, yes: bool, form: str, target: str | None, now: str | None) -> None:
    """Delete a segment from the server.

    A segment that others refer to cannot be deleted.
    """
    from segdsl.terminal import visible
    from segdsl.workspace.remote.deletion import delete
    from segdsl.workspace.remote.listing import find, path_of
    from segdsl.workspace.remote.snapshot import read_snapshot

    async def look_up(connection: Connection) -> PlacedSegment:
        server = await read_snapshot(connection.client, connection.parent.id, rules=False)
        return find(server, segment)

    folder, entry = found = with_target(target, now, look_up)
    if form == "json":
        from segdsl.cli.document import set_result
        from segdsl.output.remote import delete_output

        set_result(delete_output(found, deleted=False))
    path = visible(path_of(folder, entry.name or "a segment without a name"))
    if not yes:
        if not is_interactive():
            raise CommandError(f"not a terminal: pass --yes to delete {path} (#{entry.id})")
        if not confirm(f"Delete {path} (#{entry.id})?"):
            raise click.Abort

    async def send(connection: Connection) -> None:
        await delete(connection.client, connection.parent.id, found)

    with_target(target, now, send)
    if form == "json":
        set_result(delete_output(found, deleted=True))
    else:
        echo(f"deleted  {path}  #{entry.id}")
