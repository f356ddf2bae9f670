"""What a test is about, in words, and the sentence that one test makes.

Groups, filters of several parts and notes are put around these elsewhere.
"""

from __future__ import annotations

from typing import assert_never

import msgspec

from segdsl.analysis.explain.verbs import complement, listed, verb
from segdsl.language import predicates as p
from segdsl.language.condition import tree as c
from segdsl.language.syntax.spelling import behavior, duration, name, reference, value
from segdsl.language.syntax.tree import Quantifier
from segdsl.language.values import Number

_ZERO, _ONE = Number("0"), Number("1")


class Clause(msgspec.Struct, frozen=True):
    """A sentence without its end.

    `events` are the words that a filter's `where …` follows; `plain` says that the clause
    already tells all about profiles with nothing, `named` that it begins with a name.
    """

    words: str
    events: str = ""
    plain: bool = False
    named: bool = False


def events_of(table: str, one: bool = False) -> str:
    """`purchases events`, of a behavior by its matrix table."""
    return f"{behavior(table)} event{'' if one else 's'}"


def noun(subject: c.Subject) -> str:
    match subject:
        case c.Attribute(attribute):
            return name(attribute)
        case c.GroupAttribute(group, attribute):
            return f"{name(attribute)} of the customer group {name(group)}"
        case c.MlAttribute(solution, model, attribute):
            return f"{name(attribute)} of the {solution.upper()} model {reference(model)}"
        case c.Aggregate():
            return _aggregate(subject)
        case _:
            assert_never(subject)


def _aggregate(aggregate: c.Aggregate) -> str:
    events = events_of(aggregate.behavior)
    columns = [name(column) for column in aggregate.columns]
    match aggregate.function:
        case "count":
            return f"the number of {events}"
        case "count distinct" if len(columns) == 1:
            return f"the number of different values of {columns[0]} among {events}"
        case "count distinct":
            return (
                f"the number of different combinations of {listed(columns, 'and')} among {events}"
            )
        case "sum":
            return f"the sum of {columns[0]} over {events}"
        case "min":
            return f"the smallest {columns[0]} among {events}"
        case "max":
            return f"the largest {columns[0]} among {events}"
        case "average":
            return f"the average of {columns[0]} over {events}"
        case "first" | "last":
            order = "" if aggregate.order is None else f" by {name(aggregate.order)}"
            event = events_of(aggregate.behavior, one=True)
            return f"the {columns[0]} of the {aggregate.function} {event}{order}"
        case _:
            assert_never(aggregate.function)


def attribute_clause(test: c.Test, negated: bool) -> Clause:
    """A test of an attribute, or in a filter of a column."""
    plain = isinstance(test.predicate, p.IsNull) and test.quantifier is None
    return Clause(_said(test, negated), plain=plain, named=test.quantifier is None)


def aggregate_clause(test: c.Test, subject: c.Aggregate, negated: bool) -> Clause:
    counting_only = ", counting only events"
    if subject.is_existential:
        there = "there is no" if negated else "there is at least one"
        return Clause(f"{there} {_scope(subject)} {_said(test, False)}", counting_only)
    if subject.some:
        event = events_of(subject.behavior, one=True)
        there = f"there is no {event}, or" if negated else f"there is at least 1 {event}, and"
        return Clause(f"{there} {_said(test, negated)}", counting_only)
    if subject.function == "count" and test.quantifier is None:
        found = _there_are(test.predicate, negated != test.negated, subject.behavior)
        if found is not None:
            return found
    return Clause(_said(test, negated), counting_only)


def _scope(aggregate: c.Aggregate) -> str:
    """What a grouped or sliding aggregate has one value for."""
    groups = [name(column) for column in aggregate.grouping]
    window = (
        ""
        if aggregate.window is None
        else f"stretch of {duration(aggregate.window)} up to an event"
    )
    if not groups:
        return f"{window} in which"
    group = groups[0] if len(groups) == 1 else f"combination of {listed(groups, 'and')}"
    return f"{group} with a {window} in which" if window else f"{group} for which"


def _there_are(predicate: p.Predicate, negated: bool, table: str) -> Clause | None:
    """How many events there are, where a number of them says it."""
    match predicate:
        case p.Compare(relation, Number() as number):
            pass
        case _:
            return None
    relation, negated = complement(relation, negated)
    is_zero, is_one = number.value == 0, number.value == 1
    if is_zero and relation in ("=", "<=", ">"):
        # Of a count, `<= 0` is `= 0`, and `> 0` and `!= 0` are `>= 1`.
        none = (relation != ">") != negated
        relation, number, is_one, negated = ("=" if none else ">="), _ONE, True, False
        is_zero = none
    elif is_one and relation == "<":
        relation, is_zero = "=", True
    if negated:
        return None
    if is_zero and relation == "=":
        event = events_of(table, one=True)
        return Clause(f"there is no {event}", "", plain=True)
    how = {
        "=": "exactly",
        ">": "more than",
        ">=": "at least",
        "<": "fewer than",
        "<=": "at most",
    }[relation]
    one = number == _ONE
    words = f"there {'is' if one else 'are'} {how} {number.text} {events_of(table, one)}"
    return Clause(words, "", plain=is_one and relation == ">=")


def _said(test: c.Test, negated: bool) -> str:
    """The subject with what is said of it, of all of it or of its elements."""
    if test.quantifier is None:
        return f"{noun(test.subject)} {verb(test.predicate, test.negated != negated)}"
    return _of_elements(test, test.quantifier, negated)


def _of_elements(test: c.Test, quantifier: Quantifier, negated: bool) -> str:
    elements = f"of {noun(test.subject)}"
    one = verb(test.predicate, test.negated)
    opposite = verb(test.predicate, not test.negated)
    number = quantifier.number
    # Two negations make one word: every element that is not x is no element that is x.
    match quantifier.how:
        case "any":
            if test.negated:
                how, said = ("every" if negated else "at least one"), opposite if negated else one
            else:
                how, said = ("no" if negated else "at least one"), one
            return f"{how} element {elements} {said}"
        case "every":
            if test.negated:
                how, said = ("at least one" if negated else "no"), opposite
            else:
                how, said = ("not every" if negated else "every"), one
            return f"{how} element {elements} {said}"
        case "at least":
            how = "fewer than" if negated else "at least"
        case "at most":
            how = "more than" if negated else "at most"
        case "exactly":
            how = "not exactly" if negated else "exactly"
        case _:
            assert_never(quantifier.how)
    assert number is not None
    single = number == _ONE
    word = "element" if single else "elements"
    said = verb(test.predicate, test.negated, plural=not single)
    return f"{how} {value(number)} {word} {elements} {said}"
