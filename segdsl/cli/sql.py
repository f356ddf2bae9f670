"""`segdsl sql`: segments as SQL, ours in any dialect or the API's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from segdsl.cli.connection import with_target
from segdsl.cli.errors import CommandError
from segdsl.cli.examples import examples
from segdsl.cli.options import output_option
from segdsl.cli.reporting import exit_on_errors, write_result
from segdsl.cli.segment_arguments import segment_arguments
from segdsl.dialects import DIALECTS

if TYPE_CHECKING:
    from segdsl.cli.segment_arguments import SegmentArguments
    from segdsl.language.condition.tree import Segment
    from segdsl.workspace.remote.connect import Connection


@click.command(
    "sql",
    epilog=examples(
        "segdsl sql japan.seg",
        "segdsl sql --dialect snowflake japan.seg -o japan.sql",
        "segdsl sql --remote japan.seg",
    ),
)
@click.option(
    "--dialect",
    type=click.Choice(DIALECTS),
    default="trino",
    show_default=True,
    help="SQL dialect; Treasure Data runs Trino.",
)
@click.option("--remote", is_flag=True, help="Print the SQL that the API generates.")
@click.option("--database", metavar="NAME", help="Qualify every table with this database.")
@click.option("--timezone", metavar="ZONE", help="Time zone, if there is no target.")
@output_option
@segment_arguments()
def command(
    segments: SegmentArguments,
    dialect: str,
    remote: bool,
    database: str | None,
    timezone: str | None,
    output: str | None,
    now: str | None,
) -> None:
    """Print the SQL query of each segment.

    In a project, uses the time zone, columns and segments of the target; elsewhere, takes names
    as they are written. Relative times are replaced with the times at the moment of printing.
    """
    from segdsl.diagnostics import Report
    from segdsl.workspace.project.config import find_project
    from segdsl.workspace.remote.queries import Offline, offline_sql, remote_sql, target_sql
    from segdsl.workspace.remote.server_segments import server_segments

    report = Report()
    is_in_project = segments.target is not None or find_project(Path.cwd()) is not None
    ask_server = bool(segments.named) or remote or is_in_project
    loaded = segments.load(report, ask_server=ask_server, with_rest=True)
    chosen, beside = loaded.segments, loaded.beside
    queries: list[str] = []

    async def generate(connection: Connection) -> tuple[tuple[Segment, ...], list[str]]:
        client, parent = connection.client, connection.parent
        on_server = await server_segments(client, parent.id, segments.named, report)
        every = (*chosen, *on_server)
        if remote:
            return every, await remote_sql(connection, every, report)
        return every, await target_sql(connection, every, report, dialect, database, beside)

    if ask_server and (chosen or segments.named):
        if timezone is not None:
            raise CommandError("--timezone cannot be combined with a target, which has its own")
        chosen, queries = with_target(segments.target, now, generate)
    elif chosen:
        queries = offline_sql(chosen, report, dialect, Offline(now, timezone, database), beside)
    segments.report(report, loaded, left_out="not in the SQL, which is of segments")
    exit_on_errors(report)
    segments.require_segments(loaded)
    write_result("\n".join(queries), output, segments.files)
    if segments.output.format == "json":
        from segdsl.cli.document import set_result
        from segdsl.output.segments import sql_output

        set_result(sql_output(chosen, queries, None if remote else dialect, output))
