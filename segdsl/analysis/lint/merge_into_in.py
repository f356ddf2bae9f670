"""Reports equalities that could be one list: `x = 1 or x = 2` is `x in (1, 2)`.

Also the negated form, `x != 1 and x != 2`. Works on groups as written, since only adjacent
conditions can be merged in the source; `segdsl.analysis.lint.fixes` does that.
"""

from __future__ import annotations

from collections.abc import Iterator

from segdsl.analysis.lint.labels import subject_text
from segdsl.analysis.lint.normal_form import comparable, listed
from segdsl.diagnostics import Code, Report
from segdsl.language.condition import tree as c
from segdsl.language.condition.walk import walk
from segdsl.language.syntax.spelling import value
from segdsl.language.values import Number, Value

_MOST_SHOWN = 6


def report_mergeable(condition: c.Condition, report: Report) -> None:
    """Reports groups with several equalities of one subject."""
    for node in walk(condition, filters=True):
        if isinstance(node, c.And | c.Or):
            _group(node, report)


def _group(group: c.And | c.Or, report: Report) -> None:
    by_subject: dict[object, list[tuple[c.Condition, tuple[Value, ...]]]] = {}
    for child in group.children:
        if child.via == group.via and len(child.via) == len(group.via):
            for key, values in _equal(child, isinstance(group, c.Or)):
                by_subject.setdefault(key, []).append((child, values))
    for members in by_subject.values():
        distinct = {comparable(each): each for _, values in members for each in values}
        if len(members) < 2 or len(distinct) < 2:
            continue
        first, last = members[0][0], members[-1][0]
        shown = [value(each) for each in list(distinct.values())[:_MOST_SHOWN]]
        more = ", …" if len(distinct) > _MOST_SHOWN else ""
        test = first.child if isinstance(first, c.Not) else first
        assert isinstance(test, c.Test)
        name = subject_text(test.subject)
        negation = "" if isinstance(group, c.Or) else "not "
        how = "any of " if test.quantifier is not None else ""
        report.add(
            Code.SEG603,
            first.span.to(last.span),
            f"`{name}` is compared with {len(distinct)} values one by one",
            help=f"use one list: `{how}{name} {negation}in ({', '.join(shown)}{more})` "
            "(fixable with `segdsl check --fix`)",
            via=group.via,
        )


def _equal(condition: c.Condition, positive: bool) -> Iterator[tuple[object, tuple[Value, ...]]]:
    """The merge key and the values of a condition that can be merged; values have one kind."""
    test = condition
    if not positive and isinstance(condition, c.Not):
        test = condition.child
    if not isinstance(test, c.Test):
        return
    some = isinstance(test.subject, c.Aggregate) and test.subject.some
    negated = test.negated if some or positive else isinstance(condition, c.Not)
    if negated == positive or (some and isinstance(condition, c.Not)):
        return
    if test.quantifier is not None and not (positive and test.quantifier.how == "any"):
        return
    if not positive and isinstance(test.subject, c.Aggregate) and test.subject.is_existential:
        return
    values = listed(test.predicate)
    if values is None or len({isinstance(each, Number) for each in values}) > 1:
        return
    yield (test.subject, test.quantifier, isinstance(values[0], Number)), values
