"""Activations, their executions and templates as both families answer them.

The legacy object has neither behaviors nor workflow (described). Of an execution, `recordCount` and
`message` are our own: the rows that it exported, and why it failed.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from segdsl.server.http.responses import FOLDER, USER_LINKS, history, iso, link
from segdsl.server.kinds.activations import schedules
from segdsl.server.kinds.activations.request_models import Delivery, delivery
from segdsl.server.kinds.activations.table import Activation, Content, Execution
from segdsl.server.kinds.activations.template_table import Template
from segdsl.server.kinds.segments.table import Segment
from segdsl.server.service import Item, Json

TYPE = "syndication"
EXECUTION_TYPE = "execution-syndication"
TEMPLATE_TYPE = "activation-template"
_SEGMENT_TYPE = "segment-batch"
_EMPTY_LIST = msgspec.Raw(b"[]")
_NULL = msgspec.Raw(b"null")


class Details(msgspec.Struct, frozen=True):
    """What an answer says of an activation beside its content."""

    valid: bool
    executions: Sequence[Execution]
    zone: str
    now: int


def plain(activation: Activation, details: Details | None) -> Json:
    """An activation under `/audiences`; without details it says nothing of its executions."""
    content = activation.content
    sent = delivery(content)
    answer: Json = {
        "id": str(activation.id),
        "audienceId": activation.audience,
        "segmentId": str(activation.segment),
        "name": activation.name,
        "description": activation.description or "",
        "allColumns": sent.all_columns or False,
        "columns": content.get("columns", _EMPTY_LIST),
        "scheduleType": schedules.schedule_type(sent),
        "scheduleOption": schedules.schedule_option(sent),
        "startAt": sent.start_at,
        "endOn": sent.end_on,
        "repeatUnit": schedules.repeat_unit(sent),
        "repeatFrequency": sent.repeat_frequency or 1,
        "repeatSubFrequency": sent.repeat_sub_frequency or [],
        **_timezone(sent, details),
        "connectionId": None if sent.connection_id is None else str(sent.connection_id),
        "connectorConfig": content.get("connectorConfig", _NULL),
        **_notification(sent),
        "activationTemplateId": None if activation.template is None else str(activation.template),
        **history(activation.created, activation.updated),
    }
    if details is not None:
        answer["valid"] = details.valid
        answer["executions"] = [execution(each) for each in details.executions]
    return answer


def resource(activation: Activation, segment: Segment, details: Details | None) -> Json:
    """An activation under `/entities`; without details it is the summary of a list (described)."""
    content = activation.content
    sent = delivery(content)
    option = schedules.schedule_option(sent)
    attributes: Json = {
        "audienceId": activation.audience,
        "name": activation.name,
        "description": activation.description,
        "allColumns": sent.all_columns or False,
        "columns": content.get("columns", _EMPTY_LIST),
        "scheduleType": schedules.schedule_type(sent),
        **({} if option is None else {"scheduleOption": option}),
        **_timezone(sent, details),
        **({} if sent.connection_id is None else {"connectionId": str(sent.connection_id)}),
        "connectorConfig": content.get("connectorConfig", _NULL),
        **_workflow(sent),
        **(
            {}
            if activation.template is None
            else {"activationTemplateId": str(activation.template)}
        ),
        "syndicationBehavior": None,
        "syndicationBehaviors": behaviors(content),
        "createdAt": iso(activation.created),
        "updatedAt": iso(activation.updated),
    }
    if details is not None:
        attributes |= _details(sent, details)
    return {
        "id": str(activation.id),
        "type": TYPE,
        "attributes": attributes,
        "relationships": {"segment": link(_SEGMENT_TYPE, segment.id), **USER_LINKS},
    }


def _details(sent: Delivery, details: Details) -> Json:
    last = details.executions[0] if details.executions else None
    return {
        **_schedule(sent),
        "runStatus": schedules.run_status(last, sent, details.zone, details.now),
        "valid": details.valid,
        "executions": [execution(each) for each in details.executions],
        **_notification(sent),
    }


def behaviors(content: Content) -> msgspec.Raw | list[msgspec.Raw]:
    """The behaviors in the plural, of which the singular is deprecated (described)."""
    if "syndicationBehavior" in content:
        return [content["syndicationBehavior"]]
    return content.get("syndicationBehaviors", _EMPTY_LIST)


def _schedule(sent: Delivery) -> Json:
    unit = schedules.repeat_unit(sent)
    return {
        "startAt": sent.start_at,
        "endOn": sent.end_on,
        **({} if unit is None else {"repeatUnit": unit}),
        "repeatFrequency": sent.repeat_frequency or 1,
        "repeatSubFrequency": sent.repeat_sub_frequency or [],
    }


def _timezone(sent: Delivery, details: Details | None) -> Json:
    """The time zone; that of the parent segment, where none was given (assumed)."""
    zone = sent.timezone or (None if details is None else details.zone)
    return {} if zone is None else {"timezone": zone}


def _workflow(sent: Delivery) -> Json:
    project, name = sent.nested_workflow_project_name, sent.nested_workflow_name
    return {
        **({} if project is None else {"nestedWorkflowProjectName": project}),
        **({} if name is None else {"nestedWorkflowName": name}),
        "activationActionsEnabled": name is not None,
        "lockEnabled": sent.lock_enabled or False,
    }


def _notification(sent: Delivery) -> Json:
    return {
        "notifyOn": sent.notify_on or [],
        "emailRecipients": [int(id) for id in sent.email_recipients or ()],
    }


# --- executions --------------------------------------------------------------------------


def execution(execution: Execution) -> Json:
    """An execution under `/audiences`, and in the attributes of one under `/entities`.

    Each session has one attempt, whose id is that of the execution.
    """
    return {
        "workflowId": str(execution.activation),
        "workflowSessionId": str(execution.id),
        "workflowAttemptId": str(execution.id),
        "syndicationId": str(execution.activation),
        "createdAt": iso(execution.created),
        "finishedAt": None if execution.finished is None else iso(execution.finished),
        "status": execution.status,
        "recordCount": execution.records,
        "message": execution.message,
    }


def execution_resource(run: Execution) -> Json:
    """An execution under `/entities`, which is answered bare (described)."""
    return {"id": str(run.id), "type": EXECUTION_TYPE, "attributes": execution(run)}


# --- templates ---------------------------------------------------------------------------


def template(template: Template, activations: int, *, is_available: bool) -> Json:
    """A template with the number of its activations."""
    content = template.content
    sent = delivery(content)
    unit = schedules.repeat_unit(sent)
    return {
        "id": str(template.id),
        "type": TEMPLATE_TYPE,
        "attributes": {
            "audienceId": template.audience,
            "name": template.name,
            "description": template.description,
            "kind": sent.kind or 0,
            "state": sent.state or "draft",
            "allColumns": sent.all_columns or False,
            "columns": content.get("columns", _EMPTY_LIST),
            "scheduleType": schedules.schedule_type(sent),
            "scheduleOption": schedules.schedule_option(sent),
            "timezone": sent.timezone,
            "startAt": sent.start_at,
            "endOn": sent.end_on,
            **({} if unit is None else {"repeatUnit": unit}),
            "repeatFrequency": sent.repeat_frequency or 1,
            "repeatSubFrequency": sent.repeat_sub_frequency or [],
            "connectionId": None if sent.connection_id is None else str(sent.connection_id),
            "connectorConfig": content.get("connectorConfig", _NULL),
            **_notification(sent),
            "nestedWorkflowProjectName": sent.nested_workflow_project_name,
            "nestedWorkflowName": sent.nested_workflow_name,
            "activationActionsEnabled": sent.nested_workflow_name is not None,
            "lockEnabled": sent.lock_enabled or False,
            "runAfterJourneyRefresh": sent.run_after_journey_refresh,
            "syndicationBehavior": content.get("syndicationBehavior", _NULL),
            "fieldProperties": content.get("fieldProperties", {"locked": {}}),
            "activationCount": activations,
            "journeyCount": 0,
            "available": is_available,
            "createdAt": iso(template.created),
            "updatedAt": iso(template.updated),
        },
        "relationships": {"parentFolder": link(FOLDER, template.folder), **USER_LINKS},
    }


def template_item(template_: Template, resource: Json) -> Item:
    """A template in its folder."""
    return Item(
        template_.folder, template_.id, TEMPLATE_TYPE, lambda with_rule: resource, is_child=False
    )
