"""Whatever the v5 description admits, as JSON text, for the way to source and back.

Odd names, texts and ids, types mixed up, and numbers written in odd ways: text, because
`json.loads` would write `1.50` as `1.5`. What nobody states a meaning for is left out:
empty groups other than `And`, empty lists, lengths of time that are not whole numbers.
"""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from segdsl.language.condition.ml import MODEL_ATTRIBUTES
from segdsl.language.values import UNITS, Number
from strategies.rules import expr, letters, numerals, one_in
from strategies.texts import names, odd_texts

Json = dict[str, Any]
Draw = st.DrawFn

_BOOLEANS = st.booleans()
_SELDOM = one_in(4)
_RARELY = one_in(10)
_UNITS = st.sampled_from(UNITS)

_NUMBERS = st.one_of(
    st.sampled_from(
        [
            "0",
            "1",
            "30",
            "-1",
            "-0",
            "-0.0",
            "1.50",
            "1e5",
            "1E-7",
            "2.5e+3",
            "12345678901234567890",
        ]
    ),
    st.integers(-1000, 1000).map(str),
    st.decimals(-10, 10, places=3).map(str),
).map(Number)
_WHOLES = st.one_of(
    st.sampled_from(["0", "1", "2", "7", "30"] * 3 + ["7.0", "1e2", "0.0", "1.20e1"]),
    st.integers(0, 400).map(str),
).map(Number)
# A window of no length is refused.
_SOME = st.one_of(st.sampled_from(["1", "7.0", "1e2"]), st.integers(1, 400).map(str)).map(Number)
_SHARES = st.sampled_from(["0", "10", "2.50", "100", "1e1"]).map(Number)
_TEXTS = odd_texts
_LISTED = st.lists(_TEXTS, min_size=1, max_size=3)
_MIXED = st.one_of(_TEXTS, _NUMBERS)
_SCALARS = st.one_of(_TEXTS, _NUMBERS, _BOOLEANS)
_TIMESTAMPS = st.one_of(
    st.sampled_from(["2024-01-31", "1999-12-31T23:59", "2024-02-29T01:02:03.5+09:00"]), _TEXTS
)
_IDS = st.one_of(st.sampled_from(["1", "1234", "007"]), _TEXTS)

# --- operators ---------------------------------------------------------------------------


def _counted(draw: Draw, key: str) -> Json:
    if not draw(_SELDOM):
        return {key: draw(_WHOLES), "unit": draw(_UNITS)}
    chosen = draw(st.lists(_UNITS, min_size=1, max_size=4, unique=True))
    return {key: {unit: draw(_WHOLES) for unit in chosen}, "unit": draw(_UNITS)}


def _moment(draw: Draw) -> Json:
    return {"timestamp": draw(_TIMESTAMPS)} if draw(_BOOLEANS) else _counted(draw, "last")


_COMPARISONS = ["Equal", "Greater", "GreaterEqual", "Less", "LessEqual"]
_TIMELESS = [*_COMPARISONS, "Between", "In", "Contain", "StartWith", "EndWith", "Regexp", "IsNull"]
_OPERATORS = st.sampled_from(
    [(kind, False) for kind in _TIMELESS]
    + [(kind, True) for kind in [*_COMPARISONS, "Between", "TimeWithinPast", "TimeWithinNext"]]
    + [(kind, True) for kind in ["TimeRange", "LastUnit", "TimeThis", "TimeNext", "TimeToday"]]
    + [("TimeInBetweenNext", True)]
)


def _operator(draw: Draw) -> Json:
    kind, about_time = draw(_OPERATORS)
    if about_time:
        return _time_operator(draw, kind)
    made: Json = {"type": kind, "not": draw(_SELDOM)}
    if kind == "Between":
        ends = {"minValue": draw(_MIXED), "maxValue": draw(_MIXED)}
        return {**made, **ends, "rightValue": draw(_NUMBERS)}
    if kind == "In":
        return {**made, "rightValues": draw(st.lists(_MIXED, min_size=1, max_size=3))}
    if kind in ("Contain", "StartWith", "EndWith"):
        return {**made, "rightValues": draw(_LISTED)}
    return {**made, "rightValue": draw(_TEXTS if kind == "Regexp" else _SCALARS)}


def _time_operator(draw: Draw, kind: str) -> Json:
    negated = draw(_SELDOM)
    match kind:
        case "Between":
            ends = {"minValue": _moment(draw), "maxValue": _moment(draw)}
            return {"type": kind, "not": negated, **ends}
        case "TimeWithinPast" | "TimeWithinNext":
            value = str(draw(st.integers(0, 400)))
            return {"type": kind, "unit": draw(_UNITS), "value": value}
        case "TimeRange":
            counted = {"duration": {draw(_UNITS): draw(_WHOLES)}, "from": _counted(draw, "last")}
            return {"type": kind, "not": negated, **counted, "reverse": draw(_BOOLEANS)}
        case "LastUnit":
            return {"type": "TimeRange", "not": False, "from": {"unit": draw(_UNITS)}}
        case "TimeThis" | "TimeNext":
            return {"type": kind, "from": {"unit": draw(_UNITS)}}
        case "TimeToday":
            return {"type": kind}
        case "TimeInBetweenNext":
            ends = {"from": _counted(draw, "next"), "to": _counted(draw, "next")}
            return {"type": kind, "not": False, **ends}
        case "Equal":
            return {"type": kind, "not": negated, "rightValue": {"timestamp": draw(_TIMESTAMPS)}}
        case _:
            moment = _moment(draw)
            # The only one of these that has a `not`, and with `last` alone.
            has_not = kind == "GreaterEqual" and "last" in moment
            return {"type": kind, "not": negated and has_not, "rightValue": moment}


def _matching(draw: Draw) -> Any:
    how = draw(st.sampled_from([None, None, None, "any", "all", "atLeast", "atMost", "exactly"]))
    return how if how in (None, "any", "all") else {how: draw(_WHOLES)}


# --- conditions ---------------------------------------------------------------------------


def _behavior(draw: Draw) -> Json:
    return {
        "source": {"name": draw(names)},
        "aggregation": _aggregation(draw),
        "filter": _filter(draw),
        **({"window": _window(draw)} if draw(_SELDOM) else {}),
    }


def _aggregation(draw: Draw) -> Json:
    kind = draw(
        st.sampled_from(
            ["Count", "Count", "CountDistinct", "Sum", "Min", "Max", "Average", "First", "Last"]
        )
    )
    grouping = draw(st.lists(names, max_size=2)) if draw(_SELDOM) else []
    if kind == "Count":
        return {"type": kind, "groupingColumns": grouping}
    if kind == "CountDistinct":
        return {"type": kind, "columns": draw(st.lists(names, min_size=1, max_size=3))}
    made: Json = {"type": kind, "column": draw(names)}
    if kind in ("First", "Last"):
        made["orderColumn"] = draw(names)
    return {**made, "groupingColumns": grouping} if draw(_BOOLEANS) else made


def _window(draw: Draw) -> Json:
    units = st.sampled_from(["day", "hour", "minute", "second"])
    chosen = draw(st.lists(units, min_size=1, max_size=4, unique=True))
    return {"type": "TimeSliding", "duration": {unit: draw(_SOME) for unit in chosen}}


def _filter(draw: Draw) -> Json | None:
    empty: list[Json | None] = [None, {}, {"type": "And", "conditions": []}]
    return draw(st.sampled_from(empty)) if draw(_SELDOM) else _filter_group(draw, 3)


def _filter_group(draw: Draw, depth: int) -> Json:
    conditions: list[Json] = []
    for _ in range(draw(st.sampled_from([1, 1, 2, 3]))):
        if depth > 1 and draw(_SELDOM):
            conditions.append(_filter_group(draw, depth - 1))
        else:
            about = {"operator": _operator(draw), "arrayMatching": _matching(draw)}
            conditions.append({"type": "Column", "column": draw(names), **about})
    return {"type": draw(st.sampled_from(["And", "Or"])), "conditions": conditions}


_CONDITIONS = st.sampled_from(["Value"] * 8 + ["reference"] * 3 + ["score", "ml", "ml"])
_REFERENCES = st.sampled_from(["Reference", "FunnelStageReference", "AbTestVariantReference"])
_ML = st.sampled_from(
    [(solution, each) for solution, listed in MODEL_ATTRIBUTES.items() for each in listed]
)


def _condition(draw: Draw) -> Json:
    match draw(_CONDITIONS):
        case "reference":
            return {"type": draw(_REFERENCES), "id": draw(_IDS), "exclude": draw(_BOOLEANS)}
        case "score":
            return {
                "type": "PredictiveScoreReference",
                "id": draw(_IDS),
                "minGrade": draw(_NUMBERS),
                "maxGrade": draw(_NUMBERS),
                "includeConvertedCustomers": draw(_BOOLEANS),
            }
        case "ml":
            solution, attribute = draw(_ML)
            return {
                "type": "MlAttributeReference",
                "id": draw(_IDS),
                "solutionType": solution,
                "leftValue": {"attribute": attribute},
                "operator": _operator(draw),
            }
        case _:
            return _value(draw)


def _value(draw: Draw) -> Json:
    left: Json
    matching: Any = None
    if draw(_BOOLEANS):
        left = _behavior(draw)
    else:
        left = {"name": draw(names)}
        if draw(_RARELY):
            left["customerGroup"] = draw(names)
        matching = _matching(draw)
    made = {
        "type": "Value",
        "leftValue": left,
        "arrayMatching": matching,
        "exclude": draw(_SELDOM),
        "operator": _of_count(draw) if _is_count(left) else _operator(draw),
    }
    return {**made, "limit": _limit(draw)} if draw(_RARELY) else made


def _is_count(left: Json) -> bool:
    """Whether it is one number for each profile, which compares with numbers alone."""
    aggregation = left.get("aggregation", {})
    plain = not aggregation.get("groupingColumns") and "window" not in left
    return aggregation.get("type") == "Count" and plain


def _of_count(draw: Draw) -> Json:
    kind = draw(st.sampled_from(["Equal", "Greater", "GreaterEqual", "Less", "Between", "In"]))
    made: Json = {"type": kind, "not": draw(_SELDOM)}
    match kind:
        case "Between":
            return {
                **made,
                "minValue": draw(_NUMBERS),
                "maxValue": draw(_NUMBERS),
                "rightValue": Number("0"),
            }
        case "In":
            return {**made, "rightValues": draw(st.lists(_NUMBERS, min_size=1, max_size=3))}
        case _:
            return {**made, "rightValue": draw(_NUMBERS)}


def _limit(draw: Draw) -> Json:
    kind = draw(st.sampled_from(["Count", "Percent"]))
    made: Json = {"type": kind, "number": draw(_WHOLES if kind == "Count" else _SHARES)}
    if draw(_RARELY):
        return made
    return {**made, "orderColumns": [_order(draw) for _ in range(draw(st.integers(1, 2)))]}


def _order(draw: Draw) -> Json:
    order = {"order": draw(st.sampled_from(["ascending", "descending"]))}
    if draw(_SELDOM):
        return {"type": "Aggregation", **order}
    return {"type": "Column", "column": draw(names), **order}


# --- groups -------------------------------------------------------------------------------

_TYPES = st.sampled_from(["And", "Or", "Composite"])


def _rule_set(draw: Draw) -> Json:
    conditions = [_condition(draw) for _ in range(draw(st.sampled_from([1, 1, 2, 2, 3])))]
    made: Json = {"type": draw(_TYPES), "conditions": conditions}
    if made["type"] == "Composite":
        made["expr"] = expr(draw, letters(len(conditions)))
    return {**made, "description": draw(_TEXTS)} if draw(_SELDOM) else made


def _rule(draw: Draw) -> Json:
    sets = [_rule_set(draw) for _ in range(draw(st.sampled_from([1, 1, 2, 2, 3])))]
    made: Json = {"type": draw(_TYPES), "conditions": sets}
    if made["type"] == "Composite":
        made["expr"] = expr(draw, numerals(len(sets)))
    return {**made, "limit": _limit(draw)} if draw(_RARELY) else made


# --- text ---------------------------------------------------------------------------------


def json_text(value: Any, *, ascii_only: bool = False) -> str:
    """JSON text of plain data in which numbers are `Number`s, each written as it is."""
    match value:
        case Number(text):
            return text
        case dict():
            pairs = (
                f"{json.dumps(key)}: {json_text(each, ascii_only=ascii_only)}"
                for key, each in value.items()
            )
            return "{" + ", ".join(pairs) + "}"
        case list():
            return "[" + ", ".join(json_text(each, ascii_only=ascii_only) for each in value) + "]"
        case _:
            return json.dumps(value, ensure_ascii=ascii_only)


@st.composite
def plain_wild_rules(draw: Draw) -> Json:
    """What `wild_rules` writes as JSON text, its numbers as `Number`s."""
    return _rule(draw)


@st.composite
def wild_rules(draw: Draw) -> str:
    """The JSON text of a rule that the v5 description admits."""
    return json_text(_rule(draw), ascii_only=draw(_BOOLEANS))
