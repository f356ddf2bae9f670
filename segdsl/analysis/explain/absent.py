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


def absence(test: c.Test, negated: bool = False) -> Absence:
    """What the test, negated as a whole or not, gives for what is not there."""
    subject = test.subject
    match subject:
        case c.Attribute() | c.GroupAttribute() | c.MlAttribute():
            found = Absence(_missing(test), _empty_list(test))
        case c.Aggregate():
            found = Absence(
                _no_events(test, subject), _empty_list(test), _events_without_value(test, subject)
            )
        case _:
            assert_never(subject)
    return Absence(
        found.nothing != negated,
        None if found.empty_list is None else found.empty_list != negated,
        None if found.events_without_value is None else found.events_without_value != negated,
    )


def _missing(test: c.Test) -> bool:
    """A missing value makes every test false but `is null`; a list that is not there, all."""
    if test.quantifier is not None:
        return False
    return isinstance(test.predicate, p.IsNull) != test.negated


def _empty_list(test: c.Test) -> bool | None:
    return None if test.quantifier is None else _no_element(test.quantifier)


def _no_element(quantifier: Quantifier) -> bool:
    zero = quantifier.number is None or (
        isinstance(quantifier.number, Number) and quantifier.number.value == 0
    )
    match quantifier.how:
        case "any":
            return False
        case "every" | "at most":
            return True
        case "at least" | "exactly":
            return zero
        case _:
            assert_never(quantifier.how)


def _no_events(test: c.Test, subject: c.Aggregate) -> bool:
    """`some`, groups and windows need an event; otherwise a count is 0, the rest missing."""
    if subject.some or subject.is_existential:
        return False
    if subject.counts:
        return holds_of_zero(test.predicate) != test.negated
    return _missing(test)


def _events_without_value(test: c.Test, subject: c.Aggregate) -> bool | None:
    match subject.function:
        case "count" | "count distinct":
            return None
        case "first" | "last":
            return _missing(test)
        case "sum" | "min" | "max" | "average":
            # The API compares with 0 then; what 0 is as a time nobody asks.
            if is_time(test.predicate) or test.quantifier is not None:
                return None
            return holds_of_zero(test.predicate) != test.negated
        case _:
            assert_never(subject.function)
