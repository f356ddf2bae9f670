"""`segdsl simulate`: a journey over local data, day by day."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from segdsl.cli import document
from segdsl.cli.completer import completer
from segdsl.cli.console import echo, echo_result, terminal_width, use_color
from segdsl.cli.examples import examples
from segdsl.cli.options import (
    diagnostic_options,
    no_schema_option,
    settings_option,
    target_option,
)
from segdsl.cli.progress import ProgressBar
from segdsl.cli.reporting import OutputOptions, exit_on_errors
from segdsl.cli.segment_arguments import SegmentArguments

if TYPE_CHECKING:
    from datetime import datetime

    from segdsl.workspace.simulating import Simulated

_FIRST_YEAR = 1900
"""The first year that a simulation may begin in; relative times reach back from there."""


def _start(ctx: click.Context, param: click.Parameter, value: str) -> datetime:
    from datetime import datetime

    try:
        start = datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(
            f"`{value}` is not a date: write it as 2024-10-01 or 2024-10-01T03:00"
        ) from None
    if start.year < _FIRST_YEAR:
        raise click.BadParameter(f"`{value}` is before the year {_FIRST_YEAR}")
    if start.tzinfo is not None:
        raise click.BadParameter(
            f"`{value}` has an offset: times are those of the parent segment's time zone"
        )
    return start


@click.command(
    "simulate",
    epilog=examples(
        'segdsl simulate "Welcome onboarding" --from 2024-10-01',
        "segdsl simulate VIP journeys/ --from 2024-10-01T03:00",
        "segdsl simulate VIP --from 2024-10-01 --profile c01",
    ),
)
@click.argument("journey", metavar="JOURNEY")
@click.argument("files", nargs=-1, metavar="[FILE]...", shell_complete=completer("sources"))
@click.option(
    "--from",
    "start",
    metavar="DATE",
    required=True,
    callback=_start,
    help="The day of the first evaluation; also with a time, as 2024-10-01T03:00.",
)
@click.option(
    "--days",
    metavar="N",
    type=click.IntRange(min=1, max=3_660),
    default=30,
    show_default=True,
    help="The number of days, with an evaluation each.",
)
@click.option("--profile", metavar="ID", help="Follow this profile, by its cdp_customer_id.")
@click.option("--csv", "as_csv", is_flag=True, help="Print all numbers of each day as CSV.")
@settings_option
@no_schema_option
@target_option
@diagnostic_options
def command(
    journey: str,
    files: tuple[str, ...],
    start: datetime,
    days: int,
    profile: str | None,
    as_csv: bool,
    settings: dict[str, str],
    no_schema: bool,
    target: str | None,
    allowed: tuple[str, ...],
    form: str,
    color: str,
) -> None:
    """Simulate a journey over local data, day by day.

    Shows who is in which stage and step after each day, and where profiles leave. JOURNEY is its
    name; FILE is where to look for it first, instead of in the whole project. Rules are answered
    from the tables of a local target: relative times move with the days, events after a day are
    not seen, and attributes are as they are. Nothing is sent. The journeys that jumps connect with
    it are simulated, too.
    """
    from pathlib import Path

    from segdsl.diagnostics import Report
    from segdsl.workspace.project.config import need_project
    from segdsl.workspace.simulating import (
        SimulationOptions,
        load_journeys,
        simulate_project,
    )

    if as_csv and form == "json":
        raise click.UsageError("--csv and --format json cannot be combined")
    if as_csv and profile is not None:
        raise click.UsageError("--csv and --profile cannot be combined")
    project = need_project(Path.cwd())
    report = Report()
    output = OutputOptions(form, allowed, color)
    named = files or (str(project.folder),)
    segments = SegmentArguments(named, settings, (), (), target, no_schema, output)
    loaded = segments.load(report, with_rest=True)
    segments.report(report, loaded)
    exit_on_errors(report)
    loading = load_journeys(files, settings, target)
    bar = ProgressBar("Simulating")
    bar.begin(days)
    try:
        options = SimulationOptions(journey, start, days, profile)
        simulated = simulate_project(project, target, loading, options, lambda _: bar.answered())
    finally:
        bar.end()
    for note in simulated.notes:
        document.add_note(note)
    _show(simulated, output, as_csv)


def _show(simulated: Simulated, output: OutputOptions, as_csv: bool) -> None:
    from segdsl.workspace.remote.preview_text import text_of
    from segdsl.workspace.simulation_text import csv_of, rendered

    if output.format == "json":
        from segdsl.output.simulations import simulate_output

        document.set_result(simulate_output(simulated))
        return
    if as_csv:
        echo_result(csv_of(simulated))
        return
    width = terminal_width()
    color = use_color(output.color, sys.stdout)
    echo(text_of(rendered(simulated, width), color=color, width=width), nl=False, color=color)
