"""`segdsl explain`: segments in plain sentences, or their rule sets drawn as a tree."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import click

from segdsl.cli.completing import completes
from segdsl.cli.examples import examples
from segdsl.cli.group import WrongUse
from segdsl.cli.options import (
    PLAIN_WIDTH,
    Look,
    look_options,
    need_source,
    no_schema_option,
    select_option,
    server_option,
    settings_option,
    stop_on_errors,
    summed,
    tell,
    write_product,
)

if TYPE_CHECKING:
    from segdsl.language.condition.tree import Segment
    from segdsl.output.parts import ExplainedSegment
    from segdsl.workspace.remote.connect import Connection

UNCLIPPED = 100_000


@click.command(
    "explain", epilog=examples("segdsl explain japan.seg", "segdsl explain --tree japan.seg")
)
@click.argument("files", nargs=-1, metavar="[FILE]...", shell_complete=completes("sources"))
@click.option("--tree", is_flag=True, help="Draw the rule sets of the compiled rule instead.")
@settings_option
@select_option
@server_option
@click.option(
    "--target",
    metavar="NAME",
    shell_complete=completes("targets"),
    help="The target whose schema knows what the console shows.",
)
@no_schema_option
@look_options
def command(
    files: tuple[str, ...],
    tree: bool,
    settings: dict[str, str],
    select: tuple[str, ...],
    named: tuple[str, ...],
    target: str | None,
    no_schema: bool,
    form: str,
    allowed: tuple[str, ...],
    color: str,
) -> None:
    """Say in plain English who is in each segment (`-`: standard input).

    A folder stands for all .seg files in it. Where anything is wrong nothing is explained.
    Diagnostics go to standard error in every form.
    """
    from segdsl.analysis.explain import explain, render_outline
    from segdsl.analysis.explain.rule_tree import draw
    from segdsl.diagnostics import Report
    from segdsl.language.syntax.spelling import string
    from segdsl.rules.lower import lower
    from segdsl.schema.labels import NO_LABELS, labels_of
    from segdsl.workspace.check.load_checked import load_checked

    need_source(files, named)
    look = Look(form, allowed, color)
    report = Report()
    loaded = load_checked(
        files or None,
        settings,
        report,
        target=target,
        use_schema=not no_schema,
        allowed=allowed,
        select=select,
    )
    segments = loaded.segments
    if named:
        from segdsl.cli.asking import ask
        from segdsl.workspace.remote.server_segments import server_segments

        async def question(connection: Connection) -> tuple[Segment, ...]:
            return await server_segments(connection.client, connection.parent.id, named, report)

        segments = (*segments, *ask(target, None, question))
    labels = NO_LABELS if loaded.schema is None else labels_of(loaded.schema)
    terminal = sys.stdout is not None and sys.stdout.isatty()
    columns = shutil.get_terminal_size((PLAIN_WIDTH, 24)).columns if terminal else None
    made: list[str] = []
    told_in_words: list[ExplainedSegment] = []
    for segment in segments:
        if not tree:
            width = PLAIN_WIDTH if columns is None else min(columns, PLAIN_WIDTH)
            outline = explain(segment, labels)
            made.append(render_outline(outline, width))
            if form == "json":
                from segdsl.output.making import explained

                text = render_outline(outline, UNCLIPPED)
                told_in_words.append(explained(segment, text, outline))
            continue
        rule = lower(segment, report, symbolic=True)
        if rule is not None:
            lines = [f"Segment {string(segment.name)}", *draw(rule, columns or UNCLIPPED)]
            made.append("".join(line + "\n" for line in lines))
            if form == "json":
                from segdsl.output.making import explained

                told_in_words.append(explained(segment, made[-1], None))
    summary = summed(report, look, loaded.contradicted)
    tell(report, loaded.sources, look, product=True, summary=summary, notes=loaded.notes)
    stop_on_errors(report)
    if loaded.is_empty and not named:
        raise WrongUse("there is no segment in these files, only definitions")
    if form == "json":
        from segdsl.cli.document import answer
        from segdsl.output.shapes import ExplainOutput

        answer(ExplainOutput(segments=tuple(told_in_words)))
    write_product("\n".join(made), None)
