"""What a template locks, as `fieldProperties.locked`, and read back.

The API locks each part of a column, by the column's id, and settings one by one, by name. That
`column` is the name of a column in the export, and `source` its source, is assumed. A behavior is
locked as a whole, or not; a template that locks a part of one cannot be declared.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from segdsl.diagnostics import Code, Report
from segdsl.diagnostics.suggest import did_you_mean
from segdsl.language import activations as a
from segdsl.rules.activations.deliveries import ColumnIds
from segdsl.rules.activations.fields import Attempts, FieldReader

Json = dict[str, Any]
Parts = frozenset[a.LockKind]
"""What is locked of a column: some of `COLUMN_PARTS`."""

FLAGS: Mapping[a.LockKind, tuple[str, ...]] = {
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
FLAG_OF_PART: Mapping[a.LockKind, str] = dict(
    zip(a.COLUMN_PARTS, ("column", "source", "lockDeleteColumn"), strict=True)
)
COLUMN_FLAGS = tuple(FLAG_OF_PART.values())
BEHAVIOR_FLAGS = (
    "lockAddColumn",
    "lockDeleteBehaviorTable",
    "lockEditBehaviorTable",
    "lockEditJoinRow",
    "lockEditJoinStrategy",
    "lockEditFormatting",
    "lockEditOrderBy",
)
_ALL_PARTS: Parts = frozenset(a.COLUMN_PARTS)
_NAMESPACE = uuid.UUID("0d2f5a0c-6f0e-5d0b-9a55-0f6f6d7b4c11")
_PART = "remove the lock in the console, or lock all of them"


# --- names ---------------------------------------------------------------------------


def column_names(delivery: a.Delivery) -> tuple[str, ...]:
    """What the columns are called in the export, each once."""
    columns = delivery.columns or a.Columns()
    return tuple(dict.fromkeys(each.name for each in columns.items))


def setting_names(delivery: a.Delivery) -> tuple[str, ...]:
    settings = delivery.settings or a.MapSetting()
    return tuple(each.name for each in settings.entries)


def locked_columns(template: a.ActivationTemplate) -> dict[str, Parts]:
    """The columns of the template of which something is locked, in their order."""
    locked = {lock.kind: lock for lock in template.locks}
    found: dict[str, Parts] = {}
    for name in column_names(template.delivery):
        parts = [
            part
            for part in a.COLUMN_PARTS
            if _locks(locked.get("columns"), name) or _locks(locked.get(part), name)
        ]
        if parts:
            found[name] = frozenset(parts)
    return found


def locked_settings(template: a.ActivationTemplate) -> tuple[str, ...]:
    """The names of the settings of the template that are locked, in their order."""
    lock = next((each for each in template.locks if each.kind == "settings"), None)
    return tuple(name for name in setting_names(template.delivery) if _locks(lock, name))


def _locks(lock: a.Lock | None, name: str) -> bool:
    return lock is not None and (not lock.names or name in lock.names)


def normal_locks(template: a.ActivationTemplate) -> tuple[a.Lock, ...]:
    """The locks in the order and the spelling in which they are read back.

    Those that are for what the template does not have stay as they are.
    """
    found = {lock.kind: lock for lock in template.locks}
    if not _has_what_it_locks(template, Report()):
        return tuple(found[kind] for kind in a.LOCKS if kind in found)
    plain = [lock for lock in template.locks if lock.kind not in a.LOCKS_WITH_NAMES]
    columns = column_locks(locked_columns(template), column_names(template.delivery))
    settings = named_lock("settings", locked_settings(template), setting_names(template.delivery))
    found = {lock.kind: lock for lock in (*plain, *columns, *settings)}
    return tuple(found[kind] for kind in a.LOCKS if kind in found)


def column_locks(locked: Mapping[str, Parts], names: Sequence[str]) -> list[a.Lock]:
    """The locks of columns: `columns` for those that are wholly locked, parts for the others."""
    whole = [name for name, parts in locked.items() if parts == _ALL_PARTS]
    locks = named_lock("columns", whole, names)
    for part in a.COLUMN_PARTS:
        some = [name for name, parts in locked.items() if part in parts and name not in whole]
        locks += named_lock(part, some, names)
    return locks


def named_lock(kind: a.LockKind, locked: Collection[str], names: Sequence[str]) -> list[a.Lock]:
    """The lock of those that are locked, if there are any; without names if all are."""
    if not locked:
        return []
    return [a.Lock(kind, () if {*names} <= {*locked} else tuple(locked))]


# --- writing -------------------------------------------------------------------------


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
    if locked_columns(template) and delivery.columns is not None:
        columns = ids("", delivery.columns.items, known.columns)
    behaviors = dict(known.behaviors)
    if any(lock.kind == "behaviors" for lock in template.locks):
        for each in delivery.behaviors:
            of = known.behaviors.get(each.behavior, {})
            behaviors[each.behavior] = ids(each.behavior, each.columns, of)
    return ColumnIds(columns, behaviors)


def encode_locks(template: a.ActivationTemplate, ids: ColumnIds, report: Report) -> Json | None:
    """`fieldProperties`; every lock is there, so that an update unlocks. None after a report."""
    delivery, kinds = template.delivery, {lock.kind for lock in template.locks}
    if not _has_what_it_locks(template, report):
        return None
    locked: Json = {}
    for kind, keys in FLAGS.items():
        locked |= dict.fromkeys(keys, kind in kinds)
    locked["columns"] = {
        ids.columns[name]: {flag: part in parts for part, flag in FLAG_OF_PART.items()}
        for name, parts in locked_columns(template).items()
    }
    settings = locked_settings(template)
    locked["connectorConfig"] = {name: name in settings for name in setting_names(delivery)}
    locked["syndicationBehavior"] = None
    if "behaviors" in kinds:
        table = delivery.behaviors[0].behavior
        listed = ids.behaviors.get(table, {}).values()
        locked["syndicationBehavior"] = {
            "tableName": table,
            "columns": {id: dict.fromkeys(COLUMN_FLAGS, True) for id in listed},
            **dict.fromkeys(BEHAVIOR_FLAGS, True),
        }
    return {"locked": locked}


def _has_what_it_locks(template: a.ActivationTemplate, report: Report) -> bool:
    """Whether there is what the locks are for; reported where not."""
    delivery, is_whole = template.delivery, True
    for lock in template.locks:
        known: Sequence[str]
        match lock.kind:
            case "settings":
                what, known, clause = "setting", setting_names(delivery), "`with (…)`"
            case "behaviors":
                what, clause = "behavior", "`behavior …`"
                known = [each.behavior for each in delivery.behaviors]
            case kind if kind in a.LOCKS_WITH_NAMES:
                what, known, clause = "column", column_names(delivery), "`columns (…)`"
            case _:
                continue
        if not known:
            report.add(
                Code.SEG313,
                template.name_span,
                f"this template locks its {what}s, and has none",
                help=f"add {clause}, or remove `{lock.kind}` from `locked (…)`",
            )
            is_whole = False
        for name in (each for each in lock.names if known and each not in known):
            report.add(
                Code.SEG313,
                lock.span,
                f"this template locks the {what} `{name}`, and has none of this name",
                help=did_you_mean(name, known, f"add it to {clause}, or remove it here"),
            )
            is_whole = False
    return is_whole


# --- reading -------------------------------------------------------------------------


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
    found: dict[a.LockKind, a.Lock] = {}
    for kind, keys in FLAGS.items():
        # The second flag of a lock may be missing: it is newer, or says nothing alone.
        if attempts.read(lambda keys=keys: reading.flags(data, keys, path), False):  # type: ignore[misc]
            found[kind] = a.Lock(kind)
    names = column_names(delivery)
    columns = attempts.read(
        lambda: reading.columns(data.get("columns", {}), names, ids.columns, f"{path}.columns"), {}
    )
    settings = attempts.read(
        lambda: reading.settings(
            data.get("connectorConfig", {}), setting_names(delivery), f"{path}.connectorConfig"
        ),
        (),
    )
    named = named_lock("settings", settings, setting_names(delivery))
    found |= {lock.kind: lock for lock in (*column_locks(columns, names), *named)}
    at = f"{path}.syndicationBehavior"
    if attempts.read(
        lambda: reading.behavior(data.get("syndicationBehavior"), delivery, ids, at), False
    ):
        found["behaviors"] = a.Lock("behaviors")
    attempts.done()
    return tuple(found[kind] for kind in a.LOCKS if kind in found)


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

    def columns(
        self, value: Any, names: Sequence[str], ids: Mapping[str, str], path: str
    ) -> dict[str, Parts]:
        """What is locked of columns, by name, in their order."""
        if not isinstance(value, dict):
            self.reader.fail(path, "`columns` is an object")
        locked: dict[str, Parts] = {}
        for id, flags in value.items():
            at = f"{path}.{id}"
            data = self.reader.fields(flags, at, COLUMN_FLAGS, "a lock of a column")
            parts = [part for part, key in FLAG_OF_PART.items() if self.reader.flag(data, key, at)]
            if parts:
                locked[id] = frozenset(parts)
        if unknown := [id for id in locked if id not in ids.values()]:
            self.reader.fail(f"{path}.{unknown[0]}", "no column has this id", "remove the lock")
        return {name: locked[ids[name]] for name in names if ids.get(name) in locked}

    def settings(self, value: Any, names: Sequence[str], path: str) -> tuple[str, ...]:
        """The settings that are locked, in their order."""
        if not isinstance(value, dict):
            self.reader.fail(path, "`connectorConfig` is an object")
        locked = [key for key in value if self.reader.truth(value, key, path)]
        for name in locked:
            if name not in names:
                self.reader.fail(f"{path}.{name}", f"no setting is named `{name}`", _PART)
        return tuple(name for name in names if name in locked)

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
        for name in names:
            if columns.get(name) != _ALL_PARTS:
                message = f"the behavior is locked, and its column `{name}` is not"
                self.reader.fail(at, message, _PART)
        return True
