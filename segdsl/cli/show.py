"""`segdsl show`: one segment of the server, as source or as the API answers it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from segdsl.cli.asking import ask, target_options
from segdsl.cli.options import Look, look_options, stop_on_errors, tell
from segdsl.cli.output import product, write

if TYPE_CHECKING:
    from segdsl.live.listing import Shown
    from segdsl.project.connect import Connection


@click.command("show")
@click.argument("segment", metavar="NAME|ID")
@click.option("--json", "as_json", is_flag=True, help="Write what the API answers, as it is.")
@target_options
@look_options
def command(
    segment: str,
    as_json: bool,
    target: str | None,
    now: str | None,
    form: str,
    allowed: tuple[str, ...],
    color: str,
) -> None:
    """Show a segment of the server as source.

    A name may come with its folders, `Loyalty/Tokyo/Camera shoppers`; an id as 12 or #12.
    """
    from segdsl.diagnostics import Report
    from segdsl.live.listing import show

    async def question(connection: Connection) -> Shown:
        return await show(connection.client, connection.parent.id, segment)

    shown = ask(target, now, question)
    if as_json:
        write(shown.json)
        return
    report = Report()
    source = shown.source(report)
    tell(report, {}, Look(form, allowed, color), product=True)
    stop_on_errors(report)
    if source is not None:
        product(source)
