"""Proposes features: attributes with values that may say something, each with its kind.

At most 100,000 values of each attribute are looked at; day of the week is what a time says, and
missing values are filled in (documented). What makes an attribute meaningless is our choice
(assumed): too few values, one value alone, an id or a text of one's own for almost everyone, and
what the segment itself is defined by, which would give the answer away.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

import msgspec
from sqlglot import parse_one

from segdsl.engine import Data
from segdsl.language.activations import Call
from segdsl.language.predictive import Feature, FeatureSource
from segdsl.language.values import TIME_TYPES, Number, Text
from segdsl.sql.catalog import CUSTOMERS, Column
from segdsl.sql.expressions import column as sql_column

SAMPLE = 100_000
"""Values of an attribute that are looked at (documented)."""
_LEAST_FILLED = 0.01
_MOST_DISTINCT = 0.5
_FEW = 50
_IDENTIFIERS = re.compile(r"(^|_)(id|ids|uuid|guid|key|hash|token)$", re.IGNORECASE)
MISSING = "missing"
"""The category of a missing value."""


class Facts(msgspec.Struct, frozen=True):
    """What is known of the values of an attribute in a sample."""

    rows: int
    filled: int
    distinct: int
    median: float | None = None


def guess(data: Data, left_out: Collection[str]) -> tuple[Feature, ...]:
    """The features of the attributes of the data without some; raises QueryFailed, QueryKilled."""
    attributes = [
        each
        for each in data.catalog.attributes
        if each.name not in left_out and data.parent.visibility_of(CUSTOMERS, each.name) == "clear"
    ]
    names = {each.name for each in data.catalog.attributes}
    features: dict[str, Feature] = {}
    for attribute in attributes:
        for feature in _features(attribute, _facts(data, attribute), names):
            features.setdefault(feature.name, feature)
    return tuple(features.values())


def _facts(data: Data, attribute: Column) -> Facts:
    value = sql_column(attribute.name).sql(dialect="duckdb")
    is_array = attribute.type.endswith("_array")
    median = "median(value)" if attribute.type == "number" else "NULL"
    sample = f"SELECT {value} AS value FROM {CUSTOMERS} WHERE {value} IS NOT NULL LIMIT {SAMPLE}"
    elements = f"SELECT unnest(value) AS value FROM ({sample})" if is_array else sample
    query = parse_one(
        f"SELECT (SELECT count(*) FROM {CUSTOMERS}), (SELECT count({value}) FROM {CUSTOMERS}), "
        f"count(DISTINCT value), {median} FROM ({elements})",
        read="duckdb",
    )
    [(rows, filled, distinct, middle)] = data.start(query).wait().rows
    counts = [each if isinstance(each, int) else 0 for each in (rows, filled, distinct)]
    return Facts(counts[0], counts[1], counts[2], None if middle is None else float(str(middle)))


def _features(attribute: Column, facts: Facts, names: Collection[str]) -> Iterator[Feature]:
    name = attribute.name
    if facts.filled < _LEAST_FILLED * facts.rows or facts.distinct < 2:
        return
    looked_at = min(facts.filled, SAMPLE)
    is_own = facts.distinct > max(_FEW, _MOST_DISTINCT * looked_at)
    if attribute.type in TIME_TYPES:
        weekday = f"{name}_day_of_week"
        if weekday not in names:
            yield Feature("category", weekday, _source(name, Call("day_of_week")))
    elif attribute.type.endswith("_array"):
        if not is_own:
            yield Feature("categories", name)
    elif attribute.type == "number":
        if attribute.places == 0 and is_own and _IDENTIFIERS.search(name):
            return
        if facts.filled < facts.rows and facts.median is not None:
            filling = Call("cast_as_quantitative", (Number(f"{facts.median:g}"),))
            yield Feature("number", name, _source(name, filling))
        else:
            yield Feature("number", name)
    elif not is_own and not (_IDENTIFIERS.search(name) and facts.distinct > _FEW):
        if facts.filled < facts.rows:
            filling = Call("cast_as_categorical", (Text(MISSING),))
            yield Feature("category", name, _source(name, filling))
        else:
            yield Feature("category", name)


def _source(column: str, function: Call) -> FeatureSource:
    return FeatureSource(column, CUSTOMERS, (function,))
