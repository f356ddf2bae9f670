"""`segdsl fmt`: files in their canonical spelling."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from segdsl.cli.completer import completer
from segdsl.cli.console import echo, echo_result
from segdsl.cli.errors import FINDINGS, CommandError
from segdsl.cli.examples import examples
from segdsl.cli.options import diagnostic_options
from segdsl.cli.reporting import OutputOptions, exit_on_errors, report_diagnostics, reported
from segdsl.terminal import visible

if TYPE_CHECKING:
    from segdsl.diagnostics import Report
    from segdsl.workspace.check.formatting import Formatted


@click.command(
    "fmt", epilog=examples("segdsl fmt", "segdsl fmt --check loyalty", "segdsl fmt - < japan.seg")
)
@click.argument("files", nargs=-1, metavar="[FILE|-]...", shell_complete=completer("sources"))
@click.option("--check", is_flag=True, help="List files that would change and exit with 1.")
@click.option("--diff", is_flag=True, help="Show what would change instead of writing it.")
@diagnostic_options
def command(
    files: tuple[str, ...],
    check: bool,
    diff: bool,
    form: str,
    allowed: tuple[str, ...],
    color: str,
) -> None:
    """Format files in place.

    If FILE is a folder, formats all .seg files in it; without FILE, in the current folder. With
    `-`, formats standard input to standard output. Files with errors are skipped.

    Diagnostics in a machine format go to standard output, or to standard error if a diff or
    formatted source goes there.
    """
    from segdsl.cli.diff import show_diff
    from segdsl.diagnostics import Report
    from segdsl.files import write_text
    from segdsl.workspace.check.formatting import format_files

    options = OutputOptions(form, allowed, color)
    report = Report()
    if "-" in files and len(set(files)) > 1:
        raise CommandError("`-` (standard input) cannot be combined with files")
    formatted = format_files(files or (".",), report)
    changed = [file for file in formatted if file.changed]
    piped = "-" in files and not check
    if form == "json":
        _set_result(formatted, dry=check or diff, diff=diff, piped=piped)
    if diff:
        for file in changed if form != "json" else ():
            show_diff(file.source.name, file.source.text, file.after or "", "formatted", options)
    elif piped and form == "json":
        pass
    elif piped:
        for file in formatted:
            echo_result(file.after or "")
    elif not check:
        for file in changed:
            write_text(file.path, file.after or "")
    if check and not diff:
        for file in changed:
            # A machine format has standard output to itself.
            echo(f"would reformat {visible(file.source.name)}", err=form != "text")
    summary = "" if piped else _summary(formatted, check or diff)
    report_diagnostics(
        report,
        {file.source.name: file.source for file in formatted},
        options,
        has_result=diff or piped,
        summary=_with_tally(summary, report, options),
    )
    exit_on_errors(report)
    if check and changed:
        raise click.exceptions.Exit(FINDINGS)


def _set_result(formatted: list[Formatted], *, dry: bool, diff: bool, piped: bool) -> None:
    from segdsl.cli.diff import diff_of
    from segdsl.cli.document import set_result
    from segdsl.output.documents import FmtOutput
    from segdsl.output.models import FormattedFile, FormattedStatus

    def status(file: Formatted) -> FormattedStatus:
        if file.after is None:
            return "skipped"
        if not file.changed:
            return "unchanged"
        return "would_reformat" if dry else "reformatted"

    def difference(file: Formatted) -> str | None:
        if not diff or file.after is None:
            return None
        return diff_of(file.source.name, file.source.text, file.after, "formatted")

    set_result(
        FmtOutput(
            files=tuple(
                FormattedFile(
                    file=file.source.name,
                    status=status(file),
                    diff=difference(file),
                    source=file.after if piped and not diff else None,
                )
                for file in formatted
            )
        )
    )


def _with_tally(summary: str, report: Report, options: OutputOptions) -> str:
    from segdsl.diagnostics.places import tally

    return "; ".join(part for part in (summary, tally(reported(report, options))) if part)


def _summary(formatted: list[Formatted], dry: bool) -> str:
    from segdsl.diagnostics.places import counted

    changed = sum(file.changed for file in formatted)
    skipped = sum(file.after is None for file in formatted)
    unchanged = len(formatted) - changed - skipped
    parts = [
        f"{counted(changed, 'file')} {'would be ' if dry else ''}reformatted" if changed else "",
        f"{counted(unchanged, 'file')} already formatted" if unchanged else "",
        f"{counted(skipped, 'file')} skipped because of errors" if skipped else "",
    ]
    return ", ".join(part for part in parts if part)
