"""Checks that the data has the tables and columns that a rule names, each at its JSON path.

Rules name matrix tables (`behavior_purchases`) and matrix columns (observed): a label, or a
behavior without the prefix of its table, is refused with a suggestion. The rule is plain data that
`segdsl.rules.rule.reader` has read without a problem.
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
from segdsl.sql.catalog import CUSTOMER_GROUP, CUSTOMERS, PROFILE_ID, Catalog, Table

_GROUPS = ("And", "Or", "Composite")
MOST_PROBLEMS = 100
"""The highest number of problems that are reported of one rule."""


class _TooManyProblemsError(Exception):
    """The rule has the highest number of problems that are reported."""


def suggestion(name: str, spellings: Mapping[str, str]) -> str | None:
    """A “did you mean” for an unknown name; `spellings` map names and labels to names."""
    spelling = nearest(name, spellings)
    return None if spelling is None else f"did you mean `{spellings[spelling]}`?"


def columns_of(table: Table, labels: Labels) -> dict[str, str]:
    """The names of a table's columns, by name and by label."""
    names = [column.name for column in table.columns]
    by_label = {labels.of_column(table.name, name): name for name in names}
    return {**by_label, **{name: name for name in names}}


def _behaviors(catalog: Catalog, labels: Labels) -> dict[str, str]:
    """The tables of behaviors, by table, by the name in `.seg` files, and by label.

    A table without the prefix is also listed by its name with the prefix.
    """
    tables = catalog.behaviors
    prefixed = {table_of(table): table for table in tables if name_of(table) is None}
    by_label = {labels.of_behavior(table): table for table in tables}
    by_name = {name_of(table) or table: table for table in tables}
    return {**prefixed, **by_label, **by_name, **{table: table for table in tables}}


class NameCheck:
    """Collects the `problems` of one rule, and the segments, stages and scores that it refers to.

    Those are collected with their places.

    What a realtime segment cannot contain is observed and documented, not described. `passed_over`
    says why tables of the data are not behaviors.
    """

    def __init__(
        self,
        catalog: Catalog,
        labels: Labels,
        passed_over: Mapping[str, str],
        *,
        realtime: bool,
    ) -> None:
        self.passed_over = passed_over
        self.catalog = catalog
        self.labels = labels
        self.is_realtime = realtime
        self.problems: list[Problem] = []
        self.segments: list[tuple[str, str]] = []
        self.stages: list[tuple[str, str]] = []
        self.scores: list[tuple[str, str]] = []
        self._columns: dict[str, dict[str, str]] = {}
        self._behaviors = _behaviors(catalog, labels)

    def check(self, rule: Any, path: str) -> None:
        """Checks everything that a rule names, up to the hundredth problem."""
        with suppress(_TooManyProblemsError):
            self._group(rule, path)

    def _group(self, rule: Any, path: str) -> None:
        if rule is None or rule == {}:
            return
        if isinstance(rule.get("limit"), dict):
            self._limit(rule["limit"], f"{path}.limit")
        for index, part in enumerate(rule["conditions"]):
            self._part(part, f"{path}.conditions[{index}]")

    def _fail(self, path: str, message: str) -> None:
        self.problems.append(Problem(message, path, ASSOCIATION))
        if len(self.problems) >= MOST_PROBLEMS:
            raise _TooManyProblemsError

    def _known(self, name: str, spellings: Mapping[str, str], path: str, what: str) -> bool:
        if spellings.get(name) == name:
            return True
        short = shortened(name)
        help = suggestion(short, spellings)
        self._fail(path, f"there is no {what} `{short}`" + (f": {help}" if help else ""))
        return False

    def _attribute(self, name: str, path: str) -> None:
        self._known(name, self._columns_of(CUSTOMERS), path, "attribute")

    def _columns_of(self, table: str) -> dict[str, str]:
        if table not in self._columns:
            described = self.catalog.table(table)
            known = {} if described is None else columns_of(described, self.labels)
            self._columns[table] = known
        return self._columns[table]

    def _part(self, part: dict[str, Any], path: str) -> None:
        match part["type"]:
            case type if type in _GROUPS:
                self._group(part, path)
            case "Value":
                self._value(part, path)
            case "Reference":
                if self.is_realtime:
                    self._fail(path, "a realtime segment cannot refer to a segment")
                if self._id(part["id"], f"{path}.id"):
                    self.segments.append((part["id"], f"{path}.id"))
            case "FunnelStageReference":
                if self._id(part["id"], f"{path}.id"):
                    self.stages.append((part["id"], f"{path}.id"))
            case "PredictiveScoreReference":
                if self._id(part["id"], f"{path}.id"):
                    self.scores.append((part["id"], f"{path}.id"))
            case "MlAttributeReference":
                self._id(part["id"], f"{path}.id")
                self._operator(part["operator"], f"{path}.operator")
            case _:
                self._id(part["id"], f"{path}.id")

    def _id(self, id: str, path: str) -> bool:
        if is_symbolic(id):
            self._fail(path, f"`{shortened(id)}` is a name: the API accepts only ids")
            return False
        return True

    # --- conditions ------------------------------------------------------------------------

    def _value(self, value: dict[str, Any], path: str) -> None:
        left, left_path = value["leftValue"], f"{path}.leftValue"
        if left.get("source") is not None:
            self._behavior(left, left_path)
        elif left.get("customerGroup") is not None:
            self._group_attribute(left, left_path)
        elif left["name"] != PROFILE_ID:
            self._attribute(left["name"], f"{left_path}.name")
            self._no_list(left["name"], CUSTOMERS, f"{left_path}.name")
        self._operator(value["operator"], f"{path}.operator")
        if isinstance(value.get("limit"), dict):
            self._limit(value["limit"], f"{path}.limit")

    def _no_list(self, name: str, table: str, path: str) -> None:
        """Refuses an array that a realtime segment would compare."""
        described = self.catalog.table(table)
        column = None if described is None else described.column(name)
        if self.is_realtime and column is not None and column.type.endswith("_array"):
            self._fail(path, f"a realtime segment cannot use an array attribute such as `{name}`")

    def _operator(self, operator: dict[str, Any], path: str) -> None:
        if self.is_realtime and operator["type"] == "TimeWithinPast":
            self._fail(f"{path}.type", "a realtime segment cannot use TimeWithinPast")

    def _group_attribute(self, left: dict[str, Any], path: str) -> None:
        group = left["customerGroup"]
        groups = {name: name for name in self.catalog.customer_groups}
        if self._known(group, groups, f"{path}.customerGroup", "customer group"):
            self._column(left["name"], f"{CUSTOMER_GROUP}{group}", f"{path}.name")
            self._no_list(left["name"], f"{CUSTOMER_GROUP}{group}", f"{path}.name")

    def _limit(self, limit: dict[str, Any], path: str) -> None:
        for index, order in enumerate(limit.get("orderColumns") or ()):
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
        aggregation, place = left["aggregation"], f"{path}.aggregation"
        for key in ("column", "orderColumn"):
            if aggregation.get(key) is not None:
                self._column(aggregation[key], table, f"{place}.{key}")
        if aggregation.get("column") is not None:
            self._no_list(aggregation["column"], table, f"{place}.column")
        for key in ("columns", "groupingColumns"):
            for index, column in enumerate(aggregation.get(key) or ()):
                self._column(column, table, f"{place}.{key}[{index}]")
        if left.get("filter"):
            self._filter(left["filter"], table, f"{path}.filter")

    def _filter(self, part: dict[str, Any], table: str, path: str) -> None:
        if part["type"] == "Column":
            self._column(part["column"], table, f"{path}.column")
            self._no_list(part["column"], table, f"{path}.column")
            self._operator(part["operator"], f"{path}.operator")
            return
        for index, condition in enumerate(part["conditions"]):
            self._filter(condition, table, f"{path}.conditions[{index}]")

    def _column(self, name: str, table: str, path: str) -> None:
        if name != PROFILE_ID:
            self._known(name, self._columns_of(table), path, f"column of `{table}`")
