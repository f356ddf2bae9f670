"""`segdsl compile`: files to the JSON of the Audience API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import click

from segdsl.cli.examples import examples
from segdsl.cli.options import layout_option, output_option
from segdsl.cli.reporting import exit_on_errors, write_result
from segdsl.cli.segment_arguments import segment_arguments

if TYPE_CHECKING:
    from segdsl.cli.segment_arguments import SegmentArguments
    from segdsl.language.condition.tree import Segment
    from segdsl.rules.requests import Declaration
    from segdsl.source import Span


@click.command(
    "compile",
    epilog=examples(
        "segdsl compile japan.seg",
        "segdsl compile --rule --symbolic japan.seg",
        "segdsl compile --set days=60 japan.seg -o japan.json",
    ),
)
@click.option("--rule", "rule_only", is_flag=True, help="Write only the rule of each request.")
@click.option("--symbolic", is_flag=True, help="Write marked names where ids are unknown.")
@layout_option
@output_option
@segment_arguments(on_server=False, connects=False)
def command(
    segments: SegmentArguments,
    rule_only: bool,
    symbolic: bool,
    layout: Literal["v5", "nested"],
    output: str | None,
) -> None:
    """Compile files to API requests or rules.

    Prints the body of the request that creates a segment, or with --rule only its rule. What takes
    several requests, such as a funnel or a journey, becomes an object with its `requests`: method,
    path and body of each. If FILE is a folder, compiles all .seg files in it. One item becomes a
    JSON object, several become an array. References by name become ids, from the target's schema
    and lock.

    If there is an error, nothing is written. Diagnostics go to standard error in every format.
    """
    from segdsl.diagnostics import Report
    from segdsl.rules.lower import create_request, lower
    from segdsl.rules.rule.model import encode

    report = Report()
    loaded = segments.load(report, segment_ids=True)
    bodies: list[object] = []
    compiled: list[Segment] = []
    for segment in loaded.segments:
        rule = lower(segment, report, layout=layout, symbolic=symbolic)
        if rule is not None:
            bodies.append(rule if rule_only else create_request(segment, rule))
            compiled.append(segment)
    declared: list[tuple[Span, Declaration]] = []
    if loaded.others.all and not rule_only:
        from segdsl.rules.requests import declarations

        items = loaded.others.all
        declared = declarations(items, loaded.ids, report, layout=layout, symbolic=symbolic)
    segments.report(report, loaded)
    exit_on_errors(report)
    if not declared:
        segments.require_segments(loaded)
    written = [*bodies, *(each for _, each in declared)]
    text = encode(written[0] if len(written) == 1 else written) + "\n"
    write_result(text, output, segments.files)
    if segments.output.format == "json":
        from segdsl.cli.document import set_result
        from segdsl.output.segments import compile_output

        set_result(compile_output(compiled, bodies, output, rules=rule_only, declarations=declared))
