"""`segdsl explain`: items in plain English, rule sets as trees, or journeys as pictures."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING, Literal

import click

from segdsl.cli.console import is_terminal
from segdsl.cli.examples import examples
from segdsl.cli.reporting import PLAIN_WIDTH, exit_on_errors, write_result
from segdsl.cli.segment_arguments import segment_arguments
from segdsl.errors import InputError

if TYPE_CHECKING:
    from segdsl.cli.segment_arguments import SegmentArguments
    from segdsl.language.condition.tree import Segment
    from segdsl.workspace.remote.connect import Connection

UNCLIPPED = 100_000


@click.command(
    "explain",
    epilog=examples(
        "segdsl explain japan.seg",
        "segdsl explain --tree japan.seg",
        "segdsl explain --graph svg welcome.seg > welcome.svg",
    ),
)
@click.option("--tree", is_flag=True, help="Draw the rule sets of the compiled rule instead.")
@click.option(
    "--graph",
    "graph",
    type=click.Choice(["mermaid", "svg"]),
    help="Draw journeys instead, all in one picture.",
)
@segment_arguments(connects=False)
def command(
    segments: SegmentArguments, tree: bool, graph: Literal["mermaid", "svg"] | None
) -> None:
    """Explain segments, journeys and other items in plain English.

    Of a segment or a stage it describes the profiles that are selected; of an activation, the
    profiles and columns that are exported, where to and when; of a journey, who enters its stages
    and what happens there; of a predictive segment, what it learns from. If FILE is a folder,
    explains all .seg files in it; `-` is standard input. With a schema, columns have the names that
    the console shows.

    If there is an error, nothing is explained. Diagnostics go to standard error in every format.
    """
    from segdsl.diagnostics import Report
    from segdsl.output.explanations import Explainer
    from segdsl.schema.labels import NO_LABELS, labels_of

    if tree and graph is not None:
        raise click.UsageError("--tree and --graph draw different things: give one of them")
    report = Report()
    loaded = segments.load(report)
    chosen = loaded.segments if tree else loaded.named_segments
    if segments.named:
        from segdsl.cli.connection import with_target
        from segdsl.workspace.remote.server_segments import server_segments

        async def read(connection: Connection) -> tuple[Segment, ...]:
            client, parent = connection.client, connection.parent
            return await server_segments(client, parent.id, segments.named, report)

        chosen = (*chosen, *with_target(segments.target, None, read))
    labels = NO_LABELS if loaded.schema is None else labels_of(loaded.schema)
    columns = _columns()
    # As they are written: the name of a connection says more than its id.
    others = loaded.around.only({each.span.key for each in loaded.others.all})
    if tree:
        explainer = Explainer(columns or UNCLIPPED, labels, report)
        explainer.draw(chosen, others.funnels)
    elif graph is not None:
        explainer = Explainer(UNCLIPPED, labels, report)
        if not others.journeys and not report.has_errors:
            raise InputError("there is no journey to draw in these files")
        explainer.graph(others.journeys, graph)
    else:
        width = PLAIN_WIDTH if columns is None else min(columns, PLAIN_WIDTH)
        explainer = Explainer(width, labels, report)
        explainer.explain(
            chosen,
            others.funnels,
            others.templates,
            others.activations,
            others.predictive_segments,
            others.journeys,
        )
    segments.report(report, loaded)
    exit_on_errors(report)
    if not (others.funnels if tree else others.all):
        segments.require_segments(loaded)
    if segments.output.format == "json":
        from segdsl.cli.document import set_result

        set_result(explainer.output())
    write_result("\n".join(explainer.texts), None)


def _columns() -> int | None:
    if not is_terminal(sys.stdout):
        return None
    return shutil.get_terminal_size((PLAIN_WIDTH, 24)).columns
