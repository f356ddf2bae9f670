"""`segdsl rule`: what a diagnostic code means, from the reference in the package."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from segdsl.cli.completer import completer
from segdsl.cli.console import echo, terminal_width
from segdsl.cli.examples import examples
from segdsl.cli.options import format_options

if TYPE_CHECKING:
    from segdsl.diagnostics.manual import Entry

_WIDTH = 80
_MAX_WIDTH = 100


@click.command("rule", epilog=examples("segdsl rule SEG601", "segdsl rule"))
@click.argument("codes", nargs=-1, metavar="[CODE]...", shell_complete=completer("codes"))
@format_options("text", "json")
def command(codes: tuple[str, ...], form: str) -> None:
    """Explain a diagnostic code, with an example.

    CODE is SEG601, seg601 or 601. Without one, lists all codes by group.
    """
    from segdsl.diagnostics.manual import entries
    from segdsl.diagnostics.manual_text import entry_text, list_text

    known = entries()
    chosen = [known[_normalized(code, list(known))] for code in dict.fromkeys(codes)]
    if form == "json":
        from segdsl.cli.document import set_result
        from segdsl.output.segments import rule_output

        set_result(rule_output(chosen or list(known.values())))
        return
    if not chosen:
        echo(list_text(known.values()), nl=False)
        return
    width = min(terminal_width() or _WIDTH, _MAX_WIDTH)
    for number, entry in enumerate(chosen):
        if number:
            echo()
        echo(entry_text(entry, _reported(entry, width), width), nl=False)


def _normalized(text: str, known: list[str]) -> str:
    """The code that a text stands for; raises BadParameter if there is none."""
    code = text.strip().upper()
    code = f"SEG{code}" if code.isdigit() else code
    if code in known:
        return code
    from segdsl.diagnostics.suggest import did_you_mean

    help = did_you_mean(code, known, "run `segdsl rule` to list all codes")
    raise click.BadParameter(f"unknown code `{text}`; {help}", param_hint="CODE")


def _reported(entry: Entry, width: int) -> str:
    """The diagnostics of an entry's example, if that needs no schema and no lints."""
    if entry.form != "seg" or entry.code.name[3] in "56":
        return ""
    from segdsl.analysis.checking.examples import reported
    from segdsl.diagnostics.render import render_text

    diagnostics, sources = reported(entry.example)
    return render_text(diagnostics, sources, width=width - 4)
