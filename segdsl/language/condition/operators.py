"""What each operator can do on the API: whether it has a `not` of its own."""

from __future__ import annotations

from typing import assert_never

from segdsl.language import predicates as p

_ALWAYS = (p.Compare, p.Between, p.In, p.Like, p.Matches, p.IsNull, p.TimeBetween, p.TimeRange)


def has_not(predicate: p.Predicate) -> bool:
    """Whether the API's operator for this predicate takes `not: true` (described)."""
    if isinstance(predicate, _ALWAYS):
        return True
    match predicate:
        case p.TimeCompare(relation, p.Ago()):
            return relation == ">="
        case p.TimeCompare(relation, _):
            return relation == "="
        case p.Within() | p.InUnit() | p.Today() | p.BetweenNext():
            return False
        case _:
            assert_never(predicate)
