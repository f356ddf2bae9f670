"""Cycles among things that refer to each other. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)


def cycles(graph: Mapping[Key, Iterable[Key]]) -> list[list[Key]]:
    """Cycles, no two of them with a part in common, until without their parts there is none.

    `graph` tells what each refers to. In a cycle each refers to the next, and the last is the
    first once more.
    """
    gone: set[Key] = set()
    done: set[Key] = set()
    found: list[list[Key]] = []
    for start in graph:
        if start in gone or start in done:
            continue
        # A stack of our own: a chain of references may be long. Each key is on it once, and the
        # place is kept, so that the work is that of the references alone.
        path, places = [start], {start: 0}
        rest = [iter(graph.get(start, ()))]
        while path:
            other = next(rest[-1], None)
            if other is None:
                done.add(path[-1])
                del places[path.pop()]
                rest.pop()
            elif other in places:
                cycle = path[places[other] :]
                found.append([*cycle, other])
                gone.update(cycle)
                for key in cycle:
                    del places[key]
                del path[-len(cycle) :], rest[-len(cycle) :]
            elif other not in gone and other not in done:
                places[other] = len(path)
                path.append(other)
                rest.append(iter(graph.get(other, ())))
    return found
