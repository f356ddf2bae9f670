"""Which values satisfy the conditions on one column: none of them, all of them, or some.

The values are cut into cells on which every condition answers the same: no value at all,
each value that is named, what lies between two of those. A condition that cannot be judged
on a cell (a pattern, another column) is taken as unknown there, so what is said here holds
whatever the data are; a combination that is not seen through is merely not spoken of.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Literal as OneOf
from typing import NamedTuple

from segdsl.analysis.lint.normal import Group, Leaf, Node, is_taken_for_whole
from segdsl.language import predicates as p
from segdsl.language.condition import tree as c
from segdsl.language.values import UNITS, Boolean, Date, Duration, Number, Text, Unit, Value

Verdict = OneOf["never", "always"]
Truth = bool | None

MOST_WORK = 200_000
"""Conditions times cells: beyond it nothing is said."""

# Kinds of values with an order of their own: numbers, texts, truths, moments with an offset,
# moments of the wall clock, whole units counted from the current one.
Kind = OneOf["number", "text", "boolean", "instant", "local"] | Unit
_Edge = Decimal | str | bool | datetime | int


class _Range(NamedTuple):
    """From one edge to another; None is no end on that side."""

    low: _Edge | None
    closed_low: bool
    high: _Edge | None
    closed_high: bool


class _Said(NamedTuple):
    """What a test says of values of one kind: that they are in one of the ranges."""

    kind: Kind
    ranges: tuple[_Range, ...]


def verdict(of: Node, subject: int) -> Verdict | None:
    """Whether a condition holds never or always, by what it asks of one subject alone."""
    asked = list(_leaves_about(of, subject))
    said = {id(leaf): _said(leaf) for leaf in asked}
    kinds: list[Kind | None] = []
    for each in said.values():
        if each is not None and each.kind not in kinds:
            kinds.append(each.kind)
    for kind in kinds or [None]:
        found = _Cells(asked, said, kind, subject).verdict(of)
        if found is not None:
            return found
    return None


def _leaves_about(of: Node, subject: int) -> Iterator[Leaf]:
    if isinstance(of, Leaf):
        if of.subject == subject:
            yield of
    elif subject in of.subjects:
        for child in of.children:
            yield from _leaves_about(child, subject)


# --- cells -----------------------------------------------------------------------------

# Cells without a place in the order: no event, no value, a value of another kind. Those in
# the order are numbered: 2i + 1 is the edge i, 2i what lies right before it.
_NO_EVENT, _NULL, _OTHER = -3, -2, -1


class _Cells:
    """The cells of one subject for one kind of value, and what each leaf says of each."""

    def __init__(
        self,
        asked: Sequence[Leaf],
        said: dict[int, _Said | None],
        kind: Kind | None,
        subject: int,
    ) -> None:
        self.subject = subject
        self.work = 0
        edges: set[_Edge] = {True, False} if kind == "boolean" else set()
        ranges: dict[int, tuple[_Range, ...]] = {}
        for leaf in asked:
            found = said[id(leaf)]
            if found is not None and found.kind == kind:
                ranges[id(leaf)] = found.ranges
                for each in found.ranges:
                    edges.update(edge for edge in (each.low, each.high) if edge is not None)
        self.edges: list[_Edge] = sorted(edges)
        if (kind == "local" and _may_swap(self.edges)) or (
            kind == "number" and _too_fine(self.edges, counts=_is_count(asked[0].of))
        ):
            self.edges, ranges, kind = [], {}, None
        self.kind = kind
        self.sets = {key: self._places(found) for key, found in ranges.items()}
        self.cells = [*self._beside(asked[0].of), *self._in_order(asked[0].of)] if asked else []

    def verdict(self, of: Node) -> Verdict | None:
        """Whether a condition is false in all cells, or true in all."""
        may_hold = may_fail = False
        for cell in self.cells:
            truth = self._truth(of, cell)
            may_hold = may_hold or truth is not False
            may_fail = may_fail or truth is not True
            if (may_hold and may_fail) or self.work > MOST_WORK:
                return None
        if not self.cells:
            return None
        return "always" if may_hold else "never"

    def _beside(self, of: object) -> list[int]:
        subject = of.subject if isinstance(of, c.Test) else None
        if not isinstance(subject, c.Aggregate):
            return [_NULL, _OTHER] if isinstance(of, c.Test) else [_NULL]
        if subject.may_have_several:
            # Several values, of which one must fit: nothing is known once there are events.
            return [_NO_EVENT, _OTHER]
        if subject.counts:
            return [_NO_EVENT] if subject.some else []
        return [_NO_EVENT, _NULL, _OTHER] if subject.some else [_NULL, _OTHER]

    def _in_order(self, of: object) -> list[int]:
        subject = of.subject if isinstance(of, c.Test) else None
        least = None
        if isinstance(subject, c.Aggregate):
            if subject.may_have_several:
                return []
            if subject.counts:
                # Where there is an event there is a value, a null or not.
                least = int(subject.some)
        if self.kind is None:
            return [] if least is None else [0]
        return [cell for cell in range(2 * len(self.edges) + 1) if self._is_there(cell, least)]

    def _is_there(self, cell: int, least: int | None) -> bool:
        """Whether there is a value in a cell; `least` is the smallest count there can be."""
        at = cell // 2
        edge = self.edges[at] if cell % 2 else None
        before = self.edges[at - 1] if at > 0 and edge is None else None
        after = self.edges[at] if at < len(self.edges) and edge is None else None
        if self.kind == "boolean":
            return edge is not None
        if self.kind == "text":
            return edge is not None or after != ""
        if self.kind in UNITS:
            if edge is not None or before is None or after is None:
                return True
            assert isinstance(before, int)
            assert isinstance(after, int)
            return after - before > 1
        if least is None:
            return True
        if edge is not None:
            assert isinstance(edge, Decimal)
            return edge >= least and edge == edge.to_integral_value()
        first = least
        if before is not None:
            assert isinstance(before, Decimal)
            first = max(least, math.floor(before) + 1)
        assert after is None or isinstance(after, Decimal)
        return after is None or first < after

    def _places(self, ranges: tuple[_Range, ...]) -> tuple[frozenset[int], list[tuple[int, int]]]:
        single: set[int] = set()
        wide: list[tuple[int, int]] = []
        for low, closed_low, high, closed_high in ranges:
            first = 0 if low is None else self._place(low) + (0 if closed_low else 1)
            last = (
                2 * len(self.edges)
                if high is None
                else self._place(high) - (0 if closed_high else 1)
            )
            if first == last:
                single.add(first)
            elif first < last:
                wide.append((first, last))
        return frozenset(single), wide

    def _place(self, edge: _Edge) -> int:
        return 2 * bisect_left(self.edges, edge) + 1

    # --- truth -------------------------------------------------------------------------

    def _truth(self, of: Node, cell: int) -> Truth:
        """Whether a condition holds in a cell; None where that is not known."""
        if isinstance(of, Group):
            return self._group(of, cell)
        if of.subject != self.subject:
            return None
        self.work += 1
        holds = self._leaf(of, cell)
        return None if holds is None else holds != of.negated

    def _group(self, of: Group, cell: int) -> Truth:
        if self.subject not in of.subjects:
            return None
        decides = of.word == "or"
        known = True
        for child in of.children:
            truth = self._truth(child, cell)
            if truth is decides:
                return decides
            known = known and truth is not None
        return (not decides) if known else None

    def _leaf(self, of: Leaf, cell: int) -> Truth:
        match of.of:
            case c.Test() as test:
                if cell == _NO_EVENT:
                    return False
                if isinstance(test.subject, c.Aggregate) and test.subject.may_have_several:
                    return None
                if test.quantifier is not None:
                    return False if cell == _NULL else None
                holds = self._predicate(of, test.predicate, cell)
                return None if holds is None else holds != test.negated
            case c.Score(_, _, _, converted):
                inside = self._ordered(of, cell)
                # One that has converted may be left out, and whether it has is not looked at.
                return inside if converted or not inside else None
            case _:
                return None

    def _predicate(self, of: Leaf, predicate: p.Predicate, cell: int) -> Truth:
        if isinstance(predicate, p.IsNull):
            return cell == _NULL
        if cell == _NULL:
            return False
        if id(of) in self.sets:
            return self._ordered(of, cell)
        if isinstance(predicate, p.Like) and self.kind == "text" and cell > 0 and cell % 2:
            return _like(predicate, self.edges[cell // 2])
        return None

    def _ordered(self, of: Leaf, cell: int) -> bool | None:
        found = self.sets.get(id(of))
        if cell < 0:
            return False if found is not None else None
        if found is None:
            return None
        single, wide = found
        return cell in single or any(low <= cell <= high for low, high in wide)


def _like(of: p.Like, edge: _Edge) -> bool:
    assert isinstance(edge, str)
    texts = [each.value for each in of.values if isinstance(each, Text)]
    match of.match:
        case "contains":
            return any(text in edge for text in texts)
        case "starts with":
            return edge.startswith(tuple(texts))
        case "ends with":
            return edge.endswith(tuple(texts))


# --- what a leaf says ------------------------------------------------------------------


def _said(of: Leaf) -> _Said | None:
    """The values that a leaf holds of, before any negation; None where they have no order."""
    match of.of:
        case c.Score(_, low, high, _):
            return _Said("number", (_Range(low.value, True, high.value, True),))
        case c.Test(subject, predicate, _, None):
            if isinstance(subject, c.Aggregate) and subject.may_have_several:
                return None
            return _of_predicate(predicate)
        case _:
            return None


def _of_predicate(of: p.Predicate) -> _Said | None:
    match of:
        case p.Compare(relation, value):
            kind, edge = _edge(value)
            return _Said(kind, (_beside(relation, edge, edge),))
        case p.Between(low, high):
            (kind, first), (other, last) = _edge(low), _edge(high)
            return _Said(kind, (_Range(first, True, last, True),)) if kind == other else None
        case p.In(values):
            edges = [_edge(value) for value in values]
            kinds = {kind for kind, _ in edges}
            if len(kinds) != 1:
                return None
            return _Said(edges[0][0], tuple(_Range(edge, True, edge, True) for _, edge in edges))
        case p.Like("starts with", values):
            texts = [each.value for each in values if isinstance(each, Text)]
            return _Said("text", tuple(_beginning(text) for text in texts))
        case p.TimeCompare(relation, moment):
            found = _moment(moment)
            if found is None:
                return None
            return _Said(found[0], (_in_time(relation, found[1], found[2]),))
        case p.TimeBetween(low_moment, high_moment):
            begin, end = _moment(low_moment), _moment(high_moment)
            if begin is None or end is None or begin[0] != end[0]:
                return None
            return _Said(begin[0], (_Range(begin[1], True, end[2], False),))
        case p.Within(direction, amount, unit):
            assert isinstance(amount, Number)
            number = int(amount.text)
            past = direction == "past"
            return _units(unit, -number if past else 1, 0 if past else 1 + number)
        case p.InUnit(which, unit):
            shift = {"last": -1, "this": 0, "next": 1}[which]
            return _units(unit, shift, shift + 1)
        case p.Today():
            return _Said("day", (_Range(0, True, None, False),))
        case p.BetweenNext(low_length, high_length):
            near, far = _one_unit(low_length), _one_unit(high_length)
            if near is None or far is None or near[1] != far[1]:
                return None
            return _units(near[1], near[0], far[0] + 1)
        case _:
            return None


def _edge(of: Value) -> tuple[Kind, _Edge]:
    match of:
        case Number():
            return "number", of.value
        case Text(text):
            return "text", text
        case Boolean(truth):
            return "boolean", truth
        case _:
            raise AssertionError(f"{of} is compared as a time")


def _beside(relation: p.Relation, start: _Edge, end: _Edge) -> _Range:
    match relation:
        case "=":
            return _Range(start, True, end, True)
        case "<":
            return _Range(None, False, start, False)
        case "<=":
            return _Range(None, False, end, True)
        case ">":
            return _Range(end, False, None, False)
        case ">=":
            return _Range(start, True, None, False)


def _beginning(text: str) -> _Range:
    """The texts that begin with one: up to, not including, the next that does not."""
    head = text
    while head and head[-1] == "\U0010ffff":
        head = head[:-1]
    if not head:
        return _Range(text, True, None, False)
    code = ord(head[-1]) + 1
    # Surrogates are no characters.
    following = head[:-1] + chr(0xE000 if 0xD800 <= code < 0xE000 else code)
    return _Range(text, True, following, False)


# --- times -----------------------------------------------------------------------------

Moment = tuple[Kind, _Edge, _Edge]


def _in_time(relation: p.Relation, start: _Edge, end: _Edge) -> _Range:
    """The same of a unit of time, from its start up to the start of the next."""
    match relation:
        case "=":
            return _Range(start, True, end, False)
        case "<":
            return _Range(None, False, start, False)
        case "<=":
            return _Range(None, False, end, False)
        case ">":
            return _Range(end, True, None, False)
        case ">=":
            return _Range(start, True, None, False)


def _moment(of: p.Moment) -> Moment | None:
    """The kind, the start and the end of the day, minute, second or unit a moment names."""
    match of:
        case Date(text) if of.is_iso:
            return _date(text)
        case p.Ago(duration):
            found = _one_unit(duration)
            return None if found is None else (found[1], -found[0], 1 - found[0])
        case _:
            return None


def _date(text: str) -> Moment | None:
    start = datetime.fromisoformat(text).replace(microsecond=0)
    kind: Kind = "local" if start.tzinfo is None else "instant"
    if "T" not in text:
        length = timedelta(days=1)
    else:
        clock = text.partition("T")[2].rstrip("Z").partition("+")[0].partition("-")[0]
        length = timedelta(seconds=1 if clock.count(":") == 2 else 60)
    try:
        return kind, start, start + length
    except OverflowError:
        return None


def _may_swap(edges: Sequence[_Edge]) -> bool:
    """Whether a clock that is set forward could let two of the moments change their places.

    Midnights never do; other times may, where less than a day is between two of them.
    """
    for before, after in pairwise(edges):
        assert isinstance(before, datetime)
        assert isinstance(after, datetime)
        midnights = not any(
            (each.hour, each.minute, each.second) != (0, 0, 0) for each in (before, after)
        )
        if not midnights and after - before < timedelta(hours=25):
            return True
    return False


def _is_count(of: object) -> bool:
    return isinstance(of, c.Test) and isinstance(of.subject, c.Aggregate) and of.subject.counts


def _too_fine(edges: Sequence[_Edge], *, counts: bool) -> bool:
    """Whether two of the numbers are one to a column of doubles, and nobody tells what it is of.

    A count is whole, and exact beside whole numbers; only others could be taken for one.
    """
    numbers = [edge for edge in edges if isinstance(edge, Decimal)]
    if counts:
        return any(is_taken_for_whole(each) for each in numbers)
    return any(float(before) == float(after) for before, after in pairwise(numbers))


def _one_unit(of: Duration) -> tuple[int, Unit] | None:
    if len(of.parts) != 1 or of.rounded is not None:
        return None
    [part] = of.parts
    assert isinstance(part.amount, Number)
    return int(part.amount.text), part.unit


def _units(unit: Unit, start: int, end: int) -> _Said:
    return _Said(unit, (_Range(start, True, end, False),))
