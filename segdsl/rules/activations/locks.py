"""What a template locks, as `fieldProperties.locked`, and read back.

The API locks columns one by one, by id, and settings one by one, by name; a declaration locks all
of them, or none. A template that locks a part of them cannot be declared.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from segdsl.diagnostics import Code, Report
from segdsl.language import activations as a
from segdsl.rules.activations.deliveries import ColumnIds
from segdsl.rules.activations.fields import Attempts, FieldReader

Json = dict[str, Any]

FLAGS: Mapping[a.Lock, tuple[str, ...]] = {
    "all columns": ("allColumns",),
    "connection": ("connectionId",),
    "adding columns": ("lockAddColumn",),
    "adding texts": ("lockAddString",),
    "adding behaviors": ("lockAddBehavior",),
    "schedule": ("lockEditSchedule",),
    "notification": ("lockEditNotification",),
    "workflow": ("lockEditWorkflowExecution", "activationActionsEnabled"),
    "sequence": ("lockEditSequentialActivation",),
}
"""The locks that are flags of the API."""
COLUMN_FLAGS = ("column", "source", "lockDeleteColumn")
BEHAVIOR_FLAGS = (
    "lockAddColumn",
    "lockDeleteBehaviorTable",
    "lockEditBehaviorTable",
    "lockEditJoinRow",
    "lockEditJoinStrategy",
    "lockEditFormatting",
    "lockEditOrderBy",
)
_NAMESPACE = uuid.UUID("0d2f5a0c-6f0e-5d0b-9a55-0f6f6d7b4c11")
_PART = "remove the lock in the console, or lock all of them"


def with_column_ids(template: a.ActivationTemplate, known: ColumnIds) -> ColumnIds:
    """The ids of columns that the locks of the template name.

    A column without a `known` id gets one that is always the same for the same template.
    """

    def ids(place: str, columns: Iterable[a.ExportColumn], of: Mapping[str, str]) -> dict[str, str]:
        made = {
            each.name: str(uuid.uuid5(_NAMESPACE, f"{template.name}\0{place}\0{each.name}"))
            for each in columns
        }
        return {name: of.get(name, id) for name, id in made.items()}

    delivery = template.delivery
    columns: Mapping[str, str] = known.columns
    if "columns" in template.locks and delivery.columns is not None:
        columns = ids("", delivery.columns.items, known.columns)
    behaviors = dict(known.behaviors)
    if "behaviors" in template.locks:
        for each in delivery.behaviors:
            of = known.behaviors.get(each.behavior, {})
            behaviors[each.behavior] = ids(each.behavior, each.columns, of)
    return ColumnIds(columns, behaviors)


def encode_locks(template: a.ActivationTemplate, ids: ColumnIds, report: Report) -> Json | None:
    """`fieldProperties`; every lock is there, so that an update unlocks. None after a report."""
    delivery, locks = template.delivery, template.locks
    columns = () if delivery.columns is None else delivery.columns.items
    entries = () if delivery.settings is None else delivery.settings.entries
    missing = [
        (lock, what)
        for lock, what, present in (
            ("columns", "`columns (…)`", columns),
            ("settings", "`with (…)`", entries),
            ("behaviors", "`behavior …`", delivery.behaviors),
        )
        if lock in locks and not present
    ]
    for lock, what in missing:
        report.add(
            Code.SEG313,
            template.name_span,
            f"this template locks its {lock}, and has none",
            help=f"add {what}, or remove `{lock}` from `locked (…)`",
        )
    if missing:
        return None
    locked: Json = {}
    for lock, keys in FLAGS.items():
        locked |= dict.fromkeys(keys, lock in locks)
    of_columns = [ids.columns[each.name] for each in columns] if "columns" in locks else []
    locked["columns"] = {id: dict.fromkeys(COLUMN_FLAGS, True) for id in of_columns}
    locked["connectorConfig"] = {each.name: "settings" in locks for each in entries}
    locked["syndicationBehavior"] = None
    if "behaviors" in locks:
        table = delivery.behaviors[0].behavior
        listed = ids.behaviors.get(table, {}).values()
        locked["syndicationBehavior"] = {
            "tableName": table,
            "columns": {id: dict.fromkeys(COLUMN_FLAGS, True) for id in listed},
            **dict.fromkeys(BEHAVIOR_FLAGS, True),
        }
    return {"locked": locked}


def read_locks(
    value: Any, path: str, delivery: a.Delivery, ids: ColumnIds, reader: FieldReader
) -> tuple[a.Lock, ...]:
    """The locks of `fieldProperties`; raises UnreadableError."""
    if value is None:
        return ()
    data = reader.fields(value, path, ("locked",), "`fieldProperties`")
    path = f"{path}.locked"
    flags = tuple(key for keys in FLAGS.values() for key in keys)
    known = (*flags, "columns", "connectorConfig", "syndicationBehavior")
    data = reader.fields(data.get("locked", {}), path, known, "`locked`")
    attempts = Attempts()
    reading = _Locks(reader)
    found: set[a.Lock] = set()
    for lock, keys in FLAGS.items():
        # The second flag of a lock may be missing: it is newer, or says nothing alone.
        if attempts.read(lambda keys=keys: reading.flags(data, keys, path), False):  # type: ignore[misc]
            found.add(lock)
    items = () if delivery.columns is None else delivery.columns.items
    names = [each.name for each in items]
    parts: list[tuple[a.Lock, Any]] = [
        (
            "columns",
            lambda: reading.columns(data.get("columns", {}), names, ids.columns, f"{path}.columns"),
        ),
        (
            "settings",
            lambda: reading.settings(
                data.get("connectorConfig", {}), delivery.settings, f"{path}.connectorConfig"
            ),
        ),
        (
            "behaviors",
            lambda: reading.behavior(
                data.get("syndicationBehavior"), delivery, ids, f"{path}.syndicationBehavior"
            ),
        ),
    ]
    for lock, read in parts:
        if attempts.read(read, False):
            found.add(lock)
    attempts.done()
    return tuple(lock for lock in a.LOCKS if lock in found)


class _Locks:
    def __init__(self, reader: FieldReader) -> None:
        self.reader = reader

    def flags(self, data: Json, keys: tuple[str, ...], path: str) -> bool:
        """Whether the flags are set; where a declaration sets them together, all of them."""
        first, *others = keys
        locked = self.reader.flag(data, first, path)
        for key in others:
            if key in data and self.reader.flag(data, key, path) != locked:
                self.reader.fail(
                    f"{path}.{key}", f"`{key}` and `{first}` are only locked together", _PART
                )
        return locked

    def columns(self, value: Any, names: list[str], ids: Mapping[str, str], path: str) -> bool:
        """Whether all columns are locked; a part of them cannot be declared."""
        if not isinstance(value, dict):
            self.reader.fail(path, "`columns` is an object")
        locked: dict[str, bool] = {}
        for id, flags in value.items():
            at = f"{path}.{id}"
            data = self.reader.fields(flags, at, COLUMN_FLAGS, "a lock of a column")
            set_flags = [self.reader.flag(data, key, at) for key in COLUMN_FLAGS]
            if any(set_flags) and not all(set_flags):
                key = COLUMN_FLAGS[set_flags.index(False)]
                self.reader.fail(f"{at}.{key}", "only a part of this column is locked", _PART)
            locked[id] = all(set_flags)
        if not any(locked.values()):
            return False
        for name in names:
            if name not in ids or not locked.get(ids[name]):
                self.reader.fail(path, f"some columns are locked, and `{name}` is not", _PART)
        if unknown := [id for id, is_locked in locked.items() if id not in ids.values()]:
            self.reader.fail(f"{path}.{unknown[0]}", "no column has this id", "remove the lock")
        return True

    def settings(self, value: Any, settings: a.MapSetting | None, path: str) -> bool:
        if not isinstance(value, dict):
            self.reader.fail(path, "`connectorConfig` is an object")
        locked = {key: self.reader.truth(value, key, path) for key in value}
        if not any(locked.values()):
            return False
        names = [] if settings is None else [each.name for each in settings.entries]
        for name in names:
            if not locked.get(name):
                self.reader.fail(
                    f"{path}.{name}", f"some settings are locked, and `{name}` is not", _PART
                )
        for name, is_locked in locked.items():
            if is_locked and name not in names:
                self.reader.fail(f"{path}.{name}", f"no setting is named `{name}`", _PART)
        return True

    def behavior(self, value: Any, delivery: a.Delivery, ids: ColumnIds, path: str) -> bool:
        if value is None:
            return False
        known = ("tableName", "columns", *BEHAVIOR_FLAGS)
        data = self.reader.fields(value, path, known, "a lock of a behavior")
        flags = [self.reader.flag(data, key, path) for key in BEHAVIOR_FLAGS]
        behavior = delivery.behaviors[0] if delivery.behaviors else a.BehaviorExport("")
        names = [each.name for each in behavior.columns]
        at = f"{path}.columns"
        of_columns = ids.behaviors.get(behavior.behavior, {})
        columns = self.columns(data.get("columns", {}), names, of_columns, at)
        if not any(flags) and not columns:
            return False
        if not delivery.behaviors:
            self.reader.fail(path, "this template has no behavior", "remove the lock")
        if "tableName" in data and data["tableName"] != behavior.behavior:
            self.reader.fail(f"{path}.tableName", "the template's behavior is another one")
        if not all(flags):
            key = BEHAVIOR_FLAGS[flags.index(False)]
            self.reader.fail(f"{path}.{key}", "only a part of the behavior is locked", _PART)
        if names and not columns:
            self.reader.fail(at, "the behavior is locked, and its columns are not", _PART)
        return True
