"""`segdsl list`: the segments on the server."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from segdsl.cli.connection import connection_options, with_target
from segdsl.cli.console import echo, terminal_width, use_color
from segdsl.cli.examples import examples
from segdsl.cli.options import color_option, format_options

if TYPE_CHECKING:
    from segdsl.workspace.remote.connect import Connection
    from segdsl.workspace.remote.snapshot import Snapshot


@click.command("list", epilog=examples("segdsl list", "segdsl list --target production --json"))
@format_options("text", "json")
@connection_options
@color_option
def command(form: str, target: str | None, now: str | None, color: str) -> None:
    """List the segments on the server.

    They are sorted by folder and name.
    """
    from segdsl.terminal import visible
    from segdsl.workspace.remote.listing import note_of, table
    from segdsl.workspace.remote.preview_text import text_of
    from segdsl.workspace.remote.snapshot import read_snapshot

    async def read(connection: Connection) -> Snapshot:
        return await read_snapshot(connection.client, connection.parent.id, rules=False)

    server = with_target(target, now, read)
    note = note_of(server.unreadable)
    if note is not None:
        echo(f"note: {visible(note)}", err=True)
    if form == "json":
        from segdsl.cli.document import set_result
        from segdsl.output.remote import list_output

        set_result(list_output(server))
        return
    if not server.segments:
        if note is None:
            echo("no segments on the server; create one with `segdsl create FILE`", err=True)
        return
    width = terminal_width()
    colored = use_color(color, sys.stdout)
    echo(text_of([table(server)], color=colored, width=width), nl=False, color=colored)
