"""Exported behaviors as the API's `SyndicationBehavior`, and read back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from segdsl.language import activations as a
from segdsl.language.values import Number
from segdsl.rules.activations.columns import encode_columns, read_columns
from segdsl.rules.activations.fields import FieldReader

Json = dict[str, Any]
_STRATEGIES: dict[a.JoinStrategy, str] = {
    "all": "All",
    "first": "First",
    "last": "Last",
    "top": "Top-N",
}
_KNOWN = ("behaviorTableName", "joinStrategy", "joinRow", "formatting", "orderBy", "columns")


def encode_behavior(behavior: a.BehaviorExport, ids: Mapping[str, str] | None = None) -> Json:
    """A `SyndicationBehavior`; `ids` are the API's ids of its columns by their names."""
    encoded: Json = {
        "behaviorTableName": behavior.behavior,
        "joinStrategy": _STRATEGIES[behavior.strategy],
        "joinRow": behavior.count,
    }
    if behavior.formatting is not None:
        encoded["formatting"] = behavior.formatting
    encoded["orderBy"] = [
        {"key": each.column, "order": "descending" if each.descending else "ascending"}
        for each in behavior.order
    ]
    encoded["columns"] = encode_columns(behavior.columns, ids)
    return encoded


def read_behavior(
    value: Any, path: str, reader: FieldReader
) -> tuple[a.BehaviorExport, dict[str, str]]:
    """The behavior, and the ids of its columns by their names; raises UnreadableError."""
    data = reader.fields(value, path, _KNOWN, "a behavior")
    table = reader.need(data, "behaviorTableName", path, "a behavior")
    table = reader.text(table, f"{path}.behaviorTableName", "a behavior's table")
    strategy: a.JoinStrategy = "all"
    if "joinStrategy" in data:
        at = f"{path}.joinStrategy"
        chosen = reader.choice(
            data["joinStrategy"], at, _STRATEGIES.values(), "which rows are joined"
        )
        strategy = next(name for name, api in _STRATEGIES.items() if api == chosen)
    formatting: a.Formatting | None = None
    if "formatting" in data:
        at = f"{path}.formatting"
        chosen = reader.choice(data["formatting"], at, ("rows", "cols"), "the format of rows")
        formatting = cast(a.Formatting, chosen)
    at = f"{path}.orderBy"
    order = reader.each(
        reader.items(data.get("orderBy", []), at, "`orderBy`"),
        at,
        lambda each, where: _read_order(each, where, reader),
    )
    count = _read_count(data, strategy, path, reader)
    columns, ids = read_columns(data.get("columns", []), f"{path}.columns", reader)
    return a.BehaviorExport(table, strategy, count, order, formatting, columns), ids


def _read_count(
    data: Json, strategy: a.JoinStrategy, path: str, reader: FieldReader
) -> Number | None:
    at = f"{path}.joinRow"
    if strategy == "top":
        needed = reader.need(data, "joinRow", path, "Top-N")
        return reader.whole_from(needed, at, "the number of rows", 1)
    if "joinRow" in data:
        number = reader.whole_from(data["joinRow"], at, "the number of rows", 0)
        if strategy == "all" or number.text != "1":
            reader.fail(
                at,
                f"only Top-N joins a number of rows, and this is {_STRATEGIES[strategy]}",
                "set it to null, or the strategy to `Top-N`",
            )
    return None


def _read_order(value: Any, path: str, reader: FieldReader) -> a.BehaviorOrder:
    data = reader.fields(value, path, ("key", "order"), "an order")
    key = reader.text(reader.need(data, "key", path, "an order"), f"{path}.key", "a column")
    order = reader.need(data, "order", path, "an order")
    orders = ("ascending", "descending")
    return a.BehaviorOrder(
        key, reader.choice(order, f"{path}.order", orders, "`order`") == "descending"
    )
