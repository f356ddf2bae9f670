"""The rule's JSON in a few words, for examples written by hand; and whom it selects."""

from __future__ import annotations

from typing import Any

from reference.calendar import instant
from reference.population import Event, Population, Profile
from reference.rule_evaluator import select_rule

Json = dict[str, Any]

# Wednesday, half past ten in the evening of 15 May in Tokyo.
NOW = instant("2024-05-15T22:30:00+09:00")


def population(*profiles: Profile) -> Population:
    return Population(profiles, NOW, "Asia/Tokyo")


def value(left: Json, operator: Json, **more: Any) -> Json:
    defaults = {"arrayMatching": None, "exclude": False}
    return {"type": "Value", "leftValue": left, "operator": operator, **defaults, **more}


def attribute(name: str, operator: Json, **more: Any) -> Json:
    return value({"name": name}, operator, **more)


def behavior(
    aggregation: Json,
    operator: Json,
    filter: Json | None = None,
    window: Json | None = None,
    **more: Any,
) -> Json:
    left = {"source": {"name": "behavior_purchases"}, "aggregation": aggregation, "filter": filter}
    if window is not None:
        left["window"] = {"type": "TimeSliding", "duration": window}
    return value(left, operator, **more)


def op(type: str, right: Any, negated: bool = False) -> Json:
    return {"type": type, "not": negated, "rightValue": right}


def one_of(type: str, *values: Any, negated: bool = False) -> Json:
    return {"type": type, "not": negated, "rightValues": list(values)}


def group(type: str, *conditions: Json, **more: Any) -> Json:
    return {"type": type, "conditions": list(conditions), **more}


def column(name: str, operator: Json, matching: Any = None) -> Json:
    return {"type": "Column", "column": name, "operator": operator, "arrayMatching": matching}


def those(condition: Json, of: Population) -> set[str]:
    return select_rule(group("And", group("And", condition)), of)


COUNT: Json = {"type": "Count", "groupingColumns": []}
NULL = {"type": "IsNull", "not": False, "rightValue": True}
NOT_NULL = {**NULL, "not": True}


def over(type: str, column: str, **more: Any) -> Json:
    return {"type": type, "column": column, **more}


def bought(*amounts: int | None, **more: Any) -> dict[str, tuple[Event, ...]]:
    """Purchases of these amounts, a day apart."""
    return {
        "behavior_purchases": tuple(
            {"timestamp": index * 86_400, "amount": amount, **more}
            for index, amount in enumerate(amounts)
        )
    }
