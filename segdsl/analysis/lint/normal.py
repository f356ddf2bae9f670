"""Conditions in the form that the lints look at: no `not` above a leaf, groups flat, keys.

Two nodes of one key mean the same, and the key of the opposite of a node is its own with
the last bit turned over. Keys are numbers, so that finding equals is looking in a
dictionary. Nothing is reported here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Literal as OneOf
from typing import assert_never

import msgspec

from segdsl.language import predicates as p
from segdsl.language.condition import tree as c
from segdsl.language.condition.counting import is_numeric
from segdsl.language.values import Boolean, Date, Name, Number, Text, Value
from segdsl.source import Span

Word = OneOf["and", "or"]
Written = c.Test | c.Membership | c.Score | c.Limited | c.Everyone
_MOST_EXACT = Decimal(10**15)
_POSITIVE = 2**62 - 1


class Leaf(msgspec.Struct, frozen=True, eq=False):
    """One condition, or its opposite. `subject` is a number for what it asks of, if anything.

    `inside` is the filter of a test of an aggregate, or what a limit is on.
    """

    of: Written
    negated: bool
    key: int
    subject: int
    span: Span
    via: tuple[Span, ...]
    inside: Node | None = None


class Group(msgspec.Struct, frozen=True, eq=False):
    """Two conditions or more, none of them a group of the same word.

    `subjects` are those of all leaves in it.
    """

    word: Word
    children: tuple[Node, ...]
    key: int
    subjects: frozenset[int]
    span: Span
    via: tuple[Span, ...]


Node = Leaf | Group


def opposite(key: int) -> int:
    """The key of the opposite of what has this key."""
    return key ^ 1


def leaves(of: Node) -> Iterator[Leaf]:
    """Every leaf in a node, filters not entered."""
    if isinstance(of, Leaf):
        yield of
        return
    for child in of.children:
        yield from leaves(child)


class Normal:
    """Makes nodes, and gives equal ones equal keys: one for all segments that are compared.

    What is not equal never has one key here. Another one, in a process that was forked from
    the same, almost always gives the same keys: two whose hashes are equal are told apart.
    """

    def __init__(self) -> None:
        # What each number stands for.
        self._holders: dict[int, object] = {}
        self._listed: dict[int, tuple[int, frozenset[object]]] = {}

    def node(self, of: c.Condition, *, negated: bool = False) -> Node:
        """A condition, or its opposite."""
        match of:
            case c.Test():
                return self._test(of, negated)
            case c.And(children) | c.Or(children):
                word: Word = "and" if isinstance(of, c.And) != negated else "or"
                return self._group(
                    word, of, [self.node(each, negated=negated) for each in children]
                )
            case c.Not(child):
                found = self.node(child, negated=not negated)
                # The `not` in front of a single condition is shown with it.
                if isinstance(found, Leaf) and len(found.via) == len(of.via):
                    return msgspec.structs.replace(found, span=of.span)
                return found
            case c.RuleSet(_, child):
                return self.node(child, negated=negated)
            case c.Membership(what, target):
                key = 2 * self._number(("membership", what, target)) + negated
                return Leaf(of, negated, key, -1, of.span, of.via)
            case c.Score(model, low, high, converted):
                said = ("score", model, low.value, high.value, converted)
                subject = self._number(("the score", model))
                return Leaf(of, negated, 2 * self._number(said) + negated, subject, of.span, of.via)
            case c.Limited(child, limit):
                assert isinstance(limit.number, Number)
                kept = (limit.number.value, limit.percent, limit.order)
                inside = self.node(child)
                key = 2 * self._number(("limited", inside.key, kept)) + negated
                return Leaf(of, negated, key, -1, of.span, of.via, inside)
            case c.Everyone():
                key = 2 * self._number("everyone") + negated
                return Leaf(of, negated, key, -1, of.span, of.via)
            case _:
                assert_never(of)

    def segment(self, of: c.Segment, condition: Node) -> int:
        """A number that segments of one kind share if the same profiles are in them."""
        limit = of.limit
        kept: object = None
        if limit is not None:
            assert isinstance(limit.number, Number)
            kept = (limit.number.value, limit.percent, limit.order)
        return self._number(("segment", of.kind, condition.key, kept))

    def _number(self, of: object) -> int:
        found = hash(of) & _POSITIVE
        while True:
            holder = self._holders.setdefault(found, of)
            if holder is of or holder == of:
                return found
            found += 1

    # --- groups ------------------------------------------------------------------------

    def _group(self, word: Word, of: c.And | c.Or, found: Iterable[Node]) -> Group:
        flat: list[Node] = []
        for each in found:
            if isinstance(each, Group) and each.word == word:
                flat.extend(each.children)
            else:
                flat.append(each)
        subjects: set[int] = set()
        for child in flat:
            if isinstance(child, Leaf):
                subjects.add(child.subject)
            else:
                subjects |= child.subjects
        key = self._group_key(word, {child.key for child in flat})
        return Group(word, tuple(flat), key, frozenset(subjects), of.span, of.via)

    def _group_key(self, word: Word, keys: set[int]) -> int:
        """Every group is numbered as an `or`: an `and` is the opposite of one of opposites."""
        turned = int(word == "and")
        alternatives = self._merged({key ^ turned for key in keys})
        if len(alternatives) == 1:
            return alternatives[0] ^ turned
        return (2 * self._number(("or", tuple(alternatives)))) ^ turned

    def _merged(self, keys: set[int]) -> list[int]:
        """With all the equals of one subject as one list: `a = 1 or a = 2` is `a in (1, 2)`."""
        lists: dict[int, set[int]] = {}
        for key in keys:
            if key in self._listed:
                lists.setdefault(self._listed[key][0], set()).add(key)
        for subject, several in lists.items():
            if len(several) > 1:
                keys = keys - several
                values = frozenset(one for key in several for one in self._listed[key][1])
                keys.add(self._list_key(subject, values))
        return sorted(keys)

    def _list_key(self, subject: int, values: frozenset[object]) -> int:
        key = 2 * self._number(("listed", subject, values))
        self._listed[key] = (subject, values)
        return key

    # --- tests -------------------------------------------------------------------------

    def _test(self, of: c.Test, negated: bool) -> Leaf:
        inside: Node | None = None
        subject = of.subject
        if isinstance(subject, c.Aggregate):
            inside = None if subject.filter is None else self.node(subject.filter)
            number = self._aggregate(subject, inside)
        else:
            number = self._number(subject)
        key = self._test_key(of, number, inside) ^ negated
        return Leaf(of, negated, key, number, of.span, of.via, inside)

    def _aggregate(self, of: c.Aggregate, inside: Node | None) -> int:
        columns = tuple(sorted(of.columns))
        grouping = frozenset(of.grouping)
        filter = None if inside is None else inside.key
        head = (of.function, of.behavior, columns, of.some, of.order)
        return self._number((head, grouping, of.window, filter))

    def _test_key(self, of: c.Test, subject: int, inside: Node | None) -> int:
        quantifier = of.quantifier
        if quantifier is None and not of.negated:
            if is_plain_count(of.subject) and (at_least := _at_least(of.predicate)):
                least, turned = at_least
                if least == 1 and isinstance(of.subject, c.Aggregate):
                    # Different values are 1 or more where there are events: a missing one counts.
                    count = msgspec.structs.replace(of.subject, function="count", columns=())
                    subject = self._aggregate(count, inside)
                return 2 * self._number(("at least", subject, least)) + turned
            if (values := listed(of.predicate)) is not None:
                return self._list_key(subject, frozenset(map(comparable, values)))
        how = None if quantifier is None else (quantifier.how, _plain(quantifier.number))
        return 2 * self._number((subject, _predicate(of.predicate), of.negated, how))


def is_plain_count(subject: c.Subject) -> bool:
    """Whether this is one number 0, 1, 2 … for each profile."""
    if not isinstance(subject, c.Aggregate):
        return False
    return subject.counts and not subject.some and not subject.is_existential


def _at_least(of: p.Predicate) -> tuple[int, bool] | None:
    """`>= n` of a count, and whether turned over, where a comparison says just that."""
    if not is_numeric(of) or not isinstance(of, p.Compare):
        return None
    assert isinstance(of.value, Number)
    value = of.value.value
    if abs(value) > _MOST_EXACT or is_taken_for_whole(value):
        return None
    match of.relation:
        case ">=":
            return math.ceil(value), False
        case ">":
            return math.floor(value) + 1, False
        case "<":
            return math.ceil(value), True
        case "<=":
            return math.floor(value) + 1, True
        case "=":
            return (1, True) if value == 0 else None
        case _:
            assert_never(of.relation)


def is_taken_for_whole(value: Decimal) -> bool:
    """Whether a number is not whole, and the double nearest to it is."""
    return value != value.to_integral_value() and float(value).is_integer()


def listed(of: p.Predicate) -> tuple[Value, ...] | None:
    """The values of `=` and `in`, where a list could hold them: numbers and texts."""
    match of:
        case p.Compare("=", Number() | Text() as value):
            return (value,)
        case p.In(values):
            return values
        case _:
            return None


def comparable(of: Value) -> object:
    """What two ways to write a value share, never equal for different kinds of value."""
    match of:
        case Number():
            return ("number", of.value)
        case Text(text):
            return ("text", text)
        case Boolean(truth):
            return ("boolean", truth)
        case Date(text):
            return ("date", text)
        case Name(name):
            raise AssertionError(f"{name} is resolved by now")
        case _:
            assert_never(of)


def _plain(of: Value | None) -> object:
    return None if of is None else comparable(of)


def _predicate(of: p.Predicate) -> object:
    match of:
        case p.Compare(relation, value):
            return ("compare", relation, comparable(value))
        case p.Between(low, high):
            return ("between", comparable(low), comparable(high))
        case p.In(values):
            return ("in", frozenset(map(comparable, values)))
        case p.Like(match, values):
            return (match, frozenset(map(comparable, values)))
        case _:
            return of
