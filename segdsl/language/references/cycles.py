"""Cycles in a graph. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)


def cycles(graph: Mapping[Key, Iterable[Key]]) -> list[list[Key]]:
    """Disjoint cycles; the graph without their nodes has no cycle.

    `graph` maps each node to those it refers to. In a cycle each node refers to the next, and the
    last is the first again.
    """
    removed: set[Key] = set()
    done: set[Key] = set()
    found: list[list[Key]] = []
    for start in graph:
        if start in removed or start in done:
            continue
        # An explicit stack, as a chain of references may be long. Each node is on it once, and its
        # position is kept, so that the work is proportional to the number of references.
        path, positions = [start], {start: 0}
        rest = [iter(graph.get(start, ()))]
        while path:
            node = next(rest[-1], None)
            if node is None:
                done.add(path[-1])
                del positions[path.pop()]
                rest.pop()
            elif node in positions:
                cycle = path[positions[node] :]
                found.append([*cycle, node])
                removed.update(cycle)
                for key in cycle:
                    del positions[key]
                del path[-len(cycle) :], rest[-len(cycle) :]
            elif node not in removed and node not in done:
                positions[node] = len(path)
                path.append(node)
                rest.append(iter(graph.get(node, ())))
    return found
