"""`segdsl serve`: the local Audience API on a port."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from segdsl.cli import document
from segdsl.cli.completer import completer
from segdsl.cli.console import echo
from segdsl.cli.examples import examples
from segdsl.cli.options import format_options


@click.command(
    "serve", epilog=examples("segdsl serve --data data", "segdsl serve --data shop.duckdb --port 0")
)
@click.option(
    "--data",
    required=True,
    metavar="DIR",
    shell_complete=completer("data"),
    help="Tables: a folder of Parquet or CSV files, or a DuckDB file.",
)
@click.option(
    "--store",
    metavar="FILE",
    shell_complete=completer("anything"),
    help="Keep segments in FILE, instead of in memory.",
)
@click.option(
    "--exports",
    metavar="DIR",
    shell_complete=completer("anything"),
    help="Folder for the files that activations write; by default, exports beside the data.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8700,
    show_default=True,
    help="Port to listen on; 0: any free port.",
)
@click.option("--now", metavar="TIME", help="Fix the clock, such as 2024-10-01T09:00:00+09:00.")
@click.option(
    "--faults",
    metavar="SPEC",
    help="Fault injection, for tests: latency=20ms,429=0.05,500=0.05,"
    "cut-before=0.05,cut-after=0.05,hang-after=0.05,seed=7.",
)
@click.option(
    "--strict",
    is_flag=True,
    help="Reject what the API's specification forbids, even if real servers accept it.",
)
@format_options("text", "json")
def command(
    data: str,
    store: str | None,
    exports: str | None,
    port: int,
    now: str | None,
    faults: str | None,
    strict: bool,
    form: str,
) -> None:
    """Serve a local Audience API over your own data.

    Listens on this machine only. Responses have the form of real servers, which accept more than
    the API's specification; use --strict to test a client against the specification.

    The API key is SEGDSL_LOCAL_KEY or, by default, that of local targets, which is not a secret:
    1/0000000000000000000000000000000000000000 (40 zeros).
    """
    from segdsl.files import check_output
    from segdsl.server import LOCAL_KEY, parse_faults, serve
    from segdsl.terminal import visible
    from segdsl.workspace.project.config import moment
    from segdsl.workspace.remote.connect import LOCAL_KEY_VARIABLE

    injected = None if faults is None else parse_faults(faults)
    if store is not None:
        check_output(str(store))

    def announce(url: str) -> None:
        current = document.current()
        if current is None:
            echo(f"serving {Path(data)} at {url} (press Ctrl-C to stop)")
            return
        from segdsl.output.documents import ServeOutput

        document.set_result(ServeOutput(data=str(Path(data)), url=url))
        current.write(0)
        sys.stdout.flush()

    serve(
        Path(data),
        None if store is None else Path(store),
        port=port,
        now=None if now is None else moment(now, "--now"),
        key=os.environ.get(LOCAL_KEY_VARIABLE) or LOCAL_KEY,
        faults=injected,
        strict=strict,
        exports=None if exports is None else Path(exports),
        announce=announce,
        pass_over=lambda reason: document.add_note(f"skipped: {visible(reason)}"),
    )
