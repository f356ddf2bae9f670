"""What is wrong with funnels and activations in themselves, without a schema or other files.

The rules are those that the API enforces (documented for the vendor's tool): an order for each
behavior, by a column that is exported, a format for the first N events, at most four behaviors.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import assert_never

from segdsl.analysis.checking.export_names import check_shared_names
from segdsl.analysis.checking.functions import check_arguments
from segdsl.analysis.checking.schedules import check_schedule
from segdsl.analysis.checking.secrets import check_secrets
from segdsl.diagnostics import Code, Note, Report
from segdsl.language import activations as a
from segdsl.language.condition import tree as c
from segdsl.language.syntax.spelling import behavior, name, string
from segdsl.language.time_formats import Fault, read_time_format
from segdsl.source import Span

MIN_STAGES, MAX_STAGES = 3, 8
"""Stages of a funnel (described)."""
_OF_FUNNELS: tuple[a.PlaceholderName, ...] = ("funnel name", "stage name")


def check_funnel(funnel: c.Funnel, report: Report) -> None:
    """Reports too few and too many stages."""
    number = len(funnel.stages)
    if MIN_STAGES <= number <= MAX_STAGES:
        return
    counted = f"{number or 'no'} stage{'' if number == 1 else 's'}"
    report.add(
        Code.SEG230,
        funnel.name_span,
        f"the funnel {string(funnel.name)} has {counted}",
        help=f"a funnel has from {MIN_STAGES} to {MAX_STAGES} stages",
    )


def check_activation(activation: a.Activation, report: Report) -> None:
    """Reports what is wrong with an activation in itself."""
    from_template = activation.template is not None
    if activation.delivery.connection is None:
        _no_connection(activation.name_span, "activation", report, from_template=from_template)
    if activation.delivery.columns is None and not from_template:
        report.add(
            Code.SEG236,
            activation.name_span,
            "this activation has no `columns`",
            help="say what it sends: `columns all` or `columns (…)`",
        )
    if activation.target.kind == "journey" and not from_template:
        check_has_schedule(activation, activation.delivery.schedule, report)
    _check_placeholders(activation, report)
    _check_delivery(
        activation.delivery, activation.description, activation.description_span, report
    )


def check_has_schedule(
    activation: a.Activation, schedule: a.Schedule | None, report: Report
) -> None:
    """Warns of an activation of a journey that runs only by hand (documented: it has a schedule).

    Drafts on a server may lack one, so that this is no error.
    """
    if schedule is None or isinstance(schedule, a.ByHand):
        report.add(
            Code.SEG643,
            activation.name_span if schedule is None else schedule.span,
            f"the activation {string(activation.name)} of a journey has no schedule",
            help="write `after journey refresh`, or a time: `every day starting … in …`",
        )


def check_template(template: a.ActivationTemplate, report: Report) -> None:
    """Reports what is wrong with a template in itself; its columns can be left to activations."""
    if template.delivery.connection is None:
        _no_connection(template.name_span, "activation template", report)
    _check_delivery(template.delivery, template.description, template.description_span, report)


def _no_connection(span: Span, what: str, report: Report, *, from_template: bool = False) -> None:
    """An activation names its connection also if its template does (described)."""
    also = ", also if the template has one" if from_template else ""
    report.add(
        Code.SEG236,
        span,
        f"this {what} has no `to connection`",
        help=f'say where it sends: `to connection "…"`{also}',
    )


def _check_delivery(
    delivery: a.Delivery, description: str | None, span: Span, report: Report
) -> None:
    if delivery.columns is not None:
        if not (delivery.columns.all or delivery.columns.items):
            report.add(
                Code.SEG236,
                delivery.columns.span,
                "this exports no columns",
                help="list them: `columns (…)`, or export all: `columns all`",
            )
        _check_columns(delivery.columns.items, report)
    _check_behaviors(delivery.behaviors, report)
    check_shared_names(delivery.columns, delivery.behaviors, report)
    if delivery.schedule is not None:
        check_schedule(delivery.schedule, report)
    check_secrets(delivery, description, span, report)


# --- columns -------------------------------------------------------------------------


def _check_columns(columns: Iterable[a.ExportColumn], report: Report) -> None:
    exact: dict[str, a.ExportColumn] = {}
    folded: dict[str, a.ExportColumn] = {}
    for column in columns:
        match column.source:
            case a.ColumnSource(_, _, functions):
                check_arguments(functions, report)
            case a.TextSource(parts):
                _check_times(parts, column.source_span, report)
            case _:
                assert_never(column.source)
        if not column.name.strip():
            report.add(
                Code.SEG114,
                column.name_span,
                "the name of this exported column is blank",
                help="give it a name: `as name`",
            )
            continue
        first = exact.setdefault(column.name, column)
        alike = folded.setdefault(column.name.casefold(), column)
        if first is not column:
            report.add(
                Code.SEG231,
                column.span,
                f"another column is exported as `{name(column.name)}` too",
                help="remove one of them"
                if first.source == column.source
                else "give one of them another name: `as name`",
                notes=(Note("the first one", first.span),),
            )
        elif alike is not column:
            report.add(
                Code.SEG625,
                column.span,
                f"the export names `{name(alike.name)}` and `{name(column.name)}` differ only in "
                "case",
                help="many services take them for one: give one of them another name",
                notes=(Note("the other one", alike.span),),
            )


def _check_times(parts: Iterable[str | a.Time | a.Placeholder], span: Span, report: Report) -> None:
    """Reports formats of times that no export knows, each once."""
    formats = dict.fromkeys(part.format for part in parts if isinstance(part, a.Time))
    for each in formats:
        found = read_time_format(each)
        if isinstance(found, Fault):
            report.add(Code.SEG626, span, found.message, help=found.help)


def _check_placeholders(activation: a.Activation, report: Report) -> None:
    """Reports placeholders of a funnel and a stage where the activation is of none."""
    if activation.target.kind != "stage":
        for placeholder, span in funnel_placeholders(activation.delivery):
            report.add(
                Code.SEG627,
                span,
                f"`{{{placeholder}}}` has no value in an activation of a {activation.target.kind}",
                help="write `{segment name}`, or the name itself"
                if activation.target.kind == "segment"
                else "write the name itself",
            )


def funnel_placeholders(delivery: a.Delivery) -> Iterator[tuple[a.PlaceholderName, Span]]:
    """The placeholders that have a value in activations of stages alone, once for each text."""
    columns = [*(delivery.columns.items if delivery.columns is not None else ())]
    columns += [item for each in delivery.behaviors for item in each.columns]
    for item in columns:
        if isinstance(item.source, a.TextSource):
            parts = (part for part in item.source.parts if isinstance(part, a.Placeholder))
            for each in dict.fromkeys(part.name for part in parts):
                if each in _OF_FUNNELS:
                    yield each, item.source_span


# --- behaviors -----------------------------------------------------------------------


def _check_behaviors(behaviors: tuple[a.BehaviorExport, ...], report: Report) -> None:
    first: dict[str, a.BehaviorExport] = {}
    for number, each in enumerate(behaviors, 1):
        written = behavior(each.behavior)
        if number == a.MAX_BEHAVIORS + 1:
            report.add(
                Code.SEG234,
                each.behavior_span,
                f"an activation exports at most {a.MAX_BEHAVIORS} behaviors, but this has "
                f"{len(behaviors)}",
                help="use a second activation",
            )
        before = first.setdefault(each.behavior, each)
        if before is not each:
            report.add(
                Code.SEG235,
                each.behavior_span,
                f"the behavior `{written}` is exported twice",
                help="remove one of them",
                notes=(Note("the first one", before.behavior_span),),
            )
        _check_behavior(each, written, report)
        _check_columns(each.columns, report)


def _check_behavior(export: a.BehaviorExport, written: str, report: Report) -> None:
    exported = {
        each.source.column for each in export.columns if isinstance(each.source, a.ColumnSource)
    }
    if not export.columns:
        report.add(
            Code.SEG233,
            export.behavior_span,
            f"no column of the behavior `{written}` is exported",
            help="list them: `columns (…)`",
        )
        return
    if not export.order:
        report.add(
            Code.SEG233,
            export.behavior_span,
            f"the events of `{written}` have no order",
            help="order them by a column that is exported: `by timestamp desc`",
        )
    for order in export.order:
        if order.column not in exported:
            column = name(order.column)
            report.add(
                Code.SEG232,
                order.span,
                f"the events are ordered by `{column}`, which is not exported",
                help=f"add `{column}` to the columns of this behavior, or order by one of them",
            )
    if export.strategy == "top" and export.formatting is None:
        report.add(
            Code.SEG233,
            export.behavior_span,
            f"the first events of `{written}` have no format",
            help="write `as rows` for a row for each event, or `as cols` for columns",
        )
