"""What differs between two states that read the same, or as they were last seen. Pure.

A reader is shown sources; what no source shows is said in a sentence.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from segdsl.language.values import ByName
from segdsl.workspace.project.lock import Entry
from segdsl.workspace.sync.segment_state import State

MOST = 3
"""Places of a rule's JSON that are named."""
_LONGEST = 60


def unlike(
    here: State, there: State, entry: Entry | None, names: Mapping[str, ByName]
) -> tuple[str, ...]:
    """Sentences on what differs, where the sources of the two sides, or of one and the lock's
    `entry`, do not."""
    mine, theirs = here.source(names), there.source(names)
    if mine is not None and mine == theirs and here != there:
        return (f"both sides read the same, and differ in {_named(here, there)}",)
    if entry is None:
        return ()
    sides = ((here, mine, "here"), (there, theirs, "on the server"))
    return tuple(
        f"{where} it reads as it was last seen, and is not the same: a name in it means another "
        "segment now, or the lock was written by another version of segdsl"
        for state, source, where in sides
        if source == entry.source and state.digest != entry.digest
    )


def _named(here: State, there: State) -> str:
    fields = [
        field
        for field in ("folder", "name", "kind", "description", "hidden")
        if getattr(here, field) != getattr(there, field)
    ]
    places = islice(_places(json.loads(here.rule), json.loads(there.rule), "$"), MOST)
    return "; ".join([*fields, *places]) or "the spelling of the rule's JSON"


def _places(here: Any, there: Any, path: str) -> Iterator[str]:
    """The places in which two documents differ."""
    match here, there:
        case dict(), dict():
            for key in sorted({*here, *there}):
                yield from _places(here.get(key), there.get(key), f"{path}.{key}")
        case list(), list() if len(here) == len(there):
            for at, (one, other) in enumerate(zip(here, there, strict=True)):
                yield from _places(one, other, f"{path}[{at}]")
        case _ if here != there:
            yield f"{path}: {_short(here)} here, {_short(there)} on the server"
        case _:
            pass


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
