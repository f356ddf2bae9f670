"""What is counted for a preview: a question for each node, and none twice."""

from __future__ import annotations

import json

from hypothesis import given

from reference.evaluator import select
from reference.population import Population
from reference.rule_evaluator import select_rule
from segdsl.diagnostics import Report
from segdsl.language.condition import tree as c
from segdsl.rules.lower import lower
from segdsl.workspace.remote.breakdown import Node, count_request
from strategies.conditions import cases
from support import segment_of


def counted(rule: str, population: Population) -> frozenset[str]:
    return frozenset(select_rule(json.loads(rule), population))


@given(cases(allow_limits=True))
def test_the_counts_of_a_breakdown_fit_together(case: tuple[c.Segment, Population]) -> None:
    """Whatever a line says of its children is true of what is counted for them."""
    segment, population = case
    report = Report()
    asked = count_request(segment, {}, report, breakdown=True)
    if asked is None:
        assert lower(segment, Report()) is None
        return
    assert counted(asked.rule, population) == select(segment.condition, segment.limit, population)
    if asked.tree is None:
        return
    assert counted(asked.tree.rule, population) == select(segment.condition, None, population)
    everyone = frozenset(profile.id for profile in population.profiles)

    def check(node: Node) -> None:
        selected = counted(node.rule, population)
        parts = [counted(child.rule, population) for child in node.children]
        words = node.text.rpartition(": ")[2]
        match words:
            case "all of":
                left = everyone
                for child, part in zip(node.children, parts, strict=True):
                    left &= part
                    assert child.left is not None
                    assert counted(child.left, population) == left
                assert selected == left
            case "any of":
                assert selected == frozenset().union(*parts)
            case _:
                assert len(parts) <= 1
                assert all(selected <= part or " limit " in node.text for part in parts)
        for child in node.children:
            check(child)

    check(asked.tree)


def test_equal_conditions_are_counted_once() -> None:
    asked = count_request(segment_of("a = 1 and (b = 2 or a = 1)"), {}, Report(), breakdown=True)
    assert asked is not None
    rules = list(asked.rules())
    assert len(set(rules)) < len(rules)
    # The whole, `a`, the group, `b`; what is left after the first line is `a` again.
    assert len(set(rules)) == 4
