"""Values and predicates with every name replaced by its value, each of a fitting type.

A value that is not known (the parameter of a definition that is only being checked)
or that was reported gives None, and so does all that is made of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

import msgspec

from segdsl.diagnostics import Code, Report
from segdsl.language import predicates as p
from segdsl.language.resolve.program import kind_of
from segdsl.language.syntax.spelling import literal, name, string
from segdsl.language.syntax.tree import Quantifier
from segdsl.language.values import (
    Boolean,
    Date,
    Duration,
    Limit,
    Literal,
    Name,
    Number,
    Part,
    Text,
    Value,
)
from segdsl.source import Span

_WHAT = {
    "number": "a number",
    "string": "a string",
    "boolean": "`true` or `false`",
    "date": "a date",
}
_EXAMPLES = {"number": "30", "date": "2024-01-31"}


class Values:
    """Looks values up: a definition's parameters first, then the file's params.

    None stands for a value that is not known. `conditions` are the names that stand
    for none; each param looked up is added to `used`.
    """

    def __init__(
        self,
        parameters: Mapping[str, Literal | None],
        params: Mapping[str, Literal | None],
        conditions: frozenset[str],
        used: set[str],
        report: Report,
        via: tuple[Span, ...],
    ) -> None:
        self.parameters = parameters
        self.params = params
        self.conditions = conditions
        self.used = used
        self.report = report
        self.via = via

    def is_known(self, name: str) -> bool:
        """Whether a name stands for a value, for one that is not known, or for a condition."""
        return name in self.parameters or name in self.params or name in self.conditions

    def literal(
        self, value: Value, span: Span, kinds: tuple[str, ...] = ("string",)
    ) -> Literal | None:
        """The value itself, or what the name stands for; `kinds` are what fits here."""
        if not isinstance(value, Name):
            return value
        if value.name in self.parameters:
            return self.parameters[value.name]
        if value.name in self.params:
            self.used.add(value.name)
            return self.params[value.name]
        if value.name in self.conditions:
            message = f"`{value.name}` is a condition, not a value"
            help: str | None = "use it on its own, as an operand of `and` and `or`"
        else:
            from segdsl.language.syntax.syntax_errors.spelling import NUMBERS

            message = f"no value is named `{value.name}` here"
            best = self.report.did_you_mean(value.name, lambda: [*self.parameters, *self.params])
            help = f"{best} " if best else ""
            if "string" in kinds:
                help += f"write `{string(value.name)}`; a string is written in quotes"
            elif "number" in kinds and value.name.lower() in NUMBERS:
                help = f"write `{NUMBERS[value.name.lower()]}`"
            elif "date" in kinds and value.name.lower() in ("today", "now"):
                help = "write `0 days ago`; it is the start of today"
            else:
                help += f"{_WHAT[kinds[0]]} is written `{_EXAMPLES[kinds[0]]}`"
        self.report.add(Code.SEG101, value.span or span, message, help=help, via=self.via)
        return None

    def _typed(self, value: Value, span: Span, *kinds: str) -> Literal | None:
        found = self.literal(value, span, kinds) if isinstance(value, Name) else value
        if found is None or kind_of(found) in kinds:
            return found
        wanted = " or ".join(_WHAT[kind] for kind in kinds)
        where = value.span if isinstance(value, Name) else span
        self.report.add(
            Code.SEG013,
            where,
            f"{_shown(value, found)} is {_WHAT[kind_of(found)]}, and {wanted} is required here",
            help=_retype(found, kinds),
            via=self.via,
        )
        return None

    def number(self, value: Value, span: Span) -> Number | None:
        found = self._typed(value, span, "number")
        return found if isinstance(found, Number) else None

    def whole(self, value: Value, span: Span, *, of_time: bool = False) -> Number | None:
        """A number of units of time, of elements or of profiles: 0, 1, 2 …"""
        found = self.number(value, span)
        if found is None or found.is_whole:
            return found
        self.report.add(
            Code.SEG014,
            value.span if isinstance(value, Name) else span,
            f"{_shown(value, found)} is not a non-negative whole number",
            help="for part of a unit use a smaller unit: `36 hours`, not `1.5 days`"
            if of_time
            else "write a whole number",
            via=self.via,
        )
        return None

    def duration(self, node: Duration, span: Span) -> Duration | None:
        parts = []
        for part in node.parts:
            amount = self.whole(part.amount, span, of_time=True)
            if amount is None:
                return None
            parts.append(Part(amount, part.unit))
        return Duration(tuple(parts), node.rounded)

    def limit(self, node: Limit, *, aggregate: bool) -> Limit | None:
        """A limit with its number; `aggregate` says whether what it limits has one."""
        if not aggregate and any(order.column is None for order in node.order):
            self.report.add(
                Code.SEG214,
                node.span,
                "there is no aggregate to order by here",
                help="order by a column, or put the limit on a condition of a behavior",
                via=self.via,
            )
        if node.percent:
            number = self.number(node.number, node.span)
            if number is not None and not 0 <= number.value <= 100:
                self.report.add(
                    Code.SEG013,
                    node.span,
                    "a percentage is from 0% to 100%",
                    help="a number of profiles is written without `%`",
                    via=self.via,
                )
                return None
        else:
            number = self.whole(node.number, node.span)
        if not node.order:
            self.report.add(
                Code.SEG212,
                node.span,
                "without an order it is undefined which profiles this limit keeps",
                help="add an order: `by ltv desc`",
                via=self.via,
            )
        return None if number is None else msgspec.structs.replace(node, number=number)

    def quantifier(self, node: Quantifier | None, span: Span) -> Quantifier | None:
        """As it is, with its number looked up; None also where there is none."""
        if node is None or node.number is None:
            return node
        number = self.whole(node.number, span)
        return None if number is None else Quantifier(node.how, number)

    def _moment(self, moment: p.Moment, span: Span) -> Date | p.Ago | None:
        if isinstance(moment, p.Ago):
            duration = self.duration(moment.duration, span)
            return None if duration is None else p.Ago(duration)
        found = self._typed(moment, span, "date")
        return found if isinstance(found, Date) else None

    def predicate(self, node: p.Predicate, span: Span) -> p.Predicate | None:
        """The predicate with literals only; a `between` of dates becomes one of times."""
        match node:
            case p.Compare(relation, value):
                found = self._typed(value, span, "number", "string", "boolean")
                if found is value:
                    return node
                return None if found is None else p.Compare(relation, found)
            case p.Between(low, high):
                return self._between(low, high, span)
            case p.In(values):
                listed = [self._typed(value, span, "number", "string") for value in values]
                known = tuple(value for value in listed if value is not None)
                return p.In(known) if len(known) == len(listed) else None
            case p.Like(match, values):
                listed = [self._typed(value, span, "string") for value in values]
                known = tuple(value for value in listed if value is not None)
                return p.Like(match, known) if len(known) == len(listed) else None
            case p.Matches(pattern):
                found = self._typed(pattern, span, "string")
                return None if found is None else p.Matches(found)
            case p.IsNull() | p.Today() | p.InUnit():
                return node
            case p.TimeCompare(relation, moment):
                at = self._moment(moment, span)
                return None if at is None else p.TimeCompare(relation, at)
            case p.TimeBetween(low_moment, high_moment):
                first, last = self._moment(low_moment, span), self._moment(high_moment, span)
                return None if first is None or last is None else p.TimeBetween(first, last)
            case p.Within(direction, amount, unit):
                number = self.whole(amount, span, of_time=True)
                return None if number is None else p.Within(direction, number, unit)
            case p.TimeRange(length, start, reverse):
                long, begin = self.duration(length, span), self.duration(start, span)
                return None if long is None or begin is None else p.TimeRange(long, begin, reverse)
            case p.BetweenNext(low_length, high_length):
                near, far = self.duration(low_length, span), self.duration(high_length, span)
                return None if near is None or far is None else p.BetweenNext(near, far)
            case _:
                assert_never(node)

    def _between(self, low: Value, high: Value, span: Span) -> p.Predicate | None:
        kinds = ("number", "string", "date")
        first, last = self._typed(low, span, *kinds), self._typed(high, span, *kinds)
        if first is None or last is None:
            return None
        if isinstance(first, Date) and isinstance(last, Date):
            return p.TimeBetween(first, last)
        if isinstance(first, Date) or isinstance(last, Date):
            odd = last if isinstance(first, Date) else first
            self.report.add(
                Code.SEG013,
                span,
                f"one end is a date, and {literal(odd)} is not",
                help="give both ends as dates, or both as numbers or strings",
                via=self.via,
            )
            return None
        return p.Between(first, last)


def _shown(value: Value, found: Literal) -> str:
    if isinstance(value, Name):
        return f"`{name(value.name)}`, here {literal(found)},"
    return literal(found)


def _retype(found: Literal, kinds: tuple[str, ...]) -> str:
    match found:
        case Text(text) if "number" in kinds:
            return f"write the number without quotes: {text}"
        case Number(text) if "string" in kinds:
            return f'write it in quotes: "{text}"'
        case Boolean():
            return "compare with `is true` or `is false`"
        case Date():
            return "compare times with `on`, `before`, `after` or `between`"
        case Text(text) if "date" in kinds:
            return "write a date without quotes: 2024-01-31"
        case _:
            return f"write {' or '.join(_WHAT[kind] for kind in kinds)}"


def has_no_length(duration: Duration) -> bool:
    """Whether every part of a duration, its amounts looked up, is 0."""
    return all(isinstance(part.amount, Number) and not part.amount.value for part in duration.parts)
