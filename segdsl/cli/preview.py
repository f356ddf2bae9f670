"""`segdsl preview`: how many profiles segments select, counted by the API."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Literal

import click

from segdsl.cli import document
from segdsl.cli.completer import completer
from segdsl.cli.connection import with_target
from segdsl.cli.console import echo, terminal_width, use_color
from segdsl.cli.errors import API_ERROR, CommandError, echo_api_error
from segdsl.cli.examples import examples
from segdsl.cli.options import layout_option
from segdsl.cli.progress import ProgressBar
from segdsl.cli.reporting import SCHEMA_HINT, exit_on_errors
from segdsl.cli.segment_arguments import segment_arguments

if TYPE_CHECKING:
    from segdsl.cli.reporting import OutputOptions
    from segdsl.cli.segment_arguments import SegmentArguments
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
@click.option("--breakdown", is_flag=True, help="Count every condition, too.")
@click.option(
    "--sample", type=click.IntRange(min=1), metavar="N", help="Show N profiles of each segment."
)
@click.option(
    "--columns",
    metavar="A,B,…",
    shell_complete=completer("columns"),
    help="Attributes to show with --sample, instead of the first ones.",
)
@layout_option
@segment_arguments()
def command(
    segments: SegmentArguments,
    breakdown: bool,
    sample: int | None,
    columns: str | None,
    layout: Literal["v5", "nested"],
    now: str | None,
) -> None:
    """Count the profiles that segments select, without creating anything.

    If FILE is a folder, counts the segments of all .seg files in it. Segments with errors are
    reported, and the others are counted. Ctrl-C kills the queries that still run on the server.
    """
    from segdsl.diagnostics import Report
    from segdsl.terminal import visible
    from segdsl.workspace.remote.counting import PreviewOptions, preview
    from segdsl.workspace.remote.server_segments import server_segments

    if columns is not None and sample is None:
        raise CommandError("--columns requires --sample N")
    report = Report()
    loaded = segments.load(report, ask_server=True, with_rest=True)
    names = tuple(name.strip() for name in (columns or "").split(",") if name.strip())
    options = PreviewOptions(breakdown, sample or 0, names, layout)
    bar = ProgressBar("Counting")

    async def count(connection: Connection) -> Preview:
        for reason in connection.passed_over:
            document.add_note(f"skipped: {visible(reason)}")
        try:
            client, parent = connection.client, connection.parent
            on_server = await server_segments(client, parent.id, segments.named, report)
            chosen = (*loaded.segments, *on_server)
            return await preview(connection, chosen, report, options, bar, beside=loaded.beside)
        finally:
            bar.end()

    counts = with_target(segments.target, now, count) if loaded.segments or segments.named else None
    segments.report(report, loaded)
    if counts is None:
        exit_on_errors(report)
        raise CommandError("no segment in these files, only definitions")
    _show(counts, segments.output, has_schema=loaded.schema is not None)
    exit_on_errors(report)


def _show(counts: Preview, options: OutputOptions, *, has_schema: bool) -> None:
    from segdsl.workspace.remote.preview_text import rendered, text_of

    if options.format == "json":
        from segdsl.output.remote import preview_output

        document.set_result(preview_output(counts))
    elif counts.questions:
        width = terminal_width()
        color = use_color(options.color, sys.stdout)
        echo(text_of(rendered(counts, width), color=color, width=width), nl=False, color=color)
    for name, failure in counts.failures:
        echo_api_error(failure.message, failure.help, name)
    if counts.failures:
        if not has_schema:
            document.add_note(SCHEMA_HINT)
        name, failure = counts.failures[0]
        document.set_error("api", f"“{name}”: {failure.message}", failure.help)
        raise click.exceptions.Exit(API_ERROR)
