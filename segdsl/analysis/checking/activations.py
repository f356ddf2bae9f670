"""Checks of the items of some files that are no segments, each by itself.

What other files say of them is in `targets`; what a proof says of the rules of stages is a lint.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import assert_never

from segdsl.analysis.checking.exports import ExportChecker
from segdsl.analysis.checking.journeys import check_journey, check_seeds
from segdsl.analysis.checking.predictive import check_predictive
from segdsl.analysis.checking.structure import check_activation, check_funnel, check_template
from segdsl.diagnostics import Report
from segdsl.language import activations as a
from segdsl.language.condition import tree as c
from segdsl.language.journeys import Journey
from segdsl.language.predictive import PredictiveSegment
from segdsl.schema.model import Schema
from segdsl.source import Span, SpanKey


def check_items(
    funnels: Iterable[c.Funnel],
    activations: Sequence[a.Activation],
    templates: Sequence[a.ActivationTemplate],
    schema: Schema | None,
    report: Report,
    *,
    models: Iterable[PredictiveSegment] = (),
    journeys: Iterable[Journey[c.Segment]] = (),
) -> frozenset[SpanKey]:
    """Reports what is wrong with each; returns where those with errors stand.

    The rules of stages and of journeys are segments, and checked as those are.
    """
    failed: set[SpanKey] = set()

    def put(own: Report, span: Span) -> None:
        for each in own.diagnostics:
            report.put(each)
        if own.has_errors:
            failed.add(span.key)

    for funnel in funnels:
        check_funnel(funnel, own := Report())
        put(own, funnel.span)
    checker = None if schema is None else ExportChecker(schema, report)
    items: list[a.Activation | a.ActivationTemplate] = [*activations, *templates]
    for item in items:
        own = Report()
        match item:
            case a.Activation():
                check_activation(item, own)
            case a.ActivationTemplate():
                check_template(item, own)
            case _:
                assert_never(item)
        if checker is not None:
            checker.report = own
            checker.check(item.delivery)
        put(own, item.span)
    for model in models:
        check_predictive(model, schema, own := Report())
        put(own, model.span)
    for journey in journeys:
        check_journey(journey, own := Report())
        if schema is not None:
            check_seeds(journey, schema, own)
        put(own, journey.span)
    return frozenset(failed)
