"""Rules of the API as JSON data, well typed over the vocabulary of `strategies.populations`.

For tests of meaning: every operator and aggregation, and what people click together in
the console that the compiler would never write. `strategies.wild_rules` has rules with
odd texts and numbers, whose meaning nobody evaluates. Shapes that nobody states a
meaning for (an empty `Or`, a limit without an order, …) are in neither.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st

from segdsl.language.values import UNITS
from strategies import populations as pop

Json = dict[str, Any]
Draw = st.DrawFn

MAX_DEPTH = 4


def _weighted(**weights: int) -> st.SearchStrategy[str]:
    return st.sampled_from([name for name, weight in weights.items() for _ in range(weight)])


def one_in(times: int) -> st.SearchStrategy[bool]:
    return st.sampled_from([False] * (times - 1) + [True])


_SELDOM, _RARELY, _HARDLY_EVER = one_in(4), one_in(12), one_in(40)
_BOOLEANS = st.booleans()

# --- values --------------------------------------------------------------------------

_TEXTS = st.sampled_from(pop.TEXTS)
_TEXT_LISTS = st.lists(_TEXTS, min_size=1, max_size=3)
_NUMBERS = st.sampled_from([n if isinstance(n, int) else float(n) for n in pop.NUMBERS])
_COUNTS = st.sampled_from([0, 1, 1, 1, 2, 2, 3, 3, 4, 2.5, -1])
_PATTERNS = st.sampled_from(["^J", "P$", "a.x", r"a\.x", "[A-Z]+", "", "1|x", "^$"])
_DAYS = ("2024-03-31", "2024-03-30", "2024-02-29", "2024-01-01", "2023-12-31", "2025-03-31")
_MOMENTS = (
    "2024-03-31T02:30",
    "2024-03-30T22:30:45",
    "2024-03-10T02:30:00",
    "2024-03-30T22:30:45.5",
)
_ZONED = ("2024-03-31T00:00:00Z", "2024-03-31T11:30:45+09:00", "2024-03-30T00:00-04:00")
_NO_TIMES = ("yesterday", "2024-02-30", "2024/03/31")
_LITERALS = st.sampled_from([*_DAYS, *_MOMENTS, *_ZONED, *_NO_TIMES])
_AMOUNTS = st.sampled_from([0, 1, 1, 2, 3, 4, 13])
_UNITS = st.sampled_from(UNITS)
_ELEMENTS = st.sampled_from([0, 1, 2, 3])
_DESCRIPTIONS = st.sampled_from(["Reachable", "", "近い", 'in "quotes"'])
_GRADES = st.sampled_from([*pop.GRADES, 2.5])
_IDS = st.sampled_from(pop.IDS)

# --- lengths of time -----------------------------------------------------------------


def _counted(draw: Draw, key: str) -> Json:
    """`{last, unit}` or `{next, unit}`, of one unit or of several."""
    if not draw(_SELDOM):
        return {key: draw(_AMOUNTS), "unit": draw(_UNITS)}
    chosen = draw(st.lists(_UNITS, min_size=1, max_size=3, unique=True))
    unit = draw(_UNITS) if draw(_BOOLEANS) else max(chosen, key=UNITS.index)
    return {key: {each: draw(_AMOUNTS) for each in chosen}, "unit": unit}


def _moment(draw: Draw) -> Json:
    return {"timestamp": draw(_LITERALS)} if draw(_BOOLEANS) else _counted(draw, "last")


def _window(draw: Draw) -> Json:
    units = draw(
        st.lists(
            st.sampled_from(["day", "hour", "minute", "second"]),
            min_size=1,
            max_size=2,
            unique=True,
        )
    )
    return {"type": "TimeSliding", "duration": {unit: draw(_AMOUNTS) or 1 for unit in units}}


# --- operators: one list for each type of value ----------------------------------------

_Shape = Callable[[Draw, st.SearchStrategy[Any]], Json]
_RELATIONS = st.sampled_from(["Greater", "GreaterEqual", "Less", "LessEqual"])
_LIKES = st.sampled_from(["Contain", "StartWith", "EndWith"])


def _equal(draw: Draw, values: st.SearchStrategy[Any]) -> Json:
    return {"type": "Equal", "rightValue": draw(values)}


def _compare(draw: Draw, values: st.SearchStrategy[Any]) -> Json:
    return {"type": draw(_RELATIONS), "rightValue": draw(values)}


def _between(draw: Draw, values: st.SearchStrategy[Any]) -> Json:
    low, high = draw(values), draw(values)
    ends = {"minValue": low, "maxValue": high}
    return {"type": "Between", "rightValue": draw(st.sampled_from([0, 1])), **ends}


def _in(draw: Draw, values: st.SearchStrategy[Any]) -> Json:
    return {"type": "In", "rightValues": draw(st.lists(values, min_size=1, max_size=3))}


def _like(draw: Draw, values: st.SearchStrategy[Any]) -> Json:
    return {"type": draw(_LIKES), "rightValues": draw(_TEXT_LISTS)}


def _regexp(draw: Draw, values: st.SearchStrategy[Any]) -> Json:
    return {"type": "Regexp", "rightValue": draw(_PATTERNS)}


def _is_null(draw: Draw, values: st.SearchStrategy[Any]) -> Json:
    return {"type": "IsNull", "rightValue": draw(st.sampled_from([True, False, "", 0]))}


def _on_time(draw: Draw, values: st.SearchStrategy[Any]) -> Json:
    return {"type": "Equal", "rightValue": {"timestamp": draw(_LITERALS)}}


def _compare_time(draw: Draw, values: st.SearchStrategy[Any]) -> Json:
    return {"type": draw(_RELATIONS), "not": False, "rightValue": _moment(draw)}


def _not_long_ago(draw: Draw, values: st.SearchStrategy[Any]) -> Json:
    return {"type": "GreaterEqual", "rightValue": _counted(draw, "last")}


def _between_times(draw: Draw, values: st.SearchStrategy[Any]) -> Json:
    return {"type": "Between", "minValue": _moment(draw), "maxValue": _moment(draw)}


def _within(draw: Draw, values: st.SearchStrategy[Any]) -> Json:
    kind = draw(st.sampled_from(["TimeWithinPast", "TimeWithinPast", "TimeWithinNext"]))
    return {"type": kind, "unit": draw(_UNITS), "value": str(draw(_AMOUNTS))}


def _range(draw: Draw, values: st.SearchStrategy[Any]) -> Json:
    return {
        "type": "TimeRange",
        "duration": {draw(_UNITS): draw(_AMOUNTS)},
        "from": _counted(draw, "last"),
        "reverse": draw(_BOOLEANS),
    }


def _calendar_unit(draw: Draw, values: st.SearchStrategy[Any]) -> Json:
    kind = draw(st.sampled_from(["TimeRange", "TimeThis", "TimeNext", "TimeToday"]))
    if kind == "TimeToday":
        return {"type": kind}
    made: Json = {"type": kind, "from": {"unit": draw(_UNITS)}}
    return {**made, "not": False} if kind == "TimeRange" else made


def _between_next(draw: Draw, values: st.SearchStrategy[Any]) -> Json:
    ends = {"from": _counted(draw, "next"), "to": _counted(draw, "next")}
    return {"type": "TimeInBetweenNext", "not": False, **ends}


_WITHOUT_NOT = ("TimeWithinPast", "TimeWithinNext", "TimeThis", "TimeNext", "TimeToday")
_TIMELESS: dict[str, tuple[st.SearchStrategy[Any], list[_Shape]]] = {
    "text": (_TEXTS, [_equal, _equal, _in, _like, _like, _regexp, _is_null, _compare, _between]),
    "number": (_NUMBERS, [_equal, _compare, _compare, _between, _in, _is_null]),
    "boolean": (_BOOLEANS, [_equal, _equal, _is_null]),
    "count": (_COUNTS, [*[_compare] * 5, _equal, _between, _in, _equal, _between, _in, _is_null]),
}
_OF_TIME: list[_Shape] = [_on_time, _compare_time, _compare_time, _not_long_ago, _between_times]
_OF_TIME += [_within, _within, _range, _calendar_unit, _calendar_unit, _between_next, _is_null]
_SHAPES = {kind: (v, st.sampled_from(shapes)) for kind, (v, shapes) in _TIMELESS.items()}
_SHAPES["time"] = (st.nothing(), st.sampled_from(_OF_TIME))


def operator(draw: Draw, kind: str) -> Json:
    """An operator that can be asked of a value of this type; where it may, it is negated."""
    values, shapes = _SHAPES[kind]
    made = draw(shapes)(draw, values)
    if "not" not in made and made["type"] not in _WITHOUT_NOT:
        made["not"] = draw(_SELDOM)
    return made


def _matching(draw: Draw) -> Any:
    how = draw(st.sampled_from(["any", "all", "atLeast", "atMost", "exactly"]))
    return how if how in ("any", "all") else {how: draw(_ELEMENTS)}


def _about(draw: Draw, kind: str, array: bool) -> Json:
    """The operator and `arrayMatching` of a condition on an attribute or a column."""
    if not array:
        return {"operator": operator(draw, kind), "arrayMatching": None}
    if draw(_RARELY):
        # Without a quantifier, only this can be asked of a whole array.
        null = {**_is_null(draw, st.nothing()), "not": draw(_BOOLEANS)}
        return {"operator": null, "arrayMatching": None}
    return {"operator": operator(draw, kind), "arrayMatching": _matching(draw)}


# --- behaviors -------------------------------------------------------------------------

_Typed = tuple[str, str, bool]
"""A name, the type of its value, and whether it is an array of these."""


def _columns(behavior: str) -> list[_Typed]:
    return [
        *[(name, "text", False) for name in pop.TEXT_COLUMNS[behavior]],
        *[(name, "number", False) for name in pop.NUMBER_COLUMNS[behavior]],
        *[(name, "text", True) for name in pop.ARRAY_COLUMNS[behavior]],
        *[("timestamp", "time", False)] * 3,
    ]


_COLUMNS = {behavior: st.sampled_from(_columns(behavior)) for behavior in pop.BEHAVIORS}
_VALUES = {
    behavior: st.sampled_from([each for each in _columns(behavior) if not each[2]])
    for behavior in pop.BEHAVIORS
}
_NUMERIC = {
    behavior: st.sampled_from([*columns, "timestamp"])
    for behavior, columns in pop.NUMBER_COLUMNS.items()
}
_SUMMED = {
    behavior: st.sampled_from(columns or ("timestamp",))
    for behavior, columns in pop.NUMBER_COLUMNS.items()
}
_GROUPING = {
    behavior: st.lists(st.sampled_from(columns), min_size=1, max_size=2, unique=True)
    for behavior, columns in pop.TEXT_COLUMNS.items()
}
_ORDERS = {behavior: st.sampled_from(columns) for behavior, columns in pop.ORDER_COLUMNS.items()}
_BEHAVIORS = st.sampled_from(pop.BEHAVIORS)
_AGGREGATIONS = _weighted(Count=8, CountDistinct=3, Sum=2, Min=2, Max=2, Average=2, First=2, Last=2)


def _aggregation(draw: Draw, behavior: str) -> tuple[Json, str]:
    """An aggregation and the type of what it gives."""
    kind = draw(_AGGREGATIONS)
    grouping: list[str] = []
    if draw(_SELDOM):
        grouping = draw(_GROUPING[behavior])
    if kind == "Count":
        return {"type": kind, "groupingColumns": grouping}, "count"
    if kind == "CountDistinct":
        return {"type": kind, "columns": draw(_GROUPING[behavior])}, "count"
    made: Json = {"type": kind}
    if draw(_SELDOM) or grouping:
        made["groupingColumns"] = grouping
    if kind in ("First", "Last"):
        column, of, _ = draw(_VALUES[behavior])
        return {**made, "column": column, "orderColumn": draw(_ORDERS[behavior])}, of
    column = draw((_NUMERIC if kind in ("Min", "Max") else _SUMMED)[behavior])
    return {**made, "column": column}, "time" if column == "timestamp" else "number"


def _filter(draw: Draw, behavior: str) -> Json | None:
    how = draw(_weighted(null=2, empty=2, conditions=7, all=1))
    if how == "null":
        return None
    if how == "empty":
        return {}
    return {"type": "And", "conditions": []} if how == "all" else _filter_group(draw, behavior, 3)


def _filter_group(draw: Draw, behavior: str, depth: int) -> Json:
    conditions: list[Json] = []
    for _ in range(draw(st.sampled_from([1, 1, 2, 2, 3]))):
        if depth > 1 and draw(_SELDOM):
            conditions.append(_filter_group(draw, behavior, depth - 1))
        else:
            column, kind, array = draw(_COLUMNS[behavior])
            about = _about(draw, kind, array)
            conditions.append({"type": "Column", "column": column, **about})
    kind = draw(st.sampled_from(["And", "Or"]))
    if kind == "And" and draw(_HARDLY_EVER):
        conditions.append({"type": "And", "conditions": []})
    return {"type": kind, "conditions": conditions}


def _behavior(draw: Draw) -> tuple[Json, str]:
    name = draw(_BEHAVIORS)
    aggregation, kind = _aggregation(draw, name)
    left = {"source": {"name": name}, "aggregation": aggregation, "filter": _filter(draw, name)}
    return ({**left, "window": _window(draw)} if draw(one_in(6)) else left), kind


# --- conditions ------------------------------------------------------------------------

_ATTRIBUTES: st.SearchStrategy[_Typed] = st.sampled_from(
    [
        *[(name, "text", False) for name in pop.TEXT_ATTRIBUTES],
        *[(name, "number", False) for name in pop.NUMBER_ATTRIBUTES],
        *[(name, "boolean", False) for name in pop.BOOLEAN_ATTRIBUTES],
        *[(name, "time", False) for name in pop.TIME_ATTRIBUTES],
        *[(name, "text", True) for name in pop.TEXT_ARRAYS],
        *[(name, "number", True) for name in pop.NUMBER_ARRAYS],
    ]
)
_CONDITIONS = _weighted(attribute=7, customer_group=1, behavior=7, reference=2, score=1, ml=1)
_REFERENCES = st.sampled_from(
    ["Reference", "Reference", "FunnelStageReference", "AbTestVariantReference"]
)
_ML = st.sampled_from(
    [(*ml, "text") for ml in pop.ML_TEXTS] + [(*ml, "number") for ml in pop.ML_NUMBERS]
)
_LIMITS = st.sampled_from(
    [("Count", 0), ("Count", 1), ("Count", 2), ("Count", 5), ("Percent", 50), ("Percent", 12.5)]
)
_DIRECTIONS = st.sampled_from(["ascending", "descending"])


def _condition(draw: Draw, limits: bool) -> Json:
    match draw(_CONDITIONS):
        case "reference":
            made = {"type": draw(_REFERENCES), "id": draw(_IDS), "exclude": draw(_BOOLEANS)}
            return made
        case "score":
            return {
                "type": "PredictiveScoreReference",
                "id": draw(_IDS),
                "minGrade": draw(_GRADES),
                "maxGrade": draw(_GRADES),
                "includeConvertedCustomers": draw(_BOOLEANS),
            }
        case "ml":
            solution, attribute, kind = draw(_ML)
            return {
                "type": "MlAttributeReference",
                "id": draw(_IDS),
                "solutionType": solution,
                "leftValue": {"attribute": attribute},
                "operator": operator(draw, kind),
            }
        case "behavior":
            left, kind = _behavior(draw)
            about = _about(draw, kind, False)
        case "customer_group":
            left = {"customerGroup": pop.GROUP[0], "name": pop.GROUP[1]}
            about = _about(draw, "number", False)
        case _:
            name, kind, array = draw(_ATTRIBUTES)
            left = {"name": name}
            about = _about(draw, kind, array)
    made = {"type": "Value", "leftValue": left, **about, "exclude": draw(_SELDOM)}
    if limits and draw(_RARELY):
        grouped = "window" in left or bool(left.get("aggregation", {}).get("groupingColumns"))
        made["limit"] = _limit(draw, by_aggregate="source" in left and not grouped)
    return made


def _limit(draw: Draw, *, by_aggregate: bool = False) -> Json:
    """The last key is one that no two profiles share, so that an order is always total."""
    kind, number = draw(_LIMITS)
    orders: list[Json] = []
    if by_aggregate and draw(_BOOLEANS):
        orders.append({"type": "Aggregation", "order": draw(_DIRECTIONS)})
    if draw(_SELDOM):
        orders.append({"type": "Column", "column": "age", "order": draw(_DIRECTIONS)})
    orders.append({"type": "Column", "column": pop.RANK, "order": draw(_DIRECTIONS)})
    return {"type": kind, "number": number, "orderColumns": orders}


# --- Composite ---------------------------------------------------------------------------


def expr(draw: Draw, names: Sequence[str]) -> str:
    """An expression that names all of these, in any order, some perhaps twice."""
    named = draw(st.permutations(names))
    if len(named) < 6 and draw(_RARELY):
        named = [*named, draw(st.sampled_from(named))]
    return _joined(draw, named)


def _joined(draw: Draw, names: Sequence[str]) -> str:
    if len(names) == 1:
        return f"({names[0]})" if draw(_HARDLY_EVER) else names[0]
    word = draw(st.sampled_from(["and", "or"]))
    if draw(_BOOLEANS):
        parts = list(names)
    else:
        cut = draw(st.integers(1, len(names) - 1))
        parts = []
        for part in (names[:cut], names[cut:]):
            inner = _joined(draw, part)
            # Now and then nothing is put around a part: `and` binds tighter.
            parts.append(inner if len(part) == 1 or draw(_RARELY) else f"({inner})")
    return f" {word} ".join(parts)


def letters(number: int) -> list[str]:
    return [chr(ord("A") + index) for index in range(number)]


def numerals(number: int) -> list[str]:
    return [str(index + 1) for index in range(number)]


# --- groups and rules ----------------------------------------------------------------------

_ANY_LAYOUT = _weighted(v5=24, older=10, nothing=1)
_TWO_LEVELS = _weighted(v5=24, nothing=1)
_SIZES = st.sampled_from([1, 1, 1, 2, 2, 2, 3, 3, 4])
_TYPES = {True: _weighted(And=4, Or=4, Composite=3), False: _weighted(And=1, Or=1)}


def _group(
    draw: Draw, conditions: list[Json], *, composite: bool, names: Callable[[int], list[str]]
) -> Json:
    kind = draw(_TYPES[composite and len(conditions) <= 9])
    made: Json = {"type": kind, "conditions": conditions}
    return {**made, "expr": expr(draw, names(len(conditions)))} if kind == "Composite" else made


def _rule_set(draw: Draw, composite: bool, limits: bool) -> Json:
    conditions = [_condition(draw, limits) for _ in range(draw(_SIZES))]
    made = _group(draw, conditions, composite=composite, names=letters)
    return {**made, "description": draw(_DESCRIPTIONS)} if draw(_SELDOM) else made


def _v5(draw: Draw, composite: bool, limits: bool) -> Json:
    sets = [_rule_set(draw, composite, limits) for _ in range(draw(_SIZES))]
    made = _group(draw, sets, composite=composite, names=numerals)
    if made["type"] == "And" and draw(_RARELY):
        sets.insert(draw(st.integers(0, len(sets))), {"type": "And", "conditions": []})
    return made


def _older(draw: Draw, composite: bool, limits: bool, depth: int) -> Json:
    """Groups to any depth, conditions right under any of them."""
    conditions: list[Json] = []
    for _ in range(draw(_SIZES)):
        if depth > 1 and draw(_BOOLEANS):
            conditions.append(_older(draw, composite, limits, depth - 1))
        elif depth == MAX_DEPTH and draw(_SELDOM):
            conditions.append(_rule_set(draw, composite, limits))
        else:
            conditions.append(_bare(draw, _condition(draw, limits)))
    return {"type": draw(_TYPES[False]), "conditions": conditions}


def _bare(draw: Draw, condition: Json) -> Json:
    """Older rules leave out what is not used, and have ids that are numbers."""
    if not draw(_BOOLEANS):
        return condition
    made = {k: v for k, v in condition.items() if v is not None and not (k == "exclude" and not v)}
    if not condition.get("operator", {"not": True}).get("not", True):
        made["operator"] = {k: v for k, v in condition["operator"].items() if k != "not"}
    if "source" in made.get("leftValue", {}) and not made["leftValue"]["filter"]:
        made["leftValue"] = {k: v for k, v in made["leftValue"].items() if k != "filter"}
    if made["type"] in ("Reference", "FunnelStageReference"):
        made["id"] = int(made["id"])
    return made


@st.composite
def rules(
    draw: Draw, *, nested: bool = True, composite: bool = True, limits: bool = True
) -> Json | None:
    """A rule as JSON data; `nested=False` keeps to the two levels of the v5 description.

    `nested` also stands for conditions right under the rule and for keys left out.
    """
    how = draw(_ANY_LAYOUT if nested else _TWO_LEVELS)
    if how == "nothing":
        return draw(st.sampled_from([None, {}, {"type": "And", "conditions": []}]))
    if how == "older":
        made = _older(draw, composite, limits, MAX_DEPTH)
    else:
        made = _v5(draw, composite, limits)
    return {**made, "limit": _limit(draw)} if limits and draw(_RARELY) else made
