"""What is said of a name that several resources of a server have."""

from __future__ import annotations

from collections.abc import Iterable


def ambiguous(noun: str, name: str, places: Iterable[tuple[str, str]]) -> str:
    """The message for resources of one name, from the id and the path of each, in order of path.

    `noun` is what one of them is, in the singular.
    """
    ordered = sorted(places, key=lambda each: (each[1], each[0]))
    listed = ", ".join(f"#{id} ({path})" for id, path in ordered)
    return (
        f"{len(ordered)} {noun}s are named `{name}`: specify one by path or id; they are {listed}"
    )
