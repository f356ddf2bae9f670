"""What a condition refers to."""

from __future__ import annotations

from collections.abc import Iterator

from segdsl.language.condition import tree as c
from segdsl.language.condition.walk import walk
from segdsl.language.values import ByName, MembershipKind


def memberships(condition: c.Condition) -> Iterator[c.Membership]:
    """Every reference to a segment, a stage or a variant in a condition."""
    return (node for node in walk(condition) if isinstance(node, c.Membership))


def named_segments(condition: c.Condition) -> list[tuple[ByName, c.Membership]]:
    """The references to segments by name, one entry for each time a segment is named."""
    return _named("segment", condition)


def named_stages(condition: c.Condition) -> list[tuple[ByName, c.Membership]]:
    """The same of stages."""
    return _named("stage", condition)


def _named(kind: MembershipKind, condition: c.Condition) -> list[tuple[ByName, c.Membership]]:
    return [
        (node.target, node)
        for node in memberships(condition)
        if node.of == kind and isinstance(node.target, ByName)
    ]


def names_model(condition: c.Condition) -> bool:
    """Whether the score of a predictive model is asked for by its name."""
    return any(
        isinstance(node, c.Score) and isinstance(node.model, ByName) for node in walk(condition)
    )


def names_stage(condition: c.Condition) -> bool:
    """Whether a stage is referred to by its name."""
    return any(
        node.of == "stage" and isinstance(node.target, ByName) for node in memberships(condition)
    )
