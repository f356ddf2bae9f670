"""Names in the place of ids: what compiling symbolically writes, and how it reads back.

`name:"Churned"` or `name:"Interest" of funnel "Onboarding"`: the marker and the source
spelling. Not something the API knows.
"""

from __future__ import annotations

import re

from segdsl.language.syntax.spelling import EscapeError, reference, unquote
from segdsl.language.values import PARENT_WORDS, ById, ByName, Reference, folder_path, folder_text

_QUOTED = r'"(?:[^"\\\n]|\\[^\n])*"'
_SYMBOL = rf"name:({_QUOTED})(?: of (folder|funnel|test) ({_QUOTED}))?"


def is_symbol(id: str) -> bool:
    """Whether a marked name stands in the id's place."""
    return re.fullmatch(_SYMBOL, id) is not None


def symbol(kind: str, target: ByName) -> str:
    """The marked name to write for a segment, stage, variant or model."""
    return f"name:{reference(target, kind)}"


def symbol_target(kind: str, id: str) -> Reference:
    """The reference that an id of a rule stands for: a marked name of that kind, or the id."""
    found = re.fullmatch(_SYMBOL, id)
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
    """Whether `of funnel …`, or nothing, may stand behind a name of that kind."""
    return word == PARENT_WORDS.get(kind) or (word is None and kind == "segment")
