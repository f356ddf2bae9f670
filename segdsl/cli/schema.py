"""`segdsl schema`: what a parent segment has, pulled into the workspace and shown from there."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from segdsl.cli.asking import ask, target_options
from segdsl.cli.group import WrongUse
from segdsl.cli.options import color_option, in_color

if TYPE_CHECKING:
    from segdsl.live.schema import Asked, Sample
    from segdsl.project.connect import Connection
    from segdsl.schema.searching import Thing

MOST_SAMPLED = 20
VALUES = 5


@click.group("schema")
def command() -> None:
    """The attributes, behaviors and other things that segments can name."""


@command.command("pull")
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if something changed.")
@target_options
def pull(check: bool, target: str | None, now: str | None) -> None:
    """Write the parent segment's schema to <target>.schema.toml, beside segdsl.toml."""
    from segdsl.diagnostics.render import visible
    from segdsl.live.schema import pull_schema
    from segdsl.project.config import need_project
    from segdsl.project.schema import save_schema, schema_path
    from segdsl.schema.document import write_schema

    project = need_project(Path.cwd())
    name, _ = project.target(target)

    async def question(connection: Connection) -> Asked:
        return await pull_schema(connection)

    schema, missing = ask(target, now, question)
    for each in missing:
        click.echo(f"left out: {visible(each)}", err=True)
    path = schema_path(project, name)
    if check:
        text = write_schema(schema).encode()
        same = path.exists() and path.read_bytes() == text
        click.echo(f"{'up to date' if same else 'out of date'}: {path.name}")
        raise click.exceptions.Exit(0 if same else 1)
    written = save_schema(project, name, schema)
    columns = sum(len(each.columns) for each in schema.behaviors)
    click.echo(
        f"{'written' if written else 'unchanged'}: {path.name} ({len(schema.attributes):,} "
        f"attributes, {len(schema.behaviors):,} behaviors with {columns:,} columns, "
        f"{len(schema.segments):,} segments)"
    )


@command.command("show")
@click.argument("word", required=False)
@click.option("--sample", is_flag=True, help="Ask the server for frequent values of columns.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON instead of a table.")
@target_options
@color_option
def show(
    word: str | None,
    sample: bool,
    as_json: bool,
    target: str | None,
    now: str | None,
    color: str,
) -> None:
    """List what the schema has, or what has WORD in its name, and how it is written."""
    from segdsl.diagnostics.suggest import did_you_mean
    from segdsl.live.schema import sample as samples_of
    from segdsl.project.config import need_project
    from segdsl.project.schema import load_schema
    from segdsl.rule.model import encode
    from segdsl.schema.searching import search, things

    project = need_project(Path.cwd())
    schema = load_schema(project, target)
    if schema is None:
        raise WrongUse("there is no schema yet: `segdsl schema pull` writes it")
    found = search(schema, word)
    if word is not None and not found:
        help = did_you_mean(word, [each.name for each in things(schema)])
        click.echo(f"nothing is named like `{word}`" + (f"; {help}" if help else ""), err=True)
        raise click.exceptions.Exit(1)
    samples: list[Sample] = []
    if sample:
        wanted = [(each.of, each.name) for each in found if each.what in ("attribute", "column")]
        if len(wanted) > MOST_SAMPLED:
            click.echo(f"values of the first {MOST_SAMPLED} of {len(wanted)} columns", err=True)

        async def question(connection: Connection) -> list[Sample]:
            return await samples_of(connection.client, connection.parent.id, wanted[:MOST_SAMPLED])

        samples = ask(target, now, question)
    if as_json:
        click.echo(encode([_data(each, samples) for each in found]))
    else:
        _write(found, samples, color)


def _values(of: Thing, samples: list[Sample]) -> list[object] | None:
    if of.what not in ("attribute", "column"):
        return None
    return next(
        (
            list(each.values)
            for each in samples
            if each.column == of.name and each.behavior == of.of
        ),
        None,
    )


def _data(of: Thing, samples: list[Sample]) -> dict[str, Any]:
    data: dict[str, Any] = {**of._asdict()}
    if samples:
        data["values"] = _values(of, samples)
    return data


def _write(found: list[Thing], samples: list[Sample], color: str) -> None:
    from rich.table import Table
    from rich.text import Text

    from segdsl.diagnostics.render import visible
    from segdsl.live.preview_text import text_of

    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in ("What", "Written as", "Type or id", *(["Values"] if samples else [])):
        table.add_column(head, overflow="fold")
    for each in found:
        values = _values(each, samples) or []
        shown = ", ".join(visible(str(value)) for value in values[:VALUES])
        cells = [each.what, visible(each.spelling), visible(each.more)]
        table.add_row(*(Text(cell) for cell in (*cells, *([shown] if samples else []))))
    terminal = sys.stdout is not None and sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if terminal else None
    color_it = in_color(color, sys.stdout)
    click.echo(text_of([table], color=color_it, width=width), nl=False, color=color_it)
