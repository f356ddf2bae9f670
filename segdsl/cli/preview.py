"""`segdsl preview`: how many profiles segments select, counted by the API."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING, Literal

import click

from segdsl.cli import document
from segdsl.cli.asking import NO_ANSWER, Bar, ask, target_options
from segdsl.cli.completing import completes
from segdsl.cli.examples import examples
from segdsl.cli.group import WrongUse
from segdsl.cli.options import (
    SCHEMA_HINT,
    Look,
    in_color,
    layout_option,
    look_options,
    need_source,
    no_schema_option,
    select_option,
    server_option,
    settings_option,
    stop_on_errors,
    summed,
    tell,
)
from segdsl.cli.output import say

if TYPE_CHECKING:
    from segdsl.workspace.remote.connect import Connection
    from segdsl.workspace.remote.preview import Preview


@click.command(
    "preview",
    epilog=examples(
        "segdsl preview japan.seg",
        "segdsl preview --breakdown japan.seg",
        "segdsl preview --sample 5 --columns age,country .",
    ),
)
@click.argument("files", nargs=-1, metavar="[FILE]...", shell_complete=completes("sources"))
@click.option("--breakdown", is_flag=True, help="Count every condition, as an outline with bars.")
@click.option(
    "--sample", type=click.IntRange(min=1), metavar="N", help="Show N profiles of each segment."
)
@click.option(
    "--columns",
    metavar="A,B,…",
    shell_complete=completes("columns"),
    help="The attributes to show of them; the first ones, if not given.",
)
@settings_option
@select_option
@server_option
@layout_option
@no_schema_option
@target_options
@look_options
def command(
    files: tuple[str, ...],
    breakdown: bool,
    sample: int | None,
    columns: str | None,
    settings: dict[str, str],
    select: tuple[str, ...],
    named: tuple[str, ...],
    layout: Literal["v5", "nested"],
    no_schema: bool,
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
    from segdsl.terminal import visible
    from segdsl.workspace.check.load_checked import load_checked
    from segdsl.workspace.remote.counting import PreviewOptions, preview
    from segdsl.workspace.remote.server_segments import server_segments

    if columns is not None and sample is None:
        raise WrongUse("--columns says what to show of a sample: give --sample N as well")
    need_source(files, named)
    look = Look(form, allowed, color)
    report = Report()
    loaded = load_checked(
        files or None,
        settings,
        report,
        target=target,
        use_schema=not no_schema,
        allowed=allowed,
        select=select,
        ask_server=True,
        with_rest=True,
    )
    names = tuple(each.strip() for each in (columns or "").split(",") if each.strip())
    options = PreviewOptions(breakdown, sample or 0, names, layout)
    bar = Bar("counting")

    async def question(connection: Connection) -> Preview:
        for each in connection.passed_over:
            document.note(f"left out: {visible(each)}")
        try:
            client, parent = connection.client, connection.parent
            there = await server_segments(client, parent.id, named, report)
            segments = (*loaded.segments, *there)
            return await preview(connection, segments, report, options, bar, beside=loaded.beside)
        finally:
            bar.end()

    found = ask(target, now, question) if loaded.segments or named else None
    summary = summed(report, look, loaded.contradicted)
    tell(report, loaded.sources, look, product=True, summary=summary, notes=loaded.notes)
    if found is None:
        stop_on_errors(report)
        raise WrongUse("there is no segment in these files, only definitions")
    _show(found, form, color, has_schema=loaded.schema is not None)
    stop_on_errors(report)


def _show(found: Preview, form: str, color: str, *, has_schema: bool) -> None:
    from segdsl.workspace.remote.preview_text import rendered, text_of

    if form == "json":
        from segdsl.output.remote import preview_output

        document.answer(preview_output(found))
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
        if not has_schema:
            document.note(SCHEMA_HINT)
        name, failed = found.failures[0]
        document.failed("api", f"“{name}”: {failed.message}", failed.help)
        raise click.exceptions.Exit(NO_ANSWER)
