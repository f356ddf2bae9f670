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

from segdsl import predicates as p
from segdsl.condition import tree as c
from segdsl.condition.counting import holds_of
from segdsl.diagnostics import Code, Report
from segdsl.format import flat
from segdsl.lint.normal import Leaf, Node, leaves
from segdsl.lint.words import subject_text
from segdsl.syntax import tree as t
from segdsl.syntax.text import behavior, name
from segdsl.values import Duration, Number, Part, Value

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
    for leaf in leaves(of):
        test = leaf.of
        if not isinstance(test, c.Test):
            continue
        _of_dates(test, report)
        if _is_recent(test):
            if leaf.negated != test.negated and not _is_asked_otherwise(leaf, of):
                _negation(leaf, test, report)
        elif is_capped(test, negated=leaf.negated) and not _are_asked_otherwise(leaf, of):
            _upper_bound(leaf, report)


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
    numbers = [each.value for each in _values(of.predicate) if isinstance(each, Number)]
    if not numbers:
        return False
    return holds_of(of.predicate, max(numbers) + 1) == (negated != of.negated)


def _values(of: p.Predicate) -> tuple[Value, ...]:
    match of:
        case p.Compare(_, value):
            return (value,)
        case p.Between(low, high):
            return (low, high)
        case p.In(values):
            return values
        case _:
            return ()


def holds_recent(of: c.Condition) -> bool:
    """Whether `within past` stands anywhere in a filter."""
    match of:
        case c.And(children) | c.Or(children):
            return any(map(holds_recent, children))
        case c.Not(child):
            return holds_recent(child)
        case _:
            return _is_recent(of)


def _is_asked_otherwise(of: Leaf, among: Node) -> bool:
    """Whether another condition asks the same for a time, so that today may be seen to there."""
    return any(
        other.subject == of.subject
        and isinstance(other.of, c.Test)
        and _is_of_time(other.of.predicate)
        for other in leaves(among)
    )


def _are_asked_otherwise(of: Leaf, among: Node) -> bool:
    """The same of the events of one behavior, and the columns that are asked for here."""
    table = _table(of)
    asked = {_column(each) for each in _recent(of)}
    return any(
        other.inside is not None
        and _table(other) == table
        and any(
            isinstance(each.of, c.Test)
            and each.of.subject in asked
            and _is_of_time(each.of.predicate)
            for each in leaves(other.inside)
        )
        for other in leaves(among)
    )


def _recent(of: Leaf) -> Iterator[Leaf]:
    """The conditions of a filter that ask for `within past`."""
    for leaf in () if of.inside is None else leaves(of.inside):
        if _is_recent(leaf.of) and isinstance(leaf.of, c.Test) and leaf.negated == leaf.of.negated:
            yield leaf


def _column(of: Leaf) -> c.Subject:
    assert isinstance(of.of, c.Test)
    return of.of.subject


def _table(of: Leaf) -> str | None:
    if isinstance(of.of, c.Test) and isinstance(of.of.subject, c.Aggregate):
        return of.of.subject.behavior
    return None


def _is_of_time(of: p.Predicate) -> bool:
    """Whether it asks for a time in another way than `within past`."""
    match of:
        case p.Within(direction):
            return direction != "past"
        case p.IsNull() | p.Like() | p.Matches():
            return False
        case _:
            # A number may be a time, too.
            return True


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


def _upper_bound(of: Leaf, report: Report) -> None:
    events = behavior(_table(of) or "")
    for leaf in _recent(of):
        test = leaf.of
        assert isinstance(test, c.Test)
        assert isinstance(test.predicate, p.Within)
        now = _now(test.predicate)
        report.add(
            Code.SEG608,
            leaf.span,
            f"{_before(test.predicate)}, so events of `{events}` of {now} are not counted here",
            help=f"`{subject_text(test.subject)} {_up_to_now(test.predicate)}` counts those of "
            f"{now} and any later time, too",
            via=leaf.via,
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
