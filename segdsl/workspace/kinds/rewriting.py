"""Names of others written anew in a `.seg` text, with nothing else of it touched. Pure."""

from __future__ import annotations

import re

from segdsl.language.syntax.spelling import reference, string
from segdsl.language.values import ByName, Reference
from segdsl.source import Span
from segdsl.workspace.kinds.resource import Edit, LocalResource, Use
from segdsl.workspace.project.keys import PREDICTIVE

_PIECE = re.compile(r'"(?:[^"\\\n]|\\[^\n])*"|#[^\n]*|[^\s"#]+')
"""A string, a comment or a word of a reference by name."""


def rewrite_use(
    local: LocalResource, text: str, use: Use, target: Reference
) -> tuple[Edit, ...] | None:
    """The edits that make `in segment "X"` name another; None where a definition has the name.

    Only the reference is written. Comments among its words stay where they are.
    """
    span = use.span
    inside = local.place.start <= span.start and span.end <= local.place.end
    if use.via or span.file != local.span.file or not inside:
        return None
    pieces = list(_PIECE.finditer(text, span.start, span.end))
    words = [piece for piece in pieces if not piece[0].startswith("#")]
    start = next((at for at, word in enumerate(words) if word[0].startswith('"')), len(words))
    if use.kind == PREDICTIVE and isinstance(target, ByName) and target.parent is not None:
        return None  # No `score of` names a folder.
    # Behind the name of a model there are the grades.
    match words[start : start + 1] if use.kind == PREDICTIVE else words[start:]:
        case [name]:
            return (_edit(name, span.file, reference(target, use.kind)),)
        case [name, of, of_parent, parent]:
            if len(pieces) - pieces.index(name) == len(words) - start:
                whole = Span(span.file, name.start(), parent.end())
                return (Edit(whole, reference(target, use.kind)),)
            if isinstance(target, ByName) and target.parent is not None:
                return (
                    _edit(name, span.file, string(target.name)),
                    _edit(parent, span.file, string(target.parent)),
                )
            removed = (_edit(word, span.file, "") for word in (of, of_parent, parent))
            return (_edit(name, span.file, reference(target, use.kind)), *removed)
        case _:
            return None


def _edit(piece: re.Match[str], file: str, text: str) -> Edit:
    return Edit(Span(file, piece.start(), piece.end()), text)
