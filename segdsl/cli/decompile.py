"""`segdsl decompile`: the Audience API's JSON back to source."""

from __future__ import annotations

import click

from segdsl.cli.completer import completer
from segdsl.cli.examples import examples
from segdsl.cli.options import diagnostic_options, output_option
from segdsl.cli.reporting import (
    OutputOptions,
    exit_on_errors,
    report_diagnostics,
    reported,
    write_result,
)


@click.command(
    "decompile",
    epilog=examples(
        "segdsl decompile rule.json -o japan.seg", "segdsl compile japan.seg | segdsl decompile -"
    ),
)
@click.argument("file", metavar="FILE.json", shell_complete=completer("json"))
@output_option
@diagnostic_options
def command(file: str, output: str | None, form: str, allowed: tuple[str, ...], color: str) -> None:
    """Convert JSON of the API to source.

    FILE.json is a rule, a segment, a funnel, an activation, a template, a predictive segment, a
    journey, what `segdsl compile` prints, or a list of these; `-` is standard input. A funnel needs
    the segments of its stages beside it, in one list; a journey needs those of its criteria, and
    its activations. Items of a list that cannot be converted are reported, and the others
    are written. Diagnostics go to standard error in every format.
    """
    from segdsl.diagnostics import Report
    from segdsl.diagnostics.places import tally
    from segdsl.files import read_source
    from segdsl.rules.decompile import decompile

    options = OutputOptions(form, allowed, color)
    report = Report()
    source, usable = read_source(file, report)
    text = decompile(source.text, source.name, report) if usable else None
    report_diagnostics(
        report,
        {source.name: source},
        options,
        has_result=True,
        summary=tally(reported(report, options)),
    )
    if text is not None:
        write_result(text, output, [file], is_source=True)
    if form == "json":
        from segdsl.cli.document import set_result
        from segdsl.output.documents import DecompileOutput

        set_result(DecompileOutput(source=text, output=output if text is not None else None))
    exit_on_errors(report)
