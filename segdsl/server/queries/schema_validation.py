"""What the description demands of a rule beyond what reading one needs.

`segdsl.rules.rule.reader` takes older rules too: it fills in what they leave out. The API's
description does not, so a local API that took them would hide mistakes. This looks at a
rule that was read without a finding; the nesting of groups stays free, as the API takes
older rules of any depth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from segdsl.diagnostics import Code, Report
from segdsl.language.values import UNITS, Number
from segdsl.rules.rule.model import REFERENCE_TYPES

_GROUPS = ("And", "Or", "Composite")
_REFERENCES = tuple(REFERENCE_TYPES.values())
# Their `not` is no part of them; of the others it is required.
_WITHOUT_NOT = ("TimeWithinPast", "TimeWithinNext", "TimeToday", "TimeThis", "TimeNext")
_NEVER_NEGATED = ("Greater", "Less", "LessEqual")


def check_strictly(rule: Any, path: str, report: Report) -> None:
    """Reports what the description does not admit; `rule` is the plain data that was read."""
    if rule is not None and rule != {}:
        _Strict(report).group(rule, path, top=True)


class _Strict:
    def __init__(self, report: Report) -> None:
        self.report = report

    def fail(self, path: str, message: str) -> None:
        self.report.add(Code.SEG402, None, message, path=path)

    # --- small checks --------------------------------------------------------------------

    def there(self, of: dict[str, Any], keys: Iterable[str], path: str, what: str) -> None:
        for key in keys:
            if key not in of:
                self.fail(path, f"{what} needs `{key}`")

    def not_null(self, of: dict[str, Any], keys: Iterable[str], path: str) -> None:
        for key in keys:
            if key in of and of[key] is None:
                self.fail(f"{path}.{key}", f"`{key}` is null: leave it out instead")

    def flag(self, of: dict[str, Any], key: str, path: str, what: str) -> None:
        if not isinstance(of.get(key), bool):
            self.fail(path, f"{what} needs `{key}`, which is true or false")

    def text(self, of: dict[str, Any], key: str, path: str, what: str) -> None:
        if key in of and not isinstance(of[key], str):
            self.fail(f"{path}.{key}", f"{what} is a text")

    def each(self, values: Iterable[Any], path: str, check: Callable[[Any, str], None]) -> None:
        for index, value in enumerate(values):
            check(value, f"{path}[{index}]")

    # --- groups and conditions -----------------------------------------------------------

    def group(self, of: dict[str, Any], path: str, *, top: bool = False) -> None:
        self.not_null(of, ("expr", "limit") if top else ("expr", "description"), path)
        self.text(of, "expr", path, "`expr`")
        if isinstance(of.get("limit"), dict):
            self.limit(of["limit"], f"{path}.limit")
        self.each(of["conditions"], f"{path}.conditions", self.part)

    def part(self, of: dict[str, Any], path: str) -> None:
        kind = of["type"]
        if kind in _GROUPS:
            self.group(of, path)
        elif kind == "Value":
            self.value(of, path)
        else:
            self.text(of, "id", path, "an id")
            if kind in _REFERENCES:
                self.flag(of, "exclude", path, kind)
            elif kind == "PredictiveScoreReference":
                self.flag(of, "includeConvertedCustomers", path, kind)
            else:
                self.operator(of["operator"], f"{path}.operator")

    def value(self, of: dict[str, Any], path: str) -> None:
        self.there(of, ("arrayMatching",), path, "a Value condition")
        self.flag(of, "exclude", path, "a Value condition")
        self.not_null(of, ("limit",), path)
        if isinstance(of.get("limit"), dict):
            self.limit(of["limit"], f"{path}.limit")
        self.operator(of["operator"], f"{path}.operator")
        left = of["leftValue"]
        if left.get("source") is not None:
            self.behavior(left, f"{path}.leftValue")

    def limit(self, of: dict[str, Any], path: str) -> None:
        self.not_null(of, ("orderColumns",), path)

    # --- behaviors -----------------------------------------------------------------------

    def behavior(self, of: dict[str, Any], path: str) -> None:
        self.there(of, ("filter",), path, "a behavior")
        self.not_null(of, ("window",), path)
        aggregation = of["aggregation"]
        at = f"{path}.aggregation"
        self.not_null(aggregation, ("groupingColumns",), at)
        if aggregation["type"] == "Count":
            self.there(aggregation, ("groupingColumns",), at, "Count")
        if of.get("window"):
            length = of["window"]["duration"]
            self.not_null(length, ("day", "hour", "minute", "second"), f"{path}.window.duration")
        if of.get("filter"):
            if of["filter"].get("type") == "Column":
                self.fail(f"{path}.filter.type", "a filter is an And or an Or of Columns")
            else:
                self.filter_part(of["filter"], f"{path}.filter")

    def filter_part(self, of: dict[str, Any], path: str) -> None:
        if of["type"] != "Column":
            self.each(of["conditions"], f"{path}.conditions", self.filter_part)
            return
        self.there(of, ("arrayMatching",), path, "a Column")
        self.operator(of["operator"], f"{path}.operator")

    # --- operators -----------------------------------------------------------------------

    def operator(self, of: dict[str, Any], path: str) -> None:
        kind = of["type"]
        if kind not in _WITHOUT_NOT:
            self.flag(of, "not", path, kind)
        match kind:
            case "TimeWithinPast" | "TimeWithinNext":
                self.text(of, "value", path, f"the value of {kind}")
            case "TimeRange" if of.get("duration") is not None:
                self.flag(of, "reverse", path, kind)
                self.moment(of["from"], f"{path}.from")
            case "TimeRange":
                self.never_not(of, path, "TimeRange without a `duration`")
            case "TimeInBetweenNext":
                self.never_not(of, path, kind)
                for end in ("from", "to"):
                    self.moment(of[end], f"{path}.{end}")
            case "Between":
                self.between(of, path)
            case "IsNull":
                if not isinstance(of.get("rightValue"), (Number, str, bool)):
                    self.fail(path, "IsNull needs `rightValue`: a text, a number, true or false")
            case _:
                if isinstance(of.get("rightValue"), dict):
                    self.time_comparison(of, path)

    def never_not(self, of: dict[str, Any], path: str, what: str) -> None:
        if of.get("not") is True:
            self.fail(f"{path}.not", f"{what} takes no `not`")

    def time_comparison(self, of: dict[str, Any], path: str) -> None:
        kind, right = of["type"], of["rightValue"]
        if kind in _NEVER_NEGATED or (kind == "GreaterEqual" and "timestamp" in right):
            self.never_not(of, path, f"{kind} of a time")
        self.moment(right, f"{path}.rightValue")

    def between(self, of: dict[str, Any], path: str) -> None:
        if isinstance(of["minValue"], dict):
            if "rightValue" in of:
                self.fail(f"{path}.rightValue", "Between two times has no `rightValue`")
            for end in ("minValue", "maxValue"):
                self.moment(of[end], f"{path}.{end}")
        elif not isinstance(of.get("rightValue"), Number):
            self.fail(path, "Between needs `rightValue`, a number, which means nothing")

    def moment(self, of: dict[str, Any], path: str) -> None:
        for key in ("last", "next"):
            if isinstance(of.get(key), dict):
                self.not_null(of[key], UNITS, f"{path}.{key}")
