"""One leaf, possibly negated, to one condition of the API.

Rule 5 of the language lives here. Most of the API's aggregate conditions see only profiles
that have an event; `exclude` is the complement of a condition's profiles. So whatever
must hold of profiles without events is written as the excluded complement.
"""

from __future__ import annotations

from typing import assert_never

import msgspec

from segdsl.diagnostics import Code, Report
from segdsl.language.condition import tree as c
from segdsl.language.predicates import has_not
from segdsl.language.references.ids import IdResolver
from segdsl.language.values import Duration, Limit
from segdsl.rules.lower.arrays import array_matching
from segdsl.rules.lower.filters import lower_filter
from segdsl.rules.lower.operators import number, operator
from segdsl.rules.rule import model as m
from segdsl.rules.rule.counts import complemented, is_bare


def lower_leaf(leaf: c.Leaf, negated: bool, ids: IdResolver, report: Report) -> m.Condition | None:
    """The condition that holds where the leaf does (or does not, where `negated`)."""
    match leaf:
        case c.Test():
            return lower_test(leaf, negated, ids, report)
        case c.Limited():
            return _limited(leaf, negated, ids, report)
        case c.Membership(kind, target):
            id = ids.id_of(kind, target, leaf, report)
            return (
                None if id is None else m.ReferenceCondition(m.REFERENCE_TYPES[kind], id, negated)
            )
        case c.Score(model, low, high, converted):
            if negated:
                report.add(
                    Code.SEG206,
                    leaf.span,
                    "the API has no negation of a score, and a profile may have none",
                    help='move the score into its own segment and write `not in segment "…"`',
                    via=leaf.via,
                )
                return None
            id = ids.id_of("predictive model", model, leaf, report)
            if id is None:
                return None
            return m.PredictiveScoreReference("PredictiveScoreReference", id, low, high, converted)
        case _:
            assert_never(leaf)


def lower_test(test: c.Test, negated: bool, ids: IdResolver, report: Report) -> m.Condition | None:
    """The same of a test."""
    subject = test.subject
    match subject:
        case c.Attribute(name):
            return _attribute(test, m.AttributeValue(name), negated)
        case c.MlAttribute(solution, model, attribute):
            if negated and not has_not(test.predicate):
                report.add(
                    Code.SEG207,
                    test.span,
                    "the API cannot negate this comparison on an attribute of a model",
                    help="write the opposite with another comparison, or move this into its own "
                    'segment and write `not in segment "…"`',
                    via=test.via,
                )
                return None
            id = ids.id_of(f"{solution} model", model, test, report)
            if id is None:
                return None
            return m.MlAttributeReference(
                "MlAttributeReference",
                solution,
                id,
                m.MlValue(attribute),
                operator(test.predicate, negated),
            )
        case c.GroupAttribute(group, name):
            return _attribute(test, m.AttributeValue(name, group), negated)
        case c.Aggregate():
            return _aggregate(test, subject, negated, report)
        case _:
            assert_never(subject)


def _attribute(test: c.Test, subject: m.AttributeValue, negated: bool) -> m.ValueCondition:
    if test.quantifier is None and has_not(test.predicate):
        return m.ValueCondition("Value", subject, operator(test.predicate, negated), None, False)
    matching = array_matching(test.quantifier)
    return m.ValueCondition(
        "Value", subject, operator(test.predicate, test.negated), matching, negated
    )


def _aggregate(
    test: c.Test, subject: c.Aggregate, negated: bool, report: Report
) -> m.ValueCondition | None:
    behavior = _behavior(subject, report)
    if behavior is None:
        return None
    asked, exclude = operator(test.predicate, test.negated), negated
    if subject.counts and not subject.some and not subject.is_existential:
        asked, exclude = complemented(asked, exclude)
    return m.ValueCondition("Value", behavior, asked, array_matching(test.quantifier), exclude)


def _behavior(aggregate: c.Aggregate, report: Report) -> m.BehaviorValue | None:
    inside: m.Filter | None = None
    if aggregate.filter is not None:
        inside = lower_filter(aggregate.filter, report)
        if inside is None:
            return None
    grouping = aggregate.grouping or None
    kind = m.AGGREGATION_TYPES[aggregate.function]
    match aggregate.function:
        case "count":
            aggregation = m.Aggregation(kind, grouping_columns=aggregate.grouping)
        case "count distinct":
            aggregation = m.Aggregation(kind, columns=aggregate.columns)
        case "first" | "last":
            aggregation = m.Aggregation(
                kind, aggregate.columns[0], order_column=aggregate.order, grouping_columns=grouping
            )
        case "sum" | "min" | "max" | "average":
            aggregation = m.Aggregation(kind, aggregate.columns[0], grouping_columns=grouping)
        case _:
            assert_never(aggregate.function)
    return m.BehaviorValue(
        m.BehaviorSource(aggregate.behavior), aggregation, inside, _window(aggregate.window)
    )


def _window(duration: Duration | None) -> m.Window | None:
    if duration is None:
        return None
    length = m.WindowLength(**{part.unit: number(part.amount) for part in duration.parts})
    return m.Window("TimeSliding", length)


def lower_limit(limit: Limit) -> m.Limit:
    """A limit of a segment or of one condition."""
    return m.Limit(
        "Percent" if limit.percent else "Count",
        number(limit.number),
        tuple(
            m.OrderColumn(
                "Aggregation" if order.column is None else "Column",
                "descending" if order.descending else "ascending",
                order.column,
            )
            for order in limit.order
        ),
    )


def _limited(
    limited: c.Limited, negated: bool, ids: IdResolver, report: Report
) -> m.Condition | None:
    inner_not = isinstance(limited.child, c.Not)
    test = limited.child.child if isinstance(limited.child, c.Not) else limited.child
    assert isinstance(test, c.Test)
    made = lower_test(test, inner_not, ids, report)
    if made is None:
        return None
    assert isinstance(made, m.ValueCondition)
    if isinstance(made.left_value, m.BehaviorValue) and is_bare(made.left_value):
        # A bare count is 0 without events: it can be limited as it is.
        asked = operator(test.predicate, inner_not)
        made = msgspec.structs.replace(made, operator=asked, exclude=False)
    if made.exclude:
        report.add(
            Code.SEG208,
            limited.span,
            "the API has no limit on the complement of a condition, which this would need",
            help="put the limit on the segment, or on a condition that only profiles with a value "
            "or an event can meet (`count distinct (some …)`)",
            via=limited.via,
        )
        return None
    return msgspec.structs.replace(made, exclude=negated, limit=lower_limit(limited.limit))
