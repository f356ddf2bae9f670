"""Circles among things that refer to each other. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)


def circles(graph: Mapping[Key, Iterable[Key]]) -> list[list[Key]]:
    """Circles, no two of them with a part in common, until without their parts there is none.

    `graph` tells what each refers to. In a circle each refers to the next, and the last is the
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
                circle = path[places[other] :]
                found.append([*circle, other])
                gone.update(circle)
                for key in circle:
                    del places[key]
                del path[-len(circle) :], rest[-len(circle) :]
            elif other not in gone and other not in done:
                places[other] = len(path)
                path.append(other)
                rest.append(iter(graph.get(other, ())))
    return found
