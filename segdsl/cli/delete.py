"""`segdsl delete`: a segment taken off the server, after a question."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from segdsl.cli.asking import ask, target_options
from segdsl.cli.group import WrongUse
from segdsl.cli.output import confirm, say

if TYPE_CHECKING:
    from segdsl.live.listing import Found
    from segdsl.project.connect import Connection


@click.command("delete")
@click.argument("segment", metavar="NAME|ID")
@click.option("--yes", is_flag=True, help="Do not ask.")
@target_options
def command(segment: str, yes: bool, target: str | None, now: str | None) -> None:
    """Delete a segment of the server. Others that refer to it keep it there."""
    from segdsl.live.listing import find, on_server, path_of
    from segdsl.terminal import visible

    async def look(connection: Connection) -> Found:
        server = await on_server(connection.client, connection.parent.id, rules=False)
        return find(server, segment)

    folder, found = ask(target, now, look)
    path = visible(path_of(folder, found.name or "a segment without a name"))
    if not yes:
        if sys.stdin is None or not sys.stdin.isatty():
            raise WrongUse(
                f"would delete {path} (#{found.id}); say --yes where nobody can be asked"
            )
        confirm(f"Delete {path} (#{found.id})?")

    async def delete(connection: Connection) -> None:
        await connection.client.delete_segment(found.id)

    ask(target, now, delete)
    say(f"deleted  {path}  #{found.id}")
