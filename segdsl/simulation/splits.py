"""Assigns profiles to the variants of a split: by their hash, up to the caps (rules 28 and 29)."""

from __future__ import annotations

from bisect import bisect_right
from fractions import Fraction
from math import ceil
from typing import TypeVar

from segdsl.language.journeys import Split, Variant
from segdsl.simulation.bits import NOBODY, Bits, bits_of, minus, union
from segdsl.simulation.profiles import HASHES, Profiles

RuleT = TypeVar("RuleT")


def assigned(
    split: Split[RuleT],
    before: tuple[Bits, ...],
    coming: Bits,
    names: tuple[str, str, str],
    profiles: Profiles,
) -> tuple[tuple[Bits, ...], tuple[Bits, ...]]:
    """Who has each variant now, and whom the cap of each kept out of it.

    `before` is who had each variant; `coming` may be among them. `names` are those of the journey,
    the stage and the split.
    """
    variants = split.variants
    nobody = (NOBODY,) * len(variants)
    new = minus(coming, union(before))
    if not new or not variants:
        return before, nobody
    caps = [_cap(each) for each in variants]
    hashed = profiles.hashes(names, new, split.by)
    if any(cap is not None for cap in caps):
        hashed.sort()
    bounds = _bounds(variants)
    room = [
        None if cap is None else cap - had.bit_count()
        for cap, had in zip(caps, before, strict=True)
    ]
    control = next((each for each, variant in enumerate(variants) if variant.control), None)
    chosen: list[list[int]] = [[] for _ in variants]
    kept_out: list[list[int]] = [[] for _ in variants]
    for hash, index in hashed:
        choice = min(bisect_right(bounds, hash), len(variants) - 1)
        free = room[choice]
        if free is None:
            chosen[choice].append(index)
        elif free > 0:
            room[choice] = free - 1
            chosen[choice].append(index)
        else:
            kept_out[choice].append(index)
            if control is not None:
                chosen[control].append(index)
    size = len(profiles)
    after = tuple(had | bits_of(some, size) for had, some in zip(before, chosen, strict=True))
    return after, tuple(bits_of(some, size) for some in kept_out)


def _bounds(variants: tuple[Variant[RuleT], ...]) -> list[int]:
    """The first hash behind the share of each variant."""
    bounds: list[int] = []
    share = Fraction(0)
    for each in variants:
        share += Fraction(each.percentage.value)
        bounds.append(ceil(share * HASHES / 100))
    return bounds


def _cap(variant: Variant[RuleT]) -> int | None:
    if variant.control or variant.cap is None:
        return None
    return int(variant.cap.value)
