"""`segdsl pull`: the server's segments as files of the workspace."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING

import click

from segdsl.cli.asking import ask, target_options
from segdsl.cli.completing import completes
from segdsl.cli.examples import examples
from segdsl.cli.options import (
    Look,
    in_color,
    look_options,
    settings_option,
    stop_on_errors,
    tell,
    terminal_width,
    told,
)
from segdsl.cli.output import say
from segdsl.cli.workspace_options import held, open_workspace

if TYPE_CHECKING:
    from segdsl.workspace.remote.connect import Connection
    from segdsl.workspace.sync.pulling import Pull


@click.command(
    "pull",
    epilog=examples(
        "segdsl pull", 'segdsl pull "Loyalty/Tokyo shoppers"', "segdsl pull --keep 1234"
    ),
)
@click.argument("names", nargs=-1, metavar="[NAME|ID]...", shell_complete=completes("segments"))
@click.option("--force", is_flag=True, help="Take the server's also where this side was changed.")
@click.option(
    "--keep", is_flag=True, help="Keep what is here, and take the server's for seen; with NAMEs."
)
@settings_option
@target_options
@look_options
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
    """Write the server's segments into files, in folders like the server's.

    Only what is here as it was last seen is replaced: what was changed here stays, and where
    both sides changed it, that is shown as a conflict. A second pull changes nothing.

    Where you brought both sides together in the file, `--keep NAME` says so: the next plan
    changes the server's to what the file says.
    """
    from segdsl.diagnostics import Report
    from segdsl.diagnostics.places import tally
    from segdsl.workspace.sync.commands import pull_into

    look = Look(form, allowed, color)
    report = Report()
    if keep and (force or not names):
        raise click.UsageError("--keep is for segments that you name, and not with --force")

    async def question(connection: Connection) -> Pull:
        return await pull_into(
            connection, place.project, place.workspace, names, force=force, keep=keep
        )

    with held(target, "pull"):
        # Read only now: another run may have written files a moment ago.
        place = open_workspace(target, settings, report)
        pull = None if report.has_errors else ask(target, now, question)
    tell(report, place.workspace.sources, look, product=True, summary=tally(told(report, look)))
    stop_on_errors(report)
    assert pull is not None, "without errors there is a pull"
    if form == "json":
        from segdsl.cli.document import answer
        from segdsl.output.plans import pull_output

        answer(pull_output(pull))
    else:
        _write_lines(pull, color)
    if pull.conflicts:
        raise click.exceptions.Exit(1)


_TOLD = {
    "new": "new",
    "changed": "changed",
    "respelled": "respelled",
    "gone": "gone from the server; delete it here too, or `segdsl apply --force` makes it again",
    "kept": "kept: it has comments or definitions that would be lost",
    "deleted here": "deleted here; name it to have it back",
    "changed here": "changed here",
    "noted": "kept as it is here; the server's counts as seen",
    "left alone": "left alone",
}
_SUMMED = {
    "new": "new",
    "changed": "changed",
    "respelled": "respelled",
    "the same": "the same",
    "kept": "kept",
    "noted": "kept as here",
    "changed here": "changed here",
    "deleted here": "deleted here",
    "gone": "gone from the server",
    "left alone": "left alone",
}


def _write_lines(pull: Pull, color: str) -> None:
    from segdsl.terminal import visible
    from segdsl.workspace.sync.plan_text import conflict_text

    times_of = Counter(each.file for each in pull.items)
    lines: list[str] = []
    for each in pull.items:
        if each.what in _TOLD:
            is_made = each.what in ("new", "changed", "respelled")
            # A file is written once; of several segments of one that stay, each is named.
            several = times_of[each.file] > 1 and not is_made
            name = each.key.title
            path = visible(f"{each.file}: {name}" if several and each.file else each.file or name)
            told = _TOLD[each.what] + (f": {visible(each.why)}" if each.why else "")
            lines.append(f"{told}: {path}" if is_made else f"{path}: {told}")
    for line in dict.fromkeys(lines):
        say(line)
    for path in pull.removals:
        say(f"removed: {visible(path)}")
    color_it = in_color(color, sys.stdout)
    say(
        conflict_text(pull.conflicts, color=color_it, width=terminal_width()),
        nl=False,
        color=color_it,
    )
    times: Counter[str] = Counter(each.what for each in pull.items)
    parts = [f"{times[what]:,} {words}" for what, words in _SUMMED.items() if times[what]]
    if pull.conflicts:
        parts.append(f"{len(pull.conflicts)} in conflict")
    say(", ".join(parts) or "no segments on the server", err=True)
