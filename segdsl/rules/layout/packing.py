"""Bin packing: groups into as few rule sets as possible.

Exact for as many groups as one Composite rule can hold, by a search that is cut off after a fixed
number of steps, so that the result never depends on time. For more the first fit is good enough:
they are told to be too many.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

_MAX_STEPS = 50_000
_MOST_SEARCHED = 150


def pack(sizes: Sequence[int], capacity: int) -> list[list[int]]:
    """Bins of indices into `sizes`, each of at most `capacity` in all, as few as found.

    Bins and what is in them are in the order of the input wherever that costs no bin.
    """
    if not sizes:
        return []
    at_least = -(-sum(sizes) // capacity)
    written = _first_fit(range(len(sizes)), sizes, capacity)
    if len(written) == at_least:
        return written
    falling = sorted(range(len(sizes)), key=lambda index: -sizes[index])
    fitted = _first_fit(falling, sizes, capacity)
    best = min(written, fitted, key=len)
    if len(best) > at_least and len(sizes) <= _MOST_SEARCHED:
        best = _search(falling, sizes, capacity, at_least, best)
    return sorted(sorted(each) for each in best)


def _first_fit(order: Sequence[int], sizes: Sequence[int], capacity: int) -> list[list[int]]:
    bins: list[list[int]] = []
    # The bins with so much room, those that were begun first in front.
    with_room: list[list[int]] = [[] for _ in range(capacity + 1)]
    for index in order:
        size = sizes[index]
        fitting = [(heap[0], free) for free, heap in enumerate(with_room) if heap and free >= size]
        if fitting:
            at, free = min(fitting)
            heapq.heappop(with_room[free])
            bins[at].append(index)
        else:
            at, free = len(bins), capacity
            bins.append([index])
        heapq.heappush(with_room[free - size], at)
    return bins


def _search(
    order: Sequence[int],
    sizes: Sequence[int],
    capacity: int,
    at_least: int,
    best: list[list[int]],
) -> list[list[int]]:
    """Depth first over where each item goes, largest first, without recursion."""
    bins: list[list[int]] = []
    room: list[int] = []
    choices: list[list[int]] = []
    steps = 0

    def options(size: int) -> list[int]:
        """Bins worth trying, last first: one of each free size, and a new one."""
        seen: set[int] = set()
        found = []
        for at, free in enumerate(room):
            if free >= size and free not in seen:
                seen.add(free)
                found.append(at)
        if len(bins) + 1 < len(best):
            found.append(len(bins))
        return found[::-1]

    choices.append(options(sizes[order[0]]))
    placed: list[int] = []
    while choices:
        steps += 1
        if steps > _MAX_STEPS or len(best) == at_least:
            break
        if len(placed) == len(choices):
            at = placed.pop()
            index = bins[at].pop()
            room[at] += sizes[index]
            if not bins[at]:
                bins.pop()
                room.pop()
        if not choices[-1]:
            choices.pop()
            continue
        at = choices[-1].pop()
        if at == len(bins):
            if len(bins) + 1 >= len(best):
                continue
            bins.append([])
            room.append(capacity)
        index = order[len(choices) - 1]
        bins[at].append(index)
        room[at] -= sizes[index]
        placed.append(at)
        if len(placed) == len(order):
            if len(bins) < len(best):
                best = [list(each) for each in bins]
            continue
        choices.append(options(sizes[order[len(placed)]]))
    return best
