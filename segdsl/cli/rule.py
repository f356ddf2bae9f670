"""`segdsl rule`: what a code of a diagnostic means, from the reference in the package."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import click

from segdsl.cli.completing import completes
from segdsl.cli.examples import examples
from segdsl.cli.options import format_options
from segdsl.cli.output import say

if TYPE_CHECKING:
    from segdsl.diagnostics.manual import Entry

_WIDTH = 80


@click.command("rule", epilog=examples("segdsl rule SEG601", "segdsl rule"))
@click.argument("codes", nargs=-1, metavar="[CODE]...", shell_complete=completes("codes"))
@format_options("text", "json")
def command(codes: tuple[str, ...], form: str) -> None:
    """Explain the code of a diagnostic, with an example that produces it.

    A code is written SEG601, seg601 or 601. Without one, all codes are listed by group. Nothing is
    read but the reference that comes with segdsl.
    """
    from segdsl.diagnostics.manual import entries
    from segdsl.diagnostics.manual_text import entry_text, list_text

    known = entries()
    chosen = [known[_code(each, list(known))] for each in dict.fromkeys(codes)]
    if form == "json":
        from segdsl.cli.document import answer
        from segdsl.output.making import rule_output

        answer(rule_output(chosen or list(known.values())))
        return
    if not chosen:
        say(list_text(known.values()), nl=False)
        return
    terminal = sys.stdout is not None and sys.stdout.isatty()
    width = min(shutil.get_terminal_size().columns, 100) if terminal else _WIDTH
    for number, entry in enumerate(chosen):
        if number:
            say()
        say(entry_text(entry, _reported(entry, width), width), nl=False)


def _code(text: str, known: list[str]) -> str:
    """The code that a text means."""
    code = text.strip().upper()
    code = f"SEG{code}" if code.isdigit() else code
    if code in known:
        return code
    from segdsl.diagnostics.suggest import did_you_mean

    help = did_you_mean(code, known, "`segdsl rule` lists all codes")
    raise click.BadParameter(f"there is no code `{text}`; {help}", param_hint="CODE")


def _reported(entry: Entry, width: int) -> str:
    """What is reported for the example of an entry, where that takes no schema and no lints."""
    if entry.form != "seg" or entry.code.name[3] in "56":
        return ""
    from segdsl.analysis.checking.examples import reported
    from segdsl.diagnostics.render import render_text

    found, sources = reported(entry.example)
    return render_text(found, sources, width=width - 4)
