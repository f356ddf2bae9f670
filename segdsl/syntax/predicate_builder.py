"""The predicates of a test: one method for each alternative of the grammar's `predicate`."""

from __future__ import annotations

from typing import Any, cast

from lark import Token

from segdsl import predicates as p
from segdsl.diagnostics import Code
from segdsl.source import Places
from segdsl.syntax.pieces import Piece, PieceBuilder
from segdsl.values import Boolean, Date, Duration, Name, Number, Part, Value

_RELATIONS: dict[str, p.Relation] = {
    "=": "=",
    "!=": "=",
    ">": ">",
    ">=": ">=",
    "<": "<",
    "<=": "<=",
}


class PredicateBuilder(PieceBuilder):
    """Predicates, each a piece holding (predicate, negated)."""

    def _predicate(self, c: list[Any], predicate: p.Predicate) -> Piece:
        negated = bool(self._tokens(c) & {"NOT", "NOT_EQUAL"})
        return Piece("predicate", (predicate, negated), self._span(c))

    def compare(self, c: list[Any]) -> Piece:
        relation = _RELATIONS[str(c[-2])]
        value: Value = c[-1].value
        if isinstance(value, Date):
            word = {
                "=": "on",
                "<": "before",
                ">": "after",
                "<=": "on or before",
                ">=": "on or after",
            }
            self.report.add(
                Code.SEG013,
                c[-1].span,
                f"a date is not compared with `{c[-2]}`",
                help=f"write `{'not ' if c[-2] == '!=' else ''}{word[relation]} {value.text}`",
            )
        return self._predicate(c, p.Compare(relation, value))

    def is_word(self, c: list[Any]) -> Piece:
        match c[-1].type:
            case "NULL":
                return self._predicate(c, p.IsNull())
            case "TODAY":
                return self._predicate(c, p.Today())
            case word:
                return self._predicate(c, p.Compare("=", Boolean(word == "TRUE")))

    def bound(self, c: list[Any]) -> Piece:
        if c[0].kind == "value":
            return Piece("bound", c[0].value, c[0].span)
        duration = self._rounded(c)
        ago = "AGO" in self._tokens(c)
        return Piece("bound", p.Ago(duration) if ago else duration, self._span(c))

    def between(self, c: list[Any]) -> Piece:
        low_part, high_part = (part for part in c if isinstance(part, Piece))
        low, high = low_part.value, high_part.value
        from_now = "NOW" in self._tokens(c)
        span = self._span(c)

        def as_duration(bound: Any, unit_of: Any) -> Any:
            """`7` in `between 7 and 3 days ago` takes the unit of the other end."""
            if isinstance(bound, (Number, Name)) and isinstance(unit_of, Duration):
                return Duration((Part(bound, unit_of.smallest),), unit_of.rounded)
            return bound

        if from_now:
            low = as_duration(low, high)
            if isinstance(low, Duration) and isinstance(high, Duration):
                return self._predicate(c, p.BetweenNext(low, high))
        elif isinstance(high, p.Ago):
            if not (isinstance(low, Name) and len(high.duration.parts) > 1):
                low = as_duration(low, high.duration)
            low = p.Ago(low) if isinstance(low, Duration) else low
        if isinstance(low, Duration) or isinstance(high, Duration):
            self.report.add(
                Code.SEG014,
                span,
                "it is not said when these lengths of time are counted from",
                help="end with `ago` (`between 7 and 3 days ago`) or `from now`",
            )
            return self._predicate(c, p.Between(Number("0"), Number("0")))
        timed = isinstance(low, (p.Ago, Date)), isinstance(high, (p.Ago, Date))
        if not any(timed):
            return self._predicate(c, p.Between(low, high))
        for bound, part in ((low, low_part), (high, high_part)):
            if not isinstance(bound, (p.Ago, Date, Name)):
                self.report.add(
                    Code.SEG013,
                    part.span,
                    "the other end is a time, and this is none",
                    help="write a date (`2024-01-31`) or a time ago (`7 days ago`)",
                )
        return self._predicate(c, p.TimeBetween(low, high))

    def _values(self, c: list[Any]) -> tuple[tuple[Value, ...], Places]:
        found = [part for part in c if isinstance(part, Piece) and part.kind == "value"]
        if not found:
            self.report.add(
                Code.SEG015, self._span(c), "this list is empty", help="list one value at least"
            )
        return tuple(part.value for part in found), Places(part.span for part in found)

    def in_list(self, c: list[Any]) -> Piece:
        return self._predicate(c, p.In(*self._values(c)))

    def in_unit(self, c: list[Any]) -> Piece:
        return self._predicate(c, p.InUnit(cast(Any, str(c[-2])), self._unit(c[-1])))

    def like(self, c: list[Any]) -> Piece:
        words = {"CONTAINS": "contains", "STARTS": "starts with", "ENDS": "ends with"}
        word = next(words[kind] for kind in words if kind in self._tokens(c))
        return self._predicate(c, p.Like(cast(p.TextMatch, word), *self._values(c)))

    def matches(self, c: list[Any]) -> Piece:
        return self._predicate(c, p.Matches(c[-1].value))

    def within(self, c: list[Any]) -> Piece:
        direction = "past" if "PAST" in self._tokens(c) else "next"
        rolling = "at most 1 day 12 hours ago" if direction == "past" else "within next 36 hours"
        part = self._single(c[-1], f"write one unit, or a comparison such as `{rolling}`")
        return self._predicate(c, p.Within(cast(Any, direction), part.amount, part.unit))

    def time_range(self, c: list[Any]) -> Piece:
        length_part, start_part = (d for d in c if isinstance(d, Piece) and d.kind == "duration")
        length = Duration((self._single(length_part, "write the length in one unit"),))
        rounded = [d for d in c if isinstance(d, Piece) and d.kind == "rounded"]
        start = self._rounded([start_part, *rounded])
        return self._predicate(c, p.TimeRange(length, start, "REVERSE" in self._tokens(c)))

    def ago(self, c: list[Any]) -> Piece:
        words = self._tokens(c)
        relation: p.Relation = (
            "<"
            if "MORE_WORD" in words
            else ">"
            if "LESS_WORD" in words
            else "<="
            if "LEAST" in words
            else ">="
        )
        return self._predicate(c, p.TimeCompare(relation, p.Ago(self._rounded(c))))

    def dated(self, c: list[Any]) -> Piece:
        words = self._tokens(c)
        relation: p.Relation
        if "BEFORE" in words:
            relation = "<=" if "OR" in words else "<"
        elif "AFTER" in words:
            relation = ">=" if "OR" in words else ">"
        else:
            relation = "="
        return self._predicate(c, p.TimeCompare(relation, c[-1].value))

    def moment(self, c: list[Any]) -> Piece:
        if isinstance(c[0], Token):
            return Piece("moment", self.literal(c).value, self._token_span(c[0]))
        return Piece("moment", Name(c[0].value, c[0].span), c[0].span)
