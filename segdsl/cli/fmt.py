"""`segdsl fmt`: files in their one canonical spelling."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import click

from segdsl.cli.group import WrongUse
from segdsl.cli.options import Look, in_color, look_options, stop_on_errors, tell, told
from segdsl.cli.output import product, say
from segdsl.terminal import visible, visible_lines

if TYPE_CHECKING:
    from segdsl.diagnostics import Report
    from segdsl.source import Source

_DIFF_COLORS = {"-": "red", "+": "green", "@": "cyan"}


class Formatted(NamedTuple):
    """One file before and after; `after` is None where it has mistakes."""

    path: str
    source: Source
    after: str | None
    changed: bool


@click.command("fmt")
@click.argument("files", nargs=-1, metavar="[FILE|-]...")
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
    from segdsl.diagnostics import Report
    from segdsl.files import seg_files, write_text

    look = Look(form, allowed, color)
    report = Report()
    if "-" in files and len(set(files)) > 1:
        raise WrongUse("`-` (standard input) and files cannot be formatted in one run")
    done = [_format(path, report) for path in seg_files(files or (".",))]
    changed = [each for each in done if each.changed]
    piped = "-" in files and not check
    if diff:
        for each in changed:
            _show_diff(each, look)
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


def _format(path: str, report: Report) -> Formatted:
    from segdsl.files import decode, name_of, seg_bytes
    from segdsl.format import format_file
    from segdsl.source import Source
    from segdsl.syntax.parser import parse

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


def _show_diff(of: Formatted, look: Look) -> None:
    import difflib

    color = in_color(look.color, sys.stdout)
    for line in _diff_lines(
        difflib.unified_diff(
            _lines(of.source.text),
            _lines(of.after or ""),
            of.source.name,
            f"{of.source.name} (formatted)",
        )
    ):
        style = _DIFF_COLORS.get(line[0]) if color else None
        shown = visible_lines(line) if color else line
        product((click.style(shown, fg=style) if style else shown) + "\n", color=color)


def _lines(text: str) -> list[str]:
    """Lines at line feeds alone: a form feed in a comment ends none."""
    return [line + "\n" for line in text.split("\n")[:-1]] + (
        [last] if (last := text.rpartition("\n")[2]) else []
    )


def _diff_lines(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        yield line.removesuffix("\n")
        if not line.endswith("\n"):
            yield "\\ No newline at end of file"
