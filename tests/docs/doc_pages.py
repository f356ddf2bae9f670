"""The pages of the site and README.md as data: their fenced blocks, marks and generated parts.

A fence names its language and, where the block is a file of the session, its path:
```` ```toml title="segdsl.toml" ````. A mark is a comment on the line above a fence:

- `<!-- not run: WHY -->`: the block cannot run in a test, and why. `test_docs.py` lists them all.
- `<!-- new session -->`: what follows begins in a folder that has the files from above the first
  `##` heading alone.
- `<!-- exits with 2 -->`: the exit code of the last command, where its output does not tell.
- `<!-- codes: SEG101 SEG102 -->`: what is reported of a `seg` block.

Between `<!-- generated: WHAT -->` and `<!-- end -->` stands what `doc_generated.py` writes.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]

_BLOCK = re.compile(
    r"(?P<marks>(?:^<!-- [^\n]* -->\n)*)"
    r'^```(?P<language>[a-z]*)(?: title="(?P<title>[^"\n]+)"| files)?\n(?P<text>.*?)^```$',
    re.MULTILINE | re.DOTALL,
)
_MARK = re.compile(
    r"^<!-- (not run|new session|exits with|codes)(?::? ([^\n]+?))? -->$", re.MULTILINE
)
_GENERATED = re.compile(
    r"^<!-- generated: (.+?) -->\n(.*?)^<!-- end -->$", re.MULTILINE | re.DOTALL
)


class Block(NamedTuple):
    """A fenced block. `start` and `end` are where its text stands in the page."""

    page: Path
    language: str
    title: str | None
    text: str
    marks: dict[str, str]
    start: int
    end: int

    @property
    def line(self) -> int:
        """The line of its first character, from 1."""
        return self.page.read_text(encoding="utf-8").count("\n", 0, self.start) + 1

    @property
    def name(self) -> str:
        """Its place, for a report: `docs/tutorial.md:12`."""
        return f"{named(self.page)}:{self.line}"


class Generated(NamedTuple):
    """A part that is generated. `what` says of what; `start` and `end` hold its text."""

    what: str
    text: str
    start: int
    end: int


def named(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def generated(text: str) -> list[Generated]:
    return [Generated(of[1], of[2], of.start(2), of.end(2)) for of in _GENERATED.finditer(text)]


def blocks(page: Path) -> list[Block]:
    """The blocks of a page that a person wrote, in order.

    A fence that is indented or has another form is an error: it would not be looked at.
    """
    text = page.read_text(encoding="utf-8")
    parts = generated(text)
    found = []
    for match in _BLOCK.finditer(text):
        if any(part.start <= match.start() < part.end for part in parts):
            continue
        marks = {of[1]: of[2] or "" for of in _MARK.finditer(match["marks"])}
        span = match.span("text")
        found.append(Block(page, match["language"], match["title"], match["text"], marks, *span))
    written = "".join(
        text[start:end]
        for start, end in zip(
            [0, *(part.end for part in parts)], [*(part.start for part in parts), None], strict=True
        )
    )
    fences = len(re.findall(r"^[ >\t]*(?:```|~~~)", written, re.MULTILINE))
    assert fences == 2 * len(found), f"{named(page)} has a fence of another form"
    marked = len(_MARK.findall(written))
    assert marked == sum(len(of.marks) for of in found), f"{named(page)}: a mark above no block"
    return found


def sessions(page: Path) -> list[list[Block]]:
    """The blocks of a page, a list for each session; the files at its top begin every one."""
    text = page.read_text(encoding="utf-8")
    heading = re.search(r"^## ", text, re.MULTILINE)
    top = heading.start() if heading else len(text)
    everything = blocks(page)
    shared = [of for of in everything if of.title and of.start < top]
    found: list[list[Block]] = [[]]
    for block in everything:
        if "new session" in block.marks:
            found.append(list(shared))
        found[-1].append(block)
    return found
