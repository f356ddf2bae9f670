"""The predicates of a test: one method for each alternative of the grammar's `predicate`."""

from __future__ import annotations

from typing import Any, cast

from segdsl.diagnostics import Code
from segdsl.language import predicates as p
from segdsl.language.syntax.base_builder import BaseBuilder
from segdsl.language.syntax.lalr import Child
from segdsl.language.values import Boolean, Date, Duration, Name, Number, Part, Value
from segdsl.source import Places

RELATIONS: dict[str, p.Relation] = {
    "=": "=",
    "!=": "=",
    ">": ">",
    ">=": ">=",
    "<": "<",
    "<=": "<=",
}


# A predicate, and whether a `not` or `!=` stands in it.
MaybeNegated = tuple[p.Predicate, bool]


class PredicateBuilder(BaseBuilder):
    """Predicates, each with whether it is negated."""

    @staticmethod
    def _with_negation(c: list[Child], predicate: p.Predicate) -> MaybeNegated:
        # In `is not null` the `not` is the second word; in `!=` the sign itself.
        return predicate, c[0][0] in ("NOT", "NOT_EQUAL") or (len(c) > 1 and c[1][0] == "NOT")

    def compare(self, c: list[Child]) -> MaybeNegated:
        sign: str = c[-2][1]
        value: Value = c[-1][1]
        if isinstance(value, Date):
            relation = RELATIONS[sign]
            word = {
                "=": "on",
                "<": "before",
                ">": "after",
                "<=": "on or before",
                ">=": "on or after",
            }
            self.report.add(
                Code.SEG013,
                self._span(c[-2:]),
                f"a date is not compared with `{sign}`",
                help=f"write `{'not ' if sign == '!=' else ''}{word[relation]} {value.text}`",
            )
        return self._with_negation(c, p.Compare(RELATIONS[sign], value))

    def is_word(self, c: list[Child]) -> MaybeNegated:
        match c[-1][0]:
            case "NULL":
                return self._with_negation(c, p.IsNull())
            case "TODAY":
                return self._with_negation(c, p.Today())
            case word:
                return self._with_negation(c, p.Compare("=", Boolean(word == "TRUE")))

    def bound(self, c: list[Child]) -> Any:
        if c[0][0] == "value":
            return c[0][1]
        duration = self._rounded(c)
        return p.Ago(duration) if "AGO" in self._kinds(c) else duration

    def between(self, c: list[Child]) -> MaybeNegated:
        low_part, high_part = (child for child in c if child[0] == "bound")
        low, high = low_part[1], high_part[1]
        from_now = c[-1][0] == "NOW"

        def as_duration(bound: Any, unit_of: Any) -> Any:
            """`7` in `between 7 and 3 days ago` takes the unit of the other end."""
            if isinstance(bound, (Number, Name)) and isinstance(unit_of, Duration):
                return Duration((Part(bound, unit_of.smallest),), unit_of.rounded)
            return bound

        if from_now:
            low = as_duration(low, high)
            if isinstance(low, Duration) and isinstance(high, Duration):
                return self._with_negation(c, p.BetweenNext(low, high))
        elif isinstance(high, p.Ago):
            if not (isinstance(low, Name) and len(high.duration.parts) > 1):
                low = as_duration(low, high.duration)
            low = p.Ago(low) if isinstance(low, Duration) else low
        if isinstance(low, Duration) or isinstance(high, Duration):
            self.report.add(
                Code.SEG014,
                self._span(c),
                "it is not clear from when these durations are counted",
                help="end with `ago` (`between 7 and 3 days ago`) or `from now`",
            )
            return self._with_negation(c, p.Between(Number("0"), Number("0")))
        timed = isinstance(low, (p.Ago, Date)), isinstance(high, (p.Ago, Date))
        if not any(timed):
            return self._with_negation(c, p.Between(low, high))
        for bound, part in ((low, low_part), (high, high_part)):
            if not isinstance(bound, (p.Ago, Date, Name)):
                self.report.add(
                    Code.SEG013,
                    self._at(part),
                    "the other end is a time, and this is not",
                    help="write a date (`2024-01-31`) or a relative time (`7 days ago`)",
                )
        return self._with_negation(c, p.TimeBetween(low, high))

    def _values(self, c: list[Child]) -> tuple[tuple[Value, ...], Places]:
        found = [child for child in c if child[0] == "value"]
        if not found:
            self.report.add(
                Code.SEG015, self._span(c), "this list is empty", help="list at least one value"
            )
        return tuple([child[1] for child in found]), Places([self._at(child) for child in found])

    def in_list(self, c: list[Child]) -> MaybeNegated:
        return self._with_negation(c, p.In(*self._values(c)))

    def in_unit(self, c: list[Child]) -> MaybeNegated:
        return self._with_negation(c, p.InUnit(cast(Any, c[-2][1]), self._unit(c[-1])))

    def like(self, c: list[Child]) -> MaybeNegated:
        words = {"CONTAINS": "contains", "STARTS": "starts with", "ENDS": "ends with"}
        word = next(words[kind] for kind, *_ in c if kind in words)
        return self._with_negation(c, p.Like(cast(p.TextMatch, word), *self._values(c)))

    def matches(self, c: list[Child]) -> MaybeNegated:
        return self._with_negation(c, p.Matches(c[-1][1]))

    def within(self, c: list[Child]) -> MaybeNegated:
        direction = "past" if c[-2][0] == "PAST" else "next"
        rolling = "at most 1 day 12 hours ago" if direction == "past" else "within next 36 hours"
        part = self._single(c[-1], f"write one unit, or a comparison such as `{rolling}`")
        return self._with_negation(c, p.Within(cast(Any, direction), part.amount, part.unit))

    def time_range(self, c: list[Child]) -> MaybeNegated:
        length_part, start_part = (child for child in c if child[0] == "duration")
        length = Duration((self._single(length_part, "write the duration in one unit"),))
        rounded = [child for child in c if child[0] == "rounded"]
        start = self._rounded([start_part, *rounded])
        return self._with_negation(c, p.TimeRange(length, start, "REVERSE" in self._kinds(c)))

    def ago(self, c: list[Child]) -> MaybeNegated:
        words = self._kinds(c)
        relation: p.Relation = (
            "<"
            if "MORE_WORD" in words
            else ">"
            if "LESS_WORD" in words
            else "<="
            if "LEAST" in words
            else ">="
        )
        return self._with_negation(c, p.TimeCompare(relation, p.Ago(self._rounded(c))))

    def dated(self, c: list[Child]) -> MaybeNegated:
        words = self._kinds(c)
        relation: p.Relation
        if "BEFORE" in words:
            relation = "<=" if "OR" in words else "<"
        elif "AFTER" in words:
            relation = ">=" if "OR" in words else ">"
        else:
            relation = "="
        return self._with_negation(c, p.TimeCompare(relation, c[-1][1]))

    def moment(self, c: list[Child]) -> Value:
        return self.value(c) if c[0][0] == "name" else self.literal(c)
