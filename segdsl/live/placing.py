"""Conditions of segments in the place of references to them, so that all can be asked at once.

Pure functions over condition trees. What is put where is said by whoever asks: what the server
does not have yet, or what a plan changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from segdsl.condition import tree as c
from segdsl.diagnostics import Code, Report
from segdsl.live.references import ByTheirName, report_several
from segdsl.syntax.text import reference
from segdsl.values import ByName

MOST_IN_PLACE = 200
"""References in one segment that are replaced: each may bring others along."""
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


def without_rule_sets(of: c.Condition) -> c.Condition:
    """The same condition with no group that must stay a rule set of its own."""
    match of:
        case c.RuleSet(_, child):
            return without_rule_sets(child)
        case c.And(children) | c.Or(children):
            return msgspec.structs.replace(of, children=tuple(map(without_rule_sets, children)))
        case c.Not(child):
            return msgspec.structs.replace(of, child=without_rule_sets(child))
        case _:
            return of


# --- what the server does not have -----------------------------------------------------


def put_in_place(
    of: c.Segment, here: Iterable[c.Segment], known: ByTheirName, report: Report
) -> c.Segment:
    """The segment with the conditions of others in the place of references to them.

    Done for those of `here` that the server does not know by name. What cannot stand
    in another segment's condition, such as a limit, is reported.
    """
    among: dict[ByName, list[c.Segment]] = {}
    for each in here:
        for spelling in c.spellings(*each.place):
            among.setdefault(spelling, []).append(each)
    condition = _Placer(among, known, report).placed(of.condition, (of.place,))
    return msgspec.structs.replace(of, condition=condition)


class _Placer:
    """Puts conditions in the place of references, in one segment."""

    def __init__(
        self, among: Mapping[ByName, Sequence[c.Segment]], known: ByTheirName, report: Report
    ) -> None:
        self.among = among
        self.known = known
        self.report = report
        self.times = 0

    def placed(self, of: c.Condition, path: tuple[c.Place, ...]) -> c.Condition:
        return with_segments(of, lambda reference: self._in_place(reference, path))

    def _in_place(self, of: c.Membership, path: tuple[c.Place, ...]) -> c.Condition | None:
        name = of.target
        if not isinstance(name, ByName) or name not in self.among or self.known.get(name):
            # On the server, or nowhere.
            return None
        if len(self.among[name]) > 1:
            report_several(of, name, len(self.among[name]), self.report)
            return None
        [other] = self.among[name]
        if other.place in path:
            return None  # A circle, which is reported as a whole.
        self.times += 1
        if other.limit is not None:
            why = "it has a limit"
        elif isinstance(other.condition, c.Everyone):
            why = "it is everyone"
        elif self.times > MOST_IN_PLACE:
            why = f"more than {MOST_IN_PLACE} segments would have to be put in place"
        else:
            return self.placed(other.condition, (*path, other.place))
        if self.times <= MOST_IN_PLACE + 1:
            self.report.add(
                Code.SEG304,
                of.span,
                f"the segment {reference(name, 'segment')} is not on the server yet, and cannot be "
                f"counted as a part of another: {why}",
                help="create it first",
                via=of.via,
            )
        return None
