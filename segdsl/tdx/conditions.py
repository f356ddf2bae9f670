"""The tool's conditions as the API's JSON, as the tool itself would send them.

`NotEqual` and `NotIn` are the tool's words for a negated operator. Whatever is not known is
reported at its place; nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn, TypeVar

from segdsl.diagnostics import Code, Report
from segdsl.diagnostics.suggest import did_you_mean
from segdsl.rule.symbols import symbol
from segdsl.tdx.document import UnreadableError, Value
from segdsl.values import UNITS, ByName, Number

Json = dict[str, Any]
_T = TypeVar("_T")
_COMPARISONS = ("Equal", "Greater", "GreaterEqual", "Less", "LessEqual")
_LISTS = ("In", "Contain", "StartWith", "EndWith")
_WITHOUT_NOT = ("TimeWithinPast", "TimeWithinNext", "TimeThis", "TimeNext", "TimeToday")
_NEGATED = {"NotEqual": "Equal", "NotIn": "In"}
_OPERATORS = (
    *_COMPARISONS,
    *_NEGATED,
    *_LISTS,
    "Between",
    "Regexp",
    "IsNull",
    *_WITHOUT_NOT,
    "TimeRange",
)
_AGGREGATIONS = ("Count", "Sum", "Average", "Min", "Max")
_GROUPS = ("And", "Or", "Composite")


class Conditions:
    """Reads conditions; every method takes a value and returns the API's JSON for it."""

    def __init__(self, report: Report) -> None:
        self.report = report

    # --- checks ------------------------------------------------------------------------

    def fail(self, at: Value, message: str, help: str | None = None) -> NoReturn:
        self._tell(at, message, help)
        raise UnreadableError

    def _tell(self, at: Value, message: str, help: str | None) -> None:
        self.report.add(Code.SEG702, at.place, message, help=help)

    def each(self, of: Iterable[Value], read: Callable[[Value], _T]) -> list[_T]:
        """What is read of each value; what is wrong with any of them is told."""
        made: list[_T] = []
        failed = False
        for value in of:
            try:
                made.append(read(value))
            except UnreadableError:
                failed = True
        if failed:
            raise UnreadableError
        return made

    def map(self, of: Value, known: Sequence[str], what: str) -> dict[str, Value]:
        """The keys that have a value; those that are not known are told."""
        if not isinstance(of.data, dict):
            self.fail(of, f"{what} has keys and values")
        unknown = [key for key in of.data if key not in known]
        for key in unknown:
            help = did_you_mean(key, known, f"it has {', '.join(known)}")
            self._tell(of.data[key], f"{what} has no `{key}`", help)
        if unknown:
            raise UnreadableError
        return {key: value for key, value in of.data.items() if value.data is not None}

    def items(self, of: Value, what: str) -> list[Value]:
        if not isinstance(of.data, list):
            self.fail(of, f"{what} is a list")
        return of.data

    def text(self, of: Value, what: str) -> str:
        if not isinstance(of.data, str):
            self.fail(of, f"{what} is text", "put it in quotes")
        return of.data

    def flag(self, of: Value | None, what: str) -> bool:
        if of is None:
            return False
        if not isinstance(of.data, bool):
            self.fail(of, f"{what} is true or false")
        return of.data

    def number(self, of: Value, what: str) -> Number:
        if not isinstance(of.data, Number):
            self.fail(of, f"{what} is a number")
        return of.data

    def choice(self, of: Value, known: Sequence[str], what: str) -> str:
        word = of.data
        if not isinstance(word, str) or word not in known:
            near = did_you_mean(word, known) if isinstance(word, str) else None
            self.fail(of, f"{what} is none that we know", near or f"there are {', '.join(known)}")
        return word

    def need(self, of: dict[str, Value], key: str, at: Value, what: str) -> Value:
        if key not in of:
            self.fail(at, f"{what} needs `{key}`")
        return of[key]

    # --- groups and conditions ---------------------------------------------------------

    def group(self, of: Value) -> Json:
        """A group, or the whole rule."""
        keys = self.map(of, ("type", "expr", "conditions", "description"), "a group")
        kind = self.choice(self.need(keys, "type", of, "a group"), _GROUPS, "the type of a group")
        conditions = keys.get("conditions")
        made: Json = {
            "type": kind,
            "conditions": []
            if conditions is None
            else self.each(self.items(conditions, "`conditions`"), self.condition),
        }
        if "description" in keys:
            made["description"] = self.text(keys["description"], "a description")
        if kind == "Composite":
            made["expr"] = self.text(self.need(keys, "expr", of, "a Composite"), "`expr`")
        elif "expr" in keys:
            self.fail(keys["expr"], "only a Composite has an `expr`")
        return made

    def condition(self, of: Value) -> Json:
        if not isinstance(of.data, dict):
            self.fail(of, "a condition has keys and values")
        kind = of.data.get("type")
        word = None if kind is None else kind.data
        if word in _GROUPS:
            return self.group(of)
        if word in ("include", "exclude"):
            keys = self.map(of, ("type", "segment"), "a reference")
            name = self.text(self.need(keys, "segment", of, "a reference"), "a segment's name")
            id = symbol("segment", ByName(name))
            return {"type": "Reference", "id": id, "exclude": word == "exclude"}
        if word in ("Value", "Behavior"):
            return self._value(of, word)
        known = (*_GROUPS, "Value", "include", "exclude")
        self.choice(kind or of, known, "the type of a condition")
        raise AssertionError("the choice is one of the cases above")

    def _value(self, of: Value, kind: str) -> Json:
        known = (
            "type",
            "attribute",
            "operator",
            "arrayMatching",
            "source",
            "aggregation",
            "filter",
            "timeWindow",
        )
        keys = self.map(of, known, "a condition")
        operator, negated = self.operator(self.need(keys, "operator", of, "a condition"))
        is_behavior = "source" in keys or kind == "Behavior"
        matching = self._matching(keys.get("arrayMatching"))
        if negated and (is_behavior or matching is not None):
            what = "one without events" if is_behavior else "a list with other elements too"
            self.fail(
                keys["operator"],
                f"the API cannot negate this operator, and nobody says whether {what} is meant",
                "write this segment by hand, as it is meant, in a `.seg` file",
            )
        return {
            "type": "Value",
            "leftValue": self._behavior(of, keys) if is_behavior else self._attribute(of, keys),
            "operator": operator,
            "arrayMatching": matching,
            "exclude": negated,
        }

    def _attribute(self, of: Value, keys: dict[str, Value]) -> Json:
        for key in ("aggregation", "filter", "timeWindow"):
            if key in keys:
                self.fail(keys[key], f"`{key}` is for behaviors", "name the `source`")
        name = self.text(self.need(keys, "attribute", of, "a condition"), "an attribute")
        if not name:
            self.fail(keys["attribute"], "the attribute has no name")
        return {"name": name}

    def _behavior(self, of: Value, keys: dict[str, Value]) -> Json:
        if keys.get("attribute") is not None and keys["attribute"].data != "":
            self.fail(keys["attribute"], 'a behavior has `attribute: ""`')
        source = self.need(keys, "source", of, "a behavior")
        name = self.text(source, "a source")
        if not name:
            self.fail(source, "a source is the table of a behavior", "write `behavior_<name>`")
        at = self.need(keys, "aggregation", of, "a behavior")
        aggregation = self.map(at, ("type", "column"), "an aggregation")
        kind = self.choice(
            self.need(aggregation, "type", at, "an aggregation"), _AGGREGATIONS, "an aggregation"
        )
        made: Json = {"type": kind}
        if kind == "Count":
            column = aggregation.get("column")
            if column is not None and column.data != "":
                self.fail(column, "a Count has no column")
            made["groupingColumns"] = []
        else:
            column = self.need(aggregation, "column", at, f"a {kind}")
            made["column"] = self.text(column, "a column")
        left: Json = {
            "source": {"name": name},
            "aggregation": made,
            "filter": self._filter(keys["filter"], 0) if "filter" in keys else None,
        }
        if "timeWindow" in keys:
            window = self.map(keys["timeWindow"], ("duration", "unit"), "a time window")
            length = self.number(
                self.need(window, "duration", keys["timeWindow"], "a time window"), "a duration"
            )
            unit = self._unit(self.need(window, "unit", keys["timeWindow"], "a time window"))
            left["window"] = {"type": "TimeSliding", "duration": {unit: length}}
        return left

    def _filter(self, of: Value, depth: int) -> Json | None:
        keys = self.map(of, ("type", "conditions"), "a filter")
        kind = self.choice(
            self.need(keys, "type", of, "a filter"), ("And", "Or"), "a filter's type"
        )
        conditions = self.items(self.need(keys, "conditions", of, "a filter"), "`conditions`")
        if not conditions and depth == 0 and kind == "And":
            return None
        made = self.each(conditions, lambda of: self._column(of, depth))
        return {"type": kind, "conditions": made}

    def _column(self, of: Value, depth: int) -> Json | None:
        if isinstance(of.data, dict) and "conditions" in of.data:
            return self._filter(of, depth + 1)
        keys = self.map(of, ("type", "column", "operator", "arrayMatching"), "a filter's condition")
        kind = self.need(keys, "type", of, "a filter's condition")
        self.choice(kind, ("Column",), "the type of a filter's condition")
        operator, negated = self.operator(self.need(keys, "operator", of, "a filter's condition"))
        if negated:
            self.fail(
                keys["operator"],
                "inside a filter the API cannot negate this operator",
                "say the opposite another way",
            )
        column = self.text(self.need(keys, "column", of, "a filter's condition"), "a column")
        matching = self._matching(keys.get("arrayMatching"))
        return {
            "type": "Column",
            "column": column,
            "operator": operator,
            "arrayMatching": matching,
        }

    def _matching(self, of: Value | None) -> Any:
        if of is None or of.data is None:
            return None
        if isinstance(of.data, str):
            return self.choice(of, ("any", "all"), "`arrayMatching`")
        keys = self.map(of, ("atLeast", "atMost", "exactly"), "`arrayMatching`")
        if len(keys) != 1:
            self.fail(of, "`arrayMatching` has one of atLeast, atMost and exactly")
        [(key, value)] = keys.items()
        return {key: self.number(value, f"`{key}`")}

    # --- operators ---------------------------------------------------------------------

    def operator(self, of: Value) -> tuple[Json, bool]:
        """The operator, and whether the condition around it has to be excluded."""
        if not isinstance(of.data, dict):
            self.fail(of, "an operator has keys and values")
        if "type" not in of.data:
            self.fail(of, "an operator needs `type`")
        word = self.choice(of.data["type"], _OPERATORS, "the operator")
        kind = _NEGATED.get(word, word)
        allowed = {
            "Between": ("min", "max"),
            "In": ("value", "values"),
            "TimeWithinPast": ("value", "unit"),
            "TimeWithinNext": ("value", "unit"),
            "TimeRange": ("duration", "from"),
            "TimeThis": ("from",),
            "TimeNext": ("from",),
            "TimeToday": (),
        }.get(kind, ("value",))
        keys = self.map(of, ("type", "not", *allowed), f"`{word}`")
        negated = self.flag(keys.get("not"), "`not`") != (word in _NEGATED)
        if kind in _WITHOUT_NOT:
            return self._made(kind, keys, of), negated
        return {**self._made(kind, keys, of), "not": negated}, False

    def _made(self, kind: str, keys: dict[str, Value], of: Value) -> Json:
        if kind in _COMPARISONS:
            return {"type": kind, "rightValue": self._scalar(keys, of, kind)}
        if kind in _LISTS:
            return {"type": kind, "rightValues": self._values(keys, of, kind)}
        match kind:
            case "Between":
                return self._between(keys, of)
            case "Regexp":
                pattern = self.text(self.need(keys, "value", of, kind), "a pattern")
                return {"type": kind, "rightValue": pattern}
            case "IsNull":
                return {"type": kind, "rightValue": ""}
            case "TimeWithinPast" | "TimeWithinNext":
                amount = self.need(keys, "value", of, kind)
                text = amount.data.text if isinstance(amount.data, Number) else amount.data
                if not isinstance(text, str) or not text.isascii() or not text.isdigit():
                    self.fail(amount, f"`{kind}` takes a whole number of units")
                return {
                    "type": kind,
                    "value": text,
                    "unit": self._unit(self.need(keys, "unit", of, kind)),
                }
            case "TimeRange":
                return self._range(keys, of)
            case "TimeThis" | "TimeNext":
                start = self.need(keys, "from", of, kind)
                unit = self.need(self.map(start, ("unit",), "`from`"), "unit", start, "`from`")
                return {"type": kind, "from": {"unit": self._unit(unit)}}
            case _:
                return {"type": kind}

    def _scalar(self, keys: dict[str, Value], of: Value, kind: str) -> Any:
        value = self.need(keys, "value", of, f"`{kind}`")
        if isinstance(value.data, (dict, list)):
            self.fail(value, f"`{kind}` takes one value")
        return value.data

    def _values(self, keys: dict[str, Value], of: Value, kind: str) -> list[Any]:
        if "value" in keys and "values" in keys:
            self.fail(keys["values"], "`values` is an older word for `value`: keep one of the two")
        given = keys.get("value", keys.get("values"))
        if given is None:
            self.fail(of, f"`{kind}` needs `value`, a list")
        values = self.items(given, f"the value of `{kind}`")
        if not values:
            self.fail(given, f"the list of `{kind}` is empty")
        for each in values:
            if not isinstance(each.data, (str, Number)):
                self.fail(each, f"`{kind}` takes texts or numbers")
        return [each.data for each in values]

    def _between(self, keys: dict[str, Value], of: Value) -> Json:
        low, high = keys.get("min"), keys.get("max")
        for each in (low, high):
            if each is not None and not isinstance(each.data, (str, Number)):
                self.fail(each, "an end of `Between` is a number or a text")
        if low is not None and high is not None:
            return {
                "type": "Between",
                "minValue": low.data,
                "maxValue": high.data,
                "rightValue": Number("0"),
            }
        if low is not None:
            return {"type": "GreaterEqual", "rightValue": low.data}
        if high is not None:
            return {"type": "LessEqual", "rightValue": high.data}
        self.fail(of, "`Between` needs `min`, `max` or both")

    def _range(self, keys: dict[str, Value], of: Value) -> Json:
        start = self.need(keys, "from", of, "`TimeRange`")
        inner = self.map(start, ("last", "unit"), "`from`")
        unit = self._unit(self.need(inner, "unit", start, "`from`"))
        last = self.number(inner["last"], "`last`") if "last" in inner else None
        if "duration" not in keys:
            if last is not None and last.text != "1":
                self.fail(start, "a `TimeRange` without a `duration` is the last one unit")
            return {"type": "TimeRange", "from": {"unit": unit}}
        lengths = self.map(keys["duration"], UNITS, "`duration`")
        if not lengths or last is None:
            self.fail(of, "a `TimeRange` needs lengths in `duration`, and `last` in `from`")
        return {
            "type": "TimeRange",
            "duration": {key: self.number(each, f"`{key}`") for key, each in lengths.items()},
            "from": {"last": last, "unit": unit},
            "reverse": False,
        }

    def _unit(self, of: Value) -> str:
        return self.choice(of, UNITS, "the unit")
