"""Conditions of segments in the place of references to them, so that all can be asked at once.

Pure functions over condition trees. What is put where is said by whoever asks: what the server
does not have yet, or what a plan changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from segdsl.diagnostics import Code, Diagnostic, Report
from segdsl.language.condition import tree as c
from segdsl.language.condition.walk import depth, map_children
from segdsl.language.references.names import ByTheirName, memberships, report_several
from segdsl.language.syntax.spelling import reference
from segdsl.language.values import ByName

MOST_IN_PLACE = 200
"""References in one segment that are replaced: each may bring others along."""
MOST_OF_A_RUN = 50_000
"""The same in all segments of a run."""
DEEPEST = 50
"""How deep a condition may be that is put in place: engines take long over deeper ones."""
EVERYONE = c.Everyone()
NOBODY = c.Not(EVERYONE)


def with_segments(
    of: c.Condition, put: Callable[[c.Membership], c.Condition | None]
) -> c.Condition:
    """The condition with what `put` answers in the place of references to segments.

    None leaves a reference. What `Everyone()` and `NOBODY` settle is settled: they are all of
    the answer, or no part of it.
    """
    match of:
        case c.And(children) | c.Or(children):
            settling, idle = (NOBODY, EVERYONE) if isinstance(of, c.And) else (EVERYONE, NOBODY)
            inner = [with_segments(child, put) for child in children]
            if settling in inner:
                return settling
            kept = tuple(each for each in inner if each != idle)
            if len(kept) < len(inner) and len(kept) < 2:
                return kept[0] if kept else idle
            return msgspec.structs.replace(of, children=kept)
        case c.Not(child):
            inside = with_segments(child, put)
            return EVERYONE if inside == NOBODY else msgspec.structs.replace(of, child=inside)
        case c.RuleSet(_, child):
            inside = with_segments(child, put)
            if inside in (EVERYONE, NOBODY):
                return inside
            return msgspec.structs.replace(of, child=inside)
        case c.Membership("segment"):
            placed = put(of)
            return of if placed is None else without_rule_sets(placed)
        case _:
            return of


def without_rule_sets(condition: c.Condition) -> c.Condition:
    """The same condition with no group that must stay a rule set of its own."""
    if isinstance(condition, c.RuleSet):
        return without_rule_sets(condition.child)
    return map_children(condition, without_rule_sets)


# --- what the server does not have -----------------------------------------------------


class _Placed(msgspec.Struct, frozen=True):
    """A segment's condition with others in place, how many, how deep; or why it cannot be."""

    condition: c.Condition
    times: int
    depth: int
    wrong: tuple[Diagnostic, ...] = ()


class Placer:
    """Puts the conditions of segments in the place of references to them.

    Done for those of `here` that the server does not know by name, each looked at once for all
    that refer to it. What cannot stand in another segment's condition, such as a limit, is
    reported where it is referred to.
    """

    def __init__(self, here: Iterable[c.Segment], known: ByTheirName) -> None:
        self._among: dict[ByName, list[c.Segment]] = {}
        for each in here:
            for spelling in c.spellings(*each.place):
                self._among.setdefault(spelling, []).append(each)
        self._known = known
        self._placed: dict[int, _Placed] = {}
        self._times = 0

    def placed(self, of: c.Segment, report: Report) -> c.Segment:
        """The segment with those that it refers to in place."""
        # A stack of our own: a chain of references may be long.
        path: dict[int, c.Segment] = {}
        waiting = [of]
        while waiting:
            segment = waiting[-1]
            key = id(segment)
            if key in self._placed:
                waiting.pop()
            elif key in path:
                waiting.pop()
                del path[key]
                self._placed[key] = self._place(segment)
            else:
                path[key] = segment
                others = [self._meant(each) for each in memberships(segment.condition)]
                waiting.extend(each for each in others if each is not None and id(each) not in path)
        found = self._placed[id(of)]
        for wrong in found.wrong:
            report.put(wrong)
        return msgspec.structs.replace(of, condition=found.condition)

    def _named(self, of: c.Membership) -> list[c.Segment]:
        """The segments of these files that a reference may mean, where the server has none."""
        name = of.target
        if of.of != "segment" or not isinstance(name, ByName) or self._known.get(name):
            return []
        return self._among.get(name, [])

    def _meant(self, of: c.Membership) -> c.Segment | None:
        found = self._named(of)
        return found[0] if len(found) == 1 else None

    def _place(self, segment: c.Segment) -> _Placed:
        """Puts in place what a segment refers to, which is placed itself but in a cycle."""
        times = 0
        wrong = Report()

        def put(reference: c.Membership) -> c.Condition | None:
            nonlocal times
            found = self._named(reference)
            if len(found) > 1 and isinstance(reference.target, ByName):
                report_several(reference, reference.target, len(found), wrong)
            placed = self._placed.get(id(found[0])) if len(found) == 1 else None
            if placed is None or times > MOST_IN_PLACE:
                # On the server, nowhere, in a cycle that is reported as a whole; or told already.
                return None
            times += 1 + placed.times
            if placed.wrong:
                wrong.put(placed.wrong[0])
                return None
            why = self._why_not(found[0], placed, times)
            if why is None:
                return placed.condition
            _cannot(reference, why, wrong)
            return None

        condition = _flat(with_segments(segment.condition, put))
        self._times += times
        return _Placed(condition, times, depth(condition) - 1, tuple(wrong.diagnostics))

    def _why_not(self, other: c.Segment, placed: _Placed, times: int) -> str | None:
        if other.limit is not None:
            return "it has a limit"
        if isinstance(other.condition, c.Everyone):
            return "it is everyone"
        if times > MOST_IN_PLACE:
            return f"more than {MOST_IN_PLACE} segments would have to be put in place"
        if self._times + times > MOST_OF_A_RUN:
            return f"more than {MOST_OF_A_RUN:,} segments would have to be put in place in this run"
        if placed.depth > DEEPEST:
            return f"its condition would be nested more than {DEEPEST} levels deep"
        return None


def _cannot(of: c.Membership, why: str, report: Report) -> None:
    assert isinstance(of.target, ByName)
    report.add(
        Code.SEG304,
        of.span,
        f"the segment {reference(of.target, 'segment')} is not on the server yet, and cannot be "
        f"counted as a part of another: {why}",
        help="create it first",
        via=of.via,
    )


def _flat(of: c.Condition) -> c.Condition:
    """The condition with groups of its own kind taken in, and two negations in a row left out."""
    if isinstance(of, c.Not):
        child = _flat(of.child)
        return child.child if isinstance(child, c.Not) else msgspec.structs.replace(of, child=child)
    if not isinstance(of, c.And | c.Or):
        return of
    kind = type(of)
    children: list[c.Condition] = []
    for child in of.children:
        inner = _flat(child)
        children.extend(inner.children if isinstance(inner, kind) else (inner,))
    return msgspec.structs.replace(of, children=tuple(children))
