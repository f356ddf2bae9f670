"""An entry of the page of diagnostics, and the list of all, as text for people."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from segdsl.diagnostics.manual import Entry

_EXAMPLES = {
    "seg": "An example that produces it:",
    "json": "A rule that produces it:",
    "sh": "Commands that produce it:",
}


def entry_text(entry: Entry, output: str, width: int) -> str:
    """One code: its title, what it means and what to do, and its example.

    `output` is what is reported for the example, empty where that is not shown.
    """
    lines = [f"{entry.code.name} ({entry.severity}): {entry.code.value}", ""]
    for paragraph in entry.meaning.split("\n\n"):
        lines += [*textwrap.wrap(paragraph, width, break_on_hyphens=False), ""]
    lines += [_EXAMPLES[entry.form], "", textwrap.indent(entry.example, "    ")]
    if output:
        lines += ["", "What is reported:", "", textwrap.indent(output.rstrip("\n"), "    ")]
    return "\n".join(lines) + "\n"


def list_text(entries: Iterable[Entry]) -> str:
    """All codes with their titles, by group; warnings are marked."""
    lines: list[str] = []
    group = ""
    for entry in entries:
        if entry.group != group:
            lines += [*([""] if lines else []), entry.group]
            group = entry.group
        mark = "  (warning)" if entry.severity == "warning" else ""
        lines.append(f"  {entry.code.name}  {entry.code.value}{mark}")
    return "\n".join(lines) + "\n"
