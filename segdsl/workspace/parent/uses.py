"""Which attributes and behaviors rules, exports, models and tests use, on a server or in files.

Of a server the JSON is searched as it is, so that a rule of a form that cannot be read counts too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from segdsl.language import activations as a
from segdsl.language.condition import tree as c
from segdsl.language.condition.walk import walk
from segdsl.language.predictive import FEATURE_LISTS, Feature
from segdsl.language.syntax.tree import Attribute, GroupAttribute
from segdsl.language.values import Limit
from segdsl.parent_segment.vanishing import Field

EVERY_ATTRIBUTE = Field("attribute", "", "*")
"""What an export of all columns uses; no column has this name."""


PROFILES = "customers"
"""The table of attributes, where features name it."""


def is_used(field: Field, uses: frozenset[Field]) -> bool:
    """Whether a field is among those that something uses."""
    return field in uses or (field.what == "attribute" and EVERY_ATTRIBUTE in uses)


# --- conditions of files ---------------------------------------------------------------


def segment_uses(segment: c.Segment) -> frozenset[Field]:
    """What a segment of a file uses."""
    return frozenset((*_condition(segment.condition), *_limit(segment.limit)))


def _condition(condition: c.Condition) -> Iterator[Field]:
    for node in walk(condition):
        if isinstance(node, c.Limited):
            yield from _limit(node.limit)
        if not isinstance(node, c.Test):
            continue
        subject = node.subject
        if isinstance(subject, Attribute):
            yield Field("attribute", "", subject.name)
        elif isinstance(subject, GroupAttribute):
            yield Field("group attribute", subject.group, subject.name)
        elif isinstance(subject, c.Aggregate):
            yield from _aggregate(subject)


def _aggregate(aggregate: c.Aggregate) -> Iterator[Field]:
    table = aggregate.behavior
    yield Field("behavior", table, "")
    order = () if aggregate.order is None else (aggregate.order,)
    for name in (*aggregate.columns, *order, *aggregate.grouping):
        yield Field("column", table, name)
    if aggregate.filter is not None:
        for node in walk(aggregate.filter):
            if isinstance(node, c.Test) and isinstance(node.subject, Attribute):
                yield Field("column", table, node.subject.name)


def _limit(limit: Limit | None) -> Iterator[Field]:
    for each in () if limit is None else limit.order:
        if each.column is not None:
            yield Field("attribute", "", each.column)


def delivery_uses(delivery: a.Delivery) -> frozenset[Field]:
    """What an activation or a template of a file exports."""
    return frozenset(_delivery(delivery))


def _delivery(delivery: a.Delivery) -> Iterator[Field]:
    columns = delivery.columns
    if columns is not None:
        if columns.all:
            yield EVERY_ATTRIBUTE
        for each in columns.items:
            if isinstance(each.source, a.ColumnSource):
                yield _exported(each.source.column, each.source.group)
    for export in delivery.behaviors:
        yield Field("behavior", export.behavior, "")
        for order in export.order:
            yield Field("column", export.behavior, order.column)
        for each in export.columns:
            if isinstance(each.source, a.ColumnSource):
                yield Field("column", export.behavior, each.source.column)


def _exported(column: str, group: str | None) -> Field:
    if group:
        return Field("group attribute", group, column)
    return Field("attribute", "", column)


def feature_uses(features: Iterable[Feature]) -> frozenset[Field]:
    """What the features of a predictive segment of a file are computed from."""
    return frozenset(field for each in features for field in _feature(each))


def _feature(feature: Feature) -> Iterator[Field]:
    if feature.source is None:
        yield Field("attribute", "", feature.name)
    else:
        yield from _feature_column(feature.source.table, feature.source.column)


def _feature_column(table: str | None, column: str) -> Iterator[Field]:
    if table in (None, "", PROFILES):
        yield Field("attribute", "", column)
    else:
        assert table is not None
        yield Field("behavior", table, "")
        yield Field("column", table, column)


# --- JSON of a server ------------------------------------------------------------------


def rule_uses(rule: Any) -> frozenset[Field]:
    """What the JSON of a rule uses, whatever else it says."""
    return frozenset(_rule(rule))


def _rule(rule: Any) -> Iterator[Field]:
    waiting = [rule]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting.extend(node)
        if not isinstance(node, dict):
            continue
        for key, value in node.items():
            if key == "leftValue" and isinstance(value, dict):
                yield from _left_value(value)
            elif key == "limit" and isinstance(value, dict):
                for name in _names(value.get("orderColumns")):
                    yield Field("attribute", "", name)
            else:
                waiting.append(value)


def _left_value(value: dict[str, Any]) -> Iterator[Field]:
    source = value.get("source")
    if not isinstance(source, dict):
        name, group = value.get("name"), value.get("customerGroup")
        if isinstance(name, str):
            yield _exported(name, group if isinstance(group, str) else None)
        return
    table = source.get("name")
    if not isinstance(table, str):
        return
    yield Field("behavior", table, "")
    for name in _columns_in({key: each for key, each in value.items() if key != "source"}):
        yield Field("column", table, name)


_ONE = ("column", "orderColumn", "key")
_SEVERAL = ("columns", "groupingColumns", "orderColumns")


def _columns_in(node: Any) -> Iterator[str]:
    """The columns that the aggregation and the filter of a behavior name."""
    if isinstance(node, list):
        for each in node:
            yield from _columns_in(each)
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        if key in _ONE and isinstance(value, str):
            yield value
        elif key in _SEVERAL:
            yield from _names(value)
        elif key == "leftValue" and isinstance(value, dict) and isinstance(value.get("name"), str):
            yield value["name"]
        elif key not in ("rightValue", "rightValues"):
            yield from _columns_in(value)


def _names(value: Any) -> Iterator[str]:
    """Names of columns in a list, as texts or as objects."""
    for each in value if isinstance(value, list) else ():
        if isinstance(each, dict):
            each = each.get("column") or each.get("name")
        if isinstance(each, str):
            yield each


def export_uses(document: dict[str, Any]) -> frozenset[Field]:
    """What the JSON of an activation or a template exports, of either side of the API."""
    values = document.get("attributes")
    return frozenset(_export(values if isinstance(values, dict) else document))


def _export(values: dict[str, Any]) -> Iterator[Field]:
    if values.get("allColumns") is True:
        yield EVERY_ATTRIBUTE
    for source in _sources(values.get("columns")):
        group = source.get("customerGroup")
        yield _exported(source["column"], group if isinstance(group, str) else None)
    several = values.get("syndicationBehaviors")
    one = values.get("syndicationBehavior")
    for behavior in (*(several if isinstance(several, list) else ()), one):
        if not isinstance(behavior, dict) or not isinstance(behavior.get("behaviorTableName"), str):
            continue
        table = behavior["behaviorTableName"]
        yield Field("behavior", table, "")
        for source in _sources(behavior.get("columns")):
            yield Field("column", table, source["column"])
        for name in _columns_in(behavior.get("orderBy")):
            yield Field("column", table, name)


def model_uses(document: dict[str, Any]) -> frozenset[Field]:
    """What the features of the JSON of a predictive segment are computed from.

    A feature that is computed (`preprocess`) has a name of its own, which is no attribute.
    """
    values = document.get("attributes")
    return frozenset(_model(values if isinstance(values, dict) else document))


def _model(values: dict[str, Any]) -> Iterator[Field]:
    computed: set[str] = set()
    preprocess = values.get("preprocess")
    for each in preprocess if isinstance(preprocess, list) else ():
        source = each.get("source") if isinstance(each, dict) else None
        if isinstance(source, dict) and isinstance(source.get("column"), str):
            table = source.get("table")
            yield from _feature_column(table if isinstance(table, str) else None, source["column"])
            computed.add(str(each.get("column")))
    for key in FEATURE_LISTS.values():
        for name in _names(values.get(key)):
            if name not in computed:
                yield Field("attribute", "", name)


def _sources(columns: Any) -> Iterable[dict[str, Any]]:
    listed = columns.values() if isinstance(columns, dict) else columns
    for each in listed if isinstance(listed, Iterable) and not isinstance(listed, str) else ():
        source = each.get("source") if isinstance(each, dict) else None
        if isinstance(source, dict) and isinstance(source.get("column"), str):
            yield source
