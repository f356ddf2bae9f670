"""The page of mistakes: its inputs, what is reported for each, and the page written anew.

`python tests/mistakes_page.py` writes the page from its own inputs; after a change of a message
the difference is read before it is committed. An input stands at the left margin, a line that
goes on with it has two spaces in front; four spaces begin what is reported.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import NamedTuple

from segdsl.diagnostics import Report
from segdsl.diagnostics.report import Diagnostic
from segdsl.language.resolve import Program, resolve
from segdsl.language.syntax.parser import parse
from segdsl.rules.lower import lower
from segdsl.source import Source

FILE = Path(__file__).parents[1] / "docs" / "reference" / "mistakes.md"
BEFORE = 'param days: number = 30\nsegment "x" where '
"""In front of a condition; `days` is there for the inputs that use a param."""
_BLOCK = re.compile(r"^```mistakes( files)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ITEM = re.compile(r"(?m)^(?=\S)")
_WRITTEN = re.compile(r"^(?:did you mean|write) (`` (?P<long>.+?) ``|`(?P<short>[^`]+)`)")


class Mistake(NamedTuple):
    """An input as it is typed, and whether it is a whole file."""

    typed: str
    is_file: bool

    @property
    def text(self) -> str:
        return self.typed if self.is_file else BEFORE + self.typed


def mistakes(page: str) -> list[Mistake]:
    """The inputs of the page, in order."""
    return [each for block in _BLOCK.finditer(page) for each in _inputs(block[2], bool(block[1]))]


def _inputs(block: str, is_file: bool) -> list[Mistake]:
    found = []
    for part in _ITEM.split(block):
        lines = [line for line in part.split("\n") if line and not line.startswith("    ")]
        if lines:
            typed = "\n".join([lines[0], *(line.removeprefix("  ") for line in lines[1:])])
            found.append(Mistake(_decoded(typed), is_file))
    return found


def _decoded(typed: str) -> str:
    """`<U+00A0>` stands for the character, where it could not be seen on the page."""
    return re.sub(r"<U\+([0-9A-F]{4})>", lambda match: chr(int(match[1], 16)), typed)


def _encoded(typed: str) -> str:
    return "".join(
        f"<U+{ord(each):04X}>"
        if each in "\u00a0\u200b\u3000\ufeff" or "\u0300" <= each <= "\u036f"
        else each
        for each in typed
    )


def reported(text: str) -> list[Diagnostic]:
    """What is found in a text, without a schema."""
    report = Report()
    tree = parse(Source("x.seg", text), report)
    files = {"x.seg": tree, "common.seg": parse(Source("common.seg", "let vip = a = 1"), Report())}
    if not report.has_errors:
        for segment in resolve(Program("x.seg", files), report):
            lower(segment, report, symbolic=True)
    return report.diagnostics


def suggested(found: Diagnostic) -> str | None:
    """The spelling that the help line suggests, empty where a piece is to be left out."""
    help = found.help or ""
    match = _WRITTEN.match(help)
    if match is not None:
        return match["long"] or match["short"]
    if help.startswith("use a plain space"):
        return " "
    return "" if help.startswith("remove it") else None


def page(text: str) -> str:
    """The page with what is reported written anew."""

    def block(match: re.Match[str]) -> str:
        lines = []
        for each in _inputs(match[2], bool(match[1])):
            lines.append(_encoded(each.typed).replace("\n", "\n  "))
            for found in reported(each.text):
                lines.append(f"    {found.severity}[{found.code.name}]: {_encoded(found.message)}")
                if found.help:
                    lines.append(f"    help: {_encoded(found.help)}")
                lines += [f"    note: {note.message}" for note in found.notes]
            lines.append("")
        body = "\n".join(lines[:-1])
        return f"```mistakes{match[1] or ''}\n{body}\n```"

    return _BLOCK.sub(block, text)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    FILE.write_text(page(FILE.read_text(encoding="utf-8")), encoding="utf-8")
