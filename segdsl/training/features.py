"""The columns that a model learns from, as expressions over the table of the profiles.

A number is a double, and a category a string, whatever the attribute is; what is no number or not
finite is missing. Functions are those of exported columns.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from sqlglot import exp

from segdsl.language.activations import ColumnSource
from segdsl.language.predictive import Feature, FeatureKind
from segdsl.language.values import ColumnType
from segdsl.sql.catalog import CUSTOMERS
from segdsl.sql.context import Context, SqlError, customers
from segdsl.sql.export_columns import SourceColumn, source_column
from segdsl.sql.expressions import Node

_ARRAYS: tuple[ColumnType, ...] = ("string_array", "number_array")
_ALIAS = "c"


class FeatureColumn(msgspec.Struct, frozen=True):
    """A feature with its column; `name` is how the model calls it."""

    name: str
    kind: FeatureKind
    source: SourceColumn


def feature_columns(features: Iterable[Feature], context: Context) -> tuple[FeatureColumn, ...]:
    """The columns of features.

    Raises SqlError for one that is repeated, an unknown attribute or table, a function that
    cannot be applied, or an array where there is one value, and the other way round.
    """
    relation = customers(context).with_alias(_ALIAS)
    columns: dict[str, FeatureColumn] = {}
    for feature in features:
        if feature.name in columns:
            raise SqlError(f"the feature `{feature.name}` is there twice")
        source = feature.source
        if source is not None and source.table not in (None, CUSTOMERS):
            raise SqlError(
                f"the feature `{feature.name}` comes from the table `{source.table}`, which may "
                "have many rows of one profile",
                f"use an attribute of `{CUSTOMERS}`",
            )
        column = (
            ColumnSource(feature.name)
            if source is None
            else ColumnSource(source.column, None, source.functions)
        )
        found = source_column(relation, column, context)
        _check_kind(feature, found)
        columns[feature.name] = FeatureColumn(feature.name, feature.kind, found)
    return tuple(columns.values())


def _check_kind(feature: Feature, source: SourceColumn) -> None:
    if source.type is None:
        return
    is_array = source.type in _ARRAYS
    if feature.kind == "categories" and not is_array:
        raise SqlError(
            f"the feature `{feature.name}` is no array",
            "make it a number or a category",
        )
    if feature.kind != "categories" and is_array:
        raise SqlError(f"the feature `{feature.name}` is an array", "make it categories")


def typed(kind: FeatureKind, value: Node) -> Node:
    """A feature's value in the type that models need; `value` is used more than once."""
    match kind:
        case "number":
            number = exp.TryCast(this=value.copy(), to=exp.DataType(this=exp.DType.DOUBLE))
            finite = exp.Anonymous(this="isfinite", expressions=[number.copy()])
            return exp.Case(ifs=[exp.If(this=finite, true=number)])
        case "category":
            return exp.Cast(this=value.copy(), to=exp.DataType(this=exp.DType.VARCHAR))
        case "categories":
            return exp.TryCast(this=value.copy(), to=exp.DataType.build("VARCHAR[]", "duckdb"))
