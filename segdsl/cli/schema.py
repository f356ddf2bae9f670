"""`segdsl schema`: what a parent segment has, pulled into the workspace and shown from there."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from segdsl.cli import document
from segdsl.cli.asking import ask, target_options
from segdsl.cli.completing import completes
from segdsl.cli.examples import examples
from segdsl.cli.group import WrongUse
from segdsl.cli.options import color_option, format_options, in_color
from segdsl.cli.output import say

if TYPE_CHECKING:
    from segdsl.schema.search import SchemaItem
    from segdsl.workspace.remote.connect import Connection
    from segdsl.workspace.remote.schema import Asked, Sample

MOST_SAMPLED = 20
VALUES = 5
NARROW = 60
_STATUS: dict[str, Literal["written", "unchanged", "out_of_date"]] = {
    "written": "written",
    "unchanged": "unchanged",
    "out of date": "out_of_date",
}


@click.group("schema", epilog=examples("segdsl schema pull", "segdsl schema show"))
def command() -> None:
    """The attributes, behaviors and other things that segments can name."""


@command.command(
    "pull",
    short_help="Write the schema of the parent segment to a file.",
    epilog=examples("segdsl schema pull", "segdsl schema pull --check"),
)
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if something changed.")
@click.option(
    "--samples/--no-samples",
    default=None,
    help="Ask for values of columns as well, or drop those in the file; else they stay.",
)
@format_options("text", "json")
@target_options
def pull(check: bool, samples: bool | None, form: str, target: str | None, now: str | None) -> None:
    """Write the parent segment's schema to <target>.schema.toml, beside segdsl.toml.

    With --samples it keeps which values columns of few different strings have, and how large
    numbers and times are, so that `check` finds values that no profile has.
    """
    import msgspec

    from segdsl.schema.changes import summary
    from segdsl.terminal import visible
    from segdsl.workspace.project.config import need_project
    from segdsl.workspace.project.schema import save_schema
    from segdsl.workspace.remote.samples import sample_schema
    from segdsl.workspace.remote.schema import pull_schema

    project = need_project(Path.cwd())
    name, _ = project.target(target)

    async def question(connection: Connection) -> Asked:
        asked = await pull_schema(connection)
        if not samples:
            return asked
        found = await sample_schema(connection, asked.schema)
        return asked._replace(schema=msgspec.structs.replace(asked.schema, samples=found))

    asked = ask(target, now, question)
    for each in asked.missing:
        say(f"left out: {visible(each)}", err=True)
    kept = save_schema(project, name, asked.schema, write=not check, keep_samples=samples is None)
    if form == "json":
        from segdsl.output.shapes import SchemaPullOutput

        document.answer(
            SchemaPullOutput(
                target=name,
                file=kept.path.name,
                status=_STATUS[kept.done],
                changes=kept.changes,
                left_out=asked.missing,
            )
        )
    else:
        say(f"{kept.done}: {visible(kept.path.name)} ({summary(asked.schema)})")
        for each in kept.changes:
            say(f"  {visible(each)}")
    if kept.done == "out of date":
        raise click.exceptions.Exit(1)


@command.command(
    "show",
    short_help="List what the schema has, and how it is written.",
    epilog=examples("segdsl schema show", "segdsl schema show country --sample"),
)
@click.argument("word", required=False, shell_complete=completes("things"))
@click.option("--sample", is_flag=True, help="Ask the server for frequent values of columns.")
@format_options("text", "json")
@target_options
@color_option
def show(
    word: str | None,
    sample: bool,
    form: str,
    target: str | None,
    now: str | None,
    color: str,
) -> None:
    """List what the schema has, or what has WORD in its name, and how it is written."""
    from segdsl.schema.search import no_match_message, search
    from segdsl.terminal import visible
    from segdsl.workspace.project.config import need_project
    from segdsl.workspace.project.schema import load_schema
    from segdsl.workspace.remote.schema import sample as samples_of

    project = need_project(Path.cwd())
    schema = load_schema(project, target)
    if schema is None:
        option = "" if target is None else f" --target {shlex.quote(target)}"
        raise WrongUse(f"there is no schema yet: run `segdsl schema pull{option}`, which writes it")
    found = search(schema, word)
    if word is not None and not found:
        document.note(visible(no_match_message(schema, word)))
        raise click.exceptions.Exit(1)
    samples: list[Sample] = []
    if sample:
        wanted = [
            (each.parent, each.name) for each in found if each.kind in ("attribute", "column")
        ]
        if len(wanted) > MOST_SAMPLED:
            document.note(
                f"values of the first {MOST_SAMPLED} of {len(wanted)} columns: a WORD finds fewer"
            )

        async def question(connection: Connection) -> list[Sample]:
            return await samples_of(connection.client, connection.parent.id, wanted[:MOST_SAMPLED])

        samples = ask(target, now, question) if wanted else []
        for each in samples:
            if each.problem is not None:
                document.note(visible(f"no values of {each.column}: {each.problem}"))
    if form == "json":
        from segdsl.output.remote import schema_show_output

        document.answer(schema_show_output(found, samples))
    else:
        _write(found, samples, schema.timezone, color)


def _write(found: list[SchemaItem], samples: list[Sample], zone: str, color: str) -> None:
    from rich.table import Table
    from rich.text import Text

    from segdsl.terminal import visible
    from segdsl.workspace.remote.preview_text import text_of
    from segdsl.workspace.remote.schema import values_of
    from segdsl.workspace.remote.shown_times import shown_time

    terminal = sys.stdout is not None and sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if terminal else None
    labelled = any(each.label for each in found)
    heads = [
        "What",
        "Written as",
        *(["In the console"] if labelled else []),
        "Type or id",
        *(["Values"] if samples else []),
    ]
    rows = []
    for each in found:
        label = [visible(each.label or "")] if labelled else []
        cells = [each.kind, visible(each.spelling), *label, visible(each.details)]
        if samples:
            values = (values_of(each, samples) or ())[:VALUES]
            shown = (shown_time(value, zone) if each.is_time else value for value in values)
            cells.append(", ".join(visible(str(value)) for value in shown))
        rows.append(cells)
    # Where there is little room, what is written says well enough what it is.
    kept = slice(1 if width is not None and width < NARROW else 0, None)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in heads[kept]:
        table.add_column(head, overflow="fold")
    for cells in rows:
        table.add_row(*map(Text, cells[kept]))
    color_it = in_color(color, sys.stdout)
    say(text_of([table], color=color_it, width=width), nl=False, color=color_it)
