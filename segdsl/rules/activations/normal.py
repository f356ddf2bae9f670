"""Activations and templates in normal form: equal ones have the same bodies.

Nothing is left of what the API has no field for: an empty description, columns or settings that
are none, the order of weekdays and outcomes, `is not null`, spans. Without a template, no schedule
is `by hand`.
"""

from __future__ import annotations

import msgspec

from segdsl.language import activations as a
from segdsl.rules.activations.locks import normal_locks
from segdsl.rules.activations.schedules import with_seconds


def normal_activation(activation: a.Activation) -> a.Activation:
    """The activation as it is read back from its bodies."""
    delivery = normal_delivery(activation.delivery)
    if delivery.schedule is None and activation.template is None:
        delivery = msgspec.structs.replace(delivery, schedule=a.ByHand())
    return msgspec.structs.replace(
        activation, description=activation.description or None, delivery=delivery
    )


def normal_template(template: a.ActivationTemplate) -> a.ActivationTemplate:
    """The template as it is read back from its body."""
    return msgspec.structs.replace(
        template,
        description=template.description or None,
        locks=normal_locks(template),
        delivery=normal_delivery(template.delivery),
    )


def normal_delivery(delivery: a.Delivery) -> a.Delivery:
    """The delivery in normal form."""
    columns = delivery.columns
    if columns is not None:
        columns = a.Columns(columns.all, _normal_columns(columns.items))
        columns = columns if columns.all or columns.items else None
    behaviors = tuple(
        msgspec.structs.replace(each, columns=_normal_columns(each.columns))
        for each in delivery.behaviors
    )
    notification = delivery.notification
    if notification is not None:
        outcomes = tuple(each for each in a.OUTCOMES if each in notification.outcomes)
        notification = a.Notification(notification.recipients, outcomes)
        notification = notification if notification.recipients or outcomes else None
    settings = delivery.settings
    return msgspec.structs.replace(
        delivery,
        columns=columns,
        behaviors=behaviors,
        schedule=_normal_schedule(delivery.schedule),
        settings=settings if settings is not None and settings.entries else None,
        notification=notification,
    )


def normal_function(function: a.Function) -> a.Function:
    """A function of a column in normal form."""
    match function:
        case a.If("is not null", value, then, otherwise):
            return a.If("is null", value, otherwise, then)
        case _:
            return function


def _normal_columns(columns: tuple[a.ExportColumn, ...]) -> tuple[a.ExportColumn, ...]:
    def source(column: a.ExportColumn) -> a.ColumnSource | a.TextSource:
        match column.source:
            case a.ColumnSource(name, group, functions):
                return a.ColumnSource(name, group, tuple(map(normal_function, functions)))
            case _:
                return column.source

    return tuple(a.ExportColumn(source(each), each.name) for each in columns)


def _normal_schedule(schedule: a.Schedule | None) -> a.Schedule | None:
    match schedule:
        case a.Repeat(unit, frequency, weekdays, start, timezone, end):
            days = tuple(each for each in a.WEEKDAYS if each in weekdays)
            start = None if start is None else with_seconds(start)
            return a.Repeat(unit, frequency, days, start, timezone or None, end)
        case a.Once(start, timezone):
            return a.Once(with_seconds(start), timezone or None)
        case a.Cron(expression, timezone):
            return a.Cron(expression.strip(), timezone or None)
        case _:
            return schedule
