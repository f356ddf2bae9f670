"""Translates predicates on one value to SQL, one case for each operator of the language.

The result is true exactly if the predicate holds, and false or null otherwise. A predicate on
a column of another kind never holds; a column of unknown kind is assumed to have the kind it is
compared with.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Literal as OneOf
from typing import assert_never

from sqlglot import exp

from segdsl.language import predicates as p
from segdsl.language.condition import tree as c
from segdsl.language.values import Boolean, Date, Name, Number, Text, Value
from segdsl.sql.calendar import FUTURE, PAST, Calendar
from segdsl.sql.context import ELEMENTS, Operand, SqlError
from segdsl.sql.counts import holds_for, result_for_counts
from segdsl.sql.expressions import (
    Node,
    all_of,
    any_of,
    boolean,
    false,
    integer,
    is_not_null,
    negated,
    ordered_text,
    text,
)
from segdsl.sql.numbers import COMPARISONS, between, compared, equals_any
from segdsl.sql.times import interval, whole_number

# The name of an array's element in a lambda.
_ELEMENT = "element"


class PredicateSql:
    """The predicate of a test, independent of the operand.

    `condition` is never true of a null. If `complement` is true, the test holds exactly where
    the condition is not true.
    """

    def __init__(self, test: c.Test, calendar: Calendar) -> None:
        self._test = test
        self._calendar = calendar
        # With a quantifier, `not` and `is null` apply to the elements.
        whole = test.quantifier is None
        self.complement = whole and test.negated != isinstance(test.predicate, p.IsNull)

    def condition(self, operand: Operand) -> Node:
        """The condition, before `complement` is applied."""
        if self._test.quantifier is not None:
            return self._of_elements(self._test.quantifier, operand)
        return _holds(self._test.predicate, operand, self._calendar)

    @property
    def is_presence(self) -> bool:
        """Whether the predicate tests only whether there is a value."""
        return self._test.quantifier is None and isinstance(self._test.predicate, p.IsNull)

    @property
    def is_about_text(self) -> bool:
        """Whether the predicate compares with strings."""
        predicate = self._test.predicate
        if isinstance(predicate, p.Between):
            return isinstance(predicate.low, Text | Date)
        return "text" in p.compared_kinds(predicate)

    def holds_for_number(self, number: int) -> bool:
        """The result of `condition` for a known number."""
        if self._test.quantifier is not None:
            return False
        if self.is_presence:
            return True
        return holds_for(self._test.predicate, Decimal(number), self._calendar)

    def result_for_counts(self) -> OneOf["all", "none", "some"]:
        """Whether `condition` is true of all, none or some counts of 1 or more."""
        if self._test.quantifier is not None:
            return "none"
        if self.is_presence:
            return "all"
        return result_for_counts(self._test.predicate, self._calendar)

    def _of_elements(self, quantifier: c.Quantifier, array: Operand) -> Node:
        kind = None
        if array.kind is not None:
            if array.kind not in ELEMENTS:
                return false()
            kind = ELEMENTS[array.kind]
        element = Operand(exp.Column(this=exp.Identifier(this=_ELEMENT, quoted=False)), kind)
        condition = _holds(self._test.predicate, element, self._calendar)
        if self._test.negated != isinstance(self._test.predicate, p.IsNull):
            condition = negated(condition)
        match quantifier.how:
            case "any":
                return exp.GT(this=_count_elements(array, condition), expression=integer(0))
            case "every":
                failing = _count_elements(array, negated(condition))
                return _if_not_null(array, exp.EQ(this=failing, expression=integer(0)))
            case "at least" | "at most" | "exactly":
                # No array has more elements, and engines limit the size of integers.
                bound = integer(min(whole_number(quantifier.number), 2**31))
                comparison = {"at least": exp.GTE, "at most": exp.LTE, "exactly": exp.EQ}
                return _if_not_null(
                    array,
                    comparison[quantifier.how](
                        this=_count_elements(array, condition), expression=bound
                    ),
                )
            case _:
                assert_never(quantifier.how)


def _if_not_null(array: Operand, condition: Node) -> Node:
    # Not every engine returns null for the size of a null array.
    return all_of([is_not_null(array.sql), condition])


def _count_elements(array: Operand, condition: Node) -> Node:
    """The number of elements that satisfy a condition."""
    chosen = exp.Lambda(this=condition, expressions=[exp.Identifier(this=_ELEMENT, quoted=False)])
    return exp.ArraySize(this=exp.ArrayFilter(this=array.sql, expression=chosen))


def _holds(predicate: p.Predicate, operand: Operand, calendar: Calendar) -> Node:
    """The condition, null or false of a null; for `is null` it is the complement."""
    if isinstance(predicate, p.IsNull):
        return is_not_null(operand.sql)
    if operand.is_array:
        return false()
    match predicate:
        case p.Compare(relation, value):
            return _compared(operand, relation, value)
        case p.Between(low, high):
            return _between(operand, low, high)
        case p.In(values):
            return _in(operand, values)
        case p.Like(match, values):
            return _like(operand, match, [_text(value) for value in values])
        case p.Matches(pattern):
            return _matches(operand, _text(pattern))
        case _:
            if operand.kind not in (None, "number"):
                return false()
            return _during(operand, *interval(predicate, calendar))


# --- comparing ---------------------------------------------------------------------------


def _compared(operand: Operand, relation: p.Relation, value: Value) -> Node:
    match value:
        case Number():
            if not _may_be(operand, "number"):
                return false()
            return compared(operand.sql, relation, value, operand.places)
        case Text() | Date():
            if not _may_be(operand, "string"):
                return false()
            node = operand.sql if relation == "=" else ordered_text(operand.sql)
            return COMPARISONS[relation](this=node, expression=text(_text(value)))
        case Boolean(flag):
            if not _may_be(operand, "boolean"):
                return false()
            return COMPARISONS[relation](this=operand.sql, expression=boolean(flag))
        case Name(name):
            raise SqlError(f"the parameter `{name}` has no value")
        case _:
            assert_never(value)


def _between(operand: Operand, low: Value, high: Value) -> Node:
    if isinstance(low, Number) and isinstance(high, Number):
        return (
            between(operand.sql, low, high, operand.places)
            if _may_be(operand, "number")
            else false()
        )
    if isinstance(low, Number) or isinstance(high, Number):
        return false()
    lower, upper = _compared(operand, ">=", low), _compared(operand, "<=", high)
    if isinstance(lower, exp.GTE) and isinstance(upper, exp.LTE):
        return exp.Between(this=lower.this, low=lower.expression, high=upper.expression)
    return all_of([lower, upper])


def _in(operand: Operand, values: Iterable[Value]) -> Node:
    """Translates `in` to one list for each kind of value."""
    values = list(values)
    parts: list[Node] = []
    numbers = [value for value in values if isinstance(value, Number)]
    if numbers and _may_be(operand, "number"):
        parts.append(equals_any(operand.sql, numbers, operand.places))
    texts = [text(_text(value)) for value in values if isinstance(value, Text | Date)]
    if texts and _may_be(operand, "string"):
        parts.append(exp.In(this=operand.sql, expressions=texts))
    parts.extend(
        _compared(operand, "=", value) for value in values if isinstance(value, Boolean | Name)
    )
    return any_of(parts)


def _may_be(operand: Operand, kind: str) -> bool:
    return operand.kind in (None, kind)


# --- strings -----------------------------------------------------------------------------


def _like(operand: Operand, match: p.TextMatch, values: list[str]) -> Node:
    if not _may_be(operand, "string"):
        return false()
    if "" in values:
        # Every string contains it, but engines disagree.
        return is_not_null(operand.sql)
    return any_of(_matching(operand, match, value) for value in values)


def _matching(operand: Operand, match: p.TextMatch, value: str) -> Node:
    match match:
        case "contains":
            return exp.Contains(this=operand.sql, expression=text(value))
        case "starts with":
            return exp.StartsWith(this=operand.sql, expression=text(value))
        case "ends with":
            return exp.EndsWith(this=operand.sql, expression=text(value))
        case _:
            assert_never(match)


def _matches(operand: Operand, pattern: str) -> Node:
    if not _may_be(operand, "string"):
        return false()
    if pattern == "":
        return is_not_null(operand.sql)
    return exp.RegexpLike(this=operand.sql, expression=text(pattern))


def _text(value: Value) -> str:
    match value:
        case Text(written) | Date(written):
            return written
        case Number(written):
            return written
        case Boolean(flag):
            return "true" if flag else "false"
        case Name(name):
            raise SqlError(f"the parameter `{name}` has no value")
        case _:
            assert_never(value)


# --- times -------------------------------------------------------------------------------


def _during(operand: Operand, start: int, end: int) -> Node:
    if start >= end:
        return false()
    parts: list[Node] = []
    if start > PAST:
        parts.append(exp.GTE(this=operand.sql, expression=integer(start)))
    if end < FUTURE:
        parts.append(exp.LT(this=operand.sql, expression=integer(end)))
    return all_of(parts) if parts else is_not_null(operand.sql)
