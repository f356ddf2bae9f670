"""Circles among things that refer to each other. Pure."""

from __future__ import annotations

import graphlib
from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)


def circles(graph: Mapping[Key, Iterable[Key]]) -> list[list[Key]]:
    """Circles, no two of them with a part in common, until without their parts there is none.

    `graph` tells what each refers to. In a circle each refers to the next, and the last is the
    first once more.
    """
    left = {key: list(others) for key, others in graph.items()}
    found: list[list[Key]] = []
    while True:
        try:
            graphlib.TopologicalSorter(left).prepare()
        except graphlib.CycleError as error:
            circle: list[Key] = error.args[1][::-1]
            found.append(circle)
            gone = set(circle)
            left = {
                key: [other for other in others if other not in gone]
                for key, others in left.items()
                if key not in gone
            }
        else:
            return found
