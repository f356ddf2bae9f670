"""Which segments a segment refers to, through others as well, and in which order they are made.

Looked up before any SQL is made, so that a cycle or a missing segment is an error and
not an endless query. What they become is `segdsl.sql.conditions`' matter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import msgspec

from segdsl.language.condition import tree as c
from segdsl.language.condition.walk import depth, walk
from segdsl.language.values import ById, ByName, Reference
from segdsl.sql.context import Context, SqlError

# How deep a condition may get by others standing in it.
_DEEPEST = 50
MOST_REFERRED = 1_000
"""Segments that one refers to, through others as well: all of them stand in its query."""


class Referred(msgspec.Struct, frozen=True):
    """Every segment that another refers to, those first that others need.

    `inlined` are those that stand where they are referred to; the others get a name.
    """

    segments: dict[Reference, c.Segment]
    inlined: frozenset[Reference]
    numbers: dict[Reference, int]

    def name(self, reference: Reference) -> str:
        return f"segment_{self.numbers[reference]}"


def referred(root: c.Segment, context: Context) -> Referred:
    """What a segment refers to.

    Raises SqlError where that is not there, or is the segment itself.
    """
    uses: Counter[Reference] = Counter()
    made: dict[Reference, c.Segment] = {}
    inlined: set[Reference] = set()
    depths: dict[Reference, int] = {}
    # A stack of our own: a chain of references may be long.
    path: dict[Reference, c.Segment] = {}
    todo: list[tuple[Reference | None, c.Segment, Iterator[Reference]]] = [
        (None, root, iter(_references(root.condition)))
    ]
    while todo:
        key, segment, rest = todo[-1]
        reference = next(rest, None)
        if reference is None:
            todo.pop()
            if key is not None:
                del path[key]
                made[key] = segment
            continue
        uses[reference] += 1
        if reference in path:
            raise SqlError(*_cycle([root, *path.values()], path[reference]))
        if reference not in made:
            if len(made) + len(path) >= MOST_REFERRED:
                raise SqlError(
                    f"the segment “{root.name}” refers, through others as well, to more than "
                    f"{MOST_REFERRED:,} segments, too many for one query",
                    "write what they say in one segment, or refer to fewer of them",
                )
            found = _known(reference, context)
            path[reference] = found
            todo.append((reference, found, iter(_references(found.condition))))
    for key, segment in made.items():
        inner = [depths[each] for each in _references(segment.condition) if each in inlined]
        depths[key] = depth(segment.condition) + max(inner, default=0)
        if uses[key] == 1 and segment.limit is None and depths[key] <= _DEEPEST:
            inlined.add(key)
    return Referred(made, frozenset(inlined), {each: at for at, each in enumerate(made, 1)})


def _references(condition: c.Condition) -> list[Reference]:
    """The segments that a condition names, as often as it does."""
    return [
        node.target
        for node in walk(condition)
        if isinstance(node, c.Membership) and node.of == "segment"
    ]


def _known(reference: Reference, context: Context) -> c.Segment:
    found = context.segments.get(reference)
    if found is not None:
        return found
    match reference:
        case ById(id):
            raise SqlError(f"there is no segment #{id}")
        case ByName(name):
            raise SqlError(
                f"there is no segment “{name}”",
                near=(
                    name,
                    lambda: [each.name for each in context.segments if isinstance(each, ByName)],
                ),
            )


def _cycle(path: list[c.Segment], again: c.Segment) -> tuple[str, str]:
    names = " → ".join(f"“{each.name}”" for each in [*path[path.index(again) :], again])
    return (
        f"the segment “{again.name}” refers to itself: {names}",
        "take one of these references out",
    )
