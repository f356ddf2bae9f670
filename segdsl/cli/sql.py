"""`segdsl sql`: segments as SQL, ours in any dialect or the vendor's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from segdsl.cli.asking import ask, target_options
from segdsl.cli.group import WrongUse
from segdsl.cli.options import (
    Look,
    look_options,
    settings_option,
    stop_on_errors,
    tell,
    told,
    write_product,
)

if TYPE_CHECKING:
    from segdsl.project.connect import Connection

DIALECTS = ("duckdb", "trino", "spark", "bigquery", "snowflake", "postgres")


@click.command("sql")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
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
@click.option("-o", "--output", metavar="FILE", help="Write to a file, whole or not at all.")
@settings_option
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
    from segdsl.diagnostics.places import tally
    from segdsl.live.queries import Offline, offline_sql, remote_sql, target_sql
    from segdsl.loading import load_segments
    from segdsl.project.config import find_project
    from segdsl.project.names import known_names

    look = Look(form, allowed, color)
    report = Report()
    known = known_names(target)
    loaded = load_segments(files, settings, report, known.owners, known.ids, known.several)
    segments = loaded.segments
    made: list[str] = []

    async def question(connection: Connection) -> list[str]:
        if remote:
            return await remote_sql(connection, segments, report)
        return await target_sql(connection, segments, report, dialect, database)

    if segments and (remote or target is not None or find_project(Path.cwd()) is not None):
        if timezone is not None:
            raise WrongUse("--timezone is for files without a target: the target has its own")
        made = ask(target, now, question)
    elif segments:
        made = offline_sql(segments, report, dialect, Offline(now, timezone, database))
    tell(report, loaded.sources, look, product=True, summary=tally(told(report, look)))
    stop_on_errors(report)
    if not segments:
        raise WrongUse("there is no segment in these files, only definitions")
    write_product("\n".join(made), output, files)
