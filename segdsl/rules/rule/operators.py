"""Reading operators: one function for each shape the description gives."""

from __future__ import annotations

import re
from typing import Any, cast

from segdsl.language.values import UNITS, WHOLE, Number, Unit
from segdsl.rules.rule import model as m
from segdsl.rules.rule.document import Reader

_COMPARISONS = tuple(m.COMPARISON_TYPES.values())
_LISTS = ("In", *m.MATCH_TYPES.values())
_TYPES = (
    *_COMPARISONS,
    *_LISTS,
    "Between",
    "Regexp",
    "IsNull",
    "TimeWithinPast",
    "TimeWithinNext",
    "TimeRange",
    "TimeThis",
    "TimeNext",
    "TimeToday",
    "TimeInBetweenNext",
)


class OperatorReader(Reader):
    """Plain data to `segdsl.rules.rule.model.Operator`."""

    def operator(self, value: Any, path: str) -> m.Operator:
        if not isinstance(value, dict):
            self.fail(path, "an operator is an object")
        kind = self.choice(value.get("type"), f"{path}.type", _TYPES, "the type of an operator")
        if kind in _COMPARISONS:
            of = self.object(value, path, ("type", "not", "rightValue"), kind)
            right = self.need(of, "rightValue", path, kind)
            return self._comparison(kind, of, right, path)
        if kind in _LISTS:
            return self._list(kind, value, path)
        match kind:
            case "Between":
                return self._between(value, path)
            case "Regexp":
                of = self.object(value, path, ("type", "not", "rightValue"), kind)
                pattern = self.need(of, "rightValue", path, kind)
                text = self.text(pattern, f"{path}.rightValue", "a pattern")
                return m.Comparison("Regexp", self.truth(of, "not", path), text)
            case "IsNull":
                of = self.object(value, path, ("type", "not", "rightValue"), kind)
                return m.Comparison("IsNull", self.truth(of, "not", path), True)
            case "TimeWithinPast" | "TimeWithinNext":
                of = self.object(value, path, ("type", "not", "unit", "value"), kind)
                amount = self._within(self.need(of, "value", path, kind), f"{path}.value")
                unit = self.unit(self.need(of, "unit", path, kind), f"{path}.unit")
                return m.TimeWithin(cast(Any, kind), unit, amount, self.truth(of, "not", path))
            case "TimeRange":
                return self._range(value, path)
            case "TimeThis" | "TimeNext":
                of = self.object(value, path, ("type", "not", "from"), kind)
                start = self._from_unit(of, path, kind)
                return m.CalendarUnit(cast(Any, kind), start, self.truth(of, "not", path))
            case "TimeToday":
                of = self.object(value, path, ("type", "not"), kind)
                return m.TimeToday("TimeToday", self.truth(of, "not", path))
            case _:
                of = self.object(value, path, ("type", "not", "from", "to"), kind)
                near = self._next(self.need(of, "from", path, kind), f"{path}.from")
                far = self._next(self.need(of, "to", path, kind), f"{path}.to")
                negated = self.truth(of, "not", path)
                return m.TimeInBetweenNext("TimeInBetweenNext", near, far, negated)

    def scalar(self, value: Any, path: str) -> m.Scalar:
        match value:
            case bool():
                return value
            case Number():
                return self.number(value, path, "a value")
            case str():
                return self.text(value, path, "a value")
            case _:
                self.fail(path, "a value is a string, a number or a boolean")

    def _comparison(
        self, kind: m.ComparisonType, data: dict[str, Any], right: Any, path: str
    ) -> m.Comparison:
        negated = self.truth(data, "not", path)
        at = f"{path}.rightValue"
        if not isinstance(right, dict):
            return m.Comparison(kind, negated, self.scalar(right, at))
        moment = self._moment(right, at)
        if kind == "Equal" and isinstance(moment, m.Last):
            self.fail(at, "Equal compares with a timestamp, never with a relative time")
        return m.Comparison(kind, negated, moment)

    def _list(self, kind: m.AnyOfType, value: Any, path: str) -> m.AnyOf:
        of = self.object(value, path, ("type", "not", "rightValues"), kind)
        at = f"{path}.rightValues"
        listed = self.items(self.need(of, "rightValues", path, kind), at, f"the values of {kind}")
        if not listed:
            self.fail(at, f"{kind} lists no value, and what that selects is undefined")

        def read(each: Any, where: str) -> Number | str:
            if kind == "In" and isinstance(each, Number):
                return self.number(each, where, "a value")
            return self.text(each, where, f"a value of {kind}")

        return m.AnyOf(kind, self.truth(of, "not", path), self.each(listed, at, read))

    def _between(self, value: Any, path: str) -> m.Between | m.TimeBetween:
        known = ("type", "not", "minValue", "maxValue", "rightValue")
        of = self.object(value, path, known, "Between")
        low = self.need(of, "minValue", path, "Between")
        high = self.need(of, "maxValue", path, "Between")
        negated = self.truth(of, "not", path)
        if isinstance(low, dict) or isinstance(high, dict):
            first = self._moment(low, f"{path}.minValue")
            last = self._moment(high, f"{path}.maxValue")
            return m.TimeBetween(first, last, negated, "Between")
        ends = []
        for end, key in ((low, "minValue"), (high, "maxValue")):
            found = self.scalar(end, f"{path}.{key}")
            if isinstance(found, bool):
                self.fail(f"{path}.{key}", "an end of Between is a number or a string")
            ends.append(found)
        return m.Between(ends[0], ends[1], negated, Number("0"), "Between")

    # --- lengths of time ---------------------------------------------------------------

    def _within(self, value: Any, path: str) -> str:
        """Described as a string of digits; public clients send a number."""
        if isinstance(value, Number):
            return self.whole(value, path, "a duration").text
        text = self.text(value, path, "a duration")
        if not re.fullmatch(WHOLE, text):
            self.fail(path, f"a duration is a whole number, and this is “{text}”")
        return text

    def _moment(self, value: Any, path: str) -> m.Moment:
        of = self.object(value, path, ("timestamp", "last", "unit"), "a time")
        if "timestamp" in of:
            if len(of) > 1:
                self.fail(path, "a time is a `timestamp`, or a `last` with its `unit`, not both")
            return m.Timestamp(self.text(of["timestamp"], f"{path}.timestamp", "a timestamp"))
        return m.Last(*self._counted(of, "last", path))

    def _next(self, value: Any, path: str) -> m.Next:
        of = self.object(value, path, ("next", "unit"), "a time in the future")
        return m.Next(*self._counted(of, "next", path))

    def _counted(self, data: dict[str, Any], key: str, path: str) -> tuple[Number | m.Length, Unit]:
        """`{last, unit}`; a length of one unit that is the unit itself becomes its number."""
        amount = self.need(data, key, path, "a duration")
        unit = self.unit(self.need(data, "unit", path, "a duration"), f"{path}.unit")
        if not isinstance(amount, dict):
            return self.whole(amount, f"{path}.{key}", "a duration"), unit
        parts = self._parts(amount, f"{path}.{key}", UNITS)
        if list(parts) == [unit]:
            return parts[unit], unit
        return m.Length(**parts), unit

    def _parts(self, value: Any, path: str, units: tuple[str, ...]) -> dict[str, Number]:
        of = self.object(value, path, units, "a duration")
        if not of:
            self.fail(path, "a duration names at least one unit")
        return {
            unit: self.whole(of[unit], f"{path}.{unit}", "a duration")
            for unit in units
            if unit in of
        }

    def _from_unit(self, data: dict[str, Any], path: str, kind: str) -> m.FromUnit:
        at = f"{path}.from"
        start = self.object(self.need(data, "from", path, kind), at, ("unit",), f"`from` of {kind}")
        return m.FromUnit(self.unit(self.need(start, "unit", at, kind), f"{at}.unit"))

    def _range(self, value: Any, path: str) -> m.TimeRange | m.LastUnit:
        known = ("type", "not", "duration", "from", "reverse")
        of = self.object(value, path, known, "TimeRange")
        negated = self.truth(of, "not", path)
        reverse = self.truth(of, "reverse", path)
        if "duration" not in of:
            if reverse:
                self.fail(f"{path}.reverse", "TimeRange without a `duration` cannot be reversed")
            return m.LastUnit("TimeRange", self._from_unit(of, path, "TimeRange"), negated)
        parts = self._parts(of["duration"], f"{path}.duration", UNITS)
        if len(parts) > 1:
            self.fail(f"{path}.duration", "the duration of a TimeRange has one unit")
        start = self._moment(self.need(of, "from", path, "TimeRange"), f"{path}.from")
        if not isinstance(start, m.Last):
            self.fail(f"{path}.from", "a TimeRange starts at a relative time")
        return m.TimeRange("TimeRange", m.Length(**parts), start, negated, reverse)

    def window(self, value: Any, path: str) -> m.Window:
        of = self.object(value, path, ("type", "duration"), "a window")
        self.choice(of.get("type"), f"{path}.type", ("TimeSliding",), "the type of a window")
        units = ("day", "hour", "minute", "second")
        length = self._parts(self.need(of, "duration", path, "a window"), f"{path}.duration", units)
        if all(number.text == "0" for number in length.values()):
            self.fail(f"{path}.duration", "a window of length 0 contains no events")
        return m.Window("TimeSliding", m.WindowLength(**length))
