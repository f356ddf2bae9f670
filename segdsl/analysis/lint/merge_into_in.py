"""`or` of equals that should be one list: `x = 1 or x = 2` is `x in (1, 2)`.

And its twin, `x != 1 and x != 2`. Looks at groups as they were written, since only what
stands side by side can be written as one; `segdsl.analysis.lint.fixes` does that.
"""

from __future__ import annotations

from collections.abc import Iterator

from segdsl.analysis.lint.labels import subject_text
from segdsl.analysis.lint.normal import comparable, listed
from segdsl.diagnostics import Code, Report
from segdsl.language.condition import tree as c
from segdsl.language.condition.walk import walk
from segdsl.language.syntax.spelling import value
from segdsl.language.values import Number, Value

_MOST_SHOWN = 6


def equals(condition: c.Condition, report: Report) -> None:
    """Reports groups in which one subject is compared with several values, one by one."""
    for node in walk(condition, filters=True):
        if isinstance(node, c.And | c.Or):
            _group(node, report)


def _group(of: c.And | c.Or, report: Report) -> None:
    found: dict[object, list[tuple[c.Condition, tuple[Value, ...]]]] = {}
    for child in of.children:
        if child.via == of.via and len(child.via) == len(of.via):
            for key, values in _equal(child, isinstance(of, c.Or)):
                found.setdefault(key, []).append((child, values))
    for several in found.values():
        every = {comparable(each): each for _, values in several for each in values}
        if len(several) < 2 or len(every) < 2:
            continue
        first, last = several[0][0], several[-1][0]
        shown = [value(each) for each in list(every.values())[:_MOST_SHOWN]]
        more = ", …" if len(every) > _MOST_SHOWN else ""
        test = first.child if isinstance(first, c.Not) else first
        assert isinstance(test, c.Test)
        name = subject_text(test.subject)
        negation = "" if isinstance(of, c.Or) else "not "
        how = "any of " if test.quantifier is not None else ""
        report.add(
            Code.SEG603,
            first.span.to(last.span),
            f"`{name}` is compared with {len(every)} values one by one",
            help=f"write one list: `{how}{name} {negation}in ({', '.join(shown)}{more})`; "
            "`segdsl check --fix` can",
            via=of.via,
        )


def _equal(of: c.Condition, positive: bool) -> Iterator[tuple[object, tuple[Value, ...]]]:
    """What can be merged with its like, and the values; a list holds one kind of value."""
    test = of
    if not positive and isinstance(of, c.Not):
        test = of.child
    if not isinstance(test, c.Test):
        return
    some = isinstance(test.subject, c.Aggregate) and test.subject.some
    negated = test.negated if some or positive else isinstance(of, c.Not)
    if negated == positive or (some and isinstance(of, c.Not)):
        return
    if test.quantifier is not None and not (positive and test.quantifier.how == "any"):
        return
    if not positive and isinstance(test.subject, c.Aggregate) and test.subject.is_existential:
        return
    values = listed(test.predicate)
    if values is None or len({isinstance(each, Number) for each in values}) > 1:
        return
    yield (test.subject, test.quantifier, isinstance(values[0], Number)), values
