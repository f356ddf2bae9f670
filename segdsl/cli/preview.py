"""`segdsl preview`: how many profiles segments select, counted by the API."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING, Literal

import click

from segdsl.cli.asking import NO_ANSWER, Bar, ask, target_options
from segdsl.cli.group import WrongUse
from segdsl.cli.options import (
    Look,
    in_color,
    layout_option,
    look_options,
    settings_option,
    stop_on_errors,
    tell,
    told,
)
from segdsl.cli.output import say, write

if TYPE_CHECKING:
    from segdsl.live.preview import Preview
    from segdsl.project.connect import Connection


@click.command("preview")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--breakdown", is_flag=True, help="Count every condition, as an outline with bars.")
@click.option(
    "--sample", type=click.IntRange(min=1), metavar="N", help="Show N profiles of each segment."
)
@click.option(
    "--columns",
    metavar="A,B,…",
    help="The attributes to show of them; the first ones, if not given.",
)
@click.option("--json", "as_json", is_flag=True, help="Write JSON instead of a table.")
@settings_option
@layout_option
@target_options
@look_options
def command(
    files: tuple[str, ...],
    breakdown: bool,
    sample: int | None,
    columns: str | None,
    as_json: bool,
    settings: dict[str, str],
    layout: Literal["v5", "nested"],
    target: str | None,
    now: str | None,
    form: str,
    allowed: tuple[str, ...],
    color: str,
) -> None:
    """Count the profiles that segments select, without creating anything.

    A folder stands for all .seg files in it. Segments with mistakes are told and the others
    are counted. Ctrl-C kills what still runs on the server.
    """
    from segdsl.diagnostics import Report
    from segdsl.diagnostics.places import tally
    from segdsl.live.counting import Wish, preview
    from segdsl.loading import load_segments
    from segdsl.project.names import known_names

    if columns is not None and sample is None:
        raise WrongUse("--columns says what to show of a sample: give --sample N as well")
    look = Look(form, allowed, color)
    report = Report()
    known = known_names(target)
    loaded = load_segments(files, settings, report, known.owners, known.ids, known.several)
    names = tuple(each.strip() for each in (columns or "").split(",") if each.strip())
    wish = Wish(breakdown, sample or 0, names, layout)
    bar = Bar("counting")

    async def question(connection: Connection) -> Preview:
        try:
            return await preview(connection, loaded.segments, report, wish, bar)
        finally:
            bar.end()

    found = ask(target, now, question) if loaded.segments else None
    tell(report, loaded.sources, look, product=True, summary=tally(told(report, look)))
    if found is None:
        stop_on_errors(report)
        raise WrongUse("there is no segment in these files, only definitions")
    _show(found, as_json, color)
    stop_on_errors(report)


def _show(found: Preview, as_json: bool, color: str) -> None:
    from segdsl.live.preview import as_data
    from segdsl.live.preview_text import rendered, text_of
    from segdsl.rule.model import encode

    if as_json:
        write(encode(as_data(found)))
    elif found.questions:
        terminal = sys.stdout is not None and sys.stdout.isatty()
        width = shutil.get_terminal_size().columns if terminal else None
        color_it = in_color(color, sys.stdout)
        text = text_of(rendered(found, width), color=color_it, width=width)
        say(text, nl=False, color=color_it)
    for name, failed in found.failures:
        from segdsl.cli.asking import tell_error

        tell_error(failed, f"“{name}”: ")
    if found.failures:
        raise click.exceptions.Exit(NO_ANSWER)
