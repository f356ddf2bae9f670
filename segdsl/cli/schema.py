"""`segdsl schema`: pulls the schema of a parent segment into the workspace, and shows it."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from segdsl.cli import document
from segdsl.cli.completer import completer
from segdsl.cli.connection import connection_options, with_target
from segdsl.cli.console import echo, terminal_width, use_color
from segdsl.cli.errors import FINDINGS, CommandError
from segdsl.cli.examples import examples
from segdsl.cli.options import color_option, format_options

if TYPE_CHECKING:
    from segdsl.schema.search import SchemaItem
    from segdsl.workspace.remote.connect import Connection
    from segdsl.workspace.remote.schema import PulledSchema, Sample

MAX_SAMPLED = 20
"""Columns whose values `show --sample` reads in one run."""
MAX_VALUES = 5
NARROW = 60
_STATUS: dict[str, Literal["written", "unchanged", "out_of_date"]] = {
    "written": "written",
    "unchanged": "unchanged",
    "out of date": "out_of_date",
}


@click.group("schema", epilog=examples("segdsl schema pull", "segdsl schema show"))
def command() -> None:
    """Pull and show the schema of the parent segment.

    It has the attributes, behaviors and other things that segments can refer to.
    """


@command.command(
    "pull",
    short_help="Write the schema of the parent segment to a file.",
    epilog=examples("segdsl schema pull", "segdsl schema pull --check"),
)
@click.option("--check", is_flag=True, help="Write nothing, and exit with 1 if it would change.")
@click.option(
    "--samples/--no-samples",
    default=None,
    help="Add or remove sampled values of columns; by default, keep those in the file.",
)
@format_options("text", "json")
@connection_options
def pull(check: bool, samples: bool | None, form: str, target: str | None, now: str | None) -> None:
    """Write the schema of the parent segment to <target>.schema.toml, beside segdsl.toml.

    --samples adds the values of columns with few different strings, and the ranges of numbers and
    times, so that `segdsl check` finds values that no profile has.
    """
    import msgspec

    from segdsl.schema.changes import summary
    from segdsl.terminal import visible
    from segdsl.workspace.project.config import need_project
    from segdsl.workspace.project.schema import save_schema
    from segdsl.workspace.remote.samples import sample_schema
    from segdsl.workspace.remote.schema import pull_schema
    from segdsl.workspace.sync.addresses import addresses_in

    project = need_project(Path.cwd())
    name, _ = project.target(target)
    named = addresses_in(project.folder)

    async def read(connection: Connection) -> PulledSchema:
        pulled = await pull_schema(connection, named)
        if not samples:
            return pulled
        sampled = await sample_schema(connection, pulled.schema)
        return pulled._replace(schema=msgspec.structs.replace(pulled.schema, samples=sampled))

    pulled = with_target(target, now, read)
    for reason in pulled.missing:
        echo(f"skipped: {visible(reason)}", err=True)
    saved = save_schema(project, name, pulled.schema, write=not check, keep_samples=samples is None)
    if form == "json":
        from segdsl.output.documents import SchemaPullOutput

        document.set_result(
            SchemaPullOutput(
                target=name,
                file=saved.path.name,
                status=_STATUS[saved.done],
                changes=saved.changes,
                left_out=pulled.missing,
            )
        )
    else:
        echo(f"{saved.done}: {visible(saved.path.name)} ({summary(pulled.schema)})")
        for change in saved.changes:
            echo(f"  {visible(change)}")
    if saved.done == "out of date":
        raise click.exceptions.Exit(FINDINGS)


@command.command(
    "show",
    short_help="List the contents of the schema, and how to write them.",
    epilog=examples("segdsl schema show", "segdsl schema show country --sample"),
)
@click.argument("word", required=False, shell_complete=completer("things"))
@click.option("--sample", is_flag=True, help="Show frequent values of columns, from the server.")
@format_options("text", "json")
@connection_options
@color_option
def show(
    word: str | None,
    sample: bool,
    form: str,
    target: str | None,
    now: str | None,
    color: str,
) -> None:
    """List the contents of the schema, and how to write them in source.

    With WORD, lists only what has it in its name.
    """
    from segdsl.schema.search import no_match_message, search
    from segdsl.terminal import visible
    from segdsl.workspace.project.config import need_project
    from segdsl.workspace.project.schema import load_schema
    from segdsl.workspace.remote.schema import sample as read_samples

    project = need_project(Path.cwd())
    schema = load_schema(project, target)
    if schema is None:
        option = "" if target is None else f" --target {shlex.quote(target)}"
        raise CommandError(f"no schema yet: run `segdsl schema pull{option}`")
    items = search(schema, word)
    if word is not None and not items:
        document.add_note(visible(no_match_message(schema, word)))
        raise click.exceptions.Exit(FINDINGS)
    samples: list[Sample] = []
    if sample:
        have_values = [each for each in items if each.kind in ("attribute", "column")]
        columns = [(each.parent, each.name) for each in have_values if not each.is_personal]
        for each in have_values:
            if each.is_personal:
                document.add_note(visible(f"no values of {each.name}: they are personal data"))
        if len(columns) > MAX_SAMPLED:
            document.add_note(
                f"showing values of the first {MAX_SAMPLED} of {len(columns)} columns; "
                "give a WORD to narrow the list"
            )

        async def read(connection: Connection) -> list[Sample]:
            client, parent = connection.client, connection.parent
            return await read_samples(client, parent.id, columns[:MAX_SAMPLED])

        samples = with_target(target, now, read) if columns else []
        for values in samples:
            if values.problem is not None:
                document.add_note(visible(f"no values of {values.column}: {values.problem}"))
    if form == "json":
        from segdsl.output.remote import schema_show_output

        document.set_result(schema_show_output(items, samples))
    else:
        _print(items, samples, schema.timezone, color)


def _print(items: list[SchemaItem], samples: list[Sample], timezone: str, color: str) -> None:
    from rich.table import Table
    from rich.text import Text

    from segdsl.terminal import visible
    from segdsl.workspace.remote.preview_text import text_of
    from segdsl.workspace.remote.schema import values_of
    from segdsl.workspace.remote.shown_times import shown_time

    width = terminal_width()
    has_labels = any(item.label for item in items)
    headings = [
        "Kind",
        "In source",
        *(["In the console"] if has_labels else []),
        "Type or id",
        *(["Values"] if samples else []),
    ]
    rows = []
    for item in items:
        label = [visible(item.label or "")] if has_labels else []
        cells = [item.kind, visible(item.spelling), *label, visible(item.details)]
        if samples:
            values = (values_of(item, samples) or ())[:MAX_VALUES]
            shown = (shown_time(value, timezone) if item.is_time else value for value in values)
            cells.append(", ".join(visible(str(value)) for value in shown))
        rows.append(cells)
    # On a narrow terminal the kind is left out: the spelling says enough.
    shown_columns = slice(1 if width is not None and width < NARROW else 0, None)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings[shown_columns]:
        table.add_column(heading, overflow="fold")
    for cells in rows:
        table.add_row(*map(Text, cells[shown_columns]))
    colored = use_color(color, sys.stdout)
    echo(text_of([table], color=colored, width=width), nl=False, color=colored)
