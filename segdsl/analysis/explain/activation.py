"""Activations and templates as outlines in plain English: whom, what, where to, when, with what.

A text that looks like a secret is not shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from segdsl.analysis.explain.functions import function_words
from segdsl.analysis.explain.legend import legend, names_exported
from segdsl.analysis.explain.outline import Item, Outline
from segdsl.analysis.explain.segment import shown
from segdsl.analysis.explain.verbs import listed
from segdsl.language import activations as a
from segdsl.language.syntax.spelling import behavior, name, reference, string
from segdsl.language.values import Boolean, Number, Text
from segdsl.schema.labels import NO_LABELS, Labels
from segdsl.secrets import is_hidden, kind_of_key

HIDDEN = "a secret, which is not shown"
_PLACEHOLDERS: dict[a.PlaceholderName, str] = {
    "segment name": "the name of the segment",
    "segment id": "the id of the segment",
    "parent segment id": "the id of the parent segment",
    "funnel name": "the name of the funnel",
    "stage name": "the name of the stage",
}
_TAKEN: dict[a.JoinStrategy, str] = {"all": "all", "first": "the first", "last": "the last"}
_LOCKS: dict[a.LockKind, str] = {
    "all columns": "whether all columns are exported",
    "columns": "its columns",
    "renaming columns": "the names of its columns",
    "changing columns": "the content of its columns",
    "removing columns": "removing columns",
    "connection": "the connection",
    "settings": "its settings",
    "behaviors": "its behaviors",
    "adding columns": "adding columns",
    "adding texts": "adding texts",
    "adding behaviors": "adding behaviors",
    "schedule": "the schedule",
    "notification": "who is notified",
    "workflow": "the workflow",
    "sequence": "whether it runs in sequence",
}
_LOCKS_WITH_NAMES: dict[a.LockKind, tuple[str, str]] = {
    "columns": ("the column", "the columns"),
    "renaming columns": ("the name of the column", "the names of the columns"),
    "changing columns": ("the content of the column", "the content of the columns"),
    "removing columns": ("removing the column", "removing the columns"),
    "settings": ("the setting", "the settings"),
}


def explain_activation(activation: a.Activation, labels: Labels = NO_LABELS) -> Outline:
    """The activation in words; `labels` are what the console calls what it names."""
    delivery = activation.delivery
    facts = []
    if activation.description is not None:
        facts.append(f"Description: {shown(activation.description)}")
    if activation.template is not None:
        facts.append(f"Template: {reference(activation.template)}")
    target = activation.target
    whom = f"the profiles of the {target.kind} {reference(target.reference, target.kind)}"
    opening = f"Exports {whom}{_where_to(delivery)}:"
    from_template = activation.template is not None
    closing = []
    if from_template:
        closing.append("What is not said here is as the template says.")
    return _outline(
        f"Activation {string(activation.name)}",
        facts,
        opening,
        [*_delivered(delivery, from_template)],
        closing,
        legend(names_exported(delivery, labels)),
    )


def _lock(lock: a.Lock) -> str:
    if not lock.names:
        return _LOCKS[lock.kind]
    one, several = _LOCKS_WITH_NAMES[lock.kind]
    spelled = [name(each) for each in lock.names]
    names = listed([each if each[0] == "`" else f"`{each}`" for each in spelled], "and")
    return f"{one if len(lock.names) == 1 else several} {names}"


def explain_template(template: a.ActivationTemplate, labels: Labels = NO_LABELS) -> Outline:
    """The template in words."""
    delivery = template.delivery
    facts = [f"State: {template.state}"]
    if template.folder is not None:
        facts.append(f"Folder: {shown(template.folder)}")
    if template.description is not None:
        facts.append(f"Description: {shown(template.description)}")
    items = [*_delivered(delivery, False)]
    if template.locks:
        locks = listed([_lock(each) for each in template.locks], "and")
        items.append(Item(f"Its activations cannot change {locks}."))
    return _outline(
        f"Activation template {string(template.name)}",
        facts,
        f"Its activations export profiles{_where_to(delivery)}:",
        items,
        [],
        legend(names_exported(delivery, labels)),
    )


def _outline(
    title: str,
    facts: list[str],
    opening: str,
    items: list[Item],
    closing: list[str],
    called: str | None,
) -> Outline:
    also = () if called is None else (called,)
    return Outline(title, tuple(facts), opening, tuple(items), (*closing, *also))


def _where_to(delivery: a.Delivery) -> str:
    if delivery.connection is None:
        return ""
    return f" to the connection {reference(delivery.connection.target)}"


def _delivered(delivery: a.Delivery, from_template: bool) -> Iterator[Item]:
    """What is exported, when, with which settings, and what follows."""
    if delivery.columns is not None:
        yield _columns(delivery.columns)
    for export in delivery.behaviors:
        yield _behavior(export)
    if delivery.schedule is not None or not from_template:
        yield Item(f"It runs {_schedule(delivery.schedule)}.")
    if delivery.in_sequence:
        yield Item("It runs in sequence.")
    if delivery.workflow is not None:
        flow = delivery.workflow
        yield Item(
            f"Each run also runs the workflow {string(flow.name)} of the project "
            f"{string(flow.project)}."
        )
    if delivery.settings is not None and delivery.settings.entries:
        yield Item(
            "The connection gets these settings:", tuple(_settings(delivery.settings.entries))
        )
    if delivery.notification is not None:
        yield Item(_notification(delivery.notification))


# --- what is exported ----------------------------------------------------------------


def _columns(columns: a.Columns) -> Item:
    items = tuple(Item(_column(each)) for each in columns.items)
    if not columns.all:
        return Item("Each row has these columns:" if items else "Its rows have no columns.", items)
    if not items:
        return Item("Each row has all attributes of the parent segment.")
    return Item("Each row has all attributes of the parent segment, and these columns:", items)


def _column(column: a.ExportColumn) -> str:
    match column.source:
        case a.ColumnSource(source, group, functions):
            words = name(source)
            if group is not None:
                words += f" of the customer group {name(group)}"
            steps = [function_words(each) for each in functions]
            if not steps and group is None and source == column.name:
                return f"{name(column.name)}."
            return f"{name(column.name)}: {', '.join([words, *steps])}."
        case a.TextSource(parts):
            return f"{name(column.name)}: {_text(parts)}."
        case _:
            assert_never(column.source)


def _text(parts: tuple[str | a.Time | a.Placeholder, ...]) -> str:
    if not parts:
        return "an empty text"
    words = ", then ".join(map(_part, parts))
    return f"the text {words}" if isinstance(parts[0], str) else words


def _part(part: str | a.Time | a.Placeholder) -> str:
    match part:
        case str():
            return HIDDEN if kind_of_key(part) is not None else string(part)
        case a.Time(format):
            return f"the time of the run as {string(format)}"
        case a.Placeholder(placeholder):
            return _PLACEHOLDERS[placeholder]
        case _:
            assert_never(part)


def _behavior(export: a.BehaviorExport) -> Item:
    table = behavior(export.behavior)
    if export.strategy == "top":
        number = "1" if export.count is None else export.count.text
        taken = f"the first {number} {table} event{'' if number == '1' else 's'}"
    else:
        taken = f"{_TAKEN[export.strategy]} {table} event{'s' if export.strategy == 'all' else ''}"
    orders = [
        f"{name(each.column)} {'from high to low' if each.descending else 'from low to high'}"
        for each in export.order
    ]
    order = f", ordered by {', then by '.join(orders)}" if orders else ""
    form = {"rows": ", a row for each", "cols": ", in columns of one row", None: ""}
    return Item(
        f"It also exports {taken}{order}{form[export.formatting]}, with:",
        tuple(Item(_column(each)) for each in export.columns),
    )


# --- when and with what --------------------------------------------------------------


def _schedule(schedule: a.Schedule | None) -> str:
    match schedule:
        case a.Repeat():
            number = schedule.frequency.text
            words = (
                f"every {schedule.unit}" if number == "1" else f"every {number} {schedule.unit}s"
            )
            if schedule.weekdays:
                words += f" on {listed([*schedule.weekdays], 'and')}"
            if schedule.start is not None:
                words += f", starting at {schedule.start}"
            words += _zone(schedule.timezone)
            return words if schedule.end is None else f"{words}, until {schedule.end}"
        case a.Once():
            return f"once, at {schedule.start}{_zone(schedule.timezone)}"
        case a.Cron():
            when = f"at the times of the cron expression {string(schedule.expression)}"
            return f"{when}{_zone(schedule.timezone)}"
        case a.ByHand() | None:
            return "only when somebody runs it"
        case a.AfterJourney():
            return "each time its journey is refreshed"
        case _:
            assert_never(schedule)


def _zone(zone: str | None) -> str:
    return "" if zone is None else f", in the time zone {zone}"


def _settings(entries: tuple[a.Entry, ...], outside: str = "") -> Iterator[Item]:
    """The settings, which are in the setting `outside`."""
    for entry in entries:
        path = f"{outside}.{entry.name}"
        if isinstance(entry.value, a.MapSetting):
            yield Item(f"{name(entry.name)}:", tuple(_settings(entry.value.entries, path)))
        else:
            yield Item(f"{name(entry.name)}: {_setting(path, entry.value)}.")


def _setting(setting: str, value: a.Setting) -> str:
    """A value in words; `setting` are the names that it stands under, with points between."""
    match value:
        case Text(text):
            return HIDDEN if is_hidden(setting, text) else string(text)
        case Number(text):
            return text
        case Boolean(truth):
            return "true" if truth else "false"
        case a.Null():
            return "null"
        case a.ListSetting(items):
            return listed([_setting(setting, each) for each in items], "and") or "an empty list"
        case a.MapSetting(entries):
            inner = [
                f"{name(each.name)} {_setting(f'{setting}.{each.name}', each.value)}"
                for each in entries
            ]
            return f"({', '.join(inner)})"
        case _:
            assert_never(value)


def _notification(notification: a.Notification) -> str:
    users = [reference(each.user) for each in notification.recipients]
    whom = listed(users, "and") if users else "nobody"
    when = f" on {listed([*notification.outcomes], 'and')}" if notification.outcomes else ""
    return f"It notifies {whom}{when}."
