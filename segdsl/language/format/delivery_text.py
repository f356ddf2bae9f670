"""What activations and templates say, each part on one line: the spelling, without layout."""

from __future__ import annotations

from typing import assert_never

from segdsl.language import activations as a
from segdsl.language.syntax import delivery_tree as d
from segdsl.language.syntax.spelling import behavior, name, reference, string
from segdsl.language.syntax.text_source import text_source
from segdsl.language.values import Boolean, Number, Text


def target(node: a.Target) -> str:
    """`of segment "X"`."""
    return f"of {node.kind} {reference(node.reference, node.kind)}"


def clause(node: d.DeliveryClause) -> str:
    """A whole clause."""
    match node:
        case d.Described(text):
            return f"description {string(text)}"
        case d.InFolder(folder):
            return f"folder {string(folder)}"
        case d.FromTemplate(template):
            return f"from template {reference(template)}"
        case a.Connection(connection):
            return f"to connection {reference(connection)}"
        case a.Columns(_, items):
            listed = f"({', '.join(map(column, items))})"
            return f"{columns_head(node)}{listed if items or not node.all else ''}".rstrip()
        case a.BehaviorExport():
            return f"{behavior_head(node)} columns ({', '.join(map(column, node.columns))})"
        case a.Repeat() | a.Once() | a.Cron() | a.ByHand() | a.AfterJourney():
            return schedule(node)
        case a.Workflow(workflow, project):
            return f"then run workflow {string(workflow)} of project {string(project)}"
        case d.InSequence():
            return "in sequence"
        case d.Settings(settings):
            return f"with {setting(settings)}"
        case a.Notification(recipients, outcomes):
            to = ", ".join(reference(recipient.user) for recipient in recipients)
            on = f"on {', '.join(outcomes)}" if outcomes else ""
            return " ".join(part for part in ("notify", to, on) if part)
        case d.InState(state):
            return f"state {state}"
        case d.Locked(locks):
            return f"locked ({', '.join(map(lock, locks))})"
        case _:
            assert_never(node)


def lock(node: a.Lock) -> str:
    """`connection`, `settings (de_name, folder)`."""
    return f"{node.kind} ({', '.join(map(name, node.names))})" if node.names else node.kind


# --- columns ---------------------------------------------------------------------------


def columns_head(node: a.Columns) -> str:
    """`columns `, `columns all and `, or `columns all` without a list."""
    if not node.all:
        return "columns "
    return "columns all and " if node.items else "columns all"


def behavior_head(node: a.BehaviorExport) -> str:
    """`behavior purchases top 10 by timestamp desc as rows`."""
    count = "" if node.count is None else f" {node.count.text}"
    order = ", ".join(
        f"{name(each.column)} {'desc' if each.descending else 'asc'}" for each in node.order
    )
    by = f" by {order}" if order else ""
    formatting = "" if node.formatting is None else f" as {node.formatting}"
    return f"behavior {behavior(node.behavior)} {node.strategy}{count}{by}{formatting}"


def column(node: a.ExportColumn) -> str:
    """`postcode | substr(1, 3) as area`."""
    match node.source:
        case a.TextSource():
            return f"{text_source(node.source)} as {name(node.name)}"
        case a.ColumnSource(of, group, functions):
            source = name(of) if group is None else f"group {name(group)}.{name(of)}"
            called = "" if of == node.name else f" as {name(node.name)}"
            return f"{source}{''.join(f' | {function(each)}' for each in functions)}{called}"
        case _:
            assert_never(node.source)


def function(node: a.Function) -> str:
    """`substr(1, 3)`, `when > 10 then 1 else 0`."""
    match node:
        case a.Call(called, arguments):
            listed = ", ".join(
                each.text if isinstance(each, Number) else string(each.value) for each in arguments
            )
            return f"{called}({listed})"
        case a.If(operator, value, then, otherwise):
            test = operator if value is None else f"{operator} {value.text}"
            return f"when {test} then {_branch(then)} else {_branch(otherwise)}"
        case _:
            assert_never(node)


def _branch(node: Number | None) -> str:
    return "null" if node is None else node.text


# --- schedules -------------------------------------------------------------------------


def schedule(node: a.Schedule) -> str:
    """`every 15 minutes starting 2025-04-01T03:00 in "UTC"`."""
    match node:
        case a.Repeat(unit, frequency, weekdays, start, timezone, end):
            once = frequency.text == "1"
            every = f"every {unit}" if once else f"every {frequency.text} {unit}s"
            on = f" on {', '.join(weekdays)}" if weekdays else ""
            starting = "" if start is None else f" starting {_local(start)}"
            until = "" if end is None else f" until {end}"
            return f"{every}{on}{starting}{zone(timezone)}{until}"
        case a.Once(start, timezone):
            return f"once at {_local(start)}{zone(timezone)}"
        case a.Cron(expression, timezone):
            return f"cron {string(expression)}{zone(timezone)}"
        case a.ByHand():
            return "by hand"
        case a.AfterJourney():
            return "after journey refresh"
        case _:
            assert_never(node)


def _local(time: str) -> str:
    """A time, without seconds where there are none: `2025-04-01T03:00`."""
    return time.removesuffix(":00") if len(time) == len("2025-04-01T03:00:00") else time


def zone(timezone: str | None) -> str:
    return "" if timezone is None else f" in {string(timezone)}"


# --- settings --------------------------------------------------------------------------


def setting(node: a.Setting) -> str:
    """`["email", "id"]`, `(retries = 3, trace = null)`."""
    match node:
        case Text(text):
            return string(text)
        case Number(text):
            return text
        case Boolean(truth):
            return "true" if truth else "false"
        case a.Null():
            return "null"
        case a.ListSetting(items):
            return f"[{', '.join(map(setting, items))}]"
        case a.MapSetting(entries):
            return f"({', '.join(map(entry, entries))})"
        case _:
            assert_never(node)


def entry(node: a.Entry) -> str:
    """`retries = 3`."""
    return f"{name(node.name)} = {setting(node.value)}"
