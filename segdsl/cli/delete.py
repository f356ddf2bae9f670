"""`segdsl delete`: a segment taken off the server, after a question."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from segdsl.cli.asking import agrees, ask, can_be_asked, target_options
from segdsl.cli.completing import completes
from segdsl.cli.examples import examples
from segdsl.cli.group import WrongUse
from segdsl.cli.options import format_options
from segdsl.cli.output import say

if TYPE_CHECKING:
    from segdsl.workspace.remote.connect import Connection
    from segdsl.workspace.remote.listing import Found


@click.command(
    "delete", epilog=examples('segdsl delete "Loyalty/Tokyo shoppers"', "segdsl delete 1234 --yes")
)
@click.argument("segment", metavar="NAME|ID", shell_complete=completes("segments"))
@click.option("--yes", is_flag=True, help="Do not ask.")
@format_options("text", "json")
@target_options
def command(segment: str, yes: bool, form: str, target: str | None, now: str | None) -> None:
    """Delete a segment of the server. Others that refer to it keep it there."""
    from segdsl.terminal import visible
    from segdsl.workspace.remote.deletion import delete
    from segdsl.workspace.remote.listing import find, path_of
    from segdsl.workspace.remote.snapshot import read_snapshot

    async def look(connection: Connection) -> Found:
        server = await read_snapshot(connection.client, connection.parent.id, rules=False)
        return find(server, segment)

    folder, found = place = ask(target, now, look)
    if form == "json":
        from segdsl.cli.document import answer
        from segdsl.output.remote import delete_output

        answer(delete_output(place, deleted=False))
    path = visible(path_of(folder, found.name or "a segment without a name"))
    if not yes:
        if not can_be_asked():
            raise WrongUse(
                f"would delete {path} (#{found.id}); say --yes where nobody can be asked"
            )
        if not agrees(f"Delete {path} (#{found.id})?"):
            raise click.Abort

    async def send(connection: Connection) -> None:
        await delete(connection.client, connection.parent.id, place)

    ask(target, now, send)
    if form == "json":
        answer(delete_output(place, deleted=True))
    else:
        say(f"deleted  {path}  #{found.id}")
