"""“Did you mean …”: the nearest of the names there are, where one is near.

Names are as far apart as it takes letters to be changed, left out, put in, or swapped with the
next, to make one of the other. Capitals and small letters are alike. Where none is that near, a
name that has all words of the other is: `order` and `order_id`.

What it costs grows with the names there are: `Report.did_you_mean` bounds it for a run.
"""

from __future__ import annotations

from collections.abc import Iterable

MAX_LENGTH = 200
"""Of longer words and names nobody is reminded."""


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The name most like `word`, or None where none is near."""
    if not 0 < len(word) <= MAX_LENGTH:
        return None
    best: tuple[int, str] | None = None
    asked = word.lower()
    names = sorted({name for name in known if len(name) <= MAX_LENGTH})
    alike = next((name for name in names if name.lower() == asked), None)
    if alike is not None:
        return alike
    for name in names:
        bound = _near(max(len(asked), len(name)))
        if best is not None:
            bound = min(bound, best[0] - 1)
        found = _distance(asked, name.lower(), bound) if bound else None
        if found is not None:
            best = (found, name)
            if found == 1:
                break
    return _longer(asked, names) if best is None else best[1]


def _longer(word: str, known: Iterable[str]) -> str | None:
    """The shortest name with all words of this one in a row, or the longest that this one has."""
    names = sorted(known, key=lambda name: (len(name), name))
    asked = f"_{word}_"
    found = [name for name in names if asked in f"_{name.lower()}_"]
    parts = [name for name in names if len(name) > 2 and f"_{name.lower()}_" in asked]
    return found[0] if found else parts[-1] if parts else None


def did_you_mean(word: str, known: Iterable[str], default: str | None = None) -> str | None:
    """A help line naming the nearest, or `default`."""
    names = list(known)
    if len(word) <= MAX_LENGTH and not (word.isascii() and all(map(str.isascii, names))):
        from segdsl.diagnostics.lookalikes import same_looking

        same = same_looking(word, names)
        if same is not None:
            return same
    best = nearest(word, names)
    return f"did you mean `{best}`?" if best else default


def _near(length: int) -> int:
    """How far apart two names are at most, of which the longer has so many letters.

    A slip is a letter or two; where more of a name is different it is another one.
    """
    return 0 if length < 3 else 1 if length < 8 else 2 if length < 12 else 3


def _distance(one: str, other: str, most: int) -> int | None:
    """How far apart two texts are; None where that is more than `most`."""
    # Most are far apart, and seen to be at once: a letter that changes is one less and one more.
    if abs(len(one) - len(other)) > most or len({*one} ^ {*other}) > 2 * most:
        return None
    before_last: list[int] = []
    last = list(range(len(other) + 1))
    for at, letter in enumerate(one, 1):
        # Farther from the diagonal than that, the texts are too.
        first, end = max(1, at - most), min(len(other), at + most)
        row = [most + 1] * (len(other) + 1)
        row[0] = at
        for to in range(first, end + 1):
            wanted = other[to - 1]
            cost = min(last[to] + 1, row[to - 1] + 1, last[to - 1] + (letter != wanted))
            if at > 1 and to > 1 and letter == other[to - 2] and one[at - 2] == wanted:
                cost = min(cost, before_last[to - 2] + 1)
            row[to] = cost
        if min(row) > most:
            return None
        before_last, last = last, row
    return last[-1] if last[-1] <= most else None
