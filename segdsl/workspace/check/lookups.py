"""What a server decides better than a schema: whether there are the segments and stages named."""

from __future__ import annotations

from segdsl.language.condition import tree as c
from segdsl.language.condition.walk import walk
from segdsl.language.references.memberships import named_stages
from segdsl.language.values import ByName
from segdsl.loading import Loaded
from segdsl.source import SpanKey


def targets(loaded: Loaded) -> set[SpanKey]:
    """Where activations refer to what they send."""
    return {each.target.span.key for each in loaded.activations}


def score_references(loaded: Loaded) -> set[SpanKey]:
    """Where rules name predictive segments."""
    rules = [each.segment for of in loaded.funnels for each in of.stages if each.segment]
    return {
        node.span.key
        for each in (*loaded.segments, *rules)
        for node in walk(each.condition)
        if isinstance(node, c.Score) and isinstance(node.model, ByName)
    }


def stage_references(loaded: Loaded) -> set[SpanKey]:
    """Where rules name stages, and where activations refer to them."""
    rules = [each.segment for of in loaded.funnels for each in of.stages if each.segment]
    found = {
        node.span.key
        for each in (*loaded.segments, *rules)
        for _, node in named_stages(each.condition)
    }
    return found | {
        each.target.span.key for each in loaded.activations if each.target.kind == "stage"
    }
