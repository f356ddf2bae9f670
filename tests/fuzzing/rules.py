"""Random rules of the API: what the compiler writes, with parts of it changed."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator, Sequence
from typing import Any

from fuzzing.texts import seeds
from segdsl import compile_text
from segdsl.rules.lower.segment import Layout

Json = Any
_VALUES: tuple[Json, ...] = (
    *(None, True, False, 0, 1, -1, 2.5, 10**30, 1e300, "", "1", "x", "any", "all", "2024-01-31"),
    *(
        {},
        [],
        [[]],
        {"type": "And"},
        {"atLeast": 1},
        {"last": 1, "unit": "day"},
        "A or B",
        "1 and 2",
    ),
    *({"timestamp": "soon"}, {"type": "And", "conditions": []}, "day", "x" * 300, "\ud800", "\x00"),
    {"last": {"day": 1, "hour": 2}, "unit": "hour"},
)
_TYPES = (
    *("And", "Or", "Composite", "Value", "Column", "Reference", "FunnelStageReference", "Count"),
    *("PredictiveScoreReference", "MlAttributeReference", "Equal", "Greater", "LessEqual", "In"),
    *("Between", "Contain", "EndWith", "Regexp", "IsNull", "TimeWithinPast", "TimeWithinNext"),
    *("TimeRange", "TimeThis", "TimeNext", "TimeToday", "TimeInBetweenNext", "TimeSliding"),
    *("CountDistinct", "Sum", "Min", "Max", "Average", "First", "Last", "Percent", "Aggregation"),
)
_KEYS = (
    *("not", "exclude", "include", "arrayMatching", "filter", "window", "limit", "expr", "unit"),
    *("description", "groupingColumns", "columns", "column", "orderColumn", "rightValue", "from"),
    *("rightValues", "minValue", "maxValue", "duration", "reverse", "value", "customerGroup", "id"),
    *("conditions", "visibility", "type", "operator", "leftValue", "source", "name", "data"),
)


def rules() -> list[Json]:
    """The rules that others are made of: of every segment of the texts, in either layout."""
    found = []
    for text in seeds():
        layouts: tuple[Layout, ...] = ("v5", "nested")
        for layout in layouts:
            for segment in compile_text(text, symbolic=True, layout=layout).segments:
                found += [segment.rule, segment.request]
    return found


def _places(of: Json) -> Iterator[tuple[Any, Any]]:
    """Every container with a key or an index in it."""
    waiting = [of]
    while waiting:
        node = waiting.pop()
        inner = node.items() if isinstance(node, dict) else enumerate(node)
        for key, value in inner:
            yield node, key
            if isinstance(value, (dict, list)):
                waiting.append(value)


def rule(chance: random.Random, every: Sequence[Json]) -> Json:
    """One document: a rule, a segment or a list of them."""
    made = copy.deepcopy(chance.choice(every))
    for _ in range(chance.choice((1, 1, 2, 3, 8))):
        places = list(_places(made))
        if not places:
            break
        node, key = chance.choice(places)
        match chance.randrange(9):
            case 0:
                del node[key]
            case 1:
                node[key] = copy.deepcopy(chance.choice(_VALUES))
            case 2:
                node[key] = chance.choice(_TYPES)
            case 3 if isinstance(node, dict):
                node[chance.choice(_KEYS)] = copy.deepcopy(chance.choice(_VALUES))
            case 4 if isinstance(node, list):
                node.extend(copy.deepcopy(node[:3]) * chance.choice((1, 1, 10)))
            case 5:
                other, at = chance.choice(list(_places(chance.choice(every))))
                node[key] = copy.deepcopy(other[at])
            case 6 if isinstance(node[key], bool):
                node[key] = not node[key]
            case 7:
                node[key] = _wrapped(chance, node[key])
            case _:
                other, at = chance.choice(places)
                if isinstance(node, dict) and isinstance(key, str) and isinstance(other, dict):
                    node[key] = copy.deepcopy(other.get(key, node[key]))
        if len(json.dumps(made)) > 200_000:
            break
    return made


def _wrapped(chance: random.Random, inner: Json) -> Json:
    """A value inside groups of its own, as deep as anything may be, or as often."""
    for _ in range(chance.choice((1, 1, 2, 5, 60))):
        kind = chance.choice(("And", "Or", "Composite"))
        inner = {"type": kind, "conditions": [inner]}
        if kind == "Composite":
            name = chance.choice(("A", "1"))
            inner["expr"] = chance.choice((name, f"{name} or {name}", f"({name}", ""))
    return inner
