"""Every node on one line: the spelling of each construct, without layout.

`segdsl.language.format.printer` decides which of these lines are broken up.
"""

from __future__ import annotations

from typing import assert_never

from segdsl.language import predicates as p
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.spelling import (
    AGO,
    DATED,
    amount_of,
    behavior,
    duration,
    literal,
    name,
    reference,
    rounding,
    string,
    value,
)
from segdsl.language.values import Boolean, Date, Duration, Limit, Name


def format_expression(expression: t.Expression) -> str:
    """An expression on one line."""
    match expression:
        case t.Chain(word, operands):
            return f" {word} ".join(operand(each) for each in operands)
        case t.Listing(word, items):
            return f"{word} ({', '.join(format_expression(item) for item in items)})"
        case t.Negation(inner):
            return f"not {operand(inner)}"
        case t.FixedRuleSet(label, inner):
            return f"{rule_set_head(label)} {group(inner)}"
        case t.Limited(inner, limited):
            return f"({format_expression(inner)} {limit(limited)})"
        case t.Test():
            start = f"{quantifier(expression.quantifier)}{subject(expression.subject)}"
            return f"{start} {test_of(expression)}"
        case t.Has(table, absent, inner):
            where = "" if inner is None else f" where {format_expression(inner)}"
            return f"{'no' if absent else 'has'} {behavior(table)}{where}"
        case t.Membership(kind, target):
            return f"in {kind} {reference(target, kind)}"
        case t.Score(model, low, high, converted):
            including = " including converted" if converted else ""
            bounds = f"between {value(low)} and {value(high)}"
            return f"score of {reference(model)} {bounds}{including}"
        case t.Use(used, None):
            return name(used)
        case t.Use(used, arguments):
            assert arguments is not None
            return f"{name(used)}({', '.join(value(each) for each in arguments)})"
        case _:
            assert_never(expression)


def needs_parentheses(expression: t.Expression) -> bool:
    """Whether it must be bracketed as an operand of `and`, `or` and `not`."""
    return isinstance(expression, t.Chain) or (
        isinstance(expression, t.Has) and expression.filter is not None
    )


def operand(expression: t.Expression) -> str:
    return (
        f"({format_expression(expression)})"
        if needs_parentheses(expression)
        else format_expression(expression)
    )


def group(expression: t.Expression) -> str:
    """What stands behind a label: a list form, or anything in parentheses."""
    inner = format_expression(expression)
    return inner if isinstance(expression, t.Listing) else f"({inner})"


def rule_set_head(label: str | None) -> str:
    return "rule set" if label is None else f"{string(label)}:"


# --- tests ---------------------------------------------------------------------------


def quantifier(node: t.Quantifier | None) -> str:
    match node:
        case None:
            return ""
        case t.Quantifier("any"):
            return "any of "
        case t.Quantifier("every"):
            return "every one of "
        case t.Quantifier(how, number):
            assert number is not None
            return f"{how} {value(number)} of "


def subject(node: t.Subject) -> str:
    match node:
        case t.Attribute(attribute):
            return name(attribute)
        case t.Dotted(left, right):
            return f"{name(left)}.{name(right)}"
        case t.GroupAttribute(customer_group, attribute):
            return f"group {name(customer_group)}.{name(attribute)}"
        case t.MlAttribute(solution, model, attribute):
            return f"{solution}({reference(model)}).{name(attribute)}"
        case t.Aggregate():
            where = "" if node.filter is None else f" where {format_expression(node.filter)}"
            return f"{function(node)}{aggregate_head(node)}{where})"
        case _:
            assert_never(node)


def function(aggregate: t.Aggregate) -> str:
    """`sum(`, `count distinct (`."""
    return (
        "count distinct (" if aggregate.function == "count distinct" else f"{aggregate.function}("
    )


def aggregate_head(aggregate: t.Aggregate) -> str:
    """What stands in an aggregate before its `where`."""
    some = "some " if aggregate.some else ""
    source = behavior(aggregate.behavior)
    columns = ", ".join(f"{source}.{name(column)}" for column in aggregate.columns)
    head = f"{some}{columns or source}"
    grouping = ", ".join(name(column) for column in aggregate.grouping)
    if aggregate.order is not None:
        head += f" by {name(aggregate.order)}"
        head += f" per {grouping}" if grouping else ""
    elif grouping:
        head += f" by {grouping}"
    return head if aggregate.window is None else f"{head} over {duration(aggregate.window)}"


def test_of(test: t.Test) -> str:
    """The predicate of a test, with the `not` that is written in it."""
    match test.predicate:
        case p.Compare("=", Boolean(truth)):
            return f"is {'not ' if test.negated else ''}{'true' if truth else 'false'}"
        case p.Compare("=", right):
            return f"{'!=' if test.negated else '='} {value(right)}"
        case p.IsNull():
            return f"is {'not ' if test.negated else ''}null"
        case p.Today():
            return f"is {'not ' if test.negated else ''}today"
        case predicate:
            return f"{'not ' if test.negated else ''}{_infix(predicate)}"


def _infix(predicate: p.Predicate) -> str:
    match predicate:
        case p.Compare(relation, right):
            return f"{relation} {value(right)}"
        case p.Between(low, high):
            return f"between {value(low)} and {value(high)}"
        case p.In() | p.Like():
            start, values = listed(predicate)
            if isinstance(predicate, p.Like) and len(values) == 1:
                return f"{predicate.match} {values[0]}"
            return f"{start}({', '.join(values)})"
        case p.Matches(pattern):
            return f"matches {value(pattern)}"
        case p.TimeCompare(relation, p.Ago(ago)):
            return f"{AGO[relation]} {duration(ago)} ago{rounding(ago)}"
        case p.TimeCompare(relation, moment):
            return f"{DATED[relation]} {_moment(moment)}"
        case p.TimeBetween(low_moment, high_moment):
            return f"between {_ends(low_moment, high_moment)}"
        case p.Within(direction, amount, unit):
            return f"within {direction} {amount_of(amount, unit)}"
        case p.InUnit(which, unit):
            return f"in {which} {unit}"
        case p.TimeRange(length, start_ago, reverse):
            backwards = " reverse" if reverse else ""
            start_text = f"{duration(start_ago)} ago{rounding(start_ago)}"
            return f"for {duration(length)} from {start_text}{backwards}"
        case p.BetweenNext(near, far):
            if _shares_unit(near, far):
                return f"between {value(near.parts[0].amount)} and {duration(far)} from now"
            ends = (f"{duration(each)}{rounding(each)}" for each in (near, far))
            return f"between {' and '.join(ends)} from now"
        case p.IsNull() | p.Today():
            raise AssertionError("written with `is`")
        case _:
            assert_never(predicate)


def listed(predicate: p.In | p.Like) -> tuple[str, list[str]]:
    """What stands before the parenthesis of a list, and its values."""
    values = [value(each) for each in predicate.values]
    return ("in " if isinstance(predicate, p.In) else f"{predicate.match} any "), values


def _moment(moment: Date | Name | p.Ago) -> str:
    match moment:
        case Date():
            return literal(moment)
        case Name(parameter):
            return name(parameter)
        case p.Ago(ago):
            return f"{duration(ago)} ago{rounding(ago)}"
        case _:
            assert_never(moment)


def _ends(low: p.Moment, high: p.Moment) -> str:
    if (
        isinstance(low, p.Ago)
        and isinstance(high, p.Ago)
        and _shares_unit(low.duration, high.duration)
    ):
        return f"{value(low.duration.parts[0].amount)} and {_moment(high)}"
    return f"{_moment(low)} and {_moment(high)}"


def _shares_unit(low: Duration, high: Duration) -> bool:
    """Whether the unit need only be said at the end: `between 7 and 3 days ago`."""
    if low.rounded or high.rounded or len(low.parts) > 1 or len(high.parts) > 1:
        return False
    return low.parts[0].unit == high.parts[0].unit


def limit(node: Limit) -> str:
    orders = ", ".join(
        f"{'aggregate' if order.column is None else name(order.column)} "
        f"{'desc' if order.descending else 'asc'}"
        for order in node.order
    )
    by = f" by {orders}" if orders else ""
    return f"limit {value(node.number)}{'%' if node.percent else ''}{by}"
