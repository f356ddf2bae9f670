"""`segdsl pull`: what is on the server as files of the workspace."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING

import click

from segdsl.cli import document
from segdsl.cli.completer import completer
from segdsl.cli.connection import connection_options, with_target
from segdsl.cli.console import echo, terminal_width, use_color
from segdsl.cli.errors import FINDINGS
from segdsl.cli.examples import examples
from segdsl.cli.options import diagnostic_options, settings_option
from segdsl.cli.reporting import OutputOptions, exit_on_errors, report_diagnostics, reported
from segdsl.cli.workspace_options import exclusive_run, open_workspace

if TYPE_CHECKING:
    from segdsl.workspace.remote.connect import Connection
    from segdsl.workspace.sync.pulling import Pull


@click.command(
    "pull",
    epilog=examples(
        "segdsl pull", 'segdsl pull "Loyalty/Tokyo shoppers"', "segdsl pull --keep 1234"
    ),
)
@click.argument("names", nargs=-1, metavar="[NAME|ID]...", shell_complete=completer("segments"))
@click.option("--force", is_flag=True, help="Overwrite changes made here.")
@click.option(
    "--keep",
    is_flag=True,
    help="Keep the files of NAME, and mark the server version as seen.",
)
@settings_option
@connection_options
@diagnostic_options
def command(
    names: tuple[str, ...],
    force: bool,
    keep: bool,
    settings: dict[str, str],
    target: str | None,
    now: str | None,
    form: str,
    allowed: tuple[str, ...],
    color: str,
) -> None:
    """Write what is on the server to files.

    Pulls all segments, funnels, activation templates and activations, or only those named, and
    keeps their folders. What was changed here since the last pull or apply is not overwritten; if
    it was changed on the server, too, it is a conflict.

    To resolve a conflict, merge both versions in the file and run `segdsl pull --keep NAME`: the
    next plan then updates the server to the file.
    """
    from segdsl.diagnostics import Report
    from segdsl.diagnostics.places import tally
    from segdsl.workspace.sync.commands import pull_into

    output = OutputOptions(form, allowed, color)
    report = Report()
    on_note = document.notes_once()
    if keep and (force or not names):
        raise click.UsageError("--keep requires NAME, and cannot be combined with --force")

    async def write_files(connection: Connection) -> Pull:
        project, workspace = opened.project, opened.workspace
        return await pull_into(
            connection, project, workspace, names, force=force, keep=keep, on_note=on_note
        )

    with exclusive_run(target, "pull"):
        # Read only now: another run may have written files a moment ago.
        opened = open_workspace(target, settings, report)
        pull = None if report.has_errors else with_target(target, now, write_files)
    report_diagnostics(
        report,
        opened.workspace.sources,
        output,
        has_result=True,
        summary=tally(reported(report, output)),
    )
    exit_on_errors(report)
    assert pull is not None, "without errors there is a pull"
    if form == "json":
        from segdsl.output.plans import pull_output

        document.set_result(pull_output(pull))
    else:
        _print(pull, color)
    if pull.conflicts:
        raise click.exceptions.Exit(FINDINGS)


_WRITTEN = {"new": "created", "changed": "updated", "respelled": "references updated"}
_NOT_WRITTEN = {
    "gone": "deleted on the server; delete it here, too, or create it again with "
    "`segdsl apply --force`",
    "kept": "not overwritten: it has comments or definitions that would be lost",
    "deleted here": "deleted here; run `segdsl pull NAME` to restore it",
    "changed here": "changed here",
    "noted": "kept; the server version is marked as seen",
    "left alone": "skipped",
}
_SUMMARY = {
    **_WRITTEN,
    "the same": "unchanged",
    "kept": "not overwritten",
    "noted": "kept",
    "changed here": "changed here",
    "deleted here": "deleted here",
    "gone": "deleted on the server",
    "left alone": "skipped",
}


def _print(pull: Pull, color: str) -> None:
    from segdsl.diagnostics.places import counted
    from segdsl.terminal import visible
    from segdsl.workspace.sync.plan_text import conflict_text

    per_file = Counter(item.file for item in pull.items)
    lines: list[str] = []
    for item in pull.items:
        name = item.key.title
        if item.what in _WRITTEN:
            # A file is written once, whatever is in it.
            lines.append(f"{_WRITTEN[item.what]}: {visible(item.file or name)}")
        elif item.what in _NOT_WRITTEN:
            several = per_file[item.file] > 1
            path = visible(f"{item.file}: {name}" if several and item.file else item.file or name)
            reason = f": {visible(item.why)}" if item.why else ""
            lines.append(f"{path}: {_NOT_WRITTEN[item.what]}{reason}")
    for line in dict.fromkeys(lines):
        echo(line)
    for path in pull.removals:
        echo(f"removed: {visible(path)}")
    colored = use_color(color, sys.stdout)
    text = conflict_text(pull.conflicts, color=colored, width=terminal_width())
    echo(text, nl=False, color=colored)
    numbers: Counter[str] = Counter(item.what for item in pull.items)
    parts = [f"{numbers[what]:,} {words}" for what, words in _SUMMARY.items() if numbers[what]]
    if pull.conflicts:
        parts.append(counted(len(pull.conflicts), "conflict"))
    echo(
        ", ".join(parts) or "nothing to pull: the server has nothing that a file can hold", err=True
    )
