"""`segdsl sql`: segments as SQL, ours in any dialect or the vendor's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from segdsl.cli.asking import ask, target_options
from segdsl.cli.completing import completes
from segdsl.cli.examples import examples
from segdsl.cli.group import WrongUse
from segdsl.cli.options import (
    Look,
    look_options,
    need_source,
    no_schema_option,
    select_option,
    server_option,
    settings_option,
    stop_on_errors,
    summed,
    tell,
    write_product,
)
from segdsl.dialects import DIALECTS

if TYPE_CHECKING:
    from segdsl.workspace.remote.connect import Connection


@click.command(
    "sql",
    epilog=examples(
        "segdsl sql japan.seg",
        "segdsl sql --dialect snowflake japan.seg -o japan.sql",
        "segdsl sql --remote japan.seg",
    ),
)
@click.argument("files", nargs=-1, metavar="[FILE]...", shell_complete=completes("sources"))
@click.option(
    "--dialect",
    type=click.Choice(DIALECTS),
    default="trino",
    show_default=True,
    help="Trino is the vendor's own engine.",
)
@click.option("--remote", is_flag=True, help="The SQL that the API makes of the rule.")
@click.option("--database", metavar="NAME", help="Put this in front of every table.")
@click.option("--timezone", metavar="ZONE", help="Where there is no target: its time zone.")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="Write to a file, whole or not at all.",
    shell_complete=completes("anything"),
)
@settings_option
@select_option
@server_option
@no_schema_option
@target_options
@look_options
def command(
    files: tuple[str, ...],
    dialect: str,
    remote: bool,
    database: str | None,
    timezone: str | None,
    output: str | None,
    settings: dict[str, str],
    select: tuple[str, ...],
    named: tuple[str, ...],
    no_schema: bool,
    target: str | None,
    now: str | None,
    form: str,
    allowed: tuple[str, ...],
    color: str,
) -> None:
    """Print the query that selects the profiles of each segment.

    With a segdsl.toml the target's time zone, columns and segments are used; without one
    names are taken as they are written. Times are those of the moment it is printed.
    """
    from segdsl.diagnostics import Report
    from segdsl.workspace.check.load_checked import load_checked
    from segdsl.workspace.project.config import find_project
    from segdsl.workspace.remote.queries import Offline, offline_sql, remote_sql, target_sql
    from segdsl.workspace.remote.server_segments import server_segments

    need_source(files, named)
    look = Look(form, allowed, color)
    report = Report()
    ask_server = bool(named) or remote or target is not None or find_project(Path.cwd()) is not None
    loaded = load_checked(
        files or None,
        settings,
        report,
        target=target,
        use_schema=not no_schema,
        allowed=allowed,
        select=select,
        ask_server=ask_server,
        with_rest=True,
    )
    segments, beside = loaded.segments, loaded.beside
    made: list[str] = []

    async def question(connection: Connection) -> list[str]:
        nonlocal segments
        client, parent = connection.client, connection.parent
        segments = (*segments, *await server_segments(client, parent.id, named, report))
        if remote:
            return await remote_sql(connection, segments, report)
        return await target_sql(connection, segments, report, dialect, database, beside)

    if ask_server and (segments or named):
        if timezone is not None:
            raise WrongUse("--timezone is for files without a target: the target has its own")
        made = ask(target, now, question)
    elif segments:
        made = offline_sql(segments, report, dialect, Offline(now, timezone, database), beside)
    summary = summed(report, look, loaded.contradicted)
    tell(report, loaded.sources, look, product=True, summary=summary, notes=loaded.notes)
    stop_on_errors(report)
    if loaded.is_empty and not named:
        raise WrongUse("there is no segment in these files, only definitions")
    write_product("\n".join(made), output, files)
    if form == "json":
        from segdsl.cli.document import answer
        from segdsl.output.making import sql_output

        answer(sql_output(segments, made, None if remote else dialect, output))
