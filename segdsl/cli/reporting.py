"""How commands print diagnostics and their result."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from segdsl.cli.console import echo, echo_raw, echo_result, is_terminal, use_color
from segdsl.cli.errors import FINDINGS

if TYPE_CHECKING:
    from segdsl.diagnostics import Diagnostic, Report
    from segdsl.source import Source

PLAIN_WIDTH = 100
SCHEMA_HINT = "hint: run `segdsl schema pull` to check columns against the parent segment"


class OutputOptions:
    """The values of `--format`, `--allow` and `--color`."""

    # A plain class: making the class of a named tuple takes a noticeable part of a short run.
    def __init__(self, format: str, allowed: tuple[str, ...], color: str) -> None:
        self.format = format
        self.allowed = allowed
        self.color = color


def reported(report: Report, options: OutputOptions) -> list[Diagnostic]:
    """The diagnostics to print: all but the warnings that `--allow` suppresses."""
    return [
        diagnostic
        for diagnostic in report.diagnostics
        if diagnostic.code.name not in options.allowed
    ]


def summary_of(report: Report, options: OutputOptions, schema: str | None) -> str:
    """The number of diagnostics; and a hint if `schema`, a file, contradicts a segment."""
    from segdsl.diagnostics.places import tally

    count = tally(reported(report, options))
    if schema is None:
        return count
    return (
        f"{count}\nhint: if {schema} is out of date, run `segdsl schema pull`, or pass --no-schema"
    )


def report_diagnostics(
    report: Report,
    sources: Mapping[str, Source],
    options: OutputOptions,
    *,
    has_result: bool,
    summary: str = "",
    notes: Sequence[str] = (),
) -> None:
    """Prints diagnostics, a summary and notes.

    Text goes to standard error; in JSON it is part of the command's document. SARIF and GitHub
    commands go to standard output, or, with `has_result`, to standard error, because standard
    output is for the command's result. The notes are in the JSON document, too.
    """
    diagnostics = reported(report, options)
    match options.format:
        case "text" if not diagnostics:
            pass
        case "text":
            import shutil

            from segdsl.diagnostics.render import render_text

            color = use_color(options.color, sys.stderr)
            terminal = is_terminal(sys.stderr)
            width = shutil.get_terminal_size((PLAIN_WIDTH, 24)).columns if terminal else PLAIN_WIDTH
            text = render_text(diagnostics, sources, width=width, wrap=terminal, color=color)
            echo(text, nl=False, err=True, color=color)
        case "json":
            from segdsl.cli.document import current

            document = current()
            if document is not None:
                document.diagnostics, document.sources = diagnostics, sources
                document.notes += notes
        case "sarif":
            from segdsl._version import __version__
            from segdsl.output.diagnostics import render_sarif

            echo_raw(render_sarif(diagnostics, sources, __version__), nl=False, err=has_result)
        case _:
            from segdsl.output.diagnostics import render_github

            echo_raw(render_github(diagnostics, sources), nl=False, err=has_result)
    if not (has_result and options.format in ("sarif", "github")):
        for line in filter(None, (summary, *notes)):
            echo(line, err=True)


def exit_on_errors(report: Report) -> None:
    """Ends the command with exit code 1 if there is an error."""
    if report.has_errors:
        raise click.exceptions.Exit(FINDINGS)


def write_result(
    text: str, output: str | None, inputs: Sequence[str] = (), *, is_source: bool = False
) -> None:
    """Writes the result of a command to the file `output`, atomically, or to standard output.

    A JSON document has standard output to itself. The file must be none of the `inputs`, and a
    `.seg` file only with `is_source`; raises FileError.
    """
    if output is None or output == "-":
        from segdsl.cli.document import current

        if current() is None:
            echo_result(text)
        return
    from segdsl.files import check_output, write_text

    check_output(output, read=inputs, makes_source=is_source)
    write_text(output, text)
