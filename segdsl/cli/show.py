"""`segdsl show`: one segment on the server, as source or as the API returns it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from segdsl.cli.completer import completer
from segdsl.cli.connection import connection_options, with_target
from segdsl.cli.console import echo_result
from segdsl.cli.examples import examples
from segdsl.cli.options import diagnostic_options
from segdsl.cli.reporting import OutputOptions, exit_on_errors, report_diagnostics

if TYPE_CHECKING:
    from segdsl.workspace.remote.connect import Connection
    from segdsl.workspace.remote.listing import Shown


@click.command(
    "show", epilog=examples('segdsl show "Loyalty/Tokyo shoppers"', "segdsl show 1234 --json")
)
@click.argument("segment", metavar="NAME|ID", shell_complete=completer("segments"))
@connection_options
@diagnostic_options
def command(
    segment: str,
    target: str | None,
    now: str | None,
    form: str,
    allowed: tuple[str, ...],
    color: str,
) -> None:
    """Show a segment on the server as source.

    NAME can include folders, such as `Loyalty/Tokyo/Camera shoppers`; ID is 12 or #12. With --json
    the document also has the segment as the API returns it.
    """
    from segdsl.diagnostics import Report
    from segdsl.workspace.remote.listing import show

    async def read(connection: Connection) -> Shown:
        return await show(connection.client, connection.parent.id, segment)

    shown = with_target(target, now, read)
    report = Report()
    source = shown.source(report)
    report_diagnostics(report, {}, OutputOptions(form, allowed, color), has_result=True)
    if form == "json":
        from segdsl.cli.document import set_result
        from segdsl.output.remote import show_output

        # The document has the segment of the API even if there is no source for it.
        set_result(show_output(shown, source))
        return
    exit_on_errors(report)
    if source is not None:
        echo_result(source)
