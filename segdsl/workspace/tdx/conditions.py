"""Translates the tool's conditions to the API's JSON, as the tool itself would send them.

What is not known is reported at its place; nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from segdsl.diagnostics import Code, Report
from segdsl.language.behaviors import name_of, table_of
from segdsl.language.references.symbolic_ids import symbolic_id
from segdsl.language.values import ByName, Number
from segdsl.source import Span
from segdsl.workspace.tdx.checks import Keys
from segdsl.workspace.tdx.document import Value
from segdsl.workspace.tdx.operators import Json, Operators

GROUPS = ("And", "Or", "Composite")
_CONDITIONS = ("Value", "Behavior", "include", "exclude")
_AGGREGATIONS = ("Count", "CountDistinct", "Sum", "Average", "Min", "Max")
_AVERAGES = {
    "Avg": "Average",
    "Mean": "Average",
    "Minimum": "Min",
    "Maximum": "Max",
    "DistinctCount": "CountDistinct",
    "CountUnique": "CountDistinct",
}
"""Words of other tools, and of older files, for the same aggregation."""
_BY_HAND = "write this segment by hand in a `.seg` file: "
_NO_AGGREGATIONS = {
    "First": f"{_BY_HAND}`first(purchases.category by timestamp) = …`",
    "Last": f"{_BY_HAND}`last(purchases.category by timestamp) = …`",
    "Total": "did you mean `Sum`?",
}
_TIME = "timestamp"
_PLACE = re.compile(r"\.(\w+)|\[(\d+)\]")


class Conditions(Operators):
    """Reads conditions; every method takes a value and returns the API's JSON for it."""

    def __init__(self, report: Report) -> None:
        super().__init__(report)
        self._places: dict[int, Span] = {}

    def place_in(self, rule: Json, path: str | None) -> Span | None:
        """Where what stands at a path of a rule's JSON (`$.rule.…`) was read from."""
        at: Any = rule
        found = self._places.get(id(at))
        for key, number in _PLACE.findall((path or "").removeprefix("$.rule")):
            if isinstance(at, dict) and key in at:
                at = at[key]
            elif isinstance(at, list) and number and int(number) < len(at):
                at = at[int(number)]
            else:
                break
            found = self._places.get(id(at), found)
        return found

    def _placed(self, made: Json, value: Value) -> Json:
        self._places[id(made)] = value.place
        return made

    # --- groups and conditions ---------------------------------------------------------

    def rule(self, value: Value) -> Json:
        """The whole rule: a group, or a single condition."""
        made = self.condition(value)
        if made["type"] in GROUPS:
            return made
        return self._placed({"type": "And", "conditions": [made]}, value)

    def condition(self, value: Value) -> Json:
        """A condition, or a group of them."""
        if not isinstance(value.data, dict):
            help = (
                "write `{type: And, conditions: [...]}`" if isinstance(value.data, list) else None
            )
            self.fail(value, "a condition has keys and values", help)
        at = next((each for key, each in value.data.items() if key.casefold() == "type"), None)
        if at is None:
            help = f"there are {', '.join((*GROUPS, *_CONDITIONS))}" if value.data else None
            self.fail(value, "a condition needs `type`", help)
        known = (*GROUPS, *_CONDITIONS)
        word = self.choice(at, known, "the type of a condition")
        if word in GROUPS:
            return self._placed(self._group(value, word), value)
        if word in ("include", "exclude"):
            return self._placed(self._reference(value, word), value)
        return self._placed(self._value(value, word), value)

    def _group(self, value: Value, kind: str) -> Json:
        keys = self.map(value, ("type", "expr", "conditions", "description"), "a group")
        conditions = self.items(self.need(keys, "conditions", "a group"), "`conditions`")
        if not conditions:
            self.fail(
                keys["conditions"],
                "a group without conditions says nothing",
                "leave it out; a segment of everyone is written by hand, `where everyone`",
            )
        made: Json = {"type": kind, "conditions": self.each(conditions, self.condition)}
        if "description" in keys:
            made["description"] = self.text(keys["description"], "a description")
        if kind == "Composite":
            made["expr"] = self.text(self.need(keys, "expr", "a Composite"), "`expr`")
        elif "expr" in keys:
            self.fail(keys["expr"], "only a Composite has an `expr`")
        return made

    def _reference(self, value: Value, word: str) -> Json:
        keys = self.map(value, ("type", "segment"), "a reference")
        at = self.need(keys, "segment", "a reference")
        name = self.text(at, "a segment's name")
        if not name.strip():
            self.fail(at, "a reference needs the name of a segment")
        id = symbolic_id("segment", ByName(name))
        return {"type": "Reference", "id": id, "exclude": word == "exclude"}

    def _value(self, value: Value, kind: str) -> Json:
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
        keys = self.map(value, known, "a condition")
        at = self.need(keys, "operator", "a condition")
        operator = self._placed(self.operator(at), at)
        is_behavior = "source" in keys or kind == "Behavior"
        if is_behavior:
            self._one_value(keys.pop("arrayMatching", None))
            left = self._placed(self._behavior(keys, kind), value)
        else:
            left = self._attribute(keys)
        return {
            "type": "Value",
            "leftValue": left,
            "operator": operator,
            "arrayMatching": self._matching(keys.get("arrayMatching")),
            "exclude": False,
        }

    def _attribute(self, keys: Keys) -> Json:
        for key in ("aggregation", "filter", "timeWindow"):
            if key in keys:
                self.fail(keys[key], f"`{key}` is for behaviors", "name the `source`")
        name = self.text(self.need(keys, "attribute", "a condition"), "an attribute")
        if not name:
            self.fail(keys["attribute"], "the attribute has no name", "name it, or a `source`")
        return {"name": name}

    # --- behaviors ---------------------------------------------------------------------

    def _behavior(self, keys: Keys, kind: str) -> Json:
        left: Json = {
            "source": {"name": self._source(keys)},
            "aggregation": self._aggregation(self.need(keys, "aggregation", "a behavior")),
            "filter": self._filter(keys["filter"], 0) if "filter" in keys else None,
        }
        attribute = keys.get("attribute")
        if attribute is not None and attribute.data != "":
            # Older files name the event here; what is counted is the aggregation's to say.
            if kind != "Behavior":
                self.fail(attribute, 'a behavior has `attribute: ""`')
            message = "the `attribute` of a behavior says nothing, and is left out"
            self.report_at(attribute, message, "the `aggregation` names the column", Code.SEG703)
        if "timeWindow" in keys:
            left["filter"] = self._in_window(left["filter"], keys["timeWindow"])
        return left

    def _source(self, keys: Keys) -> str:
        source = self.need(keys, "source", "a behavior")
        name = self.text(source, "a source")
        if not name.strip():
            self.fail(source, "a source is the table of a behavior", "write `behavior_<name>`")
        if name_of(name) is not None:
            return name
        table = table_of(name)
        message = f"the source `{name}` is read as the table `{table}` of the behavior"
        self.report_at(source, message, f"write `source: {table}`", Code.SEG704)
        return table

    def _aggregation(self, at: Value) -> Json:
        keys = self.map(at, ("type", "column"), "an aggregation")
        kind_at = self.need(keys, "type", "an aggregation")
        kind = self.choice(
            kind_at, _AGGREGATIONS, "an aggregation", also=_AVERAGES, meant=_NO_AGGREGATIONS
        )
        if kind == "Count":
            column = keys.get("column")
            if column is not None and column.data != "":
                help = "leave it out; for different values write `type: CountDistinct`"
                self.fail(column, "a Count has no column", help)
            return self._placed({"type": kind, "groupingColumns": []}, at)
        column = self.need(keys, "column", f"the aggregation {kind}")
        name = self.text(column, "a column")
        if not name:
            self.fail(column, "the column has no name")
        made: Json = {"columns": [name]} if kind == "CountDistinct" else {"column": name}
        return self._placed({"type": kind, **made}, at)

    def _in_window(self, inside: Json | None, at: Value) -> Json:
        """A filter that lets only the events of the last days pass: what a time window means."""
        window = self.map(at, ("duration", "unit"), "a time window")
        length = self.amount(self.need(window, "duration", "a time window"), "a time window")
        unit = self.unit(self.need(window, "unit", "a time window"))
        recent = {
            "type": "Column",
            "column": _TIME,
            "operator": {"type": "TimeWithinPast", "value": length, "unit": unit, "not": False},
            "arrayMatching": None,
        }
        parts = [] if inside is None else [inside]
        if inside is not None and inside["type"] == "And":
            parts = inside["conditions"]
        return self._placed({"type": "And", "conditions": [*parts, recent]}, at)

    def _filter(self, value: Value, depth: int) -> Json | None:
        """A filter, or a group in one; a single condition is a filter of one."""
        if not isinstance(value.data, dict) or "conditions" not in map(str.casefold, value.data):
            made = self._column(value)
            return made if depth else self._placed({"type": "And", "conditions": [made]}, value)
        keys = self.map(value, ("type", "conditions"), "a filter")
        kind = self.choice(self.need(keys, "type", "a filter"), ("And", "Or"), "a filter's type")
        conditions = self.items(self.need(keys, "conditions", "a filter"), "`conditions`")
        if not conditions:
            if depth == 0 and kind == "And":
                return None
            self.fail(keys["conditions"], "a group without conditions says nothing", "leave it out")
        inner = self.each(conditions, lambda each: self._filter(each, depth + 1))
        return self._placed({"type": kind, "conditions": inner}, value)

    def _column(self, value: Value) -> Json:
        """A condition of a filter; older files spell it as one of an attribute."""
        what = "a filter's condition"
        keys = self.map(
            value, ("type", "column", "operator", "arrayMatching"), what, {"attribute": "column"}
        )
        kind = self.need(keys, "type", what)
        self.choice(kind, ("Column",), f"the type of {what}", {"Value": "Column"})
        at = self.need(keys, "operator", what)
        operator = self._placed(self.operator(at), at)
        column = self.text(self.need(keys, "column", what), "a column")
        if not column:
            self.fail(keys["column"], "the column has no name")
        made = {
            "type": "Column",
            "column": column,
            "operator": operator,
            "arrayMatching": self._matching(keys.get("arrayMatching")),
        }
        return self._placed(made, value)

    def _one_value(self, value: Value | None) -> None:
        """An aggregate is one value: any or all of its elements is itself."""
        matching = self._matching(value)
        if value is None or matching is None:
            return
        if matching not in ("any", "all"):
            help = "take it out; to compare a count write the number in `operator`"
            self.fail(value, "`arrayMatching` counts elements, and an aggregate is one value", help)
        message = "`arrayMatching` says nothing of one value, and is left out"
        self.report_at(value, message, "an aggregate is one value for each profile", Code.SEG703)

    def _matching(self, of: Value | None) -> str | Mapping[str, Number] | None:
        if of is None or of.data is None:
            return None
        if isinstance(of.data, str):
            return self.choice(of, ("any", "all"), "`arrayMatching`")
        keys = self.map(of, ("atLeast", "atMost", "exactly"), "`arrayMatching`")
        if len(keys) != 1:
            self.fail(of, "`arrayMatching` has one of atLeast, atMost and exactly")
        [(key, value)] = keys.items()
        return {key: self.number(value, f"`{key}`")}
