"""`segdsl init`: a workspace in the current folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from segdsl.cli.completing import completes
from segdsl.cli.examples import examples
from segdsl.cli.options import format_options
from segdsl.cli.output import ask_for, say

if TYPE_CHECKING:
    from segdsl.workspace.project.init import Started, Table


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
    shell_complete=completes("regions"),
    help="The region of the account: us01, jp01, eu01, ap02 or ap03.",
)
@click.option("--parent-segment", metavar="ID", help="The id of the parent segment.")
@click.option(
    "--data",
    metavar="DIR",
    shell_complete=completes("data"),
    help="A folder of Parquet or CSV files, or a DuckDB file, instead of an account.",
)
@format_options("text", "json")
def command(region: str | None, parent_segment: str | None, data: str | None, form: str) -> None:
    """Make a workspace in the current folder.

    With --data it is one over your own tables, without an account: this says which files can be
    used, and writes a first segment of their columns. Else it is one for a parent segment; on a
    terminal, what is not given is asked for. What is there already is never replaced.
    """
    from segdsl.workspace.project.init import look_at_data, start_local, start_remote

    here = Path.cwd()
    tables: tuple[Table, ...] = ()
    if data is not None:
        if region is not None or parent_segment is not None:
            raise click.UsageError("--data is for tables, --region and --parent-segment for an API")
        tables, example = look_at_data(Path(data).expanduser())
        started = start_local(here, data, example)
    else:
        started = start_remote(here, *_account(region, parent_segment))
    if form == "json":
        _answer(started, tables)
    else:
        _say(started, tables, data)


def _account(region: str | None, parent_segment: str | None) -> tuple[str, str]:
    """The region and the id, asked for where they are not given."""
    from segdsl.cli.asking import can_be_asked

    if (region is None or parent_segment is None) and not can_be_asked():
        raise click.UsageError(
            "not a terminal: give --region and --parent-segment, or --data for a folder of tables"
        )
    if region is None:
        region = ask_for("Region (us01, jp01, eu01, ap02, ap03)")
    if parent_segment is None:
        parent_segment = ask_for("Id of the parent segment")
    return region.strip(), parent_segment.strip()


def _say(started: Started, tables: tuple[Table, ...], data: str | None) -> None:
    from segdsl.terminal import visible

    if tables:
        say(visible(f"Tables in {data}:"))
    width = max((len(visible(each.file)) for each in tables), default=0)
    for each in tables:
        words = each.holds if each.holds is not None else f"not used: {each.why}"
        say(f"  {visible(each.file):<{width}}  {visible(words)}")
    for file, status in started.files:
        say(f"{status}: {file}")
    say("\nNext:")
    for line in started.next:
        say(f"  {line}")


def _answer(started: Started, tables: tuple[Table, ...]) -> None:
    from segdsl.cli.document import answer
    from segdsl.output.parts import InitTable, WrittenFile
    from segdsl.output.shapes import InitOutput

    answer(
        InitOutput(
            target=started.target,
            files=tuple(WrittenFile(file=file, status=status) for file, status in started.files),
            tables=tuple(
                InitTable(
                    file=each.file,
                    is_used=each.holds is not None,
                    holds=each.holds,
                    why=each.why,
                )
                for each in tables
            ),
            next=started.next,
        )
    )
