"""What activations and templates have in common, as fields of the API, and read back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from segdsl.language import activations as a
from segdsl.language.references.symbolic_ids import reference_of
from segdsl.language.values import Reference
from segdsl.rules.activations.behaviors import encode_behavior, read_behavior
from segdsl.rules.activations.columns import encode_columns, read_columns
from segdsl.rules.activations.fields import Attempts, FieldReader
from segdsl.rules.activations.identifiers import Identifiers
from segdsl.rules.activations.schedules import FIELDS as SCHEDULE_FIELDS
from segdsl.rules.activations.schedules import (
    cleared_schedule,
    encode_old_schedule,
    encode_schedule,
    read_schedule,
)
from segdsl.rules.activations.settings import encode_settings, read_settings

Json = dict[str, Any]

FIELDS = (
    "allColumns",
    "columns",
    *SCHEDULE_FIELDS,
    "connectionId",
    "connectorConfig",
    "notifyOn",
    "emailRecipients",
    "nestedWorkflowProjectName",
    "nestedWorkflowName",
    "lockEnabled",
    "syndicationBehavior",
    "syndicationBehaviors",
)
_OUTCOMES: dict[str, a.Outcome] = {api: outcome for outcome, api in a.OUTCOMES.items()}


class ColumnIds(msgspec.Struct, frozen=True):
    """The API's ids of the columns that have one, by name; those of behaviors by table and name."""

    columns: Mapping[str, str] = {}
    behaviors: Mapping[str, Mapping[str, str]] = {}


class BodyShape(msgspec.Struct, frozen=True):
    """Which fields a body has; `is_whole` is whether what is not written is cleared by it.

    `is_of_journey` is whether it also has the older fields of a schedule, and whether it can run
    after a refresh of its journey.
    """

    has_end: bool
    has_cron: bool
    has_workflow: bool
    has_one_behavior: bool
    is_whole: bool
    is_of_journey: bool = False


def encode_columns_of(delivery: a.Delivery, shape: BodyShape, ids: ColumnIds) -> Json:
    columns = delivery.columns
    if columns is None:
        return {"allColumns": False, "columns": []} if shape.is_whole else {}
    return {"allColumns": columns.all, "columns": encode_columns(columns.items, ids.columns)}


def encode_schedule_of(delivery: a.Delivery, shape: BodyShape) -> Json:
    schedule = delivery.schedule
    if shape.is_whole and not isinstance(schedule, a.Cron):
        cleared = cleared_schedule(has_end=shape.has_end)
    else:
        cleared = {}
    if shape.is_of_journey and shape.is_whole:
        cleared |= {"runAfterJourneyRefresh": False}
    if schedule is None:
        return cleared
    if shape.is_of_journey:
        cleared |= encode_old_schedule(schedule)
    return cleared | encode_schedule(schedule, has_end=shape.has_end, has_cron=shape.has_cron)


def encode_notification_of(delivery: a.Delivery, shape: BodyShape, ids: Identifiers) -> Json | None:
    """`notifyOn` and `emailRecipients`; None after a report."""
    notification = delivery.notification
    if notification is None:
        return {"notifyOn": [], "emailRecipients": []} if shape.is_whole else {}
    users = [ids.number("user", each.user, each.span) for each in notification.recipients]
    if None in users:
        return None
    outcomes = [api for outcome, api in a.OUTCOMES.items() if outcome in notification.outcomes]
    return {"notifyOn": outcomes, "emailRecipients": users}


def encode_workflow_of(delivery: a.Delivery, shape: BodyShape) -> Json:
    if not shape.has_workflow:
        return {}
    encoded: Json = {}
    if delivery.workflow is not None:
        encoded["nestedWorkflowProjectName"] = delivery.workflow.project
        encoded["nestedWorkflowName"] = delivery.workflow.name
    elif shape.is_whole:
        encoded |= {"nestedWorkflowProjectName": "", "nestedWorkflowName": ""}
    if delivery.in_sequence or shape.is_whole:
        encoded["lockEnabled"] = delivery.in_sequence
    return encoded


def encode_behaviors_of(delivery: a.Delivery, shape: BodyShape, ids: ColumnIds) -> Json:
    encoded = [
        encode_behavior(each, ids.behaviors.get(each.behavior)) for each in delivery.behaviors
    ]
    if not encoded and not shape.is_whole:
        return {}
    if shape.has_one_behavior:
        return {"syndicationBehavior": encoded[0] if encoded else None}
    return {"syndicationBehaviors": encoded}


def encode_settings_of(delivery: a.Delivery) -> Any:
    """`connectorConfig`: an object, and empty where no settings are written."""
    return {} if delivery.settings is None else encode_settings(delivery.settings)


# --- reading -------------------------------------------------------------------------


def read_delivery(
    data: Json, path: str, reader: FieldReader, attempts: Attempts
) -> tuple[a.Delivery, ColumnIds]:
    """The delivery of fields that have a value, and the ids of its columns.

    What cannot be read is reported, and `attempts` knows that it failed.
    """
    columns, ids = attempts.read(lambda: _read_columns(data, path, reader), (None, {}))
    behaviors = attempts.read(lambda: _read_behaviors(data, path, reader), ())
    delivery = a.Delivery(
        connection=attempts.read(lambda: _read_connection(data, path, reader), None),
        columns=columns,
        behaviors=tuple(behavior for behavior, _ in behaviors),
        schedule=attempts.read(lambda: read_schedule(data, path, reader), None),
        settings=attempts.read(lambda: _read_settings(data, path, reader), None),
        notification=attempts.read(lambda: _read_notification(data, path, reader), None),
        workflow=attempts.read(lambda: _read_workflow(data, path, reader), None),
        in_sequence=attempts.read(lambda: reader.flag(data, "lockEnabled", path), False),
    )
    by_table = {behavior.behavior: of_columns for behavior, of_columns in behaviors if of_columns}
    return delivery, ColumnIds(ids, by_table)


def read_reference(
    data: Json, key: str, kind: str, path: str, reader: FieldReader
) -> Reference | None:
    """The reference of an id; None where there is none."""
    id = reader.optional_id(data, key, path, "an id")
    return None if id is None else reference_of(kind, id)


def _read_columns(
    data: Json, path: str, reader: FieldReader
) -> tuple[a.Columns | None, dict[str, str]]:
    """The columns, and the ids of those that have one, by name."""
    listed, ids = read_columns(data.get("columns", []), f"{path}.columns", reader)
    takes_all = reader.flag(data, "allColumns", path)
    return (a.Columns(takes_all, listed) if takes_all or listed else None), ids


def _read_connection(data: Json, path: str, reader: FieldReader) -> a.Connection | None:
    target = read_reference(data, "connectionId", "connection", path, reader)
    return None if target is None else a.Connection(target)


def _read_settings(data: Json, path: str, reader: FieldReader) -> a.MapSetting | None:
    if "connectorConfig" not in data:
        return None
    settings = read_settings(data["connectorConfig"], f"{path}.connectorConfig", reader)
    return settings if settings.entries else None


def _read_behaviors(
    data: Json, path: str, reader: FieldReader
) -> tuple[tuple[a.BehaviorExport, dict[str, str]], ...]:
    at = f"{path}.syndicationBehaviors"
    listed = reader.items(data.get("syndicationBehaviors", []), at, "`syndicationBehaviors`")
    if "syndicationBehavior" in data:
        one = f"{path}.syndicationBehavior"
        # A server answers both for one behavior (assumed): then they are the same.
        if listed and listed != [data["syndicationBehavior"]]:
            reader.fail(
                one,
                "`syndicationBehavior` and `syndicationBehaviors` contradict each other",
                "remove `syndicationBehavior`, which is deprecated",
            )
        return (read_behavior(data["syndicationBehavior"], one, reader),)
    if len(listed) > a.MAX_BEHAVIORS:
        reader.fail(at, f"an activation has at most {a.MAX_BEHAVIORS} behaviors")
    return reader.each(listed, at, lambda each, where: read_behavior(each, where, reader))


def _read_notification(data: Json, path: str, reader: FieldReader) -> a.Notification | None:
    at = f"{path}.notifyOn"
    listed = reader.items(data.get("notifyOn", []), at, "`notifyOn`")
    words = reader.each(
        listed, at, lambda each, where: reader.choice(each, where, _OUTCOMES, "an outcome")
    )
    at = f"{path}.emailRecipients"
    users = reader.each(
        reader.items(data.get("emailRecipients", []), at, "`emailRecipients`"),
        at,
        lambda each, where: reference_of("user", reader.identifier(each, where, "a user's id")),
    )
    if not words and not users:
        return None
    outcomes = tuple(outcome for outcome, api in a.OUTCOMES.items() if api in words)
    # A user who is listed twice gets one message.
    return a.Notification(tuple(a.Recipient(user) for user in dict.fromkeys(users)), outcomes)


def _read_workflow(data: Json, path: str, reader: FieldReader) -> a.Workflow | None:
    project, name = (
        reader.optional_text(data, key, path, "a name")
        for key in ("nestedWorkflowProjectName", "nestedWorkflowName")
    )
    if project is None and name is None:
        return None
    if project is None:
        reader.fail(f"{path}.nestedWorkflowProjectName", "the workflow has no project")
    if name is None:
        reader.fail(f"{path}.nestedWorkflowName", "the project has no workflow to run")
    return a.Workflow(name, project)
