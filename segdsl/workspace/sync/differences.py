"""What differs between two states that read the same, or as they were last seen. Pure.

A reader is shown sources; what no source shows is said in a sentence.
"""

from __future__ import annotations

from collections.abc import Mapping

from segdsl.language.values import ByName
from segdsl.workspace.kinds.state import State
from segdsl.workspace.project.keys import Ref
from segdsl.workspace.project.lock import Entry


def unlike(
    here: State, there: State, entry: Entry | None, names: Mapping[Ref, ByName]
) -> tuple[str, ...]:
    """Sentences on what differs, where the sources of the two sides, or of one and the lock's
    `entry`, do not."""
    mine, theirs = here.source(names), there.source(names)
    if mine is not None and mine == theirs and here != there:
        fields = "; ".join(here.differences(there))
        return (f"both sides have the same text, but differ in {fields}",)
    if entry is None:
        return ()
    sides = ((here, mine, "here"), (there, theirs, "on the server"))
    return tuple(
        f"{where} its text is as it was last seen, but its content is not: a name in it refers to "
        "something else now, or the lock was written by another version of segdsl"
        for state, source, where in sides
        if source == entry.source and state.digest != entry.digest
    )
