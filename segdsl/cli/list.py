"""`segdsl list`: the segments on the server, or its resources of another kind."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from segdsl.cli.connection import connection_options, with_target
from segdsl.cli.console import echo, terminal_width, use_color
from segdsl.cli.examples import examples
from segdsl.cli.kinds import LISTED
from segdsl.cli.options import color_option, format_options

if TYPE_CHECKING:
    from segdsl.workspace.remote.connect import Connection
    from segdsl.workspace.remote.resources import Listing
    from segdsl.workspace.remote.snapshot import Snapshot


@click.command(
    "list",
    epilog=examples(
        "segdsl list", "segdsl list journeys", "segdsl list --target production --json"
    ),
)
@click.argument("kind", type=click.Choice(LISTED), default="segments", metavar="[KIND]")
@format_options("text", "json")
@connection_options
@color_option
def command(kind: str, form: str, target: str | None, now: str | None, color: str) -> None:
    """List the segments on the server, or its resources of another KIND.

    KIND is segments, funnels, predictive-segments, journeys, activations or templates. They are
    sorted by folder and name; of a journey each version is listed.
    """
    if kind == "segments":
        _segments(form, target, now, color)
    else:
        _resources(kind, form, target, now, color)


def _resources(kind: str, form: str, target: str | None, now: str | None, color: str) -> None:
    from segdsl.terminal import visible
    from segdsl.workspace.remote.preview_text import text_of
    from segdsl.workspace.remote.resources import KIND_WORDS, list_resources
    from segdsl.workspace.remote.resources_text import resources_table, unreadable_note

    async def read(connection: Connection) -> Listing:
        of_kind = KIND_WORDS[kind.removesuffix("s")]
        return await list_resources(connection.client, connection.parent.id, of_kind)

    listing = with_target(target, now, read)
    note = unreadable_note(listing)
    if note is not None:
        echo(f"note: {visible(note)}", err=True)
    if form == "json":
        from segdsl.cli.document import set_result
        from segdsl.output.resources import resources_output

        set_result(resources_output(listing))
        return
    if not listing.resources:
        if note is None:
            echo(f"no {kind.replace('-', ' ')} on the server", err=True)
        return
    width = terminal_width()
    colored = use_color(color, sys.stdout)
    echo(text_of([resources_table(listing)], color=colored, width=width), nl=False, color=colored)


def _segments(form: str, target: str | None, now: str | None, color: str) -> None:
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
