"""The tool's operators as the API's JSON.

`NotEqual` and `NotIn` are the tool's words for a negated operator.
"""

from __future__ import annotations

from typing import Any

from segdsl.language.values import Number
from segdsl.rules.rule.model import COMPARISON_TYPES, MATCH_TYPES
from segdsl.workspace.tdx.checks import Checks, Keys
from segdsl.workspace.tdx.document import Value

Json = dict[str, Any]
_COMPARISONS = tuple(COMPARISON_TYPES.values())
_LISTS = ("In", *MATCH_TYPES.values())
_TIMES = ("TimeWithinPast", "TimeWithinNext", "TimeThis", "TimeNext", "TimeToday")
_NEGATED = {"NotEqual": "Equal", "NotIn": "In"}
_OPERATORS = (
    *_COMPARISONS,
    *_NEGATED,
    *_LISTS,
    "Between",
    "Regexp",
    "IsNull",
    *_TIMES,
    "TimeRange",
)
_KEYS = {
    "Between": ("min", "max"),
    "In": ("value", "values"),
    "TimeWithinPast": ("value", "unit"),
    "TimeWithinNext": ("value", "unit"),
    "TimeRange": ("duration", "from"),
    "TimeThis": ("from",),
    "TimeNext": ("from",),
    "TimeToday": (),
}


def _instead(operator: str) -> str:
    return f"did you mean `{operator}`?"


def _negation(operator: str) -> str:
    return f"write `type: {operator}` with `not: true`"


_MEANT = {
    **dict.fromkeys(("Equals", "Eq", "Is", "=", "=="), _instead("Equal")),
    **dict.fromkeys(("NotEquals", "Ne", "IsNot", "!=", "<>"), _instead("NotEqual")),
    **dict.fromkeys(("GreaterThan", "Gt", "More", ">"), _instead("Greater")),
    **dict.fromkeys(
        ("GreaterThanOrEqual", "GreaterThanEqual", "GreaterOrEqual", "Gte", "Ge", "AtLeast", ">="),
        _instead("GreaterEqual"),
    ),
    **dict.fromkeys(("LessThan", "Lt", "Fewer", "<"), _instead("Less")),
    **dict.fromkeys(
        ("LessThanOrEqual", "LessThanEqual", "LessOrEqual", "Lte", "Le", "AtMost", "<="),
        _instead("LessEqual"),
    ),
    **dict.fromkeys(("Range", "NumberRange"), _instead("Between")),
    **dict.fromkeys(("OneOf", "AnyOf", "IsIn"), _instead("In")),
    **dict.fromkeys(("Contains", "Include", "Includes", "Like", "Has"), _instead("Contain")),
    **dict.fromkeys(("StartsWith", "BeginWith", "BeginsWith", "Prefix"), _instead("StartWith")),
    **dict.fromkeys(("EndsWith", "Suffix"), _instead("EndWith")),
    **dict.fromkeys(("Regex", "Match", "Matches"), _instead("Regexp")),
    **dict.fromkeys(("Null", "IsEmpty", "NotExists"), _instead("IsNull")),
    **dict.fromkeys(("IsNotNull", "NotNull", "NotIsNull", "Exists"), _negation("IsNull")),
    **dict.fromkeys(("NotContain", "NotContains", "DoesNotContain"), _negation("Contain")),
    **dict.fromkeys(("NotStartWith", "NotStartsWith"), _negation("StartWith")),
    **dict.fromkeys(("NotEndWith", "NotEndsWith"), _negation("EndWith")),
    **dict.fromkeys(("NotRegexp", "NotRegex", "NotMatch"), _negation("Regexp")),
    "NotBetween": _negation("Between"),
    **dict.fromkeys(("TimeWithin", "WithinPast", "InPast", "InLast"), _instead("TimeWithinPast")),
    **dict.fromkeys(("WithinNext", "InNext"), _instead("TimeWithinNext")),
    **dict.fromkeys(("Today", "IsToday"), _instead("TimeToday")),
    "TimeBeforePast": "in a `.seg` file this is `<attribute> more than 30 days ago`: write this "
    "segment there by hand",
    "TimeNotWithinPast": _negation("TimeWithinPast"),
}
"""Words that are none of the tool's, with what to write instead."""


class Operators(Checks):
    """Reads operators; every method takes a value and returns the API's JSON for it."""

    def operator(self, value: Value) -> Json:
        if not isinstance(value.data, dict):
            self.fail(value, "an operator has keys and values", "write `{type: Equal, value: …}`")
        at = next((each for key, each in value.data.items() if key.casefold() == "type"), None)
        if at is None:
            self.fail(value, "an operator needs `type`")
        word = self.choice(at, _OPERATORS, "the operator", meant=_MEANT)
        kind = _NEGATED.get(word, word)
        keys = self.map(value, ("type", "not", *_KEYS.get(kind, ("value",))), f"`{word}`")
        negated = self.flag(keys.get("not"), "`not`") != (word in _NEGATED)
        return {**self._made(kind, keys), "not": negated}

    def _made(self, kind: str, keys: Keys) -> Json:
        if kind in _COMPARISONS:
            return {"type": kind, "rightValue": self._scalar(keys, kind)}
        if kind in _LISTS:
            return {"type": kind, "rightValues": self._values(keys, kind)}
        match kind:
            case "Between":
                return self._between(keys)
            case "Regexp":
                value = self.need(keys, "value", kind)
                if isinstance(value.data, list):
                    help = "join the patterns to one: `^(premium|gold)`"
                    self.fail(value, "`Regexp` takes one pattern", help)
                return {"type": kind, "rightValue": self.text(value, "a pattern")}
            case "IsNull":
                return {"type": kind, "rightValue": ""}
            case "TimeWithinPast" | "TimeWithinNext":
                return {
                    "type": kind,
                    "value": self.amount(self.need(keys, "value", f"`{kind}`"), f"`{kind}`"),
                    "unit": self.unit(self.need(keys, "unit", f"`{kind}`")),
                }
            case "TimeRange":
                return self._range(keys)
            case "TimeThis" | "TimeNext":
                start = self.map(self.need(keys, "from", f"`{kind}`"), ("unit",), "`from`")
                return {
                    "type": kind,
                    "from": {"unit": self.unit(self.need(start, "unit", "`from`"))},
                }
            case _:
                return {"type": kind}

    def _scalar(self, keys: Keys, kind: str) -> Any:
        value = self.need(keys, "value", f"`{kind}`")
        if isinstance(value.data, list):
            help = "for any of several values write `type: In`" if kind == "Equal" else None
            self.fail(value, f"`{kind}` takes one value", help)
        if isinstance(value.data, dict):
            self.fail(value, f"`{kind}` takes one value")
        return value.data

    def _values(self, keys: Keys, kind: str) -> list[Any]:
        """A list of texts or numbers; one alone is a list of one."""
        if "value" in keys and "values" in keys:
            self.fail(
                keys["values"], "`values` is an older word for `value`", "keep one of the two"
            )
        given = keys["values"] if "values" in keys else self.need(keys, "value", f"`{kind}`")
        values = given.data if isinstance(given.data, list) else [given]
        if not values:
            self.fail(given, f"the list of `{kind}` is empty")
        for value in values:
            if not isinstance(value.data, (str, Number)):
                self.fail(value, f"`{kind}` takes texts or numbers")
        return [each.data for each in values]

    def _between(self, keys: Keys) -> Json:
        low, high = keys.get("min"), keys.get("max")
        for value in (low, high):
            if value is not None and not isinstance(value.data, (str, Number)):
                self.fail(value, "an end of `Between` is a number or a text")
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
        self.fail(keys.at, "`Between` needs `min`, `max` or both")

    def _range(self, keys: Keys) -> Json:
        inner = self.map(self.need(keys, "from", "`TimeRange`"), ("last", "unit"), "`from`")
        unit = self.unit(self.need(inner, "unit", "`from`"))
        last = self.number(inner["last"], "`last`") if "last" in inner else None
        if "duration" not in keys:
            if last is not None and last.text != "1":
                self.fail(inner.at, "a `TimeRange` without a `duration` is the last one unit")
            return {"type": "TimeRange", "from": {"unit": unit}}
        lengths = self.lengths(keys["duration"], "`duration`")
        if not lengths or last is None:
            self.fail(keys.at, "a `TimeRange` needs lengths in `duration`, and `last` in `from`")
        return {
            "type": "TimeRange",
            "duration": lengths,
            "from": {"last": last, "unit": unit},
            "reverse": False,
        }
