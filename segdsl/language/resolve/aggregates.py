"""Tests of aggregates that mean something else than they seem to, or can be read two ways.

They are refused at the place where they were written; `some` says which reading is meant.
"""

from __future__ import annotations

from segdsl.diagnostics import Code, Report
from segdsl.language import predicates as p
from segdsl.language.condition import tree as c
from segdsl.language.condition.counting import holds_of_zero, is_numeric
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.spelling import behavior
from segdsl.source import Span

_A = {"sum": "a sum", "average": "an average"}


def makes_sense(
    test: t.Test,
    subject: c.Aggregate,
    predicate: p.Predicate,
    report: Report,
    via: tuple[Span, ...],
) -> bool:
    """Whether a test of an aggregate means one thing; reported where not."""
    if subject.counts and test.quantifier is not None:
        help = "remove `… of`"
        report.add(Code.SEG203, test.span, "a count is a number, not a list", help=help, via=via)
        return False
    if subject.function in ("sum", "average") and test.quantifier is not None:
        report_no_elements(_A[subject.function], test.span, report, via, what="number")
        return False
    if subject.some:
        return _needs_some(test, subject, predicate, report, via)
    if isinstance(predicate, p.IsNull):
        message = (
            "an aggregate is never null: over no events a count is 0, and any other test fails"
        )
        events = behavior(subject.behavior)
        help = f"test for events: `no {events} …` or `has {events} …`"
        report.add(Code.SEG204, test.span, message, help=help, via=via)
        return False
    if subject.counts and not is_numeric(predicate):
        report.add(
            Code.SEG203,
            test.span,
            "a count is a number and can only be compared with numbers",
            help="use `=`, `>`, `<`, `between` or `in` with numbers without quotes",
            via=via,
        )
        return False
    if not subject.is_existential:
        return True
    each = "window" if subject.window is not None else "group"
    reading: str | None = None
    if test.negated and test.quantifier is None:
        reading = (
            f"this is ambiguous: a {each} for which it is false, or no {each} for which it is true"
        )
    elif subject.counts and holds_of_zero(predicate):
        reading = (
            f"this tests for a {each} with a small count, "
            f"and a profile without events has no {each}"
        )
    if reading is not None:
        report.add(
            Code.SEG205,
            test.span,
            reading,
            help=f"specify which: `some` before `{behavior(subject.behavior)}` for an existing "
            f"{each}, or `not …` before the opposite test for no such {each}",
            via=via,
        )
        return False
    return True


def _needs_some(
    test: t.Test,
    subject: c.Aggregate,
    predicate: p.Predicate,
    report: Report,
    via: tuple[Span, ...],
) -> bool:
    """Whether `some` says something: of a plain count it does not; reported where not."""
    if subject.function != "count" or subject.is_existential:
        return True
    events = behavior(subject.behavior)
    help = "remove `some`"
    if is_numeric(predicate) and holds_of_zero(predicate) != test.negated:
        where = " where …" if subject.filter is not None else ""
        help += f"; to exclude profiles without events, add `and (has {events}{where})`"
    report.add(
        Code.SEG215,
        test.span,
        "a count of no events is 0 like any other number, so `some` has no effect",
        help=help,
        via=via,
    )
    return False


def report_no_elements(
    subject: str, span: Span, report: Report, via: tuple[Span, ...], *, what: str = "value"
) -> None:
    """A test of elements asks for those of something that has none."""
    message = f"{subject} is one {what}, not a list of elements"
    report.add(Code.SEG213, span, message, help="remove `… of`", via=via)


def report_no_negation(span: Span, report: Report, via: tuple[Span, ...]) -> None:
    """A comparison of elements or events is negated, and its operator has no `not`."""
    report.add(
        Code.SEG207,
        span,
        "the API cannot negate this comparison for each element or event",
        help="negate the whole test with `not …`, or write the opposite another way",
        via=via,
    )
