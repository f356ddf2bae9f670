"""One condition of the API to one expression of the language.

The spelling chosen is the one that compiles to the same JSON, or for a bare count to one
with the same normal form. A condition on another aggregate that leaves out profiles without
events, where the plain spelling would take them in, is written with `some`.
"""

from __future__ import annotations

from typing import assert_never

from segdsl.language import predicates as p
from segdsl.language.condition.counting import holds_of_zero, is_numeric
from segdsl.language.references.symbolic_ids import reference_of
from segdsl.language.syntax import tree as t
from segdsl.language.values import Limit, Number, Order
from segdsl.rules.lift.operators import predicate, window
from segdsl.rules.rule import model as m
from segdsl.rules.rule.counts import complemented, is_bare

_FUNCTIONS = {type: function for function, type in m.AGGREGATION_TYPES.items()}
_MEMBERSHIPS = {type: kind for kind, type in m.REFERENCE_TYPES.items()}


def lift_condition(condition: m.Condition) -> t.Expression:
    match condition:
        case m.ValueCondition():
            return _value(condition)
        case m.ReferenceCondition(kind, id, exclude):
            of_what = _MEMBERSHIPS[kind]
            member = t.Membership(of_what, reference_of(of_what, id))
            return t.Negation(member) if exclude else member
        case m.PredictiveScoreReference(_, id, low, high, converted):
            return t.Score(reference_of("model", id), low, high, converted)
        case m.MlAttributeReference(_, solution, id, left, operator):
            subject = t.MlAttribute(solution, reference_of("model", id), left.attribute)
            return t.Test(subject, predicate(operator), operator.negated)
        case _:
            assert_never(condition)


def lift_limit(limit: m.Limit) -> Limit:
    orders = tuple(Order(each.column, each.order == "descending") for each in limit.order_columns)
    return Limit(limit.number, limit.type == "Percent", orders)


def _quantifier(node: m.ArrayMatching | None) -> t.Quantifier | None:
    match node:
        case None:
            return None
        case "any":
            return t.Quantifier("any")
        case "all":
            return t.Quantifier("every")
        case m.CountMatching(at_least=Number() as number):
            return t.Quantifier("at least", number)
        case m.CountMatching(at_most=Number() as number):
            return t.Quantifier("at most", number)
        case m.CountMatching(exactly=number):
            return t.Quantifier("exactly", number)
        case _:
            assert_never(node)


def _value(condition: m.ValueCondition) -> t.Expression:
    quantifier = _quantifier(condition.array_matching)
    exclude = condition.exclude and condition.limit is None
    left = condition.left_value
    made: t.Expression
    match left:
        case m.AttributeValue(name, group):
            subject = t.Attribute(name) if group is None else t.GroupAttribute(group, name)
            asked, negated = predicate(condition.operator), condition.operator.negated
            if quantifier is None:
                made = t.Test(subject, asked, negated or exclude)
            else:
                made = _negated(t.Test(subject, asked, negated, quantifier), exclude)
        case m.BehaviorValue():
            made = _behavior(condition, left, quantifier, exclude)
        case _:
            assert_never(left)
    if condition.limit is None:
        return made
    return _negated(t.Limited(made, lift_limit(condition.limit)), condition.exclude)


def _negated(expression: t.Expression, negated: bool) -> t.Expression:
    return t.Negation(expression) if negated else expression


def _aggregate(value: m.BehaviorValue, some: bool) -> t.Aggregate:
    kind = value.aggregation
    columns = (
        kind.columns
        if kind.columns is not None
        else (kind.column,)
        if kind.column is not None
        else ()
    )
    return t.Aggregate(
        _FUNCTIONS[kind.type],
        value.source.name,
        columns,
        some,
        kind.order_column,
        kind.grouping_columns or (),
        window(value.window) if value.window is not None else None,
        lift_filter(value.filter) if value.filter is not None else None,
    )


def _behavior(
    condition: m.ValueCondition,
    left: m.BehaviorValue,
    quantifier: t.Quantifier | None,
    exclude: bool,
) -> t.Expression:
    asked, negated = predicate(condition.operator), condition.operator.negated
    counts = left.aggregation.type in ("Count", "CountDistinct")
    existential = bool(left.aggregation.grouping_columns) or left.window is not None
    plain = _aggregate(left, False)

    def some() -> t.Expression:
        return _negated(t.Test(_aggregate(left, True), asked, negated, quantifier), exclude)

    if isinstance(asked, p.IsNull):
        return some()
    if not counts:
        if negated:
            return some()
        if quantifier is None and not existential:
            return t.Test(plain, asked, exclude)
        return _negated(t.Test(plain, asked, False, quantifier), exclude)
    if is_bare(left):
        return _count(plain, condition, limited=condition.limit is not None)
    if quantifier is not None or not is_numeric(asked):
        return some()
    if existential:
        if negated or holds_of_zero(asked):
            return some()
        return _negated(t.Test(plain, asked), exclude)
    if exclude:
        complement = _complement(asked, negated)
        if complement is not None:
            return t.Test(plain, complement)
    if negated or holds_of_zero(asked):
        return some()
    return t.Test(plain, asked, exclude)


def _count(plain: t.Aggregate, condition: m.ValueCondition, *, limited: bool) -> t.Expression:
    """A bare count, which is 0 without events; with a limit it is spelled as it stands."""
    operator, exclude = condition.operator, condition.exclude
    if limited:
        return t.Test(plain, predicate(operator), operator.negated)
    operator, exclude = complemented(operator, exclude)
    asked, negated = predicate(operator), operator.negated
    if exclude:
        complement = _complement(asked, negated)
        if complement is not None:
            return _has(plain, asked, True) or t.Test(plain, complement)
    return _has(plain, asked, exclude) or t.Test(plain, asked, negated != exclude)


def _has(plain: t.Aggregate, asked: p.Predicate, absent: bool) -> t.Expression | None:
    """`has purchases`, `no purchases` for a count of at least one."""
    if plain.function == "count" and asked == p.Compare(">=", Number("1")):
        return t.Has(plain.behavior, absent, plain.filter)
    return None


def _complement(asked: p.Predicate, negated: bool) -> p.Predicate | None:
    """The plain comparison of a count that compiles to the excluded `asked`, if there is one."""
    found: p.Predicate | None = None
    match asked:
        case p.Compare("=", _):
            return None
        case p.Compare(relation, value) if not negated:
            found = p.Compare(p.OPPOSITES[relation], value)
        case p.In() if negated:
            found = asked
    return found if found is not None and holds_of_zero(found) else None


def lift_filter(node: m.Filter | m.Column) -> t.Expression:
    match node:
        case m.Column(_, column, operator, matching):
            negated = operator.negated
            quantifier = _quantifier(matching)
            return t.Test(t.Attribute(column), predicate(operator), negated, quantifier)
        case m.Filter(kind, conditions):
            parts = tuple(lift_filter(part) for part in conditions)
            if len(parts) == 1:
                return parts[0]
            return t.Chain("and" if kind == "And" else "or", parts)
        case _:
            assert_never(node)
