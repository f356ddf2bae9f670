"""What is said of a value: one predicate, possibly negated, as the verb of a sentence."""

from __future__ import annotations

from typing import assert_never

from segdsl.analysis.explain import times
from segdsl.language import predicates as p
from segdsl.language.syntax import spelling
from segdsl.language.values import Date, Value

_COMPARED: dict[p.Relation, str] = {
    "=": "",
    ">": "more than ",
    ">=": "at least ",
    "<": "less than ",
    "<=": "at most ",
}
_DATED: dict[p.Relation, str] = {
    "=": "on",
    ">": "after",
    ">=": "on or after",
    "<": "before",
    "<=": "on or before",
}
_AGO: dict[p.Relation, str] = {
    "=": "",
    "<": "more than ",
    "<=": "at least ",
    ">": "less than ",
    ">=": "at most ",
}
_AGO_READ: dict[p.Relation, str] = {
    "=": "in {}",
    "<": "before {}",
    "<=": "{} or earlier",
    ">": "after {}",
    ">=": "{} or later",
}
_MATCHES: dict[p.TextMatch, tuple[str, str]] = {
    "contains": ("contain", ""),
    "starts with": ("start", " with"),
    "ends with": ("end", " with"),
}


def listed(words: list[str], conjunction: str) -> str:
    """`a`, `a or b`, `a, b or c`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {conjunction} {words[-1]}"


def complement(relation: p.Relation, negated: bool) -> tuple[p.Relation, bool]:
    """The relation that says the same without a negation, where there is one."""
    return (p.OPPOSITES[relation], False) if negated and relation != "=" else (relation, negated)


def _is(negated: bool, plural: bool) -> str:
    return ("are" if plural else "is") + (" not" if negated else "")


def _does(verb: str, negated: bool, plural: bool) -> str:
    if negated:
        return f"{'do' if plural else 'does'} not {verb}"
    if plural:
        return verb
    return verb + ("es" if verb.endswith("ch") else "s")


def _any_of(values: tuple[Value, ...], negated: bool) -> tuple[bool, str]:
    """Whether the verb is to be negated, and the list; of several none is said in the list."""
    words = listed([spelling.value(value) for value in values], "or")
    if len(values) == 1:
        return negated, words
    return False, f"{'none' if negated else 'any'} of {words}"


def _from_to(low: str, high: str) -> str:
    return f"from the start of {low} to the end of {high}"


def verb(predicate: p.Predicate, negated: bool, plural: bool = False) -> str:
    """The verb and what follows it: `is not "JP"`, `contain "/x"`.

    A negation is the exact opposite for every value there is; what holds where there is
    no value is said elsewhere.
    """
    match predicate:
        case p.Compare(relation, value):
            relation, negated = complement(relation, negated)
            return f"{_is(negated, plural)} {_COMPARED[relation]}{spelling.value(value)}"
        case p.Between(low, high):
            ends = f"{spelling.value(low)} and {spelling.value(high)}"
            return f"{_is(negated, plural)} between {ends} (both included)"
        case p.In(values):
            none, which = _any_of(values, negated)
            return f"{_is(none, plural)} {which}"
        case p.Like(match, values):
            stem, rest = _MATCHES[match]
            none, which = _any_of(values, negated)
            return f"{_does(stem, none, plural)}{rest} {which}"
        case p.Matches(pattern):
            return f"{_does('match', negated, plural)} the pattern {spelling.value(pattern)}"
        case p.IsNull():
            has = "have" if plural else "has"
            return f"{has} a value" if negated else f"{has} no value"
        case p.TimeCompare(relation, p.Ago(duration)):
            relation, negated = complement(relation, negated)
            ago = f"{_AGO[relation]}{spelling.duration(duration)} ago"
            reading = _AGO_READ[relation].format(times.past(duration))
            return f"{_is(negated, plural)} {ago} ({reading})"
        case p.TimeCompare(relation, moment):
            # A text that is no ISO timestamp is not known to be in any order.
            if isinstance(moment, Date) and moment.is_iso:
                relation, negated = complement(relation, negated)
            return f"{_is(negated, plural)} {_DATED[relation]} {times.moment(moment)}"
        case p.TimeBetween(low_moment, high_moment):
            ends = f"{times.short(low_moment)} and {times.short(high_moment)}"
            reading = _from_to(times.moment(low_moment), times.moment(high_moment))
            return f"{_is(negated, plural)} between {ends} ({reading})"
        case p.Within(direction, amount, unit):
            reading = times.whole_units(amount, unit, "before" if direction == "past" else "after")
            length = spelling.amount_of(amount, unit)
            return f"{_is(negated, plural)} within the {direction} {length} ({reading})"
        case p.InUnit(which, unit):
            return f"{_is(negated, plural)} in {which} {unit} ({times.calendar_unit(which, unit)})"
        case p.Today():
            return f"{_is(False, plural)} {'before today' if negated else 'today or later'}"
        case p.TimeRange(length_of, start, reverse):
            side = "before" if reverse else "from"
            span = f"the {spelling.duration(length_of)} {side} the start of {times.past(start)}"
            return f"{_is(negated, plural)} in {span}"
        case p.BetweenNext(near, far):
            ends = f"{spelling.duration(near)} and {spelling.duration(far)} from now"
            reading = _from_to(times.coming(near), times.coming(far))
            return f"{_is(negated, plural)} between {ends} ({reading})"
        case _:
            assert_never(predicate)
