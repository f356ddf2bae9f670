"""`segdsl show`: one segment of the server, as source or as the API answers it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from segdsl.cli.asking import ask, target_options
from segdsl.cli.completing import completes
from segdsl.cli.examples import examples
from segdsl.cli.options import Look, look_options, stop_on_errors, tell
from segdsl.cli.output import product

if TYPE_CHECKING:
    from segdsl.workspace.remote.connect import Connection
    from segdsl.workspace.remote.listing import Shown


@click.command(
    "show", epilog=examples('segdsl show "Loyalty/Tokyo shoppers"', "segdsl show 1234 --json")
)
@click.argument("segment", metavar="NAME|ID", shell_complete=completes("segments"))
@target_options
@look_options
def command(
    segment: str,
    target: str | None,
    now: str | None,
    form: str,
    allowed: tuple[str, ...],
    color: str,
) -> None:
    """Show a segment of the server as source; with --json also as the API answers it.

    A name may come with its folders, `Loyalty/Tokyo/Camera shoppers`; an id as 12 or #12.
    """
    from segdsl.diagnostics import Report
    from segdsl.workspace.remote.listing import show

    async def question(connection: Connection) -> Shown:
        return await show(connection.client, connection.parent.id, segment)

    shown = ask(target, now, question)
    report = Report()
    source = shown.source(report)
    tell(report, {}, Look(form, allowed, color), product=True)
    if form == "json":
        from segdsl.cli.document import answer
        from segdsl.output.remote import show_output

        # What was asked for is the segment; that no source can say it is beside the point.
        answer(show_output(shown, source))
        return
    stop_on_errors(report)
    if source is not None:
        product(source)
