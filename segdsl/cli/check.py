"""`segdsl check`: what is wrong in files, without making anything of them."""

from __future__ import annotations

import click

from segdsl.cli.options import (
    Look,
    look_options,
    settings_option,
    stop_on_errors,
    tell,
    told,
)


@click.command("check")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@settings_option
@look_options
def command(
    files: tuple[str, ...],
    settings: dict[str, str],
    form: str,
    allowed: tuple[str, ...],
    color: str,
) -> None:
    """Look for mistakes in files (`-`: standard input), and in what they import.

    A folder stands for all .seg files in it. References by name are taken as they are.
    Machine forms go to standard output.
    """
    from segdsl.diagnostics import Report
    from segdsl.diagnostics.places import counted, tally
    from segdsl.loading import load_segments
    from segdsl.lower import lower

    look = Look(form, allowed, color)
    report = Report()
    loaded = load_segments(files, settings, report)
    for segment in loaded.segments:
        lower(segment, report, symbolic=True)
    looked_at = f"{counted(loaded.files, 'file')}, {counted(len(loaded.segments), 'segment')}"
    summary = f"{looked_at}: {tally(told(report, look)) or 'nothing to report'}"
    tell(report, loaded.sources, look, product=False, summary=summary)
    stop_on_errors(report)
