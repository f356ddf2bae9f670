"""The normal form of conditions for lints: negations at leaves, flat groups, and keys.

Nodes with equal keys are equivalent, and the key of a node's negation differs only in the last
bit. Keys are integers, so equal nodes are found by dictionary lookups. Reports nothing.
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
LeafCondition = c.Test | c.Membership | c.Score | c.Limited | c.Everyone
_MOST_EXACT = Decimal(10**15)
_POSITIVE = 2**62 - 1


class Leaf(msgspec.Struct, frozen=True, eq=False):
    """A condition or its negation. `subject` is the number of its subject, or -1.

    `inside` is the filter of an aggregate, or the condition of a limit.
    """

    condition: LeafCondition
    negated: bool
    key: int
    subject: int
    span: Span
    via: tuple[Span, ...]
    inside: Node | None = None


class Group(msgspec.Struct, frozen=True, eq=False):
    """Two or more conditions, none of which is a group with the same word.

    `subjects` are those of all its leaves.
    """

    word: Word
    children: tuple[Node, ...]
    key: int
    subjects: frozenset[int]
    span: Span
    via: tuple[Span, ...]


Node = Leaf | Group


def opposite(key: int) -> int:
    """The key of the negation."""
    return key ^ 1


def leaves(node: Node) -> Iterator[Leaf]:
    """The leaves of a node, without those in filters."""
    if isinstance(node, Leaf):
        yield node
        return
    for child in node.children:
        yield from leaves(child)


class Normalizer:
    """Converts conditions to nodes with equal keys for equal nodes, for all compared segments.

    Different nodes always have different keys in one normalizer. One in another process forked
    from the same parent gives the same keys, except where hashes collide.
    """

    def __init__(self) -> None:
        # The object of each number.
        self._holders: dict[int, object] = {}
        self._listed: dict[int, tuple[int, frozenset[object]]] = {}

    def node(self, condition: c.Condition, *, negated: bool = False) -> Node:
        """Converts a condition or its negation."""
        match condition:
            case c.Test():
                return self._test(condition, negated)
            case c.And(children) | c.Or(children):
                word: Word = "and" if isinstance(condition, c.And) != negated else "or"
                return self._group(
                    word, condition, [self.node(each, negated=negated) for each in children]
                )
            case c.Not(child):
                found = self.node(child, negated=not negated)
                # The span of a single negated condition includes the `not`.
                if isinstance(found, Leaf) and len(found.via) == len(condition.via):
                    return msgspec.structs.replace(found, span=condition.span)
                return found
            case c.RuleSet(_, child):
                return self.node(child, negated=negated)
            case c.Membership(what, target):
                key = 2 * self._number(("membership", what, target)) + negated
                return Leaf(condition, negated, key, -1, condition.span, condition.via)
            case c.Score(model, low, high, converted):
                said = ("score", model, low.value, high.value, converted)
                subject = self._number(("the score", model))
                return Leaf(
                    condition,
                    negated,
                    2 * self._number(said) + negated,
                    subject,
                    condition.span,
                    condition.via,
                )
            case c.Limited(child, limit):
                assert isinstance(limit.number, Number)
                kept = (limit.number.value, limit.percent, limit.order)
                inside = self.node(child)
                key = 2 * self._number(("limited", inside.key, kept)) + negated
                return Leaf(condition, negated, key, -1, condition.span, condition.via, inside)
            case c.Everyone():
                key = 2 * self._number("everyone") + negated
                return Leaf(condition, negated, key, -1, condition.span, condition.via)
            case _:
                assert_never(condition)

    def segment(self, segment: c.Segment, condition: Node) -> int:
        """A number that is equal for equivalent segments of one kind."""
        limit = segment.limit
        kept: object = None
        if limit is not None:
            assert isinstance(limit.number, Number)
            kept = (limit.number.value, limit.percent, limit.order)
        return self._number(("segment", segment.kind, condition.key, kept))

    def _number(self, condition: object) -> int:
        found = hash(condition) & _POSITIVE
        while True:
            holder = self._holders.setdefault(found, condition)
            if holder is condition or holder == condition:
                return found
            found += 1

    # --- groups ------------------------------------------------------------------------

    def _group(self, word: Word, group: c.And | c.Or, found: Iterable[Node]) -> Group:
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
        return Group(word, tuple(flat), key, frozenset(subjects), group.span, group.via)

    def _group_key(self, word: Word, keys: set[int]) -> int:
        """The key of a group, as an `or`; an `and` is the negation of an `or` of negations."""
        turned = int(word == "and")
        alternatives = self._merged({key ^ turned for key in keys})
        if len(alternatives) == 1:
            return alternatives[0] ^ turned
        return (2 * self._number(("or", tuple(alternatives)))) ^ turned

    def _merged(self, keys: set[int]) -> list[int]:
        """Merges equalities of one subject: `a = 1 or a = 2` is `a in (1, 2)`."""
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

    def _test(self, test: c.Test, negated: bool) -> Leaf:
        inside: Node | None = None
        subject = test.subject
        if isinstance(subject, c.Aggregate):
            inside = None if subject.filter is None else self.node(subject.filter)
            number = self._aggregate(subject, inside)
        else:
            number = self._number(subject)
        key = self._test_key(test, number, inside) ^ negated
        return Leaf(test, negated, key, number, test.span, test.via, inside)

    def _aggregate(self, aggregate: c.Aggregate, inside: Node | None) -> int:
        columns = tuple(sorted(aggregate.columns))
        grouping = frozenset(aggregate.grouping)
        filter = None if inside is None else inside.key
        head = (aggregate.function, aggregate.behavior, columns, aggregate.some, aggregate.order)
        return self._number((head, grouping, aggregate.window, filter))

    def _test_key(self, test: c.Test, subject: int, inside: Node | None) -> int:
        quantifier = test.quantifier
        if quantifier is None and not test.negated:
            if is_plain_count(test.subject) and (bound := at_least(test.predicate)):
                least, turned = bound
                if least == 1 and isinstance(test.subject, c.Aggregate):
                    # With events there is at least 1 distinct value: null counts.
                    count = msgspec.structs.replace(test.subject, function="count", columns=())
                    subject = self._aggregate(count, inside)
                return 2 * self._number(("at least", subject, least)) + turned
            if (values := listed(test.predicate)) is not None:
                return self._list_key(subject, frozenset(map(comparable, values)))
        how = None if quantifier is None else (quantifier.how, _plain(quantifier.number))
        return 2 * self._number((subject, _predicate(test.predicate), test.negated, how))


def is_plain_count(subject: c.Subject) -> bool:
    """Whether a subject is a single count for each profile."""
    if not isinstance(subject, c.Aggregate):
        return False
    return subject.counts and not subject.some and not subject.is_existential


def at_least(predicate: p.Predicate) -> tuple[int, bool] | None:
    """`>= n` of a count, and whether turned over, where a comparison says just that."""
    if not is_numeric(predicate) or not isinstance(predicate, p.Compare):
        return None
    assert isinstance(predicate.value, Number)
    value = predicate.value.value
    if abs(value) > _MOST_EXACT or is_taken_for_whole(value):
        return None
    match predicate.relation:
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
            assert_never(predicate.relation)


def is_taken_for_whole(value: Decimal) -> bool:
    """Whether a fraction has an integral nearest double."""
    return value != value.to_integral_value() and float(value).is_integer()


def listed(predicate: p.Predicate) -> tuple[Value, ...] | None:
    """The values of `=` and `in` that a list allows: numbers and strings."""
    match predicate:
        case p.Compare("=", Number() | Text() as value):
            return (value,)
        case p.In(values):
            return values
        case _:
            return None


def comparable(value: Value) -> object:
    """A key that is equal for equal values, and different for different kinds."""
    match value:
        case Number():
            return ("number", value.value)
        case Text(text):
            return ("text", text)
        case Boolean(truth):
            return ("boolean", truth)
        case Date(text):
            return ("date", text)
        case Name(name):
            raise AssertionError(f"{name} is resolved by now")
        case _:
            assert_never(value)


def _plain(value: Value | None) -> object:
    return None if value is None else comparable(value)


def _predicate(predicate: p.Predicate) -> object:
    match predicate:
        case p.Compare(relation, value):
            return ("compare", relation, comparable(value))
        case p.Between(low, high):
            return ("between", comparable(low), comparable(high))
        case p.In(values):
            return ("in", frozenset(map(comparable, values)))
        case p.Like(match, values):
            return (match, frozenset(map(comparable, values)))
        case _:
            return predicate
