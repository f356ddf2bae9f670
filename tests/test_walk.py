"""`walk` and `map_children` of both trees see every node: compared with a reflective walk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import get_args

import msgspec
import pytest
from hypothesis import given, settings

from segdsl.language import predicates as p
from segdsl.language.condition import tree as c
from segdsl.language.condition import walk as conditions_walk
from segdsl.language.syntax import tree as t
from segdsl.language.syntax import walk as syntax_walk
from segdsl.language.values import ById, Limit, Number, Value
from strategies.conditions import segments
from strategies.syntax import files


def _everything(node: object) -> Iterator[object]:
    """Whatever is in a tree, parents first, found by looking at every field."""
    yield node
    if isinstance(node, tuple):
        for child in node:
            yield from _everything(child)
    elif isinstance(node, msgspec.Struct):
        for field in node.__struct_fields__:
            yield from _everything(getattr(node, field))


@given(files)
def test_every_expression_of_an_item_is_visited_in_the_order_written(file: t.File) -> None:
    kinds = get_args(t.Expression)
    for item in file.items:
        expected = [node for node in _everything(item) if isinstance(node, kinds)]
        visited = list(syntax_walk.walk_item(item))
        assert len(visited) == len(expected)
        assert all(one is other for one, other in zip(visited, expected, strict=True))


@given(files)
def test_every_value_of_an_item_is_seen(file: t.File) -> None:
    """Those of conditions: what an activation or a step holds can be no name of a definition."""
    kinds = get_args(Value)
    for item in file.items:
        if isinstance(item, t.Activation | t.ActivationTemplate | t.PredictiveSegment):
            assert not list(syntax_walk.values_in(item))
            continue
        parts: list[object] = [item]
        if isinstance(item, t.Journey):
            parts = [node for node in _everything(item) if isinstance(node, t.StageRule)]
        nodes = (node for part in parts for node in _everything(part))
        expected = Counter(repr(node) for node in nodes if isinstance(node, kinds))
        assert Counter(map(repr, syntax_walk.values_in(item))) == expected


def _renamed(node: t.Expression) -> t.Expression:
    if isinstance(node, t.Use):
        return msgspec.structs.replace(node, name=f"{node.name}_")
    return syntax_walk.map_children(node, _renamed)


@given(files)
def test_mapping_rebuilds_every_expression(file: t.File) -> None:
    for item in file.items:
        for body in syntax_walk.bodies(item):
            assert syntax_walk.map_children(body, lambda child: child) is body
            assert _uses(_renamed(body)) == [f"{name}_" for name in _uses(body)]


def _uses(expression: t.Expression) -> list[str]:
    return [use.name for use in syntax_walk.walk(expression) if isinstance(use, t.Use)]


@given(segments(allow_limits=True))
def test_every_condition_is_visited_in_the_order_written(segment: c.Segment) -> None:
    kinds = get_args(c.Condition)
    expected = [node for node in _everything(segment.condition) if isinstance(node, kinds)]
    visited = list(conditions_walk.walk(segment.condition, filters=True))
    assert len(visited) == len(expected)
    assert all(one is other for one, other in zip(visited, expected, strict=True))


def _marked(node: c.Condition) -> c.Condition:
    changed = conditions_walk.map_children(node, _marked)
    if isinstance(changed, c.Test):
        return msgspec.structs.replace(changed, negated=not changed.negated)
    return changed


@given(segments(allow_limits=True))
def test_mapping_rebuilds_every_condition_outside_filters(segment: c.Segment) -> None:
    condition = segment.condition
    assert conditions_walk.map_children(condition, lambda child: child) is condition
    assert _marked(_marked(condition)) == condition
    before, after = (
        [node.negated for node in conditions_walk.walk(each) if isinstance(node, c.Test)]
        for each in (condition, _marked(condition))
    )
    assert after == [not negated for negated in before]


ONE = c.Membership("segment", ById("1"))


@pytest.mark.parametrize(
    ("condition", "levels"),
    [
        (ONE, 1),
        (c.Not(ONE), 2),
        (c.And((ONE, c.Or((ONE, c.RuleSet(None, ONE))))), 4),
        (c.Limited(c.Not(ONE), Limit(Number("1"), False, ())), 3),
    ],
)
def test_depth_counts_levels(condition: c.Condition, levels: int) -> None:
    assert conditions_walk.depth(condition) == levels


def test_every_predicate_is_in_a_generated_condition() -> None:
    """What is compared with the reference evaluator and with SQL misses no operator."""
    found: set[type] = set()

    @given(segments(allow_limits=True))
    @settings(max_examples=250, database=None)
    def collect(segment: c.Segment) -> None:
        nodes = conditions_walk.walk(segment.condition, filters=True)
        found.update(type(node.predicate) for node in nodes if isinstance(node, c.Test))

    for _ in range(10):
        collect()
        if found == set(get_args(p.Predicate)):
            break
    assert found == set(get_args(p.Predicate))
