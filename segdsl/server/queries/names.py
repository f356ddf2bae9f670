"""What a rule names, and whether the data has it: each at its JSON path.

Rules name matrix tables (`behavior_purchases`) and matrix columns (observed): a label, or a
behavior without the prefix of its table, is refused with the name that is meant. Looks at plain
data that `segdsl.rules.rule.reader` has read without a finding.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from segdsl.diagnostics.suggest import nearest
from segdsl.engine.description import Labels
from segdsl.language.behaviors import name_of, table_of
from segdsl.language.references.symbolic_ids import is_symbolic
from segdsl.rules.rule.document import shortened
from segdsl.server.errors import ASSOCIATION, Problem
from segdsl.server.store.records import REALTIME
from segdsl.sql.catalog import CUSTOMER_GROUP, CUSTOMERS, PROFILE_ID, Catalog, Table

_GROUPS = ("And", "Or", "Composite")
MOST_PROBLEMS = 100
"""Problems of one rule that are looked for."""


class _EnoughError(Exception):
    """So many problems that no more are looked for."""


def suggestion(name: str, spellings: Mapping[str, str]) -> str | None:
    """The name that is most likely meant, as a question; `spellings` are names and their labels."""
    found = nearest(name, spellings)
    return None if found is None else f"did you mean `{spellings[found]}`?"


def columns_of(table: Table, labels: Labels) -> dict[str, str]:
    """The columns of a table, by their names and by what the console shows."""
    names = [each.name for each in table.columns]
    shown = {labels.of_column(table.name, each): each for each in names}
    return {**shown, **{each: each for each in names}}


def _behaviors(catalog: Catalog, labels: Labels) -> dict[str, str]:
    """The tables of behaviors, by their names, by those of `.seg` files, and by their labels.

    One without the prefix also by the name that it would have with it.
    """
    tables = catalog.behaviors
    prefixed = {table_of(each): each for each in tables if name_of(each) is None}
    shown = {labels.of_behavior(each): each for each in tables}
    short = {name_of(each) or each: each for each in tables}
    return {**prefixed, **shown, **short, **{each: each for each in tables}}


class Names:
    """What was found in one rule: `problems`, and the segments it refers to, with each place.

    What a realtime segment cannot hold is observed and documented, not described. `passed_over`
    says why tables of the data are no behaviors.
    """

    def __init__(
        self, catalog: Catalog, labels: Labels, kind: int, passed_over: Mapping[str, str]
    ) -> None:
        self.passed_over = passed_over
        self.catalog = catalog
        self.labels = labels
        self.is_realtime = kind == REALTIME
        self.problems: list[Problem] = []
        self.segments: list[tuple[str, str]] = []
        self._columns: dict[str, dict[str, str]] = {}
        self._behaviors = _behaviors(catalog, labels)

    def look(self, rule: Any, path: str) -> None:
        """Everything a rule names, up to the hundredth problem."""
        with suppress(_EnoughError):
            self._look(rule, path)

    def _look(self, rule: Any, path: str) -> None:
        if rule is None or rule == {}:
            return
        if isinstance(rule.get("limit"), dict):
            self._limit(rule["limit"], f"{path}.limit")
        for index, each in enumerate(rule["conditions"]):
            self._part(each, f"{path}.conditions[{index}]")

    def _fail(self, path: str, message: str) -> None:
        self.problems.append(Problem(message, path, ASSOCIATION))
        if len(self.problems) >= MOST_PROBLEMS:
            raise _EnoughError

    def _known(self, name: str, spellings: Mapping[str, str], path: str, what: str) -> bool:
        if spellings.get(name) == name:
            return True
        shown = shortened(name)
        help = suggestion(shown, spellings)
        self._fail(path, f"there is no {what} `{shown}`" + (f": {help}" if help else ""))
        return False

    def _attribute(self, name: str, path: str) -> None:
        self._known(name, self._columns_of(CUSTOMERS), path, "attribute")

    def _columns_of(self, table: str) -> dict[str, str]:
        if table not in self._columns:
            found = self.catalog.table(table)
            self._columns[table] = {} if found is None else columns_of(found, self.labels)
        return self._columns[table]

    def _part(self, of: dict[str, Any], path: str) -> None:
        match of["type"]:
            case kind if kind in _GROUPS:
                self._look(of, path)
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
        if is_symbolic(id):
            self._fail(
                path, f"`{shortened(id)}` is a name in an id's place: the API knows ids alone"
            )
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
            self._attribute(left["name"], f"{at}.name")
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
        groups = {each: each for each in self.catalog.customer_groups}
        if self._known(group, groups, f"{path}.customerGroup", "customer group"):
            self._column(left["name"], f"{CUSTOMER_GROUP}{group}", f"{path}.name")
            self._no_list(left["name"], f"{CUSTOMER_GROUP}{group}", f"{path}.name")

    def _limit(self, of: dict[str, Any], path: str) -> None:
        for index, order in enumerate(of.get("orderColumns") or ()):
            if order["type"] == "Column" and order["column"] != PROFILE_ID:
                self._attribute(order["column"], f"{path}.orderColumns[{index}].column")

    # --- behaviors -------------------------------------------------------------------------

    def _behavior(self, left: dict[str, Any], path: str) -> None:
        table = left["source"]["name"]
        why = self.passed_over.get(table) or self.passed_over.get(name_of(table) or table)
        if table not in self._behaviors and why is not None:
            self._fail(f"{path}.source.name", f"there is no behavior `{table}`: {why}")
            return
        if not self._known(table, self._behaviors, f"{path}.source.name", "behavior"):
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
        if name != PROFILE_ID:
            self._known(name, self._columns_of(table), path, f"column of `{table}`")
