"""`segdsl list`: the segments that are on the server."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import click

from segdsl.cli.asking import ask, target_options
from segdsl.cli.examples import examples
from segdsl.cli.options import color_option, format_options, in_color
from segdsl.cli.output import say

if TYPE_CHECKING:
    from segdsl.workspace.remote.connect import Connection
    from segdsl.workspace.remote.snapshot import Snapshot


@click.command("list", epilog=examples("segdsl list", "segdsl list --target production --json"))
@format_options("text", "json")
@target_options
@color_option
def command(form: str, target: str | None, now: str | None, color: str) -> None:
    """List the segments of the parent segment, by folder and name."""
    from segdsl.terminal import visible
    from segdsl.workspace.remote.listing import note_of, table
    from segdsl.workspace.remote.preview_text import text_of
    from segdsl.workspace.remote.snapshot import read_snapshot

    async def question(connection: Connection) -> Snapshot:
        return await read_snapshot(connection.client, connection.parent.id, rules=False)

    found = ask(target, now, question)
    note = note_of(found.unreadable)
    if note is not None:
        say(f"note: {visible(note)}", err=True)
    if form == "json":
        from segdsl.cli.document import answer
        from segdsl.output.remote import list_output

        answer(list_output(found))
        return
    if not found.segments and note is None:
        say("no segments yet: `segdsl create FILE` makes one", err=True)
        return
    if not found.segments:
        return
    terminal = sys.stdout is not None and sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if terminal else None
    color_it = in_color(color, sys.stdout)
    say(text_of([table(found)], color=color_it, width=width), nl=False, color=color_it)
