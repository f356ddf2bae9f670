"""`segdsl create`: segments made on the server, each once."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from segdsl.cli.asking import NO_ANSWER, ask, target_options, tell_error
from segdsl.cli.group import WrongUse
from segdsl.cli.options import (
    Look,
    layout_option,
    look_options,
    no_schema_option,
    settings_option,
    stop_on_errors,
    summed,
    tell,
)
from segdsl.cli.output import say, write

if TYPE_CHECKING:
    from segdsl.live.creation import Outcome
    from segdsl.project.connect import Connection


@click.command("create")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--count", is_flag=True, help="Count the profiles of each, and have them kept.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON instead of lines.")
@settings_option
@layout_option
@no_schema_option
@target_options
@look_options
def command(
    files: tuple[str, ...],
    count: bool,
    as_json: bool,
    settings: dict[str, str],
    layout: Literal["v5", "nested"],
    no_schema: bool,
    target: str | None,
    now: str | None,
    form: str,
    allowed: tuple[str, ...],
    color: str,
) -> None:
    """Create segments on the server, and the folders they are in.

    Everything is checked before anything is sent. A segment that is there with the same
    rule is left as it is; one that is there with another is an error. Run again after a
    failure, only what is left is done.
    """
    from segdsl.diagnostics import Report
    from segdsl.live.creation import create, steps
    from segdsl.live.listing import on_server
    from segdsl.loading import load_segments
    from segdsl.project.config import need_project
    from segdsl.project.names import names_of
    from segdsl.project.sending import check_for_sending

    look = Look(form, allowed, color)
    report = Report()
    project = need_project(Path.cwd())
    known = names_of(project, target)
    loaded = load_segments(files, settings, report, known.owners, known.ids, known.several)

    speaking = None if no_schema else check_for_sending(project, target, loaded.segments, report)

    async def question(connection: Connection) -> list[Outcome]:
        server = await on_server(connection.client, connection.parent.id)
        todo = steps(loaded.segments, server, report, layout=layout)
        say = _nothing if as_json else _say
        return await create(
            connection.client, connection.parent.id, todo, layout=layout, count=count, told=say
        )

    outcomes: list[Outcome] = []
    if loaded.segments and not report.has_errors:
        outcomes = ask(target, now, question)
    tell(report, loaded.sources, look, product=True, summary=summed(report, look, speaking))
    stop_on_errors(report)
    if not loaded.segments:
        raise WrongUse("there is no segment in these files, only definitions")
    if as_json:
        _write_json(outcomes)
    for each in outcomes:
        if each.error is not None:
            tell_error(each.error, f"“{each.step.segment.name}”: ")
    undone = [each for each in outcomes if each.done in ("failed", "not tried")]
    if undone:
        say(
            f"{len(undone)} of {len(outcomes)} not created; run it again: what is there stays",
            err=True,
        )
        raise click.exceptions.Exit(NO_ANSWER)


def _nothing(outcome: Outcome) -> None:
    """For those who wait for the JSON."""


def _say(outcome: Outcome) -> None:
    from segdsl.diagnostics.places import counted
    from segdsl.live.listing import path_of
    from segdsl.terminal import visible

    path = visible(path_of(outcome.step.folder, outcome.step.segment.name))
    id = "" if outcome.id is None else f"  #{outcome.id}"
    count = "" if outcome.count is None else f"  {counted(outcome.count, 'profile')}"
    say(f"{outcome.done:<13}  {path}{id}{count}")
    sys.stdout.flush()


def _write_json(outcomes: list[Outcome]) -> None:
    from segdsl.rule.model import encode

    found: list[dict[str, Any]] = [
        {
            "name": each.step.segment.name,
            "folder": "/".join(each.step.folder) or None,
            "done": each.done,
            "id": each.id,
            "count": each.count,
            "error": None if each.error is None else each.error.message,
        }
        for each in outcomes
    ]
    write(encode(found))
