"""`segdsl explain`: segments in plain sentences, or their rule sets drawn as a tree."""

from __future__ import annotations

import shutil
import sys

import click

from segdsl.cli.group import WrongUse
from segdsl.cli.options import (
    PLAIN_WIDTH,
    Look,
    look_options,
    settings_option,
    stop_on_errors,
    tell,
    told,
)
from segdsl.cli.output import say

UNCLIPPED = 100_000


@click.command("explain")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--tree", is_flag=True, help="Draw the rule sets of the compiled rule instead.")
@settings_option
@click.option(
    "--target", metavar="NAME", help="The target whose schema knows what the console shows."
)
@look_options
def command(
    files: tuple[str, ...],
    tree: bool,
    settings: dict[str, str],
    target: str | None,
    form: str,
    allowed: tuple[str, ...],
    color: str,
) -> None:
    """Say in plain English who is in each segment (`-`: standard input).

    A folder stands for all .seg files in it. Where anything is wrong nothing is explained.
    Diagnostics go to standard error in every form.
    """
    from segdsl.diagnostics import Report
    from segdsl.diagnostics.places import tally
    from segdsl.explain import explain, render_outline
    from segdsl.explain.rule_tree import draw
    from segdsl.loading import load_segments
    from segdsl.lower import lower
    from segdsl.project.names import known_names
    from segdsl.schema.labels import NO_LABELS, labels_of
    from segdsl.syntax.text import string

    look = Look(form, allowed, color)
    report = Report()
    known = known_names(target)
    labels = NO_LABELS if known.schema is None else labels_of(known.schema)
    loaded = load_segments(files, settings, report, known.owners)
    terminal = sys.stdout is not None and sys.stdout.isatty()
    columns = shutil.get_terminal_size((PLAIN_WIDTH, 24)).columns if terminal else None
    made: list[str] = []
    for segment in loaded.segments:
        if not tree:
            width = PLAIN_WIDTH if columns is None else min(columns, PLAIN_WIDTH)
            made.append(render_outline(explain(segment, labels), width))
            continue
        rule = lower(segment, report, symbolic=True)
        if rule is not None:
            lines = [f"Segment {string(segment.name)}", *draw(rule, columns or UNCLIPPED)]
            made.append("".join(line + "\n" for line in lines))
    tell(report, loaded.sources, look, product=True, summary=tally(told(report, look)))
    stop_on_errors(report)
    if not made:
        raise WrongUse("there is no segment in these files, only definitions")
    say("\n".join(made), nl=False)
