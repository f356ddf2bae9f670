"""“Did you mean …”: the nearest of the names there are."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The name most like `word`, or None where none is near."""
    import difflib

    names = sorted(set(known))
    lowered = {name.lower(): name for name in reversed(names)}
    found = difflib.get_close_matches(word.lower(), lowered, n=1, cutoff=0.6)
    return lowered[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str], otherwise: str | None = None) -> str | None:
    """A help line naming the nearest, or `otherwise`."""
    best = nearest(word, known)
    return f"did you mean `{best}`?" if best else otherwise
