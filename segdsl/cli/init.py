"""`segdsl init`: a workspace in the current folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from segdsl.cli.completer import completer
from segdsl.cli.console import echo
from segdsl.cli.examples import examples
from segdsl.cli.options import format_options
from segdsl.cli.prompts import is_interactive, prompt

if TYPE_CHECKING:
    from segdsl.workspace.project.init import NewWorkspace, Table


@click.command(
    "init",
    epilog=examples(
        "segdsl init --data data",
        "segdsl init --region us01 --parent-segment 12345",
    ),
)
@click.option(
    "--region",
    metavar="NAME",
    shell_complete=completer("regions"),
    help="Region of the account: us01, jp01, eu01, ap02 or ap03.",
)
@click.option("--parent-segment", metavar="ID", help="ID of the parent segment.")
@click.option(
    "--data",
    metavar="DIR",
    shell_complete=completer("data"),
    help="Folder of Parquet or CSV files, or a DuckDB file, instead of an account.",
)
@format_options("text", "json")
def command(region: str | None, parent_segment: str | None, data: str | None, form: str) -> None:
    """Create a workspace in the current folder.

    With --data, the workspace uses your own tables and needs no account: lists the files that can
    be used, and writes a first segment of their columns. Of raw tables, in one folder for each
    database, it proposes a parent segment, and prints what it guessed. Otherwise it is for a parent
    segment; on a terminal, asks for what is not given. Existing files are never overwritten.
    """
    from segdsl.workspace.project.init import (
        holds_raw_tables,
        look_at_data,
        start_local,
        start_raw,
        start_remote,
    )

    here = Path.cwd()
    tables: tuple[Table, ...] = ()
    if data is not None:
        if region is not None or parent_segment is not None:
            raise click.UsageError("--data cannot be combined with --region or --parent-segment")
        if holds_raw_tables(Path(data).expanduser()):
            started = start_raw(here, data)
        else:
            tables, example = look_at_data(Path(data).expanduser())
            started = start_local(here, data, example)
    else:
        started = start_remote(here, *_account(region, parent_segment))
    if form == "json":
        _set_result(started, tables)
    else:
        _print(started, tables, data)


def _account(region: str | None, parent_segment: str | None) -> tuple[str, str]:
    """The region and the id; asks for those that are not given."""
    if (region is None or parent_segment is None) and not is_interactive():
        raise click.UsageError(
            "not a terminal: pass --region and --parent-segment, or --data for your own tables"
        )
    if region is None:
        region = prompt("Region (us01, jp01, eu01, ap02, ap03)")
    if parent_segment is None:
        parent_segment = prompt("Parent segment ID")
    return region.strip(), parent_segment.strip()


def _print(started: NewWorkspace, tables: tuple[Table, ...], data: str | None) -> None:
    from segdsl.terminal import visible

    if tables:
        echo(visible(f"Tables in {data}:"))
    width = max((len(visible(table.file)) for table in tables), default=0)
    for table in tables:
        description = table.holds if table.holds is not None else f"not used: {table.why}"
        echo(f"  {visible(table.file):<{width}}  {visible(description)}")
    for guess in started.guesses:
        echo(visible(f"guessed: {guess}"))
    for file, status in started.files:
        echo(f"{status}: {file}")
    echo("\nNext:")
    for line in started.next:
        echo(f"  {line}")


def _set_result(started: NewWorkspace, tables: tuple[Table, ...]) -> None:
    from segdsl.cli.document import set_result
    from segdsl.output.documents import InitOutput
    from segdsl.output.models import InitTable, WrittenFile

    set_result(
        InitOutput(
            target=started.target,
            files=tuple(WrittenFile(file=file, status=status) for file, status in started.files),
            tables=tuple(
                InitTable(
                    file=table.file,
                    is_used=table.holds is not None,
                    holds=table.holds,
                    why=table.why,
                )
                for table in tables
            ),
            next=started.next,
            guesses=started.guesses,
        )
    )
