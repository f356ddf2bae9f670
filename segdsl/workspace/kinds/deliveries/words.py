"""What a change of a delivery means, in plain sentences for a plan. Pure.

Values of settings are not shown: the difference of the sources has what a file may hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, assert_never

from segdsl.language import activations as a
from segdsl.language.behaviors import name_of
from segdsl.language.values import ById, ByName, Reference
from segdsl.workspace.project.keys import CONNECTION, USER, Ref

FIELDS: tuple[tuple[str, Callable[[a.Delivery], Any]], ...] = (
    ("connection", lambda each: each.connection),
    ("columns", lambda each: each.columns),
    ("behaviors", lambda each: each.behaviors),
    ("schedule", lambda each: each.schedule),
    ("workflow", lambda each: each.workflow),
    ("sequence", lambda each: each.in_sequence),
    ("settings", lambda each: each.settings),
    ("notification", lambda each: each.notification),
)
"""What a plan calls the parts of a delivery."""
_UNITS: Mapping[a.RepeatUnit, str] = {
    "minute": "every minute",
    "hour": "hourly",
    "day": "daily",
    "week": "weekly",
    "month": "monthly",
}


def changed_fields(old: a.Delivery, new: a.Delivery) -> list[str]:
    """The parts that differ, each in a word."""
    return [word for word, part in FIELDS if part(old) != part(new)]


def sentences(old: a.Delivery, new: a.Delivery, names: Mapping[Ref, ByName]) -> list[str]:
    """What the change means for whoever gets the export."""
    found = [
        *_connection(old, new, names),
        *_columns(old.columns or a.Columns(), new.columns or a.Columns()),
        *_behaviors(old, new),
        *_schedule(old.schedule, new.schedule),
        *_workflow(old.workflow, new.workflow),
        *_notification(old.notification, new.notification, names),
    ]
    if old.in_sequence != new.in_sequence:
        found.append("runs in sequence now" if new.in_sequence else "no longer runs in sequence")
    return [*found, *_settings(old.settings, new.settings)]


def creation(
    delivery: a.Delivery, target: str, template: str | None, names: Mapping[Ref, ByName]
) -> str:
    """What a new activation of a target will do; `template` is the name of what it is made from."""
    of_template = "" if template is None else f"the template {template}"
    exported = _all_exported(delivery) or f"the columns of {of_template}"
    if delivery.connection is not None:
        receiver = named(CONNECTION, delivery.connection.target, names)
    else:
        receiver = f"the connection of {of_template}"
    schedule = delivery.schedule
    if schedule is None and template is None:
        schedule = a.ByHand()
    return f"will export {exported} of {target} to {receiver}, {_frequency(schedule)}"


def _all_exported(delivery: a.Delivery) -> str:
    """The columns of a delivery and its behaviors, the first of them by name."""
    columns = delivery.columns or a.Columns()
    items = [each.name for each in columns.items]
    parts: list[str] = []
    if columns.all:
        parts.append("all attributes")
    elif items:
        parts.append(f"“{items.pop(0)}”")
    if items:
        more = "column" if len(items) == 1 else "columns"
        parts.append(f"{len(items)} more {more}")
    parts += [f"events of {name_of(each.behavior) or each.behavior}" for each in delivery.behaviors]
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def _connection(old: a.Delivery, new: a.Delivery, names: Mapping[Ref, ByName]) -> Iterator[str]:
    before, after = old.connection, new.connection
    if before == after:
        return
    if before is not None and after is not None:
        yield (
            f"sends to {named(CONNECTION, after.target, names)} instead of "
            f"{named(CONNECTION, before.target, names)}"
        )
    elif after is not None:
        yield f"now sends to {named(CONNECTION, after.target, names)}"


def named(kind: str, target: Reference, names: Mapping[Ref, ByName]) -> str:
    """The name of what is referred to, quoted, or its id."""
    name = names.get(Ref(kind, target.id)) if isinstance(target, ById) else target
    if name is not None:
        return f"“{name.name}”"
    return f"#{target.id}" if isinstance(target, ById) else ""


def _columns(old: a.Columns, new: a.Columns) -> Iterator[str]:
    if old.all != new.all:
        yield "now exports all attributes" if new.all else "no longer exports all attributes"
    yield from _exported(old.items, new.items, "")


def _exported(
    old: tuple[a.ExportColumn, ...], new: tuple[a.ExportColumn, ...], of: str
) -> Iterator[str]:
    before = {each.name: each.source for each in old}
    after = {each.name: each.source for each in new}
    added = [name for name in after if name not in before]
    gone = [name for name in before if name not in after]
    other = [name for name in after if name in before and after[name] != before[name]]
    if added:
        yield f"now exports {_listed(added)}{of}"
    if gone:
        yield f"no longer exports {_listed(gone)}{of}"
    if other:
        yield f"computes {_listed(other)}{of} differently"
    kept = [name for name in before if name in after]
    if kept != [name for name in after if name in before]:
        yield f"exports its columns{of} in another order"


def _listed(names: list[str]) -> str:
    quoted = [f"“{name}”" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def _behaviors(old: a.Delivery, new: a.Delivery) -> Iterator[str]:
    before = {each.behavior: each for each in old.behaviors}
    after = {each.behavior: each for each in new.behaviors}
    for table, each in after.items():
        name = name_of(table) or table
        if table not in before:
            yield f"now exports events of {name}"
        elif before[table] != each:
            yield from _exported(before[table].columns, each.columns, f" of {name}")
            if _choice(before[table]) != _choice(each):
                yield f"chooses other events of {name}"
            if before[table].formatting != each.formatting:
                yield f"exports the events of {name} {_formatting(each)}"
    for table in before:
        if table not in after:
            yield f"no longer exports events of {name_of(table) or table}"


def _choice(behavior: a.BehaviorExport) -> tuple[object, ...]:
    return behavior.strategy, behavior.count, behavior.order


def _formatting(behavior: a.BehaviorExport) -> str:
    return "in the API's format" if behavior.formatting is None else f"as {behavior.formatting}"


def _schedule(old: a.Schedule | None, new: a.Schedule | None) -> Iterator[str]:
    if old == new:
        return
    before, after = _frequency(old), _frequency(new)
    if before != after:
        yield f"{after} instead of {before}"
    match old, new:
        case a.Repeat(), a.Repeat():
            yield from _instead("starts", old.start, new.start, "at")
            yield from _instead("in the time zone", old.timezone, new.timezone)
            yield from _instead("until", old.end, new.end)
        case (a.Cron(timezone=was), a.Cron(timezone=now)):
            yield from _instead("in the time zone", was, now)
        case (a.Once(timezone=was), a.Once(timezone=now)):
            yield from _instead("in the time zone", was, now)
        case _, a.Repeat(end=str() as end):
            yield f"until {end}"
        case _:
            pass


def _instead(what: str, old: str | None, new: str | None, word: str = "") -> Iterator[str]:
    if old == new:
        return
    lead = f"{what} {word}".rstrip()
    if new is None:
        yield f"no longer {lead} {old}"
    elif old is None:
        yield f"{lead} {new}"
    else:
        yield f"{lead} {new} instead of {old}"


def _frequency(schedule: a.Schedule | None) -> str:
    """How often it runs, in a word or two."""
    match schedule:
        case None:
            return "as its template says"
        case a.ByHand():
            return "only by hand"
        case a.AfterJourney():
            return "after each refresh of its journey"
        case a.Once(start):
            return f"once, at {start}"
        case a.Cron(expression):
            return f"by cron `{expression}`"
        case a.Repeat(unit, frequency, weekdays):
            text = _UNITS[unit]
            if frequency.text != "1":
                text = f"every {frequency.text} {unit}s"
            return f"{text} on {', '.join(weekdays)}" if weekdays else text
        case _:
            assert_never(schedule)


def _workflow(old: a.Workflow | None, new: a.Workflow | None) -> Iterator[str]:
    before = None if old is None else (old.name, old.project)
    after = None if new is None else (new.name, new.project)
    if before == after:
        return
    if new is not None:
        instead = "" if old is None else f" instead of “{old.name}” of “{old.project}”"
        yield f"then runs the workflow “{new.name}” of “{new.project}”{instead}"
    elif old is not None:
        yield f"no longer runs the workflow “{old.name}” of “{old.project}”"


def _notification(
    old: a.Notification | None, new: a.Notification | None, names: Mapping[Ref, ByName]
) -> Iterator[str]:
    before, after = old or a.Notification(), new or a.Notification()
    people = {named(USER, each.user, names): None for each in before.recipients}
    now = {named(USER, each.user, names): None for each in after.recipients}
    added = [each for each in now if each not in people]
    gone = [each for each in people if each not in now]
    if added:
        yield f"now notifies {', '.join(added)}"
    if gone:
        yield f"no longer notifies {', '.join(gone)}"
    if before.outcomes != after.outcomes:
        yield f"sends messages on {_outcomes(after)} instead of {_outcomes(before)}"


def _outcomes(notification: a.Notification) -> str:
    return " and ".join(notification.outcomes) or "nothing"


def _settings(old: a.MapSetting | None, new: a.MapSetting | None) -> Iterator[str]:
    before = {entry.name: entry.value for entry in (old or a.MapSetting()).entries}
    after = {entry.name: entry.value for entry in (new or a.MapSetting()).entries}
    changed = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    if changed:
        settings = "setting" if len(changed) == 1 else "settings"
        yield f"changes the {settings} {', '.join(f'`{name}`' for name in changed)}"
