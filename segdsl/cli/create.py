"""`segdsl create`: segments created on the server, each once."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from segdsl.cli import document
from segdsl.cli.connection import with_target
from segdsl.cli.console import echo
from segdsl.cli.errors import API_ERROR, echo_api_error
from segdsl.cli.examples import examples
from segdsl.cli.options import layout_option
from segdsl.cli.reporting import SCHEMA_HINT, exit_on_errors
from segdsl.cli.segment_arguments import segment_arguments

if TYPE_CHECKING:
    from segdsl.cli.segment_arguments import SegmentArguments
    from segdsl.workspace.creation import Outcome
    from segdsl.workspace.remote.connect import Connection

OUTCOMES = {"there already": "exists", "not tried": "skipped"}
"""How an outcome is printed, unless as it is called."""


@click.command(
    "create", epilog=examples("segdsl create japan.seg", "segdsl create --count winback")
)
@click.option("--count", is_flag=True, help="Count the profiles, and store the counts.")
@layout_option
@segment_arguments(on_server=False)
def command(
    segments: SegmentArguments,
    count: bool,
    layout: Literal["v5", "nested"],
    now: str | None,
) -> None:
    """Create segments and their folders on the server.

    If FILE is a folder, creates the segments of all .seg files in it. Checks everything before it
    sends anything. A segment that exists with the same rule is left unchanged; one that exists with
    a different rule is an error. After a failure, run the command again to create the rest.
    """
    from segdsl.diagnostics import Report
    from segdsl.workspace.creation import create, plan_creation
    from segdsl.workspace.project.config import need_project
    from segdsl.workspace.remote.snapshot import read_snapshot

    report = Report()
    need_project(Path.cwd())
    loaded = segments.load(report, ask_server=True)
    is_json = segments.output.format == "json"

    async def create_all(connection: Connection) -> list[Outcome]:
        server = await read_snapshot(connection.client, connection.parent.id)
        steps = plan_creation(loaded.segments, server, report, layout=layout)
        on_outcome = _ignore if is_json else _print
        return await create(connection, steps, count=count, on_outcome=on_outcome)

    outcomes: list[Outcome] = []
    if loaded.segments and not report.has_errors:
        outcomes = with_target(segments.target, now, create_all)
    segments.report(report, loaded, left_out="not created, as `segdsl apply` does that")
    exit_on_errors(report)
    segments.require_segments(loaded)
    if is_json:
        from segdsl.output.remote import create_output

        document.set_result(create_output(outcomes))
    for outcome in outcomes:
        if outcome.error is not None:
            echo_api_error(outcome.error.message, outcome.error.help, outcome.step.segment.name)
    missing = [outcome for outcome in outcomes if not outcome.is_done]
    if missing:
        problem = (
            f"{len(missing)} of {len(outcomes)} segments not created; "
            "run the command again to create the rest"
        )
        echo(problem, err=True)
        if loaded.schema is None:
            document.add_note(SCHEMA_HINT)
        document.set_error("api", problem)
        raise click.exceptions.Exit(API_ERROR)


def _ignore(outcome: Outcome) -> None:
    """Prints nothing: the JSON document has the outcomes."""


def _print(outcome: Outcome) -> None:
    from segdsl.diagnostics.places import counted
    from segdsl.terminal import visible
    from segdsl.workspace.remote.listing import path_of

    path = visible(path_of(outcome.step.folder, outcome.step.segment.name))
    id = "" if outcome.id is None else f"  #{outcome.id}"
    count = "" if outcome.count is None else f"  {counted(outcome.count, 'profile')}"
    echo(f"{OUTCOMES.get(outcome.done, outcome.done):<9}  {path}{id}{count}")
    sys.stdout.flush()
