"""A negation on a column that can be null: it holds where there is no value, too (rule 2).

Quiet where the author has visibly decided: something beside it asks for a value, or says
`is null`. Also of truths, for which `is not true` says so itself, and of elements, as no list
has none. Which columns can be null the API does not tell, so all can but the profile's id.
"""

from __future__ import annotations

from segdsl import predicates as p
from segdsl.condition import tree as c
from segdsl.diagnostics import Code, Report
from segdsl.lint.normal import Leaf, Node
from segdsl.lint.words import subject_text
from segdsl.values import Boolean

ALWAYS_THERE = "cdp_customer_id"
OF_EVENTS = "timestamp"
"""An event has happened at some time."""


def negated_nulls(of: Node, report: Report, *, in_filter: bool) -> None:
    """Reports each column once for each group in which a negation of it holds of null."""
    _look(of, frozenset(), set(), report, in_filter)


def _look(
    of: Node, decided: frozenset[int], told: set[int], report: Report, in_filter: bool
) -> None:
    if isinstance(of, Leaf):
        if of.subject not in decided and of.subject not in told and _holds_of_null(of, in_filter):
            told.add(of.subject)
            _tell(of, report, in_filter)
        return
    settled = {s for child in of.children for s in _settled(child, of.word == "and")}
    within = decided | settled
    told = set()
    for child in of.children:
        _look(child, within, told, report, in_filter)


def _settled(of: Node, rejected: bool) -> frozenset[int]:
    """The subjects whose null this rejects, or, the other way, says in words that it takes."""
    if isinstance(of, Leaf):
        settles = _rejects_null(of) if rejected else _is_null(of) and not of.negated
        return frozenset((of.subject,)) if settles else frozenset()
    parts = [_settled(child, rejected) for child in of.children]
    one_is_enough = rejected == (of.word == "and")
    return frozenset.union(*parts) if one_is_enough else frozenset.intersection(*parts)


def _rejects_null(of: Leaf) -> bool:
    return isinstance(of.of, c.Test) and _is_null(of) == of.negated


def _is_null(of: Leaf) -> bool:
    return isinstance(of.of, c.Test) and isinstance(of.of.predicate, p.IsNull)


def _holds_of_null(of: Leaf, in_filter: bool) -> bool:
    test = of.of
    if not of.negated or not isinstance(test, c.Test) or test.quantifier is not None:
        return False
    match test.predicate:
        case p.IsNull() | p.Compare("=", Boolean()):
            return False
    match test.subject:
        case c.Attribute(name):
            return name != ALWAYS_THERE and not (in_filter and name == OF_EVENTS)
        case c.GroupAttribute() | c.MlAttribute():
            return True
        case _:
            return False


def _tell(of: Leaf, report: Report, in_filter: bool) -> None:
    assert isinstance(of.of, c.Test)
    name = subject_text(of.of.subject)
    report.add(
        Code.SEG601,
        of.span,
        f"negated, this also holds for {'events' if in_filter else 'profiles'} with no `{name}`",
        help=f"to leave them out, add `and {name} is not null`; if they are meant, say so: "
        f"`(… or {name} is null)`",
        via=of.via,
    )
