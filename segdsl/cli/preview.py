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
        "segdsl preview --reveal activations/contact_sync.seg",
    ),
)
@click.option("--breakdown", is_flag=True, help="Count every condition, too.")
@click.option(
    "--sample",
    type=click.IntRange(min=1),
    metavar="N",
    help="Show N profiles of each segment, and of each activation instead of 5.",
)
@click.option(
    "--columns",
    metavar="A,B,…",
    shell_complete=completer("columns"),
    help="Attributes to show with --sample, instead of the first ones, or `all`; of activations, "
    "the exported columns to show.",
)
@click.option("--reveal", is_flag=True, help="Show personal data, which is masked otherwise.")
@layout_option
@segment_arguments()
def command(
    segments: SegmentArguments,
    breakdown: bool,
    sample: int | None,
    columns: str | None,
    reveal: bool,
    layout: Literal["v5", "nested"],
    now: str | None,
) -> None:
    """Count the profiles that segments select, without creating anything.

    Of a funnel, counts each stage, and shows the conversion from stage to stage. Of an activation,
    shows the first rows as they would be exported; nothing is sent. Values of columns
    with personal data are masked.

    If FILE is a folder, previews all .seg files in it. What has errors is reported, and the rest is
    counted. Ctrl-C kills the queries that still run on the server.
    """
    from segdsl.diagnostics import Report
    from segdsl.terminal import visible
    from segdsl.workspace.remote.counting import PreviewOptions
    from segdsl.workspace.remote.preview_files import Previewed, preview_files
    from segdsl.workspace.remote.server_segments import server_segments

    report = Report()
    loaded = segments.load(report, ask_server=True, with_rest=True)
    others = loaded.others
    if columns is not None and sample is None and not others.activations:
        raise CommandError("--columns requires --sample N")
    activations = {each.span.key for each in others.activations}
    names = tuple(name.strip() for name in (columns or "").split(",") if name.strip())
    options = PreviewOptions(breakdown, sample or 0, names, layout, reveal)
    bar = ProgressBar("Counting")

    async def count(connection: Connection) -> Preview:
        for reason in connection.passed_over:
            document.add_note(f"skipped: {visible(reason)}")
        try:
            client, parent = connection.client, connection.parent
            on_server = await server_segments(client, parent.id, segments.named, report)
            previewed = Previewed(
                (*loaded.segments, *on_server),
                loaded.beside,
                others.funnels,
                loaded.around.only(activations).activations,
                loaded.around.funnels,
                loaded.around.templates,
            )
            return await preview_files(connection, previewed, report, options, bar)
        finally:
            bar.end()

    is_something = loaded.segments or segments.named or others.funnels or others.activations
    counts = with_target(segments.target, now, count) if is_something else None
    segments.report(report, loaded)
    if counts is None:
        exit_on_errors(report)
        raise CommandError("no segment, funnel or activation in these files")
    _show(counts, segments.output, has_schema=loaded.schema is not None)
    exit_on_errors(report)


def _show(counts: Preview, options: OutputOptions, *, has_schema: bool) -> None:
    from segdsl.workspace.remote.preview_text import rendered, text_of

    if options.format == "json":
        from segdsl.output.remote import preview_output

        document.set_result(preview_output(counts))
    elif counts.requests or counts.funnels or counts.exports:
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
