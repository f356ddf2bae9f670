"""Relative times that say something else than they seem to: today left out, days beyond today
taken in, a year that counts.

`within past 7 days` are the 7 whole days before today, so that a negation of it, or an upper bound
on the events in it, also holds where there is an event today. `is today` is today and every later
day (documented). A birthday is a date with a year. Which columns hold days to come, or birthdays,
only their names tell; of others nothing is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from segdsl.analysis.lint.labels import subject_text
from segdsl.analysis.lint.normal import Leaf, Node, leaves
from segdsl.diagnostics import Code, Report
from segdsl.language import predicates as p
from segdsl.language.condition import tree as c
from segdsl.language.condition.counting import holds_of
from segdsl.language.condition.walk import walk
from segdsl.language.format import flat
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.spelling import behavior, name
from segdsl.language.values import Duration, Number, Part

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[^\W\d_A-Za-z]+")
_TO_COME = frozenset(
    {
        "expires",
        "expire",
        "expiry",
        "expiration",
        "expiring",
        "due",
        "deadline",
        "renew",
        "renews",
        "renewal",
        "ends",
        "end",
        "until",
        "departure",
        "departs",
        "appointment",
        "scheduled",
        "upcoming",
        "next",
    }
)
_BIRTHDAYS = frozenset({"birthday", "bday", "anniversary", "誕生日"})
_BIRTHS = frozenset({"birth", "birthdate", "dob", "dateofbirth", "born", "生年月日"}) | _BIRTHDAYS
_NEXT_TIME = frozenset({"next", "upcoming", "month", "year"})
"""Words of columns that hold the next birthday, or a part of one."""


def times(of: Node, report: Report) -> None:
    """Reports such times in a node; the filters in it are nodes of their own."""
    asked: frozenset[object] | None = None
    for leaf in leaves(of):
        test = leaf.of
        if not isinstance(test, c.Test):
            continue
        _of_dates(test, report)
        for each in _recent(leaf):
            if asked is None:
                asked = frozenset(_asked_otherwise(of))
            if each is leaf and each.subject not in asked:
                _negation(each, test, report)
            if each is not leaf and (_table(leaf), _column(each)) not in asked:
                _upper_bound(each, _table(leaf) or "", report)


# --- today left out ----------------------------------------------------------------------


def _is_recent(of: c.Condition) -> bool:
    """Whether it is a test of one value for `within past`, of one unit at least."""
    match of:
        case c.Test(subject, p.Within("past", Number(amount)), _, None) if amount != "0":
            return not (isinstance(subject, c.Aggregate) and subject.is_existential)
        case _:
            return False


def is_capped(of: c.Condition, *, negated: bool) -> bool:
    """Whether a test of a number of events, or of a sum, fails of a number that is large enough."""
    if not isinstance(of, c.Test) or not isinstance(of.subject, c.Aggregate):
        return False
    if of.subject.is_existential or not (of.subject.counts or of.subject.function == "sum"):
        return False
    if not isinstance(of.predicate, p.Compare | p.Between | p.In):
        return False
    numbers = [each.value for each in p.values_of(of.predicate) if isinstance(each, Number)]
    if not numbers:
        return False
    return holds_of(of.predicate, max(numbers) + 1) == (negated != of.negated)


def holds_recent(condition: c.Condition) -> bool:
    """Whether `within past` stands anywhere in a filter."""
    return any(map(_is_recent, walk(condition)))


def _recent(of: Leaf) -> Iterator[Leaf]:
    """A negated condition for `within past` itself, or those in the filter of a capped number."""
    if _is_recent(of.of):
        if isinstance(of.of, c.Test) and of.negated != of.of.negated:
            yield of
    elif of.inside is not None and is_capped(of.of, negated=of.negated):
        for leaf in leaves(of.inside):
            test = leaf.of
            if _is_recent(test) and isinstance(test, c.Test) and leaf.negated == test.negated:
                yield leaf


def _asked_otherwise(among: Node) -> Iterator[object]:
    """What is asked for a time in another way, too, so that today may be seen to there.

    The numbers of subjects; of the events of a behavior its table and the column.
    """
    for leaf in leaves(among):
        if not isinstance(leaf.of, c.Test):
            continue
        if _is_of_time(leaf.of.predicate):
            yield leaf.subject
        for each in () if leaf.inside is None else leaves(leaf.inside):
            if isinstance(each.of, c.Test) and _is_of_time(each.of.predicate):
                yield _table(leaf), each.of.subject


def _column(of: Leaf) -> c.Subject:
    assert isinstance(of.of, c.Test)
    return of.of.subject


def _table(of: Leaf) -> str | None:
    if isinstance(of.of, c.Test) and isinstance(of.of.subject, c.Aggregate):
        return of.of.subject.behavior
    return None


def _is_of_time(of: p.Predicate) -> bool:
    """Whether it asks for a time in another way than `within past`."""
    if isinstance(of, p.Within):
        return of.direction != "past"
    # A number may be a time, too, and a string may be one in `between`.
    return not isinstance(of, p.IsNull | p.Like | p.Matches)


def _negation(of: Leaf, test: c.Test, report: Report) -> None:
    subject = subject_text(test.subject)
    assert isinstance(test.predicate, p.Within)
    now = _now(test.predicate)
    report.add(
        Code.SEG608,
        of.span,
        f"{_before(test.predicate)}, so this also holds where `{subject}` is {now}",
        help=f"`{subject} not {_up_to_now(test.predicate)}` leaves out {now} and any later time, "
        "too",
        via=of.via,
    )


def _upper_bound(of: Leaf, table: str, report: Report) -> None:
    test = of.of
    assert isinstance(test, c.Test)
    assert isinstance(test.predicate, p.Within)
    now = _now(test.predicate)
    report.add(
        Code.SEG608,
        of.span,
        f"{_before(test.predicate)}, so events of `{behavior(table)}` of {now} are not counted "
        "here",
        help=f"`{subject_text(test.subject)} {_up_to_now(test.predicate)}` counts those of {now} "
        "and any later time, too",
        via=of.via,
    )


def _before(of: p.Within) -> str:
    """`within past 7 days` ends before today."""
    return f"`{_written(of)}` ends before {_now(of)}"


def _now(of: p.Within) -> str:
    return "today" if of.unit == "day" else f"the current {of.unit}"


def _up_to_now(of: p.Within) -> str:
    return _written(p.TimeCompare(">=", p.Ago(Duration((Part(of.amount, of.unit),)))))


def _written(of: p.Predicate) -> str:
    return flat.test_of(t.Test(t.Attribute(""), of))


# --- days to come, and birthdays ---------------------------------------------------------


def _of_dates(of: c.Test, report: Report) -> None:
    match of.subject:
        case c.Attribute(column) if of.quantifier is None:
            said = about_dates(column, of.predicate)
        case _:
            return
    for code in said:
        written = name(column)
        if code is Code.SEG609:
            report.add(
                code,
                of.span,
                f"`{written} is today` is today and every later day",
                help=f"for today alone write `{written} in this day`",
                via=of.via,
            )
        else:
            predicate = _written(of.predicate)
            report.add(
                code,
                of.span,
                f"the year counts: `{written} {predicate}` does not find a day of an earlier year "
                "that comes round again",
                help="keep the next one, or its month and day, in a column of its own, such as "
                f"`{name(f'next_{column}')} {predicate}`",
                via=of.via,
            )


def about_dates(column: str, predicate: p.Predicate) -> Iterator[Code]:
    """What there is to say of a relative time that a column of this name is compared with."""
    match predicate:
        case p.Today() | p.BetweenNext() | p.InUnit() | p.Within():
            words = {each.lower() for each in _WORD.findall(column)}
        case _:
            return
    births = bool(words & _BIRTHS) and not words & _NEXT_TIME
    match predicate:
        case p.Today():
            if births:
                yield Code.SEG610
            elif words & _TO_COME:
                yield Code.SEG609
        case p.InUnit(_, unit) | p.Within("next", _, unit):
            if births and unit != "year":
                yield Code.SEG610
        case p.Within(_, _, unit):
            if births and words & _BIRTHDAYS and unit != "year":
                yield Code.SEG610
        case p.BetweenNext():
            if births:
                yield Code.SEG610
