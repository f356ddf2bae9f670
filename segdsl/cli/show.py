"""`segdsl show`: one resource on the server, as source, as the API returns it, or as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import click

from segdsl.cli.completer import completer
from segdsl.cli.connection import connection_options, with_target
from segdsl.cli.console import echo_result
from segdsl.cli.examples import examples
from segdsl.cli.kinds import SHOWN
from segdsl.cli.options import diagnostic_options
from segdsl.cli.reporting import OutputOptions, exit_on_errors, report_diagnostics

if TYPE_CHECKING:
    from segdsl.diagnostics import Report
    from segdsl.workspace.remote.connect import Connection
    from segdsl.workspace.showing import Shown


@click.command(
    "show",
    epilog=examples(
        'segdsl show "Loyalty/Tokyo shoppers"',
        "segdsl show 1234 --json",
        'segdsl show journey "Welcome" --graph svg > welcome.svg',
    ),
)
@click.argument(
    "words", nargs=-1, required=True, metavar="[KIND] NAME|ID", shell_complete=completer("shown")
)
@click.option(
    "--graph",
    "graph",
    type=click.Choice(["mermaid", "svg"]),
    help="Draw a journey instead.",
)
@connection_options
@diagnostic_options
def command(
    words: tuple[str, ...],
    graph: Literal["mermaid", "svg"] | None,
    target: str | None,
    now: str | None,
    form: str,
    allowed: tuple[str, ...],
    color: str,
) -> None:
    """Show a segment on the server as source, or a resource of another kind.

    NAME can include folders, such as `Loyalty/Tokyo/Camera shoppers`, and that of an activation
    its segment; ID is 12 or #12. KIND is segment, funnel, predictive-segment, journey, activation
    or template; without it, all kinds are searched. A journey is shown with its activations: its
    newest version, or the one with the ID. With --json the document also has the resource as the
    API returns it.
    """
    from segdsl.diagnostics import Report
    from segdsl.workspace.showing import show

    kind, name = _kind_and_name(words)

    async def read(connection: Connection) -> Shown:
        from segdsl.workspace.remote.resources import KIND_WORDS

        kinds = tuple(KIND_WORDS.values()) if kind is None else (KIND_WORDS[kind],)
        return await show(connection.client, connection.parent.id, name, kinds)

    shown = with_target(target, now, read)
    report = Report()
    picture = _picture(shown, graph, report)
    source = shown.source(report) if graph is None or form == "json" else None
    report_diagnostics(report, {}, OutputOptions(form, allowed, color), has_result=True)
    if form == "json":
        from segdsl.cli.document import set_result
        from segdsl.output.resources import shown_output

        # The document has the answer of the API even if there is no source for it.
        set_result(shown_output(shown, source, picture))
        return
    exit_on_errors(report)
    result = source if graph is None else picture
    if result is not None:
        echo_result(result)


def _kind_and_name(words: tuple[str, ...]) -> tuple[str | None, str]:
    """The kind that is named, if one is, and the name."""
    if len(words) == 1:
        return None, words[0]
    if len(words) > 2 or words[0] not in SHOWN:
        from segdsl.diagnostics.suggest import did_you_mean

        help = did_you_mean(words[0], SHOWN, f"the kinds are {', '.join(SHOWN)}")
        if words[0] in SHOWN:
            help = "put a name with blanks in quotes"
        raise click.UsageError(f"expected NAME, or KIND and NAME; {help}")
    return words[0], words[1]


def _picture(shown: Shown, graph: Literal["mermaid", "svg"] | None, report: Report) -> str | None:
    if graph is None:
        return None
    from segdsl.analysis.graph import mermaid, svg

    journey = shown.drawn_journey(report)
    if journey is None:
        return None
    return (mermaid if graph == "mermaid" else svg)([journey])
