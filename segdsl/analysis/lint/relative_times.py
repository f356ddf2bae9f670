"""Reports relative times with a surprising meaning.

`within past 7 days` are the 7 whole days before today, so its negation, or an upper bound on the
events in it, ignores events of today. `is today` is today and every later day (documented). A
birthday is a date with a year. Columns with future dates and birthdays are recognized by their
names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from segdsl.analysis.lint.labels import subject_text
from segdsl.analysis.lint.normal_form import Leaf, Node, leaves
from segdsl.diagnostics import Code, Report
from segdsl.language import predicates as p
from segdsl.language.condition import tree as c
from segdsl.language.condition.counting import holds_of
from segdsl.language.condition.walk import walk
from segdsl.language.format import flat
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.spelling import behavior, name
from segdsl.language.values import Duration, Number, Part

_WORD = r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[^\W\d_A-Za-z]+"
_FUTURE_WORDS = frozenset(
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
_BIRTHDAY_WORDS = frozenset({"birthday", "bday", "anniversary", "誕生日"})
_BIRTH_WORDS = (
    frozenset({"birth", "birthdate", "dob", "dateofbirth", "born", "生年月日"}) | _BIRTHDAY_WORDS
)
_RECURRENCE_WORDS = frozenset({"next", "upcoming", "month", "year"})
"""Words in names of columns with the next birthday, or a part of a birthday."""


def report_relative_times(node: Node, report: Report) -> None:
    """Reports surprising times in a node, without its filters."""
    other_tests: frozenset[object] | None = None
    for leaf in leaves(node):
        test = leaf.condition
        if not isinstance(test, c.Test):
            continue
        _check_date(test, report)
        for recent in _recent(leaf):
            if other_tests is None:
                other_tests = frozenset(_other_time_tests(node))
            if recent is leaf and recent.subject not in other_tests:
                _report_negation(recent, test, report)
            if recent is not leaf and (_table(leaf), _column(recent)) not in other_tests:
                _report_upper_bound(recent, _table(leaf) or "", report)


# --- today excluded ----------------------------------------------------------------------


def _is_recent(condition: c.Condition) -> bool:
    """Whether a condition tests a single value for `within past` of at least one unit."""
    match condition:
        case c.Test(subject, p.Within("past", Number(amount)), _, None) if amount != "0":
            return not (isinstance(subject, c.Aggregate) and subject.is_existential)
        case _:
            return False


def is_capped(condition: c.Condition, *, negated: bool) -> bool:
    """Whether a test of a count or a sum fails for large numbers."""
    if not isinstance(condition, c.Test) or not isinstance(condition.subject, c.Aggregate):
        return False
    if condition.subject.is_existential or not (
        condition.subject.counts or condition.subject.function == "sum"
    ):
        return False
    if not isinstance(condition.predicate, p.Compare | p.Between | p.In):
        return False
    numbers = [each.value for each in p.values_of(condition.predicate) if isinstance(each, Number)]
    if not numbers:
        return False
    return holds_of(condition.predicate, max(numbers) + 1) == (negated != condition.negated)


def holds_recent(condition: c.Condition) -> bool:
    """Whether a filter contains `within past`."""
    return any(map(_is_recent, walk(condition)))


def _recent(outer: Leaf) -> Iterator[Leaf]:
    """Negated conditions for `within past`, and those in the filter of a capped number."""
    if _is_recent(outer.condition):
        if isinstance(outer.condition, c.Test) and outer.negated != outer.condition.negated:
            yield outer
    elif outer.inside is not None and is_capped(outer.condition, negated=outer.negated):
        for leaf in leaves(outer.inside):
            test = leaf.condition
            if _is_recent(test) and isinstance(test, c.Test) and leaf.negated == test.negated:
                yield leaf


def _other_time_tests(among: Node) -> Iterator[object]:
    """The subjects with other tests of time, which may handle today.

    These are the numbers of subjects, or table and column of a behavior's events.
    """
    for leaf in leaves(among):
        if not isinstance(leaf.condition, c.Test):
            continue
        if _is_other_time_test(leaf.condition.predicate):
            yield leaf.subject
        for each in () if leaf.inside is None else leaves(leaf.inside):
            if isinstance(each.condition, c.Test) and _is_other_time_test(each.condition.predicate):
                yield _table(leaf), each.condition.subject


def _column(leaf: Leaf) -> c.Subject:
    assert isinstance(leaf.condition, c.Test)
    return leaf.condition.subject


def _table(leaf: Leaf) -> str | None:
    if isinstance(leaf.condition, c.Test) and isinstance(leaf.condition.subject, c.Aggregate):
        return leaf.condition.subject.behavior
    return None


def _is_other_time_test(predicate: p.Predicate) -> bool:
    """Whether a predicate other than `within past` may test a time."""
    if isinstance(predicate, p.Within):
        return predicate.direction != "past"
    # A number may be a time, too, and a string may be one in `between`.
    return not isinstance(predicate, p.IsNull | p.Like | p.Matches)


def _report_negation(leaf: Leaf, test: c.Test, report: Report) -> None:
    subject = subject_text(test.subject)
    assert isinstance(test.predicate, p.Within)
    now = _now(test.predicate)
    report.add(
        Code.SEG608,
        leaf.span,
        f"{_range_text(test.predicate)}, so this also holds if `{subject}` is {now}",
        help=f"`{subject} not {_up_to_now(test.predicate)}` also excludes {now} and later times",
        via=leaf.via,
    )


def _report_upper_bound(leaf: Leaf, table: str, report: Report) -> None:
    test = leaf.condition
    assert isinstance(test, c.Test)
    assert isinstance(test.predicate, p.Within)
    now = _now(test.predicate)
    report.add(
        Code.SEG608,
        leaf.span,
        f"{_range_text(test.predicate)}, so events of `{behavior(table)}` of {now} are not counted",
        help=f"`{subject_text(test.subject)} {_up_to_now(test.predicate)}` also counts those of "
        f"{now} and later times",
        via=leaf.via,
    )


def _range_text(predicate: p.Within) -> str:
    """`within past 7 days` ends before today."""
    return f"`{_source_text(predicate)}` ends before {_now(predicate)}"


def _now(predicate: p.Within) -> str:
    return "today" if predicate.unit == "day" else f"the current {predicate.unit}"


def _up_to_now(predicate: p.Within) -> str:
    return _source_text(
        p.TimeCompare(">=", p.Ago(Duration((Part(predicate.amount, predicate.unit),))))
    )


def _source_text(predicate: p.Predicate) -> str:
    return flat.test_of(t.Test(t.Attribute(""), predicate))


# --- future dates and birthdays ----------------------------------------------------------


def _check_date(test: c.Test, report: Report) -> None:
    match test.subject:
        case c.Attribute(column) if test.quantifier is None:
            found_codes = date_codes(column, test.predicate)
        case _:
            return
    for code in found_codes:
        column_text = name(column)
        if code is Code.SEG609:
            report.add(
                code,
                test.span,
                f"`{column_text} is today` includes every later day",
                help=f"for today only, use `{column_text} in this day`",
                via=test.via,
            )
        else:
            predicate = _source_text(test.predicate)
            report.add(
                code,
                test.span,
                f"the year counts: `{column_text} {predicate}` does not match anniversaries of "
                "earlier years",
                help="store the next date, or its month and day, in a separate column, such as "
                f"`{name(f'next_{column}')} {predicate}`",
                via=test.via,
            )


def date_codes(column: str, predicate: p.Predicate) -> Iterator[Code]:
    """The codes to report for a column of this name with a relative time."""
    match predicate:
        case p.Today() | p.BetweenNext() | p.InUnit() | p.Within():
            words = {each.lower() for each in re.findall(_WORD, column)}
        case _:
            return
    births = bool(words & _BIRTH_WORDS) and not words & _RECURRENCE_WORDS
    match predicate:
        case p.Today():
            if births:
                yield Code.SEG610
            elif words & _FUTURE_WORDS:
                yield Code.SEG609
        case p.InUnit(_, unit) | p.Within("next", _, unit):
            if births and unit != "year":
                yield Code.SEG610
        case p.Within(_, _, unit):
            if births and words & _BIRTHDAY_WORDS and unit != "year":
                yield Code.SEG610
        case p.BetweenNext():
            if births:
                yield Code.SEG610
