"""`segdsl explain`: segments in plain English, or their rule sets drawn as a tree."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import click

from segdsl.cli.console import is_terminal
from segdsl.cli.examples import examples
from segdsl.cli.reporting import PLAIN_WIDTH, exit_on_errors, write_result
from segdsl.cli.segment_arguments import segment_arguments

if TYPE_CHECKING:
    from segdsl.cli.segment_arguments import SegmentArguments
    from segdsl.language.condition.tree import Segment
    from segdsl.output.models import ExplainedSegment
    from segdsl.workspace.remote.connect import Connection

UNCLIPPED = 100_000


@click.command(
    "explain", epilog=examples("segdsl explain japan.seg", "segdsl explain --tree japan.seg")
)
@click.option("--tree", is_flag=True, help="Draw the rule sets of the compiled rule instead.")
@segment_arguments(connects=False)
def command(segments: SegmentArguments, tree: bool) -> None:
    """Explain in plain English which profiles a segment selects.

    If FILE is a folder, explains all .seg files in it; `-` is standard input. With a schema,
    columns have the names that the console shows.

    If there is an error, nothing is explained. Diagnostics go to standard error in every format.
    """
    from segdsl.analysis.explain import explain, render_outline
    from segdsl.analysis.explain.rule_tree import draw
    from segdsl.diagnostics import Report
    from segdsl.language.syntax.spelling import string
    from segdsl.rules.lower import lower
    from segdsl.schema.labels import NO_LABELS, labels_of

    report = Report()
    loaded = segments.load(report)
    chosen = loaded.segments
    if segments.named:
        from segdsl.cli.connection import with_target
        from segdsl.workspace.remote.server_segments import server_segments

        async def read(connection: Connection) -> tuple[Segment, ...]:
            client, parent = connection.client, connection.parent
            return await server_segments(client, parent.id, segments.named, report)

        chosen = (*chosen, *with_target(segments.target, None, read))
    labels = NO_LABELS if loaded.schema is None else labels_of(loaded.schema)
    is_json = segments.output.format == "json"
    columns = _columns()
    texts: list[str] = []
    explained: list[ExplainedSegment] = []
    for segment in chosen:
        if not tree:
            width = PLAIN_WIDTH if columns is None else min(columns, PLAIN_WIDTH)
            outline = explain(segment, labels)
            texts.append(render_outline(outline, width))
            if is_json:
                from segdsl.output.segments import explained_segment

                text = render_outline(outline, UNCLIPPED)
                explained.append(explained_segment(segment, text, outline))
            continue
        rule = lower(segment, report, symbolic=True)
        if rule is not None:
            lines = [f"Segment {string(segment.name)}", *draw(rule, columns or UNCLIPPED)]
            texts.append("".join(line + "\n" for line in lines))
            if is_json:
                from segdsl.output.segments import explained_segment

                explained.append(explained_segment(segment, texts[-1], None))
    segments.report(report, loaded)
    exit_on_errors(report)
    segments.require_segments(loaded)
    if is_json:
        from segdsl.cli.document import set_result
        from segdsl.output.documents import ExplainOutput

        set_result(ExplainOutput(segments=tuple(explained)))
    write_result("\n".join(texts), None)


def _columns() -> int | None:
    if not is_terminal(sys.stdout):
        return None
    return shutil.get_terminal_size((PLAIN_WIDTH, 24)).columns
