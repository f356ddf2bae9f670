"""Conditions of segments inlined in place of references to them, to query them as one.

Pure functions over condition trees. The caller decides what is inlined: segments that the server
does not have yet, or those that a plan changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from segdsl.diagnostics import Code, Diagnostic, Report
from segdsl.language.condition import tree as c
from segdsl.language.condition.walk import depth, map_children
from segdsl.language.references.memberships import memberships
from segdsl.language.references.segment_names import SegmentNames, report_ambiguous_name
from segdsl.language.syntax.spelling import reference
from segdsl.language.values import ByName, MembershipKind

MAX_INLINED = 200
"""References in one segment that are replaced: each may bring others along."""
MAX_INLINED_IN_RUN = 50_000
"""The same in all segments of a run."""
MAX_DEPTH = 50
"""Levels below the top of a condition that is inlined: engines take long over deeper ones."""
EVERYONE = c.Everyone()
NOBODY = c.Not(EVERYONE)


def inline_segments(
    condition: c.Condition,
    replacement: Callable[[c.Membership], c.Condition | None],
    kind: MembershipKind = "segment",
) -> c.Condition:
    """The condition with the result of `replacement` in place of each reference to a segment.

    With another `kind` to one of that.

    None keeps a reference. Groups with `EVERYONE` or `NOBODY` in them are simplified: either
    stands alone in the result, or does not occur.
    """
    match condition:
        case c.And(children) | c.Or(children):
            is_and = isinstance(condition, c.And)
            absorbing, neutral = (NOBODY, EVERYONE) if is_and else (EVERYONE, NOBODY)
            inner = [inline_segments(child, replacement, kind) for child in children]
            if absorbing in inner:
                return absorbing
            kept = tuple(child for child in inner if child != neutral)
            if len(kept) < len(inner) and len(kept) < 2:
                return kept[0] if kept else neutral
            return msgspec.structs.replace(condition, children=kept)
        case c.Not(child):
            inside = inline_segments(child, replacement, kind)
            return (
                EVERYONE if inside == NOBODY else msgspec.structs.replace(condition, child=inside)
            )
        case c.RuleSet(_, child):
            inside = inline_segments(child, replacement, kind)
            if inside in (EVERYONE, NOBODY):
                return inside
            return msgspec.structs.replace(condition, child=inside)
        case c.Membership(of) if of == kind:
            replaced = replacement(condition)
            return condition if replaced is None else without_rule_sets(replaced)
        case _:
            return condition


def without_rule_sets(condition: c.Condition) -> c.Condition:
    """The same condition without any group that must become a rule set of its own."""
    if isinstance(condition, c.RuleSet):
        return without_rule_sets(condition.child)
    return map_children(condition, without_rule_sets)


# --- segments that the server does not have -----------------------------------------------


class _Inlined(msgspec.Struct, frozen=True):
    """A segment's condition with others inlined.

    `count` is the number of references replaced, `depth` the levels below the top. `errors` says
    why some could not be inlined.
    """

    condition: c.Condition
    count: int
    depth: int
    errors: tuple[Diagnostic, ...] = ()


class Inliner:
    """Inlines the conditions of segments in place of references to them.

    It inlines those of `defined` whose names are not `known` to the server, working each out once
    for all that refer to it. A segment that cannot be part of another's condition, such as one
    with a limit, is reported where it is referred to.
    """

    def __init__(self, defined: Iterable[c.Segment], known: SegmentNames) -> None:
        self._defined: dict[ByName, list[c.Segment]] = {}
        for segment in defined:
            for spelling in c.spellings(*segment.place):
                self._defined.setdefault(spelling, []).append(segment)
        self._known = known
        self._inlined: dict[int, _Inlined] = {}
        self._count = 0

    def inlined(self, segment: c.Segment, report: Report) -> c.Segment:
        """The segment with the conditions of those that it refers to."""
        # An explicit stack, as a chain of references may be long.
        path: dict[int, c.Segment] = {}
        waiting = [segment]
        while waiting:
            current = waiting[-1]
            key = id(current)
            if key in self._inlined:
                waiting.pop()
            elif key in path:
                waiting.pop()
                del path[key]
                self._inlined[key] = self._inline(current)
            else:
                path[key] = current
                others = [self._target(node) for node in memberships(current.condition)]
                waiting.extend(each for each in others if each is not None and id(each) not in path)
        found = self._inlined[id(segment)]
        for error in found.errors:
            report.put(error)
        return msgspec.structs.replace(segment, condition=found.condition)

    def _candidates(self, node: c.Membership) -> list[c.Segment]:
        """The segments of the files that a reference may mean, if the server has none."""
        name = node.target
        if node.of != "segment" or not isinstance(name, ByName) or self._known.get(name):
            return []
        return self._defined.get(name, [])

    def _target(self, node: c.Membership) -> c.Segment | None:
        candidates = self._candidates(node)
        return candidates[0] if len(candidates) == 1 else None

    def _inline(self, segment: c.Segment) -> _Inlined:
        """Inlines what a segment refers to; except in a cycle, those are inlined already."""
        count = 0
        errors = Report()

        def replacement(node: c.Membership) -> c.Condition | None:
            nonlocal count
            candidates = self._candidates(node)
            if len(candidates) > 1 and isinstance(node.target, ByName):
                report_ambiguous_name(node, node.target, len(candidates), errors)
            inner = self._inlined.get(id(candidates[0])) if len(candidates) == 1 else None
            if inner is None or count > MAX_INLINED:
                # On the server, unknown, in a cycle that is reported as a whole; or already
                # reported as too large.
                return None
            count += 1 + inner.count
            if inner.errors:
                errors.put(inner.errors[0])
                return None
            reason = self._obstacle(candidates[0], inner, count)
            if reason is None:
                return inner.condition
            _report_obstacle(node, reason, errors)
            return None

        condition = _flat(inline_segments(segment.condition, replacement))
        self._count += count
        return _Inlined(condition, count, depth(condition) - 1, tuple(errors.diagnostics))

    def _obstacle(self, segment: c.Segment, inner: _Inlined, count: int) -> str | None:
        """Why a segment cannot be inlined; None if it can."""
        if segment.limit is not None:
            return "it has a limit"
        if isinstance(segment.condition, c.Everyone):
            return "it is everyone"
        if count > MAX_INLINED:
            return f"more than {MAX_INLINED} segments would have to be inlined"
        if self._count + count > MAX_INLINED_IN_RUN:
            return f"more than {MAX_INLINED_IN_RUN:,} segments would have to be inlined in this run"
        if inner.depth > MAX_DEPTH:
            return f"its condition would be nested more than {MAX_DEPTH} levels deep"
        return None


def _report_obstacle(node: c.Membership, reason: str, report: Report) -> None:
    assert isinstance(node.target, ByName)
    report.add(
        Code.SEG304,
        node.span,
        f"the segment {reference(node.target, 'segment')} is not on the server yet, and cannot be "
        f"counted as a part of another: {reason}",
        help="create it first",
        via=node.via,
    )


def _flat(condition: c.Condition) -> c.Condition:
    """The condition with nested groups of the same kind merged, and double negations removed."""
    if isinstance(condition, c.Not):
        child = _flat(condition.child)
        if isinstance(child, c.Not):
            return child.child
        return msgspec.structs.replace(condition, child=child)
    if not isinstance(condition, c.And | c.Or):
        return condition
    kind = type(condition)
    children: list[c.Condition] = []
    for child in condition.children:
        inner = _flat(child)
        children.extend(inner.children if isinstance(inner, kind) else (inner,))
    return msgspec.structs.replace(condition, children=tuple(children))
