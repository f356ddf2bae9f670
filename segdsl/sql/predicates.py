"""Each predicate as SQL, asked of one value: one entry for each of the language's operators.

What comes out is true exactly where the predicate holds, and false or null elsewhere.
Kinds that do not match never hold, where the kind of the column is known; where it is
not, the column is taken to be of the kind it is compared with.
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
from segdsl.sql.counts import holds_of, of_counts
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

# What an element of an array is called while it is looked at.
_ELEMENT = "element"


class PredicateSql:
    """A test's question, apart from what it is asked of.

    `of` makes a condition that a null never fulfils; where `flipped`, the test holds
    exactly where that condition does not.
    """

    def __init__(self, test: c.Test, calendar: Calendar) -> None:
        self._test = test
        self._calendar = calendar
        # A quantifier has the `not` and the `is null` of its elements inside.
        whole = test.quantifier is None
        self.complement = whole and test.negated != isinstance(test.predicate, p.IsNull)

    def of(self, operand: Operand) -> Node:
        """The condition, not yet flipped."""
        if self._test.quantifier is not None:
            return self._of_elements(self._test.quantifier, operand)
        return _holds(self._test.predicate, operand, self._calendar)

    def exactly(self, operand: Operand) -> Node:
        """The condition with its flip."""
        found = self.of(operand)
        return negated(found) if self.complement else found

    @property
    def is_presence(self) -> bool:
        """Whether only a missing value makes a difference."""
        return self._test.quantifier is None and isinstance(self._test.predicate, p.IsNull)

    @property
    def is_about_text(self) -> bool:
        """Whether it compares with texts, and so takes a column to hold some."""
        match self._test.predicate:
            case p.Compare(_, Text() | Date()) | p.Between(Text() | Date(), _):
                return True
            case p.In(values):
                return any(isinstance(value, Text | Date) for value in values)
            case p.Like() | p.Matches():
                return True
            case _:
                return False

    def of_number(self, number: int) -> bool:
        """What `of` says of a number that is known."""
        if self._test.quantifier is not None:
            return False
        if self.is_presence:
            return True
        return holds_of(self._test.predicate, Decimal(number), self._calendar)

    def of_counts(self) -> OneOf["all", "none", "some"]:
        """Of which counts, from 1 on, `of` is true."""
        if self._test.quantifier is not None:
            return "none"
        if self.is_presence:
            return "all"
        return of_counts(self._test.predicate, self._calendar)

    def _of_elements(self, quantifier: c.Quantifier, array: Operand) -> Node:
        kind = None
        if array.kind is not None:
            if array.kind not in ELEMENTS:
                return false()
            kind = ELEMENTS[array.kind]
        element = Operand(exp.Column(this=exp.Identifier(this=_ELEMENT, quoted=False)), kind)
        found = _holds(self._test.predicate, element, self._calendar)
        if self._test.negated != isinstance(self._test.predicate, p.IsNull):
            found = negated(found)
        match quantifier.how:
            case "any":
                return exp.GT(this=_number_of(array, found), expression=integer(0))
            case "every":
                failing = _number_of(array, negated(found))
                return _known(array, exp.EQ(this=failing, expression=integer(0)))
            case "at least" | "at most" | "exactly":
                # More elements than that no array has; and no engine takes any number.
                bound = integer(min(whole_number(quantifier.number), 2**31))
                comparison = {"at least": exp.GTE, "at most": exp.LTE, "exactly": exp.EQ}
                return _known(
                    array,
                    comparison[quantifier.how](this=_number_of(array, found), expression=bound),
                )
            case _:
                assert_never(quantifier.how)


def _known(array: Operand, condition: Node) -> Node:
    # Not every engine says null for the size of an array that is null.
    return all_of([is_not_null(array.sql), condition])


def _number_of(array: Operand, condition: Node) -> Node:
    """How many elements a condition holds of."""
    chosen = exp.Lambda(this=condition, expressions=[exp.Identifier(this=_ELEMENT, quoted=False)])
    return exp.ArraySize(this=exp.ArrayFilter(this=array.sql, expression=chosen))


def _holds(predicate: p.Predicate, of: Operand, calendar: Calendar) -> Node:
    """Of a null it is null or false. `is null` is asked the other way round."""
    if isinstance(predicate, p.IsNull):
        return is_not_null(of.sql)
    if of.is_array:
        return false()
    match predicate:
        case p.Compare(relation, value):
            return _compared(of, relation, value)
        case p.Between(low, high):
            return _between(of, low, high)
        case p.In(values):
            return _in(of, values)
        case p.Like(match, values):
            return _like(of, match, [_text(value) for value in values])
        case p.Matches(pattern):
            return _matches(of, _text(pattern))
        case _:
            if of.kind not in (None, "number"):
                return false()
            return _during(of, *interval(predicate, calendar))


# --- comparing ---------------------------------------------------------------------------


def _compared(of: Operand, relation: p.Relation, value: Value) -> Node:
    match value:
        case Number():
            if not _may_be(of, "number"):
                return false()
            return compared(of.sql, relation, value, of.places)
        case Text() | Date():
            if not _may_be(of, "text"):
                return false()
            node = of.sql if relation == "=" else ordered_text(of.sql)
            return COMPARISONS[relation](this=node, expression=text(_text(value)))
        case Boolean(flag):
            if not _may_be(of, "boolean"):
                return false()
            return COMPARISONS[relation](this=of.sql, expression=boolean(flag))
        case Name(name):
            raise SqlError(f"the parameter `{name}` has no value")
        case _:
            assert_never(value)


def _between(of: Operand, low: Value, high: Value) -> Node:
    if isinstance(low, Number) and isinstance(high, Number):
        return between(of.sql, low, high, of.places) if _may_be(of, "number") else false()
    if isinstance(low, Number) or isinstance(high, Number):
        return false()
    lower, upper = _compared(of, ">=", low), _compared(of, "<=", high)
    if isinstance(lower, exp.GTE) and isinstance(upper, exp.LTE):
        return exp.Between(this=lower.this, low=lower.expression, high=upper.expression)
    return all_of([lower, upper])


def _in(of: Operand, values: Iterable[Value]) -> Node:
    """One list for each kind of value; mostly there is one."""
    values = list(values)
    parts: list[Node] = []
    numbers = [value for value in values if isinstance(value, Number)]
    if numbers and _may_be(of, "number"):
        parts.append(equals_any(of.sql, numbers, of.places))
    texts = [text(_text(value)) for value in values if isinstance(value, Text | Date)]
    if texts and _may_be(of, "text"):
        parts.append(exp.In(this=of.sql, expressions=texts))
    parts.extend(_compared(of, "=", value) for value in values if isinstance(value, Boolean | Name))
    return any_of(parts)


def _may_be(of: Operand, kind: str) -> bool:
    return of.kind in (None, kind)


# --- texts -------------------------------------------------------------------------------


def _like(of: Operand, match: p.TextMatch, values: list[str]) -> Node:
    if not _may_be(of, "text"):
        return false()
    if "" in values:
        # Each text contains it, and engines disagree.
        return is_not_null(of.sql)
    return any_of(_matching(of, match, value) for value in values)


def _matching(of: Operand, match: p.TextMatch, value: str) -> Node:
    match match:
        case "contains":
            return exp.Contains(this=of.sql, expression=text(value))
        case "starts with":
            return exp.StartsWith(this=of.sql, expression=text(value))
        case "ends with":
            return exp.EndsWith(this=of.sql, expression=text(value))
        case _:
            assert_never(match)


def _matches(of: Operand, pattern: str) -> Node:
    if not _may_be(of, "text"):
        return false()
    if pattern == "":
        return is_not_null(of.sql)
    return exp.RegexpLike(this=of.sql, expression=text(pattern))


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


def _during(of: Operand, start: int, end: int) -> Node:
    if start >= end:
        return false()
    parts: list[Node] = []
    if start > PAST:
        parts.append(exp.GTE(this=of.sql, expression=integer(start)))
    if end < FUTURE:
        parts.append(exp.LT(this=of.sql, expression=integer(end)))
    return all_of(parts) if parts else is_not_null(of.sql)
