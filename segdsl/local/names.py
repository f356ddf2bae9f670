"""What a rule names, and whether the data has it: each at its JSON path.

Looks at plain data that `segdsl.rule.reader` has read without a finding.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from segdsl.diagnostics.suggest import did_you_mean
from segdsl.local.errors import ASSOCIATION, Problem
from segdsl.local.records import REALTIME
from segdsl.rule.symbols import is_symbol
from segdsl.sql.catalog import CUSTOMER_GROUP, CUSTOMERS, PROFILE_ID, Catalog

_GROUPS = ("And", "Or", "Composite")


class Names:
    """What was found in one rule: `problems`, and the segments it refers to, with each place.

    What a realtime segment cannot hold is observed and documented, not described.
    """

    def __init__(self, catalog: Catalog, kind: int) -> None:
        self.catalog = catalog
        self.is_realtime = kind == REALTIME
        self.problems: list[Problem] = []
        self.segments: list[tuple[str, str]] = []

    def look(self, rule: Any, path: str) -> None:
        """Everything a rule names."""
        if rule is None or rule == {}:
            return
        if isinstance(rule.get("limit"), dict):
            self._limit(rule["limit"], f"{path}.limit")
        for index, each in enumerate(rule["conditions"]):
            self._part(each, f"{path}.conditions[{index}]")

    def _fail(self, path: str, message: str) -> None:
        self.problems.append(Problem(message, path, ASSOCIATION))

    def _known(self, name: str, known: Iterable[str], path: str, what: str) -> bool:
        names = tuple(known)
        if name in names:
            return True
        help = did_you_mean(name, names)
        self._fail(path, f"there is no {what} `{name}`" + (f": {help}" if help else ""))
        return False

    def _part(self, of: dict[str, Any], path: str) -> None:
        match of["type"]:
            case kind if kind in _GROUPS:
                self.look(of, path)
            case "Value":
                self._value(of, path)
            case "Reference":
                if self.is_realtime:
                    self._fail(path, "a realtime segment cannot refer to a segment")
                if self._id(of["id"], f"{path}.id"):
                    self.segments.append((of["id"], f"{path}.id"))
            case "MlAttributeReference":
                self._id(of["id"], f"{path}.id")
                self._operator(of["operator"], f"{path}.operator")
            case _:
                self._id(of["id"], f"{path}.id")

    def _id(self, id: str, path: str) -> bool:
        if is_symbol(id):
            self._fail(path, f"`{id}` is a name in an id's place: the API knows ids alone")
            return False
        return True

    # --- conditions ------------------------------------------------------------------------

    def _value(self, of: dict[str, Any], path: str) -> None:
        left, at = of["leftValue"], f"{path}.leftValue"
        if left.get("source") is not None:
            self._behavior(left, at)
        elif left.get("customerGroup") is not None:
            self._group_attribute(left, at)
        elif left["name"] != PROFILE_ID:
            known = [each.name for each in self.catalog.attributes]
            self._known(left["name"], known, f"{at}.name", "attribute")
            self._no_list(left["name"], CUSTOMERS, f"{at}.name")
        self._operator(of["operator"], f"{path}.operator")
        if isinstance(of.get("limit"), dict):
            self._limit(of["limit"], f"{path}.limit")

    def _no_list(self, name: str, table: str, path: str) -> None:
        """Refuses a list that a realtime segment would compare."""
        found = self.catalog.table(table)
        column = None if found is None else found.column(name)
        if self.is_realtime and column is not None and column.type.endswith("_array"):
            self._fail(path, f"a realtime segment takes no array attribute such as `{name}`")

    def _operator(self, of: dict[str, Any], path: str) -> None:
        if self.is_realtime and of["type"] == "TimeWithinPast":
            self._fail(f"{path}.type", "a realtime segment takes no TimeWithinPast")

    def _group_attribute(self, left: dict[str, Any], path: str) -> None:
        group = left["customerGroup"]
        groups = self.catalog.customer_groups
        if self._known(group, groups, f"{path}.customerGroup", "customer group"):
            self._column(left["name"], f"{CUSTOMER_GROUP}{group}", f"{path}.name")
            self._no_list(left["name"], f"{CUSTOMER_GROUP}{group}", f"{path}.name")

    def _limit(self, of: dict[str, Any], path: str) -> None:
        known = [PROFILE_ID, *(each.name for each in self.catalog.attributes)]
        for index, order in enumerate(of.get("orderColumns") or ()):
            if order["type"] == "Column":
                at = f"{path}.orderColumns[{index}].column"
                self._known(order["column"], known, at, "attribute")

    # --- behaviors -------------------------------------------------------------------------

    def _behavior(self, left: dict[str, Any], path: str) -> None:
        table = left["source"]["name"]
        behaviors = self.catalog.behaviors
        if not self._known(table, behaviors, f"{path}.source.name", "behavior"):
            return
        aggregation, at = left["aggregation"], f"{path}.aggregation"
        for key in ("column", "orderColumn"):
            if aggregation.get(key) is not None:
                self._column(aggregation[key], table, f"{at}.{key}")
        if aggregation.get("column") is not None:
            self._no_list(aggregation["column"], table, f"{at}.column")
        for key in ("columns", "groupingColumns"):
            for index, column in enumerate(aggregation.get(key) or ()):
                self._column(column, table, f"{at}.{key}[{index}]")
        if left.get("filter"):
            self._filter(left["filter"], table, f"{path}.filter")

    def _filter(self, of: dict[str, Any], table: str, path: str) -> None:
        if of["type"] == "Column":
            self._column(of["column"], table, f"{path}.column")
            self._no_list(of["column"], table, f"{path}.column")
            self._operator(of["operator"], f"{path}.operator")
            return
        for index, each in enumerate(of["conditions"]):
            self._filter(each, table, f"{path}.conditions[{index}]")

    def _column(self, name: str, table: str, path: str) -> None:
        found = self.catalog.table(table)
        assert found is not None, "the table was looked up before"
        known = [PROFILE_ID, *(each.name for each in found.columns)]
        self._known(name, known, path, f"column of `{table}`")
