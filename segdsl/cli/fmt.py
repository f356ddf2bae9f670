"""`segdsl fmt`: files in their one canonical spelling."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import click

from segdsl.cli.completing import completes
from segdsl.cli.examples import examples
from segdsl.cli.group import WrongUse
from segdsl.cli.options import Look, look_options, stop_on_errors, tell, told
from segdsl.cli.output import product, say
from segdsl.terminal import visible

if TYPE_CHECKING:
    from segdsl.diagnostics import Report
    from segdsl.source import Source


class Formatted(NamedTuple):
    """One file before and after; `after` is None where it has mistakes."""

    path: str
    source: Source
    after: str | None
    changed: bool


@click.command(
    "fmt", epilog=examples("segdsl fmt", "segdsl fmt --check loyalty", "segdsl fmt - < japan.seg")
)
@click.argument("files", nargs=-1, metavar="[FILE|-]...", shell_complete=completes("sources"))
@click.option("--check", is_flag=True, help="Write nothing; name what would change, and exit 1.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
@look_options
def command(
    files: tuple[str, ...],
    check: bool,
    diff: bool,
    form: str,
    allowed: tuple[str, ...],
    color: str,
) -> None:
    """Format files in place (`-`: standard input to standard output).

    A folder, the current one where none is named, stands for all .seg files in it. A file
    with mistakes is left alone. Machine forms of diagnostics go to standard output, or to
    standard error where that is for a diff or a formatted text.
    """
    from segdsl.cli.diff import show_diff
    from segdsl.diagnostics import Report
    from segdsl.files import seg_files, write_text

    look = Look(form, allowed, color)
    report = Report()
    if "-" in files and len(set(files)) > 1:
        raise WrongUse("`-` (standard input) and files cannot be formatted in one run")
    done = [_format(path, report) for path in seg_files(files or (".",))]
    changed = [each for each in done if each.changed]
    piped = "-" in files and not check
    if form == "json":
        _answer(done, dry=check or diff, diff=diff, piped=piped)
    if diff:
        for each in changed if form != "json" else ():
            show_diff(each.source.name, each.source.text, each.after or "", "formatted", look)
    elif piped and form == "json":
        pass
    elif piped:
        for each in done:
            product(each.after or "")
    elif not check:
        for each in changed:
            write_text(each.path, each.after or "")
    if check and not diff:
        for each in changed:
            # A machine form has standard output to itself.
            say(f"would reformat {visible(each.source.name)}", err=form != "text")
    summary = "" if piped else _summary(done, check or diff)
    sources = {each.source.name: each.source for each in done}
    tell(report, sources, look, product=diff or piped, summary=_counts(report, look, summary))
    stop_on_errors(report)
    if check and changed:
        raise click.exceptions.Exit(1)


def _answer(done: list[Formatted], *, dry: bool, diff: bool, piped: bool) -> None:
    from segdsl.cli.diff import diff_of
    from segdsl.cli.document import answer
    from segdsl.output.parts import FormattedFile, FormattedStatus
    from segdsl.output.shapes import FmtOutput

    def status(of: Formatted) -> FormattedStatus:
        if of.after is None:
            return "skipped"
        if not of.changed:
            return "unchanged"
        return "would_reformat" if dry else "reformatted"

    def difference(of: Formatted) -> str | None:
        if not diff or of.after is None:
            return None
        return diff_of(of.source.name, of.source.text, of.after, "formatted")

    answer(
        FmtOutput(
            files=tuple(
                FormattedFile(
                    file=each.source.name,
                    status=status(each),
                    diff=difference(each),
                    source=each.after if piped and not diff else None,
                )
                for each in done
            )
        )
    )


def _format(path: str, report: Report) -> Formatted:
    from segdsl.files import decode, name_of, seg_bytes
    from segdsl.language.format import format_file
    from segdsl.language.syntax.parser import parse
    from segdsl.source import Source

    before = len(report.diagnostics)
    name = name_of(path)
    data = seg_bytes(path, name, report)
    if data is None:
        return Formatted(path, Source(name, ""), None, False)
    source, usable = decode(data, name, report)
    tree = parse(source, report) if usable else None
    if tree is None or any(of.severity == "error" for of in report.diagnostics[before:]):
        return Formatted(path, source, None, False)
    after = format_file(tree, source)
    return Formatted(path, source, after, after.encode() != data)


def _counts(report: Report, look: Look, summary: str) -> str:
    from segdsl.diagnostics.places import tally

    return "; ".join(part for part in (summary, tally(told(report, look))) if part)


def _summary(done: list[Formatted], dry: bool) -> str:
    from segdsl.diagnostics.places import counted

    changed = sum(each.changed for each in done)
    wrong = sum(each.after is None for each in done)
    as_is = len(done) - changed - wrong
    parts = [
        f"{counted(changed, 'file')} {'would be ' if dry else ''}reformatted" if changed else "",
        f"{counted(as_is, 'file')} {'unchanged' if changed else 'in order'}" if as_is else "",
        f"{counted(wrong, 'file')} left alone" if wrong else "",
    ]
    return ", ".join(part for part in parts if part)
