"""Whether every profile that one condition holds for is one that another holds for.

A proof for all data, or none: `implies` never says so falsely, and misses some that are so. It
reasons about groups, about the tests of one subject (`contradictions`), and about counts of events
whose filters imply each other.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from segdsl.analysis.lint.contradictions import has_witness, verdict
from segdsl.analysis.lint.normal_form import Group, Leaf, Node, at_least, leaves, opposite
from segdsl.language.condition import tree as c

MAX_STEPS = 5_000
"""Steps of a proof; beyond it there is none."""


class Prover:
    """Proofs about nodes of one normalizer."""

    def __init__(self) -> None:
        self._steps = 0

    def implies(self, one: Node, other: Node) -> bool:
        """Whether `other` holds wherever `one` does, as far as that can be proved."""
        self._steps = 0
        return self._implies(one, other)

    def excludes(self, one: Node, other: Node) -> bool:
        """Whether both never hold together, as far as that can be proved."""
        return self.implies(one, negation(other))

    def always(self, node: Node) -> bool:
        """Whether a condition holds for every profile, as far as that can be proved."""
        subject = only_subject(node)
        if subject is not None:
            return verdict(node, subject) == "always"
        return _is_constant(node, True)

    def _implies(self, one: Node, other: Node) -> bool:
        self._steps += 1
        if self._steps > MAX_STEPS:
            return False
        if one.key == other.key or _is_constant(other, True) or _is_constant(one, False):
            return True
        if isinstance(other, Group) and other.word == "and":
            return all(self._implies(one, each) for each in other.children)
        if isinstance(one, Group) and one.word == "or":
            return all(self._implies(each, other) for each in one.children)
        if isinstance(other, Group) and any(self._implies(one, each) for each in other.children):
            return True
        if isinstance(one, Group) and any(self._implies(each, other) for each in one.children):
            return True
        if _by_values(one, other):
            return True
        return isinstance(one, Leaf) and isinstance(other, Leaf) and self._by_events(one, other)

    def _by_events(self, one: Leaf, other: Leaf) -> bool:
        """Of two counts: fewer conditions on the events leave at least as many of them."""
        first, second = _count(one), _count(other)
        if first is None or second is None or first.behavior != second.behavior:
            return False
        if first.fewer != second.fewer:
            return False
        if first.fewer:
            # Fewer than n events of a kind are fewer than n of any narrower kind.
            return first.least <= second.least and self._narrower(second.filter, first.filter)
        return first.least >= second.least > 0 and self._narrower(first.filter, second.filter)

    def _narrower(self, one: Node | None, other: Node | None) -> bool:
        """Whether the events of a filter are among those of another; None is all events."""
        if other is None:
            return True
        return one is not None and self._implies(one, other)


class _Count(msgspec.Struct, frozen=True):
    """`count(behavior where filter) >= least`, or with `fewer` the opposite."""

    behavior: str
    least: int
    fewer: bool
    filter: Node | None


def _count(leaf: Leaf) -> _Count | None:
    test = leaf.condition
    if not isinstance(test, c.Test) or test.negated or test.quantifier is not None:
        return None
    subject = test.subject
    if not isinstance(subject, c.Aggregate) or subject.function != "count":
        return None
    found = at_least(test.predicate)
    if found is None or subject.is_existential:
        return None
    least, turned = found
    fewer = turned != leaf.negated
    if subject.some and (turned or leaf.negated or least < 1):
        # It is asked among profiles with an event alone.
        return None
    return _Count(subject.behavior, least, fewer, leaf.inside)


def negation(node: Node) -> Node:
    """The node of the opposite condition."""
    if isinstance(node, Leaf):
        return msgspec.structs.replace(node, negated=not node.negated, key=opposite(node.key))
    return msgspec.structs.replace(
        node,
        word="or" if node.word == "and" else "and",
        children=tuple(map(negation, node.children)),
        key=opposite(node.key),
    )


def _is_constant(node: Node, value: bool) -> bool:
    if not isinstance(node, Leaf):
        return False
    if isinstance(node.condition, c.Everyone):
        return node.negated != value
    if node.subject < 0:
        return False
    return verdict(node, node.subject) == ("always" if value else "never")


def _by_values(one: Node, other: Node) -> bool:
    """Whether what `one` says of the only subject of `other` rules out its opposite."""
    subject = only_subject(other)
    if subject is None:
        return False
    about = [each for each in conjuncts(one) if only_subject(each) == subject]
    if not about:
        return False
    return verdict(_and(one, [*about, negation(other)]), subject) == "never"


def conjuncts(node: Node) -> tuple[Node, ...]:
    """The conditions of which all must hold."""
    return node.children if isinstance(node, Group) and node.word == "and" else (node,)


def only_subject(node: Node) -> int | None:
    """The subject of a condition that is about one alone."""
    subjects = {node.subject} if isinstance(node, Leaf) else node.subjects
    [subject, *others] = subjects
    return subject if not others and subject >= 0 else None


def _and(like: Node, children: list[Node]) -> Group:
    """The conditions together; only for `verdict` and `has_witness`, as its key is of no use."""
    flat = [each for child in children for each in conjuncts(child)]
    subjects = frozenset(
        subject
        for each in flat
        for subject in ((each.subject,) if isinstance(each, Leaf) else each.subjects)
    )
    return Group("and", tuple(flat), like.key, subjects, like.span, like.via)


def looser(one: Node, other: Node) -> Iterator[tuple[int, Node]]:
    """The subjects about which `one` allows what `other` does not, with its condition in `one`.

    Only those that both say something about, and nothing if other conditions could make up for it:
    a membership, or the first profiles of an order.
    """
    if any(leaf.subject < 0 for leaf in leaves(one)):
        return
    for wanted in conjuncts(other):
        subject = only_subject(wanted)
        about = [each for each in conjuncts(one) if only_subject(each) == subject]
        if subject is not None and about:
            both = _and(one, [*about, negation(wanted)])
            if has_witness(both, subject):
                yield subject, about[0]
