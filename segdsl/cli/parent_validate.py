"""`segdsl parent validate`: joins, keys and types, measured on the raw tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from segdsl.cli.completer import completer
from segdsl.cli.console import echo
from segdsl.cli.errors import FINDINGS
from segdsl.cli.examples import examples
from segdsl.cli.options import format_options
from segdsl.dialects import DIALECTS

if TYPE_CHECKING:
    from segdsl.engine.build.validation import Measured, Validation


@click.command(
    "validate",
    short_help="Measure joins, keys and types on the raw tables.",
    epilog=examples(
        "segdsl parent validate",
        "segdsl parent validate --data raw --json",
        "segdsl parent validate --sql --dialect trino",
    ),
)
@click.option(
    "--data",
    metavar="DIR",
    shell_complete=completer("data"),
    help="Folder of raw tables, instead of that of the target.",
)
@click.option(
    "--file",
    metavar="FILE",
    shell_complete=completer("anything"),
    help="The description, instead of parent_segment.toml in the folder of the tables.",
)
@click.option("--sql", is_flag=True, help="Print queries that measure it in a warehouse.")
@click.option(
    "--dialect",
    type=click.Choice(DIALECTS),
    default="trino",
    show_default=True,
    help="SQL dialect of --sql; Treasure Data runs Trino.",
)
@click.option(
    "--target",
    metavar="NAME",
    shell_complete=completer("targets"),
    help="Target of the workspace, instead of the default.",
)
@format_options("text", "json")
def command(
    data: str | None, file: str | None, sql: bool, dialect: str, target: str | None, form: str
) -> None:
    """Measure joins, keys and types on the raw tables.

    Counts rows without a key, rows whose key another row has, rows that find no row in a joined
    table, and values that do not fit their types. Exits with 1 if a table, a column or every match
    is missing, or if the filters keep nobody.
    """
    from segdsl.workspace.project.raw_tables import find_described, need_folder

    described = find_described(target, file, data)
    if sql:
        from segdsl.engine.build.validation import measures_sql

        text = measures_sql(described.configuration, dialect)
        if form == "json":
            _set_result(None, dialect, text)
        else:
            echo(text)
        return
    from segdsl.engine.build.validation import validate

    found = validate(need_folder(described), described.configuration)
    if form == "json":
        _set_result(found, None, None)
    else:
        _print(found)
    if found.errors:
        raise click.exceptions.Exit(FINDINGS)


def _print(found: Validation) -> None:
    from segdsl.diagnostics.places import counted
    from segdsl.engine.build.validation import line_of, problem_of
    from segdsl.terminal import visible

    for missing in found.missing:
        echo(f"error: {visible(missing.message)}")
    lines = [(visible(line_of(each.measure)), _share(each), each) for each in found.measured]
    width = max((len(line) for line, _, _ in lines), default=0)
    for line, share, _ in lines:
        echo(f"{line:<{width}}  {share}")
    problems = [(each.severity, problem_of(each)) for _, _, each in lines]
    for severity, problem in problems:
        if problem is not None:
            echo(f"{severity}: {visible(problem)}")
    errors, warnings = counted(found.errors, "error"), counted(found.warnings, "warning")
    echo(f"{errors}, {warnings}")


def _share(measured: Measured) -> str:
    """`3 of 4 (75.0 %)`."""
    text = f"{measured.value:,} of {measured.total:,}"
    return f"{text} ({measured.value / measured.total:.1%})" if measured.total else text


def _set_result(found: Validation | None, dialect: str | None, sql: str | None) -> None:
    from segdsl.cli.document import set_result
    from segdsl.output.validation import validation_output

    set_result(validation_output(found, dialect, sql))
