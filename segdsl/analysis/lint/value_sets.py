"""The values that satisfy one condition, as ranges of one kind of values with an order.

What has no order, as a pattern inside a string or another column, has no such set.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal as OneOf

import msgspec

from segdsl.analysis.lint.normal_form import Leaf
from segdsl.language import predicates as p
from segdsl.language.condition import tree as c
from segdsl.language.values import Boolean, Date, Duration, Number, Text, Unit, Value

# Kinds of values, each with its own order: numbers, strings, booleans, times with an offset,
# wall clock times, and units of time relative to the current one.
Kind = OneOf["number", "text", "boolean", "instant", "local"] | Unit
Edge = Decimal | str | bool | datetime | int


class Range(msgspec.Struct, frozen=True):
    """From one edge to another; None is no end on that side."""

    low: Edge | None
    closed_low: bool
    high: Edge | None
    closed_high: bool


class ValueSet(msgspec.Struct, frozen=True):
    """The values of one kind that satisfy a test, as ranges."""

    kind: Kind
    ranges: tuple[Range, ...]


def value_set(leaf: Leaf) -> ValueSet | None:
    """The values that satisfy a leaf, before negation; None if they have no order."""
    match leaf.condition:
        case c.Score(_, low, high, _):
            return ValueSet("number", (Range(low.value, True, high.value, True),))
        case c.Test(subject, predicate, _, None):
            if isinstance(subject, c.Aggregate) and subject.may_have_several:
                return None
            return _predicate_values(predicate)
        case _:
            return None


def _predicate_values(predicate: p.Predicate) -> ValueSet | None:
    match predicate:
        case p.Compare(relation, value):
            kind, edge = _edge(value)
            return ValueSet(kind, (_comparison_range(relation, edge, edge),))
        case p.Between(low, high):
            (kind, first), (other, last) = _edge(low), _edge(high)
            return ValueSet(kind, (Range(first, True, last, True),)) if kind == other else None
        case p.In(values):
            edges = [_edge(value) for value in values]
            kinds = {kind for kind, _ in edges}
            if len(kinds) != 1:
                return None
            return ValueSet(edges[0][0], tuple(Range(edge, True, edge, True) for _, edge in edges))
        case p.Like("starts with", values):
            texts = [each.value for each in values if isinstance(each, Text)]
            return ValueSet("text", tuple(_prefix_range(text) for text in texts))
        case p.TimeCompare(relation, moment):
            found = _moment(moment)
            if found is None:
                return None
            return ValueSet(found[0], (_time_range(relation, found[1], found[2]),))
        case p.TimeBetween(low_moment, high_moment):
            begin, end = _moment(low_moment), _moment(high_moment)
            if begin is None or end is None or begin[0] != end[0]:
                return None
            return ValueSet(begin[0], (Range(begin[1], True, end[2], False),))
        case p.Within(direction, amount, unit):
            assert isinstance(amount, Number)
            number = int(amount.text)
            past = direction == "past"
            return _units(unit, -number if past else 1, 0 if past else 1 + number)
        case p.InUnit(which, unit):
            shift = {"last": -1, "this": 0, "next": 1}[which]
            return _units(unit, shift, shift + 1)
        case p.Today():
            return ValueSet("day", (Range(0, True, None, False),))
        case p.BetweenNext(low_length, high_length):
            near, far = _one_unit(low_length), _one_unit(high_length)
            if near is None or far is None or near[1] != far[1]:
                return None
            return _units(near[1], near[0], far[0] + 1)
        case _:
            return None


def _edge(value: Value) -> tuple[Kind, Edge]:
    match value:
        case Number():
            return "number", value.value
        case Text(text):
            return "text", text
        case Boolean(truth):
            return "boolean", truth
        case _:
            raise AssertionError(f"{value} is compared as a time")


def _comparison_range(relation: p.Relation, start: Edge, end: Edge) -> Range:
    match relation:
        case "=":
            return Range(start, True, end, True)
        case "<":
            return Range(None, False, start, False)
        case "<=":
            return Range(None, False, end, True)
        case ">":
            return Range(end, False, None, False)
        case ">=":
            return Range(start, True, None, False)


def _prefix_range(text: str) -> Range:
    """The range of strings with a prefix: up to the next string without it."""
    head = text
    while head and head[-1] == "\U0010ffff":
        head = head[:-1]
    if not head:
        return Range(text, True, None, False)
    code = ord(head[-1]) + 1
    # Surrogates are no characters.
    following = head[:-1] + chr(0xE000 if 0xD800 <= code < 0xE000 else code)
    return Range(text, True, following, False)


# --- times -----------------------------------------------------------------------------

Moment = tuple[Kind, Edge, Edge]


def _time_range(relation: p.Relation, start: Edge, end: Edge) -> Range:
    """The range for a comparison with a unit of time, from its start to the next one's start."""
    match relation:
        case "=":
            return Range(start, True, end, False)
        case "<":
            return Range(None, False, start, False)
        case "<=":
            return Range(None, False, end, False)
        case ">":
            return Range(end, True, None, False)
        case ">=":
            return Range(start, True, None, False)


def _moment(moment: p.Moment) -> Moment | None:
    """The kind, start and end of the day, minute, second or unit that a moment names."""
    match moment:
        case Date(text) if moment.is_iso:
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


def _one_unit(duration: Duration) -> tuple[int, Unit] | None:
    if len(duration.parts) != 1 or duration.rounded is not None:
        return None
    [part] = duration.parts
    assert isinstance(part.amount, Number)
    return int(part.amount.text), part.unit


def _units(unit: Unit, start: int, end: int) -> ValueSet:
    return ValueSet(unit, (Range(start, True, end, False),))
