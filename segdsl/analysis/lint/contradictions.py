"""Decides whether no value, all values or some values satisfy the conditions on one column.

Partitions the values into cells on which every condition is constant: null, each value that is
named, and the ranges between them. A condition that cannot be evaluated on a cell (a pattern,
another column) is unknown there, so the result holds for all data; other contradictions are
missed, but none is reported falsely.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING
from typing import Literal as OneOf

from segdsl.analysis.lint.normal_form import Group, Leaf, Node, is_taken_for_whole
from segdsl.language import predicates as p
from segdsl.language.condition import tree as c
from segdsl.language.values import UNITS, Text

if TYPE_CHECKING:
    from segdsl.analysis.lint.value_sets import Edge, Kind, Range, ValueSet

Verdict = OneOf["never", "always"]
Truth = bool | None

MAX_WORK = 200_000
"""Maximum evaluations of conditions on cells; beyond it there is no result."""


def verdict(node: Node, subject: int) -> Verdict | None:
    """Whether a condition never or always holds, considering only its tests of one subject."""
    for cells in _cells_by_kind(node, subject):
        result = cells.verdict(node)
        if result is not None:
            return result
    return None


def has_witness(node: Node, subject: int) -> bool:
    """Whether a value of one subject surely satisfies a condition, which is about it alone.

    Only a value that a column can have whatever its numbers are for: none, one that is named, or
    one of a range that holds a whole number.
    """
    return any(cells.has_witness(node) for cells in _cells_by_kind(node, subject))


def _cells_by_kind(node: Node, subject: int) -> Iterator[_Cells]:
    # Imported only here: most segments have nothing to decide.
    from segdsl.analysis.lint.value_sets import value_set

    leaves = list(_leaves_about(node, subject))
    value_sets = {id(leaf): value_set(leaf) for leaf in leaves}
    kinds: list[Kind | None] = []
    for values in value_sets.values():
        if values is not None and values.kind not in kinds:
            kinds.append(values.kind)
    for kind in kinds or [None]:
        yield _Cells(leaves, value_sets, kind, subject)


def _leaves_about(node: Node, subject: int) -> Iterator[Leaf]:
    if isinstance(node, Leaf):
        if node.subject == subject:
            yield node
    elif subject in node.subjects:
        for child in node.children:
            yield from _leaves_about(child, subject)


# --- cells -----------------------------------------------------------------------------

# Cells outside the order: no event, null, a value of another kind. Cells in the order are
# numbered: 2i + 1 is edge i, 2i is the range before it.
_NO_EVENT, _NULL, _OTHER = -3, -2, -1


class _Cells:
    """The cells of one subject for one kind of value, and the truth of each leaf on them."""

    def __init__(
        self,
        asked: Sequence[Leaf],
        said: dict[int, ValueSet | None],
        kind: Kind | None,
        subject: int,
    ) -> None:
        self.subject = subject
        self.work = 0
        edges: set[Edge] = {True, False} if kind == "boolean" else set()
        ranges: dict[int, tuple[Range, ...]] = {}
        for leaf in asked:
            found = said[id(leaf)]
            if found is not None and found.kind == kind:
                ranges[id(leaf)] = found.ranges
                for each in found.ranges:
                    edges.update(edge for edge in (each.low, each.high) if edge is not None)
        self.edges: list[Edge] = sorted(edges)
        if (kind == "local" and _may_reorder(self.edges)) or (
            kind == "number"
            and _may_round_together(self.edges, counts=_is_count(asked[0].condition))
        ):
            self.edges, ranges, kind = [], {}, None
        self.kind = kind
        self.sets = {key: self._places(found) for key, found in ranges.items()}
        self.cells = (
            [*self._unordered_cells(asked[0].condition), *self._ordered_cells(asked[0].condition)]
            if asked
            else []
        )

    def verdict(self, node: Node) -> Verdict | None:
        """Whether a condition is false in all cells, or true in all."""
        may_hold = may_fail = False
        for cell in self.cells:
            truth = self._truth(node, cell)
            may_hold = may_hold or truth is not False
            may_fail = may_fail or truth is not True
            if (may_hold and may_fail) or self.work > MAX_WORK:
                return None
        if not self.cells:
            return None
        return "always" if may_hold else "never"

    def has_witness(self, node: Node) -> bool:
        """Whether a condition is true in a cell that surely has a value."""
        return any(
            self.work <= MAX_WORK and self._truth(node, cell) is True
            for cell in self.cells
            if cell != _OTHER and self._surely_has_value(cell)
        )

    def _surely_has_value(self, cell: int) -> bool:
        """Whether a range of numbers holds a whole one; others hold something."""
        if cell < 0 or cell % 2 or self.kind != "number":
            return True
        at = cell // 2
        if at in (0, len(self.edges)):
            return True
        before, after = self.edges[at - 1], self.edges[at]
        assert isinstance(before, Decimal)
        assert isinstance(after, Decimal)
        return math.floor(before) + 1 < after

    def _unordered_cells(self, condition: object) -> list[int]:
        subject = condition.subject if isinstance(condition, c.Test) else None
        if not isinstance(subject, c.Aggregate):
            return [_NULL, _OTHER] if isinstance(condition, c.Test) else [_NULL]
        if subject.may_have_several:
            # One of several values must match: unknown if there are events.
            return [_NO_EVENT, _OTHER]
        if subject.counts:
            return [_NO_EVENT] if subject.some else []
        return [_NO_EVENT, _NULL, _OTHER] if subject.some else [_NULL, _OTHER]

    def _ordered_cells(self, condition: object) -> list[int]:
        subject = condition.subject if isinstance(condition, c.Test) else None
        least = None
        if isinstance(subject, c.Aggregate):
            if subject.may_have_several:
                return []
            if subject.counts:
                # At least one event has at least one value, which may be null.
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

    def _places(self, ranges: tuple[Range, ...]) -> tuple[frozenset[int], list[tuple[int, int]]]:
        single: set[int] = set()
        wide: list[tuple[int, int]] = []
        for each in ranges:
            first, last = 0, 2 * len(self.edges)
            if each.low is not None:
                first = self._place(each.low) + (0 if each.closed_low else 1)
            if each.high is not None:
                last = self._place(each.high) - (0 if each.closed_high else 1)
            if first == last:
                single.add(first)
            elif first < last:
                wide.append((first, last))
        return frozenset(single), wide

    def _place(self, edge: Edge) -> int:
        return 2 * bisect_left(self.edges, edge) + 1

    # --- truth -------------------------------------------------------------------------

    def _truth(self, node: Node, cell: int) -> Truth:
        """Whether a condition holds in a cell; None if unknown."""
        if isinstance(node, Group):
            return self._group(node, cell)
        if node.subject != self.subject:
            return None
        self.work += 1
        holds = self._leaf(node, cell)
        return None if holds is None else holds != node.negated

    def _group(self, group: Group, cell: int) -> Truth:
        if self.subject not in group.subjects:
            return None
        decides = group.word == "or"
        known = True
        for child in group.children:
            truth = self._truth(child, cell)
            if truth is decides:
                return decides
            known = known and truth is not None
        return (not decides) if known else None

    def _leaf(self, leaf: Leaf, cell: int) -> Truth:
        match leaf.condition:
            case c.Test() as test:
                if cell == _NO_EVENT:
                    return False
                if isinstance(test.subject, c.Aggregate) and test.subject.may_have_several:
                    return None
                if test.quantifier is not None:
                    return False if cell == _NULL else None
                holds = self._predicate(leaf, test.predicate, cell)
                return None if holds is None else holds != test.negated
            case c.Score(_, _, _, converted):
                inside = self._ordered(leaf, cell)
                # Converted profiles may be excluded, which is not modeled.
                return inside if converted or not inside else None
            case _:
                return None

    def _predicate(self, leaf: Leaf, predicate: p.Predicate, cell: int) -> Truth:
        if isinstance(predicate, p.IsNull):
            return cell == _NULL
        if cell == _NULL:
            return False
        if id(leaf) in self.sets:
            return self._ordered(leaf, cell)
        if isinstance(predicate, p.Like) and self.kind == "text" and cell > 0 and cell % 2:
            return _like(predicate, self.edges[cell // 2])
        return None

    def _ordered(self, leaf: Leaf, cell: int) -> bool | None:
        found = self.sets.get(id(leaf))
        if cell < 0:
            return False if found is not None else None
        if found is None:
            return None
        single, wide = found
        return cell in single or any(low <= cell <= high for low, high in wide)


def _like(predicate: p.Like, edge: Edge) -> bool:
    assert isinstance(edge, str)
    texts = [each.value for each in predicate.values if isinstance(each, Text)]
    match predicate.match:
        case "contains":
            return any(text in edge for text in texts)
        case "starts with":
            return edge.startswith(tuple(texts))
        case "ends with":
            return edge.endswith(tuple(texts))


# --- edges that cells cannot be made of --------------------------------------------------


def _may_reorder(edges: Sequence[Edge]) -> bool:
    """Whether a clock change could reverse the order of two wall clock times.

    Midnights are never reversed; other times may be if they are less than a day apart.
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


def _is_count(condition: object) -> bool:
    return (
        isinstance(condition, c.Test)
        and isinstance(condition.subject, c.Aggregate)
        and condition.subject.counts
    )


def _may_round_together(edges: Sequence[Edge], *, counts: bool) -> bool:
    """Whether two of the numbers are equal as doubles, as the type of the column is unknown.

    A count is an exact integer; only a fraction could be rounded to one.
    """
    numbers = [edge for edge in edges if isinstance(edge, Decimal)]
    if counts:
        return any(is_taken_for_whole(each) for each in numbers)
    return any(float(before) == float(after) for before, after in pairwise(numbers))
