"""References spelled anew: where a pull gives a name to another segment, texts keep their meaning.

Only what names a segment is written, at its place; whatever else stands in a text stays. A
reference that comes from a definition is left: others may use that too. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Collection

import msgspec

from segdsl.language.condition import tree as c
from segdsl.language.references.memberships import named_segments
from segdsl.language.references.symbolic_ids import is_symbolic
from segdsl.language.syntax.spelling import reference, string
from segdsl.language.values import ById, ByName, Reference
from segdsl.source import Span
from segdsl.workspace.sync.local import Local
from segdsl.workspace.sync.name_bindings import Names, Reading, Shift

_PIECE = re.compile(r'"(?:[^"\\\n]|\\[^\n])*"|#[^\n]*|[^\s"#]+')
"""A string, a comment or a word of a reference by name."""


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
        made = None if target is None else _edits(local, text, place, target)
        if target is None or made is None:
            refers[name] = id
            stale[name] = Shift(name, id, tuple(names.means(name)))
            continue
        edits += made
        if isinstance(target, ByName):
            refers[target] = id
    return Respelling(tuple(edits), refers, tuple(stale.values()))


def _spelled(id: str, names: Names) -> Reference | None:
    """How a segment is referred to: by a name that is its alone, or else by its id."""
    if id in names.by_id:
        return names.by_id[id]
    return None if is_symbolic(id) else ById(id)


def _edits(
    local: Local, text: str, place: c.Membership, target: Reference
) -> tuple[Edit, ...] | None:
    """What names another in the segment's own text; None where a definition has the name.

    Comments among the words of a reference stay where they are.
    """
    span = place.span
    inside = local.place.start <= span.start and span.end <= local.place.end
    if place.via or span.file != local.segment.span.file or not inside:
        return None
    pieces = list(_PIECE.finditer(text, span.start, span.end))
    words = [each for each in pieces if not each[0].startswith("#")]
    at = next((at for at, each in enumerate(words) if each[0].startswith('"')), len(words))
    match words[at:]:
        case [name]:
            return (_edit(name, span.file, reference(target, "segment")),)
        case [name, of, of_folder, folder]:
            if len(pieces) - pieces.index(name) == len(words) - at:
                whole = Span(span.file, name.start(), folder.end())
                return (Edit(whole, reference(target, "segment")),)
            if isinstance(target, ByName) and target.parent is not None:
                return (
                    _edit(name, span.file, string(target.name)),
                    _edit(folder, span.file, string(target.parent)),
                )
            gone = (_edit(each, span.file, "") for each in (of, of_folder, folder))
            return (_edit(name, span.file, reference(target, "segment")), *gone)
        case _:
            return None


def _edit(piece: re.Match[str], file: str, text: str) -> Edit:
    return Edit(Span(file, piece.start(), piece.end()), text)
