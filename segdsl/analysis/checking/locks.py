"""What an activation changes of a published template that the template locks.

What an activation leaves out it has from its template, and what it says as the template does is no
change. A template locks what it has itself; `adding …` locks what activations would put beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import assert_never

from segdsl.diagnostics import Code, Note, Report
from segdsl.language import activations as a
from segdsl.language.syntax.spelling import behavior, name, string
from segdsl.source import Span

Change = tuple[Span, str]
"""Where something is changed, and what."""


def check_locks(activation: a.Activation, template: a.ActivationTemplate, report: Report) -> None:
    """Reports each change of what the template locks; a draft locks nothing yet."""
    if template.state != "published":
        return
    seen: set[tuple[str, int, int]] = set()
    for lock in template.locks:
        for span, what in _changes(lock, activation, template.delivery):
            place = activation.name_span if span.file == "" else span
            if place.key in seen:
                continue
            seen.add(place.key)
            report.add(
                Code.SEG241,
                place,
                f"the template {string(template.name)} locks {what}",
                help="remove it here, or change the template",
                notes=(Note("the template", template.name_span),),
            )


def _changes(lock: a.Lock, activation: a.Activation, own: a.Delivery) -> Iterable[Change]:
    mine = activation.delivery
    match lock.kind:
        case "all columns":
            if mine.columns is not None and mine.columns.all != _all(own):
                yield mine.columns.span, "whether all columns are exported"
        case "columns" | "renaming columns" | "changing columns" | "removing columns":
            if mine.columns is not None:
                yield from _columns(mine.columns, _items(own), lock)
        case "adding columns":
            if mine.columns is not None:
                yield from _added(mine.columns, _items(own), a.ColumnSource, "columns")
        case "adding texts":
            if mine.columns is not None:
                yield from _added(mine.columns, _items(own), a.TextSource, "texts")
        case "connection":
            if mine.connection is not None and mine.connection != own.connection:
                yield mine.connection.span, "the connection"
        case "settings":
            if mine.settings is not None and own.settings is not None:
                yield from _settings(mine.settings, own.settings, lock)
        case "behaviors":
            yield from _behaviors(mine.behaviors, own.behaviors)
        case "adding behaviors":
            known = {each.behavior for each in own.behaviors}
            for each in mine.behaviors:
                if each.behavior not in known:
                    yield each.behavior_span, f"which behaviors there are: not {_shown(each)}"
        case "schedule":
            if mine.schedule is not None and mine.schedule != own.schedule:
                yield mine.schedule.span, "the schedule"
        case "notification":
            if mine.notification is not None and mine.notification != own.notification:
                yield mine.notification.span, "who is notified"
        case "workflow":
            if mine.workflow is not None and mine.workflow != own.workflow:
                yield mine.workflow.span, "the workflow"
        case "sequence":
            if mine.in_sequence and not own.in_sequence:
                yield activation.name_span, "that it does not run in sequence"
        case _:
            assert_never(lock.kind)


def _all(delivery: a.Delivery) -> bool:
    return delivery.columns is not None and delivery.columns.all


def _items(delivery: a.Delivery) -> tuple[a.ExportColumn, ...]:
    return () if delivery.columns is None else delivery.columns.items


def _columns(mine: a.Columns, own: Sequence[a.ExportColumn], lock: a.Lock) -> Iterable[Change]:
    """The columns of the template that an activation leaves out or has in another way.

    One that is not there under its name, but under a name that the template does not have, has
    another name.
    """
    by_name = {each.name: each for each in mine.items}
    names = {each.name for each in own}
    for each in own:
        if not _is_for(lock, each.name):
            continue
        column, here = f"the column `{name(each.name)}`", by_name.get(each.name)
        renamed = [of for of in mine.items if of.source == each.source and of.name not in names]
        match lock.kind:
            case "renaming columns":
                if here is None and renamed:
                    called = f"`{name(renamed[0].name)}`"
                    yield renamed[0].span, f"the name of {column}, which is {called} here"
            case "changing columns":
                if here is not None and here.source != each.source:
                    yield here.span, f"{column}, which is another one here"
            case "removing columns":
                if here is None and not renamed:
                    yield mine.span, f"{column}, which is missing here"
            case _:
                if here is None:
                    yield mine.span, f"{column}, which is missing here"
                elif here.source != each.source:
                    yield here.span, f"{column}, which is another one here"


def _is_for(lock: a.Lock, name: str) -> bool:
    return not lock.names or name in lock.names


def _added(
    mine: a.Columns,
    own: Iterable[a.ExportColumn],
    kind: type[a.ColumnSource | a.TextSource],
    what: str,
) -> Iterable[Change]:
    known = {each.name for each in own}
    for each in mine.items:
        if isinstance(each.source, kind) and each.name not in known:
            yield each.span, f"which {what} there are: not `{name(each.name)}`"


def _settings(mine: a.MapSetting, own: a.MapSetting, lock: a.Lock) -> Iterable[Change]:
    values = {each.name: each.value for each in own.entries if _is_for(lock, each.name)}
    for entry in mine.entries:
        if entry.name in values and entry.value != values[entry.name]:
            yield entry.span, f"the setting `{name(entry.name)}`"


def _behaviors(
    mine: Sequence[a.BehaviorExport], own: Sequence[a.BehaviorExport]
) -> Iterable[Change]:
    by_table = {each.behavior: each for each in mine}
    for each in own if mine else ():
        here = by_table.get(each.behavior)
        if here is None:
            yield mine[0].behavior_span, f"the behavior {_shown(each)}, which is missing here"
        elif here != each:
            yield here.behavior_span, f"the behavior {_shown(each)}, which is another one here"


def _shown(export: a.BehaviorExport) -> str:
    return f"`{behavior(export.behavior)}`"
