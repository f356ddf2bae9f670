"""Symbolic ids: names written where the API has ids, and how they are read back.

`name:"Churned"` or `name:"Interest" of funnel "Onboarding"`: the marker and the source spelling.
The API does not know them.
"""

from __future__ import annotations

import re

from segdsl.language.condition.tree import spellings
from segdsl.language.syntax.spelling import EscapeError, reference, unquote
from segdsl.language.values import PARENT_WORDS, ById, ByName, Reference, folder_path, folder_text

_QUOTED = r'"(?:[^"\\\n]|\\[^\n])*"'
_SYMBOLIC = rf"name:({_QUOTED})(?: of (folder|funnel|test|journey) ({_QUOTED}))?"


def is_symbolic(id: str) -> bool:
    """Whether an id is symbolic."""
    return re.fullmatch(_SYMBOLIC, id) is not None


def symbolic_id(kind: str, target: ByName) -> str:
    """The symbolic id of a segment, a journey, a model, or of what belongs to a parent."""
    return f"name:{reference(target, kind)}"


def symbolic_segment_id(folder: tuple[str, ...], name: str) -> str:
    """The symbolic id of a segment by its folder and name, for one that has no id yet."""
    return symbolic_id("segment", spellings(folder, name)[1])


def reference_of(kind: str, id: str) -> Reference:
    """The reference for an id of a rule: by name if the id is symbolic and fits the kind."""
    found = re.fullmatch(_SYMBOLIC, id)
    if found is None or not _may_follow(found[2], kind):
        return ById(id)
    try:
        name, parent = unquote(found[1]), None if found[3] is None else unquote(found[3])
    except EscapeError:
        return ById(id)
    if parent is not None and kind == "segment":
        parent = folder_text(folder_path(parent))
    return ByName(name, parent)


def _may_follow(word: str | None, kind: str) -> bool:
    """Whether `of funnel …`, or nothing, may follow a name of that kind."""
    return word == PARENT_WORDS.get(kind) or (word is None and kind == "segment")
