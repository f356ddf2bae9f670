"""What is wrong with a predictive segment, in itself and against the schema.

What other files say of the segments that it names is in `predictive_targets`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from segdsl.analysis.checking.functions import check_arguments, check_functions, result_type
from segdsl.analysis.checking.segments import PROFILE_ID
from segdsl.diagnostics import Code, Note, Report
from segdsl.language import predictive as p
from segdsl.language.behaviors import table_of
from segdsl.language.syntax.spelling import behavior, name
from segdsl.language.values import ColumnType
from segdsl.schema.labels import column_names, suggest_name
from segdsl.schema.model import Column, Schema
from segdsl.source import Span

CUSTOMERS = "customers"
"""The table of the profiles, which has one row of each."""
FITS: Mapping[p.FeatureKind, frozenset[ColumnType]] = {
    "number": frozenset({"number", "timestamp", "date"}),
    "category": frozenset({"string", "number", "boolean"}),
    "categories": frozenset({"string_array", "number_array"}),
}
"""The types of values that a kind of feature takes (assumed; the names of the lists are described).

Times are numbers, Unix seconds (observed), and a number may well be a code (`day_of_week`).
"""
_ARTICLES: Mapping[p.FeatureKind, str] = {
    "number": "a number",
    "category": "a category",
    "categories": "a list of categories",
}
_PULL = "if it is new, run `segdsl schema pull`"


def check_predictive(model: p.PredictiveSegment, schema: Schema | None, report: Report) -> None:
    """Reports features that cannot be learned from; without a schema only what is written."""
    if model.features is None:
        return
    seen: dict[object, p.Feature] = {}
    for feature in model.features.items:
        source = feature.source
        if source is not None:
            check_arguments(source.functions, report)
        if source is not None and source.table not in (None, CUSTOMERS):
            report.add(
                Code.SEG254,
                source.span,
                f"`{name(source.table or '')}` may have several values of a profile",
                help=f"a feature is made of an attribute, a column of `{CUSTOMERS}`",
            )
            continue
        column = feature.name if source is None else source.column
        _check_repeated(feature, column, seen, report)
        if schema is not None:
            _Features(schema, report).feature(feature, column)


def _check_repeated(
    feature: p.Feature, column: str, seen: dict[object, p.Feature], report: Report
) -> None:
    """Reports a feature with the values of another one."""
    functions = () if feature.source is None else feature.source.functions
    before = seen.setdefault((feature.kind, column, functions), feature)
    if before is not feature and before.name != feature.name:
        report.add(
            Code.SEG641,
            feature.span,
            f"the feature `{name(feature.name)}` is the same as `{name(before.name)}`",
            help="remove one of them: they share the weight of one",
            notes=(Note("the first one", before.span),),
        )


class _Features:
    def __init__(self, schema: Schema, report: Report) -> None:
        self.schema = schema
        self.report = report

    def feature(self, feature: p.Feature, column: str) -> None:
        source = feature.source
        span = feature.name_span if source is None else source.span
        known = PROFILE_ID if column == PROFILE_ID.name else None
        known = known or self.schema.attributes_by_name.get(column)
        if known is None:
            self._unknown(column, span)
            return
        shown = f"`{name(column)}`"
        self._visible(known, shown, span)
        functions = () if source is None else source.functions
        own = Report()
        check_functions(functions, known.type, shown, own)
        self.report.diagnostics.extend(own.diagnostics)
        type = result_type(functions, known.type)
        if own.has_errors or type is None or type in FITS[feature.kind]:
            return
        what = shown if not functions else f"the result for `{name(feature.name)}`"
        self.report.add(
            Code.SEG521,
            feature.span,
            f"{what} is of type {type}, which is not {_ARTICLES[feature.kind]}",
            help=_advice(feature.kind, type),
        )

    def _unknown(self, column: str, span: Span) -> None:
        written = name(column)
        if table_of(column) in self.schema.behaviors_by_name:
            self.report.add(
                Code.SEG505,
                span,
                f"`{written}` is a behavior, not an attribute",
                help="a feature is made of an attribute: let the parent segment keep one, such "
                "as a number of events",
            )
            return
        listed = column_names((each.name, each.label) for each in self.schema.attributes)
        help: str | None = _PULL
        if self.report.can_compare(len(listed)):
            help = suggest_name(column, listed, _PULL)
        if help == _PULL:
            having = [each.name for each in self.schema.behaviors if column in each.by_name]
            if having:
                help = f"it is a column of the events of `{behavior(having[0])}`, of which a "
                help += "profile may have several"
        self.report.add(Code.SEG501, span, f"there is no attribute `{written}`", help=help)

    def _visible(self, column: Column, shown: str, span: Span) -> None:
        match column.visibility:
            case "clear" | None:
                return
            case "blocked":
                what = f"{shown} is blocked"
            case "pii":
                what = f"{shown} is personal data"
            case "non_pii":
                what = f"{shown} has the visibility `non_pii`"
            case _:
                assert_never(column.visibility)
        self.report.add(
            Code.SEG520,
            span,
            f"{what}: no model learns from it",
            help="remove it: only columns with the visibility `clear` can be features",
        )


def _advice(kind: p.FeatureKind, type: ColumnType) -> str:
    match type:
        case "string_array" | "number_array":
            return "make it `categories`"
        case "number":
            return "make it a `number`, or convert it: `cast_as_categorical_array()`"
        case "string" if kind == "number":
            return "make it a `category`, or convert it: `cast_as_quantitative(0)`"
        case "string" | "boolean":
            return "make it a `category`"
        case "timestamp" | "date":
            return "make it a `number`, or compute one: `elapsed_days()`, `day_of_week()`"
        case _:
            assert_never(type)


def attributes_of(features: p.Features) -> Mapping[str, p.Feature]:
    """The attributes that features are made of, each with the first of them."""
    found: dict[str, p.Feature] = {}
    for feature in features.items:
        source = feature.source
        if source is None or source.table in (None, CUSTOMERS):
            found.setdefault(feature.name if source is None else source.column, feature)
    return found
