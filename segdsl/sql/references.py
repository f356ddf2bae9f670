"""Finds the segments that a segment refers to, directly and indirectly, in order of dependency.

Done before the translation, so that a cycle or a missing segment is an error.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import msgspec

from segdsl.language.condition import tree as c
from segdsl.language.condition.walk import depth, walk
from segdsl.language.values import ById, ByName, Reference
from segdsl.sql.context import Context, SqlError

# Maximum depth of a condition with inlined segments.
_MAX_INLINE_DEPTH = 50
MAX_REFERENCES = 1_000
"""Maximum segments that one refers to, directly and indirectly: all are in its query."""


class References(msgspec.Struct, frozen=True):
    """The referenced segments, each after those that it refers to.

    `inlined` are those whose condition replaces the reference; the others get a name.
    """

    segments: dict[Reference, c.Segment]
    inlined: frozenset[Reference]
    numbers: dict[Reference, int]

    def name(self, reference: Reference) -> str:
        return f"segment_{self.numbers[reference]}"


def find_references(root: c.Segment, context: Context) -> References:
    """The segments that a segment refers to.

    Raises SqlError if one does not exist, or on a cycle.
    """
    uses: Counter[Reference] = Counter()
    resolved: dict[Reference, c.Segment] = {}
    inlined: set[Reference] = set()
    depths: dict[Reference, int] = {}
    # An explicit stack: a chain of references may be long.
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
                resolved[key] = segment
            continue
        uses[reference] += 1
        if reference in path:
            raise SqlError(*_cycle([root, *path.values()], path[reference]))
        if reference not in resolved:
            if len(resolved) + len(path) >= MAX_REFERENCES:
                raise SqlError(
                    f"segment “{root.name}” refers directly or indirectly to more than "
                    f"{MAX_REFERENCES:,} segments, too many for one query",
                    "combine some of them into one segment, or refer to fewer",
                )
            segment_ = _lookup(reference, context)
            path[reference] = segment_
            todo.append((reference, segment_, iter(_references(segment_.condition))))
    for key, segment in resolved.items():
        inner = [depths[each] for each in _references(segment.condition) if each in inlined]
        depths[key] = depth(segment.condition) + max(inner, default=0)
        if uses[key] == 1 and segment.limit is None and depths[key] <= _MAX_INLINE_DEPTH:
            inlined.add(key)
    return References(
        resolved, frozenset(inlined), {each: at for at, each in enumerate(resolved, 1)}
    )


def _references(condition: c.Condition) -> list[Reference]:
    """The references to segments in a condition, with repetitions."""
    return [
        node.target
        for node in walk(condition)
        if isinstance(node, c.Membership) and node.of == "segment"
    ]


def _lookup(reference: Reference, context: Context) -> c.Segment:
    segment = context.segments.get(reference)
    if segment is not None:
        return segment
    match reference:
        case ById(id):
            raise SqlError(f"unknown segment #{id}")
        case ByName(name):
            raise SqlError(
                f"unknown segment “{name}”",
                unknown=(
                    name,
                    lambda: [each.name for each in context.segments if isinstance(each, ByName)],
                ),
            )


def _cycle(path: list[c.Segment], segment: c.Segment) -> tuple[str, str]:
    names = " → ".join(f"“{each.name}”" for each in [*path[path.index(segment) :], segment])
    return (
        f"segment “{segment.name}” refers to itself: {names}",
        "remove one of these references",
    )
