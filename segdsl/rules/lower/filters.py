"""A behavior's filter: And and Or over its columns, with no `exclude` anywhere.

A negation uses the operator's own `not`, or an operator that says the same and has
one, or the opposite comparison joined with “is null”; where none of these exists it
is refused, never approximated.
"""

from __future__ import annotations

from segdsl.diagnostics import Code, Report
from segdsl.language import predicates as p
from segdsl.language.condition import tree as c
from segdsl.language.predicates import has_not
from segdsl.language.syntax.tree import Quantifier
from segdsl.language.values import Number
from segdsl.rules.lower.arrays import array_matching
from segdsl.rules.lower.operators import complement, operator
from segdsl.rules.rule import model as m

Part = m.Filter | m.Column


def lower_filter(condition: c.Condition, report: Report) -> m.Filter | None:
    """The filter; None after a report."""
    found = _part(condition, False, report)
    if found is None or isinstance(found, m.Filter):
        return found
    return m.Filter("And", (found,))


def _join(conjunction: bool, parts: list[Part | None]) -> Part | None:
    kind = "And" if conjunction else "Or"
    flat: list[Part] = []
    for part in parts:
        if part is None:
            return None
        if isinstance(part, m.Filter) and part.type == kind:
            flat.extend(part.conditions)
        else:
            flat.append(part)
    return flat[0] if len(flat) == 1 else m.Filter("And" if conjunction else "Or", tuple(flat))


def _part(condition: c.Condition, negated: bool, report: Report) -> Part | None:
    match condition:
        case c.And(children) | c.Or(children):
            parts = [_part(child, negated, report) for child in children]
            return _join(isinstance(condition, c.And) != negated, parts)
        case c.Not(child):
            return _part(child, not negated, report)
        case c.Test(c.Attribute(column)):
            return (
                _test(condition, column, report)
                if not negated
                else _negated(condition, column, report)
            )
        case _:
            raise AssertionError("the resolver lets only tests of columns into a filter")


def _column(
    column: str, predicate: p.Predicate, negated: bool, quantifier: Quantifier | None = None
) -> m.Column:
    return m.Column("Column", column, operator(predicate, negated), array_matching(quantifier))


def _test(test: c.Test, column: str, report: Report) -> Part:
    return _column(column, test.predicate, test.negated, test.quantifier)


def _or_null(column: str, *parts: m.Column) -> m.Filter:
    return m.Filter("Or", (*parts, _column(column, p.IsNull(), False)))


def _negated(test: c.Test, column: str, report: Report) -> Part | None:
    """The complement of a test: what it does not hold of, a missing value too."""
    predicate, quantifier = test.predicate, test.quantifier
    if quantifier is not None:
        return _negated_elements(test, column, quantifier, report)
    same = m.with_not(operator(predicate))
    if same is not None:
        return m.Column("Column", column, same, None)
    opposite = complement(predicate)
    if opposite is not None:
        return _or_null(column, _column(column, opposite, False))
    _refuse(test, report)
    return None


def _negated_elements(
    test: c.Test, column: str, quantifier: Quantifier, report: Report
) -> Part | None:
    def matching(how: Quantifier, negated: bool = test.negated) -> m.Column:
        return _column(column, test.predicate, negated, how)

    number = quantifier.number
    assert number is None or isinstance(number, Number)
    match quantifier.how:
        case "any":
            return _or_null(column, matching(Quantifier("exactly", Number("0"))))
        case "every":
            if not has_not(test.predicate):
                _refuse(test, report)
                return None
            return _or_null(column, matching(Quantifier("any"), not test.negated))
        case how:
            assert number is not None
            fewer, more = int(number.value) - 1, int(number.value) + 1
            parts: list[m.Column] = []
            if how in ("at least", "exactly") and fewer >= 0:
                parts.append(matching(Quantifier("at most", Number(str(fewer)))))
            if how in ("at most", "exactly"):
                parts.append(matching(Quantifier("at least", Number(str(more)))))
            return _or_null(column, *parts) if parts else _column(column, p.IsNull(), False)


def _refuse(test: c.Test, report: Report) -> None:
    report.add(
        Code.SEG202,
        test.span,
        "a filter cannot contain the negation of this: the API's operator has no `not`",
        help="describe the events positively; or count the events for which this is true, and "
        "negate the whole aggregate",
        via=test.via,
    )
