"""What an edit of a published template changes in the activations that are made from it.

An edit of what a published template locks changes all of its activations (documented). How is
assumed: the state and the locks after the edit count, what the edit left as it was stays as each
activation has it, and a column is the same one by its id, else by its name. A column or a behavior
that the template locks from being removed comes and goes with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Raw

from segdsl.language.behaviors import name_of
from segdsl.server.kinds.activations.table import Content

Fields = Mapping[str, Raw]
Flags = Mapping[str, Any]
"""An object of `fieldProperties.locked`."""

_SCHEDULE = (
    *("scheduleType", "scheduleOption", "timezone", "startAt", "endOn"),
    *("repeatUnit", "repeatFrequency", "repeatSubFrequency"),
)
_OLD_SCHEDULE = ("runAt", "cron")
"""The keys of a schedule that no template has."""
_KEYS: Mapping[str, tuple[str, ...]] = {
    "allColumns": ("allColumns",),
    "connectionId": ("connectionId",),
    "lockEditSchedule": _SCHEDULE,
    "lockEditNotification": ("notifyOn", "emailRecipients"),
    "lockEditWorkflowExecution": ("nestedWorkflowProjectName", "nestedWorkflowName"),
    "lockEditSequentialActivation": ("lockEnabled",),
}
"""The locks of whole keys."""
_COLUMN_KEYS = {"column": "column", "source": "source"}
_BEHAVIOR_KEYS = {
    "lockEditBehaviorTable": "behaviorTableName",
    "lockEditJoinRow": "joinRow",
    "lockEditJoinStrategy": "joinStrategy",
    "lockEditFormatting": "formatting",
    "lockEditOrderBy": "orderBy",
}


def followed(content: Content, before: Content, after: Content) -> Content:
    """The content of an activation after an edit of its template from `before` to `after`."""
    if _value(after, "state") != "published":
        return content
    locks, old_locks = _locks(after), _locks(before)
    changed = dict(content)
    for flag, keys in _KEYS.items():
        if locks.get(flag) is True and any(_differs(before, after, key) for key in keys):
            for key in keys:
                _take(changed, after, key)
            if flag == "lockEditSchedule":
                for key in _OLD_SCHEDULE:
                    changed.pop(key, None)
    _follow_settings(changed, before, after, _object(locks, "connectorConfig"))
    columns = _columns(
        _list(changed, "columns"),
        (_list(before, "columns"), _object(old_locks, "columns")),
        (_list(after, "columns"), _object(locks, "columns")),
    )
    _put(changed, "columns", columns, _list(changed, "columns"))
    _follow_behavior(changed, before, after, (old_locks, locks))
    return changed


def _follow_settings(changed: Content, before: Content, after: Content, locks: Flags) -> None:
    old, new = _fields(before, "connectorConfig"), _fields(after, "connectorConfig")
    settings = dict(_fields(changed, "connectorConfig"))
    for key, is_locked in locks.items():
        if is_locked is True and _differs(old, new, key):
            _take(settings, new, key)
    _put(changed, "connectorConfig", settings, _fields(changed, "connectorConfig"))


def _columns(
    mine: Sequence[Fields],
    before: tuple[Sequence[Fields], Flags],
    after: tuple[Sequence[Fields], Flags],
) -> list[Fields]:
    """The columns after an edit of a template's columns; both come with their locks by id."""
    changed = list(mine)
    (old_columns, old_locks), (new_columns, locks) = before, after
    old = {_value(each, "id"): each for each in old_columns if "id" in each}
    new = {_value(each, "id"): each for each in new_columns if "id" in each}
    for id, column in old.items():
        at = _place(changed, column)
        if id not in new and at is not None and _object(old_locks, id).get("lockDeleteColumn"):
            del changed[at]
    # All places are looked up first: two columns can change their names with each other.
    places = {id: _place(changed, old[id]) for id in new if id in old}
    for id, column in new.items():
        flags, at = _object(locks, id), places.get(id)
        if id in old and at is not None:
            fields = dict(changed[at])
            for flag, key in _COLUMN_KEYS.items():
                if flags.get(flag) is True and _differs(old[id], column, key):
                    _take(fields, column, key)
            changed[at] = fields
        elif id not in old and flags.get("lockDeleteColumn") and _place(changed, column) is None:
            changed.append(column)
    return changed


def _place(columns: Sequence[Fields], wanted: Fields) -> int | None:
    """Where a column of a template is among those of an activation: by its id, else its name."""
    for key in ("id", "column"):
        for at, column in enumerate(columns):
            if key in column and _value(column, key) == _value(wanted, key):
                return at
    return None


def _follow_behavior(
    changed: Content, before: Content, after: Content, all_locks: tuple[Flags, Flags]
) -> None:
    old, new = _fields(before, "syndicationBehavior"), _fields(after, "syndicationBehavior")
    old_locks, locks = (_object(each, "syndicationBehavior") for each in all_locks)
    is_one = "syndicationBehaviors" not in changed
    one = _fields(changed, "syndicationBehavior")
    behaviors: list[Fields] = list(_list(changed, "syndicationBehaviors"))
    if is_one and one:
        behaviors = [one]
    listed = list(behaviors)
    at = _behavior_place(behaviors, old)
    if old and not new:
        if at is not None and old_locks.get("lockDeleteBehaviorTable"):
            del behaviors[at]
    elif not old and new:
        if locks.get("lockDeleteBehaviorTable") and _behavior_place(behaviors, new) is None:
            behaviors.append(new)
    elif at is not None:
        fields = dict(behaviors[at])
        for flag, key in _BEHAVIOR_KEYS.items():
            if locks.get(flag) is True and _differs(old, new, key):
                _take(fields, new, key)
        columns = _columns(
            _list(fields, "columns"),
            (_list(old, "columns"), _object(old_locks, "columns")),
            (_list(new, "columns"), _object(locks, "columns")),
        )
        _put(fields, "columns", columns, _list(fields, "columns"))
        behaviors[at] = fields
    if is_one and len(behaviors) < 2:
        _put(changed, "syndicationBehavior", behaviors[0] if behaviors else None, one or None)
    else:
        if is_one:
            changed.pop("syndicationBehavior", None)
            listed = []
        _put(changed, "syndicationBehaviors", behaviors, listed)


def _behavior_place(behaviors: Sequence[Fields], wanted: Fields) -> int | None:
    """Where the behavior of a template is among those of an activation, by its table."""

    def table(behavior: Fields) -> str:
        called = str(_value(behavior, "behaviorTableName"))
        return name_of(called) or called

    if not wanted:
        return None
    return next((at for at, of in enumerate(behaviors) if table(of) == table(wanted)), None)


# --- JSON --------------------------------------------------------------------------------


def _value(fields: Fields, key: str) -> Any:
    return msgspec.json.decode(fields[key]) if key in fields else None


def _differs(before: Fields, after: Fields, key: str) -> bool:
    return bool(_value(before, key) != _value(after, key))


def _take(fields: dict[str, Raw], source: Fields, key: str) -> None:
    """Gives a key its value in the source, or takes it away."""
    if key in source:
        fields[key] = source[key]
    else:
        fields.pop(key, None)


def _put(fields: dict[str, Raw], key: str, value: Any, before: Any) -> None:
    """Sets a key, unless it stays as it is; None takes it away."""
    if value == before:
        return
    if value is None:
        fields.pop(key, None)
    else:
        fields[key] = Raw(msgspec.json.encode(value))


def _fields(fields: Fields, key: str) -> dict[str, Raw]:
    """An object; an empty one where there is none."""
    return msgspec.json.decode(fields.get(key, Raw(b"null")), type=dict[str, Raw] | None) or {}


def _list(fields: Fields, key: str) -> list[dict[str, Raw]]:
    return (
        msgspec.json.decode(fields.get(key, Raw(b"null")), type=list[dict[str, Raw]] | None) or []
    )


def _locks(template: Content) -> Flags:
    properties = _value(template, "fieldProperties")
    return _object(properties if isinstance(properties, dict) else {}, "locked")


def _object(flags: Flags, key: Any) -> Flags:
    value = flags.get(key)
    return value if isinstance(value, dict) else {}
