"""References spelled anew: where a pull gives a name to another segment, texts keep their meaning.

Only what names a segment is written, at its place; whatever else stands in a text stays. A
reference that comes from a definition is left: others may use that too. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Collection

import msgspec

from segdsl.condition import tree as c
from segdsl.live.references import named_segments
from segdsl.rule.symbols import is_symbol
from segdsl.source import Span
from segdsl.syntax.text import reference
from segdsl.values import ById, ByName, Reference
from segdsl.workspace.local import Local
from segdsl.workspace.meaning import Names, Reading, Shift

_STRING = r'"(?:[^"\\\n]|\\[^\n])*"'
_GAP = r"(?:[ \t\r\n]|#[^\n]*\n)+"
_NAMED = re.compile(rf"{_STRING}(?:(?:{_GAP})?of{_GAP}folder(?:{_GAP})?{_STRING})?$")


class Edit(msgspec.Struct, frozen=True):
    """A text to write in the place of another."""

    span: Span
    text: str


class Respelling(msgspec.Struct, frozen=True):
    """The edits of a segment's text; what its names mean after them; names that had to stay
    and mean something else."""

    edits: tuple[Edit, ...]
    refers: dict[ByName, str]
    stale: tuple[Shift, ...]


def respelling(
    local: Local, text: str, reading: Reading, names: Names, leave: Collection[ByName] = ()
) -> Respelling:
    """What to write so that a segment refers to the same others by the names that there are.

    `text` is that of its file; names to `leave` stay as they are.
    """
    edits: list[Edit] = []
    refers: dict[ByName, str] = {}
    stale: dict[ByName, Shift] = {}
    for name, place in named_segments(local.segment.condition):
        id = reading.ids.get(("segment", name))
        if id is None:
            continue  # it means nothing, which a plan reports
        if name in leave or list(names.means(name)) == [id]:
            refers[name] = id
            continue
        target = _spelled(id, names)
        span = _named_at(local, text, place)
        if target is None or span is None:
            refers[name] = id
            stale[name] = Shift(name, id, tuple(names.means(name)))
            continue
        edits.append(Edit(span, reference(target, "segment")))
        if isinstance(target, ByName):
            refers[target] = id
    return Respelling(tuple(edits), refers, tuple(stale.values()))


def _spelled(id: str, names: Names) -> Reference | None:
    """How a segment is referred to: by a name that is its alone, or else by its id."""
    if id in names.by_id:
        return names.by_id[id]
    return None if is_symbol(id) else ById(id)


def _named_at(local: Local, text: str, place: c.Membership) -> Span | None:
    """Where the name stands in the segment's own text; None where a definition has it."""
    span = place.span
    inside = local.place.start <= span.start and span.end <= local.place.end
    if place.via or span.file != local.segment.span.file or not inside:
        return None
    found = _NAMED.search(text, span.start, span.end)
    return None if found is None else Span(span.file, found.start(), found.end())
