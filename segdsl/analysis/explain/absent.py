"""Whether a test holds of profiles that have nothing to ask: no value, no event, no element.

Worked out from the meaning of the language (rules 1 to 3), never from wording.
"""

from __future__ import annotations

from typing import assert_never

import msgspec

from segdsl.language import predicates as p
from segdsl.language.condition import tree as c
from segdsl.language.condition.counting import holds_of_zero
from segdsl.language.predicates import is_time
from segdsl.language.syntax.tree import Quantifier
from segdsl.language.values import Number


class Absence(msgspec.Struct, frozen=True):
    """Outcomes of a test; None where there is no such case."""

    nothing: bool
    """With no value, or no matching event."""
    empty_list: bool | None = None
    events_without_value: bool | None = None
    """With matching events of which none has a value in the column."""


def absence(of: c.Test, negated: bool = False) -> Absence:
    """What the test, negated as a whole or not, gives for what is not there."""
    subject = of.subject
    match subject:
        case c.Attribute() | c.GroupAttribute() | c.MlAttribute():
            found = Absence(_missing(of), _empty_list(of))
        case c.Aggregate():
            found = Absence(
                _no_events(of, subject), _empty_list(of), _events_without_value(of, subject)
            )
        case _:
            assert_never(subject)
    return Absence(
        found.nothing != negated,
        None if found.empty_list is None else found.empty_list != negated,
        None if found.events_without_value is None else found.events_without_value != negated,
    )


def _missing(of: c.Test) -> bool:
    """A missing value makes every test false but `is null`; a list that is not there, all."""
    if of.quantifier is not None:
        return False
    return isinstance(of.predicate, p.IsNull) != of.negated


def _empty_list(of: c.Test) -> bool | None:
    return None if of.quantifier is None else _no_element(of.quantifier)


def _no_element(of: Quantifier) -> bool:
    zero = of.number is None or (isinstance(of.number, Number) and of.number.value == 0)
    match of.how:
        case "any":
            return False
        case "every" | "at most":
            return True
        case "at least" | "exactly":
            return zero
        case _:
            assert_never(of.how)


def _no_events(of: c.Test, subject: c.Aggregate) -> bool:
    """`some`, groups and windows need an event; otherwise a count is 0, the rest missing."""
    if subject.some or subject.is_existential:
        return False
    if subject.counts:
        return holds_of_zero(of.predicate) != of.negated
    return _missing(of)


def _events_without_value(of: c.Test, subject: c.Aggregate) -> bool | None:
    match subject.function:
        case "count" | "count distinct":
            return None
        case "first" | "last":
            return _missing(of)
        case "sum" | "min" | "max" | "average":
            # The API compares with 0 then; what 0 is as a time nobody asks.
            if is_time(of.predicate) or of.quantifier is not None:
                return None
            return holds_of_zero(of.predicate) != of.negated
        case _:
            assert_never(subject.function)
