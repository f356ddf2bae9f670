"""The rules to count for the preview of segments, and the conditions that the counts are of.

Pure: condition trees in, rules as JSON text out. Equal rules have equal texts, so that nothing
is counted twice. Nothing is counted or shown here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

import msgspec

from segdsl.diagnostics import Report
from segdsl.language.condition import tree as c
from segdsl.language.format import format_expression
from segdsl.language.references.ids import Ids
from segdsl.language.references.inline import without_rule_sets
from segdsl.language.syntax.spelling import string
from segdsl.rules.lift import lift_rule
from segdsl.rules.lower import lower
from segdsl.rules.lower.segment import Layout
from segdsl.rules.rule.model import encode

Rule = str  # the JSON text of a rule, which is the key of its count


class Node(msgspec.Struct, frozen=True):
    """A line of a breakdown: a condition as text, its rule, and its parts.

    `left` is the rule of this and all lines before it in the same `all of`: what is left
    when the conditions are taken one after another.
    """

    text: str
    rule: Rule
    left: Rule | None = None
    children: tuple[Node, ...] = ()


class CountRequest(msgspec.Struct, frozen=True):
    """A segment to count, with the `tree` of its conditions for a breakdown."""

    segment: c.Segment
    rule: Rule
    tree: Node | None = None

    def rules(self) -> Iterator[Rule]:
        """Every rule to be counted, the whole segment's first."""
        yield self.rule
        waiting = [self.tree] if self.tree is not None else []
        while waiting:
            node = waiting.pop(0)
            yield node.rule
            if node.left is not None:
                yield node.left
            waiting.extend(node.children)


def count_request(
    segment: c.Segment, ids: Ids, report: Report, *, layout: Layout = "v5", breakdown: bool = False
) -> CountRequest | None:
    """What to count for a segment; None after a report."""
    rule = lower(segment, report, layout=layout, ids=ids)
    if rule is None:
        return None
    whole = encode(rule, pretty=False)
    if not breakdown or isinstance(segment.condition, c.Everyone):
        return CountRequest(segment, whole)
    return CountRequest(segment, whole, _Breakdown(ids, layout).node(segment.condition))


class _Breakdown:
    """Makes nodes of conditions that are known to compile as a part of a segment.

    Negations go down to the conditions, as they do in the rule: what the rule holds can be
    counted, and `none of` becomes an `all of` whose lines tell what each leaves.
    """

    def __init__(self, ids: Ids, layout: Layout) -> None:
        self.ids = ids
        self.layout = layout

    def node(self, condition: c.Condition, negated: bool = False, label: str = "") -> Node:
        match condition:
            case c.RuleSet(name, child):
                return self.node(child, negated, label if name is None else f"{string(name)}: ")
            case c.Not(child):
                return self.node(child, not negated, label)
            case c.And(children) | c.Or(children):
                nodes = [self.node(child, negated) for child in children]
                if isinstance(condition, c.And) == negated:
                    text = f"{label}any of"
                else:
                    text = f"{label}all of"
                    signed = [c.Not(child) if negated else child for child in children]
                    nodes = [
                        msgspec.structs.replace(
                            each, left=self._rule(c.And(tuple(signed[: index + 1])))
                        )
                        for index, each in enumerate(nodes)
                    ]
                return Node(text, self._rule(condition, negated), children=tuple(nodes))
            case c.Limited(child, _):
                text = f"{label}{self._words(condition, negated)}"
                return Node(text, self._rule(condition, negated), children=(self.node(child),))
            case c.Test() | c.Membership() | c.Score():
                return Node(
                    f"{label}{self._words(condition, negated)}", self._rule(condition, negated)
                )
            case c.Everyone():
                raise AssertionError("everyone is a whole segment")
            case _:
                assert_never(condition)

    def _rule(self, condition: c.Condition, negated: bool = False) -> Rule:
        report = Report()
        condition = without_rule_sets(c.Not(condition) if negated else condition)
        rule = lower(c.Segment("", condition), report, layout=self.layout, ids=self.ids)
        if rule is None:
            # A part can be too large for the two levels only where the whole is.
            rule = lower(c.Segment("", condition), report, layout="nested", ids=self.ids)
        assert rule is not None, report.diagnostics
        return encode(rule, pretty=False)

    def _words(self, leaf: c.Leaf, negated: bool) -> str:
        condition = c.Not(leaf) if negated else leaf
        rule = lower(c.Segment("", condition), Report(), layout="nested", symbolic=True)
        assert rule is not None
        where = lift_rule(rule, "").where
        assert where is not None
        return format_expression(where)
