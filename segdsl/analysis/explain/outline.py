"""An outline: numbered sentences under sentences, and its plain text.

What the sentences say is decided elsewhere; here they are only numbered, indented and
broken into lines. Widths are terminal cells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec

from segdsl.terminal import cell_width

_WORD = re.compile(r'(?:"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`|[^ ])+')
_SINGLE_SPACE = re.compile(r"(?<! ) (?! )")


class Item(msgspec.Struct, frozen=True):
    """One sentence, what belongs under it, and what is to be said about it after that."""

    text: str
    items: tuple[Item, ...] = ()
    notes: tuple[str, ...] = ()


class Outline(msgspec.Struct, frozen=True):
    """A segment in words: title, facts about it, opening sentence, conditions, closing words."""

    title: str
    facts: tuple[str, ...]
    opening: str
    items: tuple[Item, ...]
    closing: tuple[str, ...]


def render_outline(outline: Outline, width: int) -> str:
    """The outline as text that ends with a line end.

    No line is wider than `width` cells unless a single word is. Quoted texts stay on one
    line where they fit into one.
    """
    lines: list[str] = [*_filled("", outline.title, 2, width)]
    for fact in outline.facts:
        lines.extend(_filled("  ", fact, 4, width))
    lines.append("")
    lines.extend(_filled("", outline.opening, 2, width))
    lines.extend(_items(outline.items, width))
    if outline.closing:
        lines.append("")
    for sentence in outline.closing:
        lines.extend(_filled("", sentence, 2, width))
    return "\n".join(lines) + "\n"


def _items(items: Sequence[Item], width: int) -> Iterator[str]:
    """All items, depth first; the numbers still tell the depth where the margin stops growing."""
    deepest, hanging_most = width // 3, width // 2
    waiting: list[tuple[Item, str, int] | tuple[tuple[str, ...], int]] = [
        (item, f"{number}.", 2) for number, item in reversed(list(enumerate(items, start=1)))
    ]
    while waiting:
        next_one = waiting.pop()
        if len(next_one) == 2:
            notes, indent = next_one
            for note in notes:
                yield from _filled(" " * indent, note, indent, width)
            continue
        item, label, indent = next_one
        indent = min(indent, deepest)
        hanging = min(indent + len(label) + 1, hanging_most)
        yield from _filled(" " * indent, f"{label} {item.text}", hanging, width)
        waiting.append((item.notes, hanging))
        waiting.extend(
            (child, f"{label}{number}.", hanging)
            for number, child in reversed(list(enumerate(item.items, start=1)))
        )


def _filled(lead: str, text: str, hanging: int, width: int) -> Iterator[str]:
    line, used, bare = lead, len(lead), True
    for word in _words(text, width - hanging):
        size = cell_width(word)
        if not bare and used + 1 + size > width:
            yield line
            line, used, bare = " " * hanging, hanging, True
        line += word if bare else f" {word}"
        used += size if bare else size + 1
        bare = False
    yield line.rstrip()


def _words(text: str, room: int) -> Iterator[str]:
    """What is kept on one line: words and quoted texts, unless those do not fit."""
    for match in _WORD.finditer(text):
        word = match[0]
        if cell_width(word) > room:
            yield from _SINGLE_SPACE.split(word)
        else:
            yield word
