"""`segdsl serve`: the local Audience API on a port."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from segdsl.cli import document
from segdsl.cli.completing import completes
from segdsl.cli.examples import examples
from segdsl.cli.group import WrongUse
from segdsl.cli.options import format_options
from segdsl.cli.output import say


@click.command(
    "serve", epilog=examples("segdsl serve --data data", "segdsl serve --data shop.duckdb --port 0")
)
@click.option(
    "--data",
    required=True,
    metavar="DIR",
    shell_complete=completes("data"),
    help="The tables: a folder of Parquet or CSV files, or a DuckDB file.",
)
@click.option(
    "--store",
    metavar="FILE",
    shell_complete=completes("anything"),
    help="Where segments are kept; without it they are gone when this ends.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8700,
    show_default=True,
    help="0 takes one that is free.",
)
@click.option("--now", metavar="TIME", help="Fix the clock, such as 2024-10-01T09:00:00+09:00.")
@click.option(
    "--faults",
    metavar="SPEC",
    help="The weather of real networks, for tests: latency=20ms,429=0.05,500=0.05,"
    "cut-before=0.05,cut-after=0.05,hang-after=0.05,seed=7.",
)
@click.option(
    "--strict",
    is_flag=True,
    help="Refuse what the API's description does not allow, also where real servers take it.",
)
@format_options("text", "json")
def command(
    data: str,
    store: str | None,
    port: int,
    now: str | None,
    faults: str | None,
    strict: bool,
    form: str,
) -> None:
    """Serve a local Audience API over data of your own, on this machine only.

    It answers in the shapes of real servers and takes the loose rules that they take; --strict
    is for whoever tests a client against the API's description.

    The key it takes is that of SEGDSL_LOCAL_KEY, or else that of local targets, which is no
    secret: 1/0000000000000000000000000000000000000000 (40 zeros).
    """
    from segdsl.files import check_output
    from segdsl.server import LOCAL_KEY, FaultsError, parse_faults, serve
    from segdsl.terminal import visible
    from segdsl.workspace.project.config import moment
    from segdsl.workspace.remote.connect import LOCAL_KEY_VARIABLE

    try:
        weather = None if faults is None else parse_faults(faults)
    except FaultsError as error:
        raise WrongUse(str(error)) from None

    if store is not None:
        check_output(str(store))

    def announce(url: str) -> None:
        written = document.current()
        if written is None:
            say(f"serving {Path(data)} at {url} (Ctrl-C ends it)")
            return
        from segdsl.output.shapes import ServeOutput

        document.answer(ServeOutput(data=str(Path(data)), url=url))
        written.finish(0)
        sys.stdout.flush()

    serve(
        Path(data),
        None if store is None else Path(store),
        port=port,
        now=None if now is None else moment(now, "--now"),
        key=os.environ.get(LOCAL_KEY_VARIABLE) or LOCAL_KEY,
        faults=weather,
        strict=strict,
        announce=announce,
        pass_over=lambda why: document.note(f"left out: {visible(why)}"),
    )
