"""Checks what the description requires of a rule beyond what reading it needs.

`segdsl.rules.rule.reader` accepts older rules too, and fills in what they leave out. The API's
description does not, so a local API that accepted them would hide mistakes. The rule has been read
without a problem. Groups may be nested: the API accepts older rules of any depth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from segdsl.diagnostics import Code, Report
from segdsl.language.values import UNITS, Number
from segdsl.rules.rule.model import REFERENCE_TYPES

_GROUPS = ("And", "Or", "Composite")
_REFERENCES = tuple(REFERENCE_TYPES.values())
# These have no `not`; the others require it.
_WITHOUT_NOT = ("TimeWithinPast", "TimeWithinNext", "TimeToday", "TimeThis", "TimeNext")
_NEVER_NEGATED = ("Greater", "Less", "LessEqual")


def check_strictly(rule: Any, path: str, report: Report) -> None:
    """Reports what the description does not allow; `rule` is the plain data that was read."""
    if rule is not None and rule != {}:
        _StrictCheck(report).group(rule, path, top=True)


class _StrictCheck:
    def __init__(self, report: Report) -> None:
        self.report = report

    def fail(self, path: str, message: str) -> None:
        self.report.add(Code.SEG402, None, message, path=path)

    # --- small checks --------------------------------------------------------------------

    def require(self, item: dict[str, Any], keys: Iterable[str], path: str, what: str) -> None:
        for key in keys:
            if key not in item:
                self.fail(path, f"{what} needs `{key}`")

    def not_null(self, item: dict[str, Any], keys: Iterable[str], path: str) -> None:
        for key in keys:
            if key in item and item[key] is None:
                self.fail(f"{path}.{key}", f"`{key}` is null: leave it out instead")

    def boolean(self, item: dict[str, Any], key: str, path: str, what: str) -> None:
        if not isinstance(item.get(key), bool):
            self.fail(path, f"{what} needs `{key}`, a boolean")

    def string(self, item: dict[str, Any], key: str, path: str, what: str) -> None:
        if key in item and not isinstance(item[key], str):
            self.fail(f"{path}.{key}", f"{what} is a string")

    def check_each(
        self, values: Iterable[Any], path: str, check: Callable[[Any, str], None]
    ) -> None:
        for index, value in enumerate(values):
            check(value, f"{path}[{index}]")

    # --- groups and conditions -----------------------------------------------------------

    def group(self, item: dict[str, Any], path: str, *, top: bool = False) -> None:
        self.not_null(item, ("expr", "limit") if top else ("expr", "description"), path)
        self.string(item, "expr", path, "`expr`")
        if isinstance(item.get("limit"), dict):
            self.limit(item["limit"], f"{path}.limit")
        self.check_each(item["conditions"], f"{path}.conditions", self.part)

    def part(self, item: dict[str, Any], path: str) -> None:
        kind = item["type"]
        if kind in _GROUPS:
            self.group(item, path)
        elif kind == "Value":
            self.value(item, path)
        else:
            self.string(item, "id", path, "an id")
            if kind in _REFERENCES:
                self.boolean(item, "exclude", path, kind)
            elif kind == "PredictiveScoreReference":
                self.boolean(item, "includeConvertedCustomers", path, kind)
            else:
                self.operator(item["operator"], f"{path}.operator")

    def value(self, item: dict[str, Any], path: str) -> None:
        self.require(item, ("arrayMatching",), path, "a Value condition")
        self.boolean(item, "exclude", path, "a Value condition")
        self.not_null(item, ("limit",), path)
        if isinstance(item.get("limit"), dict):
            self.limit(item["limit"], f"{path}.limit")
        self.operator(item["operator"], f"{path}.operator")
        left = item["leftValue"]
        if left.get("source") is not None:
            self.behavior(left, f"{path}.leftValue")

    def limit(self, item: dict[str, Any], path: str) -> None:
        self.not_null(item, ("orderColumns",), path)

    # --- behaviors -----------------------------------------------------------------------

    def behavior(self, item: dict[str, Any], path: str) -> None:
        self.require(item, ("filter",), path, "a behavior")
        self.not_null(item, ("window",), path)
        aggregation = item["aggregation"]
        place = f"{path}.aggregation"
        self.not_null(aggregation, ("groupingColumns",), place)
        if aggregation["type"] == "Count":
            self.require(aggregation, ("groupingColumns",), place, "Count")
        if item.get("window"):
            length = item["window"]["duration"]
            self.not_null(length, ("day", "hour", "minute", "second"), f"{path}.window.duration")
        if item.get("filter"):
            if item["filter"].get("type") == "Column":
                self.fail(f"{path}.filter.type", "a filter is an And or an Or of Columns")
            else:
                self.filter_part(item["filter"], f"{path}.filter")

    def filter_part(self, item: dict[str, Any], path: str) -> None:
        if item["type"] != "Column":
            self.check_each(item["conditions"], f"{path}.conditions", self.filter_part)
            return
        self.require(item, ("arrayMatching",), path, "a Column")
        self.operator(item["operator"], f"{path}.operator")

    # --- operators -----------------------------------------------------------------------

    def operator(self, item: dict[str, Any], path: str) -> None:
        kind = item["type"]
        if kind not in _WITHOUT_NOT:
            self.boolean(item, "not", path, kind)
        match kind:
            case "TimeWithinPast" | "TimeWithinNext":
                self.string(item, "value", path, f"the value of {kind}")
            case "TimeRange" if item.get("duration") is not None:
                self.boolean(item, "reverse", path, kind)
                self.moment(item["from"], f"{path}.from")
            case "TimeRange":
                self.never_not(item, path, "TimeRange without a `duration`")
            case "TimeInBetweenNext":
                self.never_not(item, path, kind)
                for end in ("from", "to"):
                    self.moment(item[end], f"{path}.{end}")
            case "Between":
                self.between(item, path)
            case "IsNull":
                if not isinstance(item.get("rightValue"), (Number, str, bool)):
                    self.fail(path, "IsNull needs `rightValue`: a string, a number or a boolean")
            case _:
                if isinstance(item.get("rightValue"), dict):
                    self.time_comparison(item, path)

    def never_not(self, item: dict[str, Any], path: str, what: str) -> None:
        if item.get("not") is True:
            self.fail(f"{path}.not", f"{what} cannot have `not`: true")

    def time_comparison(self, item: dict[str, Any], path: str) -> None:
        kind, right = item["type"], item["rightValue"]
        if kind in _NEVER_NEGATED or (kind == "GreaterEqual" and "timestamp" in right):
            self.never_not(item, path, f"{kind} of a time")
        self.moment(right, f"{path}.rightValue")

    def between(self, item: dict[str, Any], path: str) -> None:
        if isinstance(item["minValue"], dict):
            if "rightValue" in item:
                self.fail(f"{path}.rightValue", "Between two times has no `rightValue`")
            for end in ("minValue", "maxValue"):
                self.moment(item[end], f"{path}.{end}")
        elif not isinstance(item.get("rightValue"), Number):
            self.fail(path, "Between needs `rightValue`, a number, which means nothing")

    def moment(self, item: dict[str, Any], path: str) -> None:
        for key in ("last", "next"):
            if isinstance(item.get(key), dict):
                self.not_null(item[key], UNITS, f"{path}.{key}")
