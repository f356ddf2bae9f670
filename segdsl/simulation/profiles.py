"""The profiles of a simulation, and the hashes that assign them to variants."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

from segdsl.simulation.bits import Bits, everyone, indexes

HASHES = 2**64
"""Hashes are below this number."""


Values = Callable[[str], Sequence[str | None]]
"""The values of an attribute as texts, in the order of the profiles' ids."""


class Profiles:
    """Profiles by their index: the place of the id among all, in the order of texts.

    `values` gives the attributes that splits are drawn from (`by`); without it there are none.
    """

    def __init__(self, ids: Iterable[str], values: Values | None = None) -> None:
        self.ids = tuple(sorted(set(ids)))
        self._values = values
        self._index: dict[str, int] | None = None

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def everyone(self) -> Bits:
        return everyone(len(self.ids))

    def index(self, id: str) -> int | None:
        """The index of a profile; None if there is no such profile."""
        if self._index is None:
            self._index = {each: index for index, each in enumerate(self.ids)}
        return self._index.get(id)

    def bits(self, ids: Iterable[str]) -> Bits:
        """The set of those of these profiles that exist."""
        found = 0
        for id in ids:
            index = self.index(id)
            if index is not None:
                found |= 1 << index
        return found

    def of(self, bits: Bits) -> tuple[str, ...]:
        """The ids in a set, in their order."""
        return tuple(self.ids[index] for index in indexes(bits))

    def hashes(
        self, key: tuple[str, ...], bits: Bits, by: str | None = None
    ) -> list[tuple[int, int]]:
        """The hash of each profile of a set under a key, with its index (rule 28).

        It is that of the attribute `by`, or of the id where that is None or has no value.
        """
        base = sha256("".join(f"{part}\0" for part in key).encode("utf-8", "surrogatepass"))
        seeds: Sequence[str | None] = self.ids
        if by is not None and self._values is not None:
            seeds = self._values(by)
        hashed: list[tuple[int, int]] = []
        for index in indexes(bits):
            seed = seeds[index]
            hash = base.copy()
            text = self.ids[index] if seed is None else seed
            hash.update(text.encode("utf-8", "surrogatepass"))
            hashed.append((int.from_bytes(hash.digest()[:8], "big"), index))
        return hashed
