"""`segdsl decompile`: the Audience API's JSON back to source."""

from __future__ import annotations

import click

from segdsl.cli.completing import completes
from segdsl.cli.examples import examples
from segdsl.cli.options import Look, look_options, stop_on_errors, tell, told, write_product


@click.command(
    "decompile",
    epilog=examples(
        "segdsl decompile rule.json -o japan.seg", "segdsl compile japan.seg | segdsl decompile -"
    ),
)
@click.argument("file", metavar="FILE.json", shell_complete=completes("json"))
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="Write to a file, whole or not at all.",
    shell_complete=completes("anything"),
)
@look_options
def command(file: str, output: str | None, form: str, allowed: tuple[str, ...], color: str) -> None:
    """Turn a rule, a segment or a list of segments into source (`-`: standard input).

    Of a list, what cannot be read is told and left out, and the rest is written. Diagnostics
    go to standard error in every form.
    """
    from segdsl.diagnostics import Report
    from segdsl.diagnostics.places import tally
    from segdsl.files import read_source
    from segdsl.rules.lift import decompile

    look = Look(form, allowed, color)
    report = Report()
    source, usable = read_source(file, report)
    text = decompile(source.text, source.name, report) if usable else None
    sources = {source.name: source}
    tell(report, sources, look, product=True, summary=tally(told(report, look)))
    if text is not None:
        write_product(text, output, [file], makes_source=True)
    if form == "json":
        from segdsl.cli.document import answer
        from segdsl.output.shapes import DecompileOutput

        answer(DecompileOutput(source=text, output=output if text is not None else None))
    stop_on_errors(report)
