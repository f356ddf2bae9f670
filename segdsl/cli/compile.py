"""`segdsl compile`: files to the JSON that the Audience API takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import click

from segdsl.cli.completing import completes
from segdsl.cli.examples import examples
from segdsl.cli.group import WrongUse
from segdsl.cli.options import (
    Look,
    layout_option,
    look_options,
    no_schema_option,
    select_option,
    settings_option,
    stop_on_errors,
    summed,
    tell,
    write_product,
)

if TYPE_CHECKING:
    from segdsl.language.condition.tree import Segment


@click.command(
    "compile",
    epilog=examples(
        "segdsl compile japan.seg",
        "segdsl compile --rule --symbolic japan.seg",
        "segdsl compile --set days=60 japan.seg -o japan.json",
    ),
)
@click.argument(
    "files", nargs=-1, required=True, metavar="FILE...", shell_complete=completes("sources")
)
@click.option("--rule", "rule_only", is_flag=True, help="Write the rule alone, not the request.")
@settings_option
@select_option
@layout_option
@click.option("--symbolic", is_flag=True, help="Write names, marked, where ids are not known.")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="Write to a file, whole or not at all.",
    shell_complete=completes("anything"),
)
@click.option(
    "--target",
    metavar="NAME",
    shell_complete=completes("targets"),
    help="The target whose schema and lock know the ids of names.",
)
@no_schema_option
@look_options
def command(
    files: tuple[str, ...],
    rule_only: bool,
    settings: dict[str, str],
    select: tuple[str, ...],
    layout: Literal["v5", "nested"],
    symbolic: bool,
    output: str | None,
    target: str | None,
    no_schema: bool,
    form: str,
    allowed: tuple[str, ...],
    color: str,
) -> None:
    """Compile segments to create requests, or with --rule to rules.

    One segment makes an object, several a JSON array. A folder stands for all .seg files
    in it. Where anything is wrong nothing is written. Diagnostics go to standard error in
    every form.
    """
    from segdsl.diagnostics import Report
    from segdsl.rules.lower import create_request, lower
    from segdsl.rules.rule.model import encode
    from segdsl.workspace.check.load_checked import load_checked

    look = Look(form, allowed, color)
    report = Report()
    loaded = load_checked(
        files,
        settings,
        report,
        target=target,
        use_schema=not no_schema,
        allowed=allowed,
        segment_ids=True,
        select=select,
    )
    made: list[object] = []
    compiled: list[Segment] = []
    for segment in loaded.segments:
        rule = lower(segment, report, layout=layout, symbolic=symbolic)
        if rule is not None:
            made.append(rule if rule_only else create_request(segment, rule))
            compiled.append(segment)
    summary = summed(report, look, loaded.contradicted)
    tell(report, loaded.sources, look, product=True, summary=summary, notes=loaded.notes)
    stop_on_errors(report)
    if loaded.is_empty:
        raise WrongUse("there is no segment in these files, only definitions")
    text = encode(made[0] if len(made) == 1 else made) + "\n"
    write_product(text, output, files)
    if form == "json":
        from segdsl.cli.document import answer
        from segdsl.output.making import compile_output

        answer(compile_output(compiled, made, output, rules=rule_only))
