"""Reads activations, their runs and their templates, in either form (`segdsl.api.either_form`)."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import msgspec

from segdsl.api import activation_records as a
from segdsl.api.bodies import decoded, items, need_id, need_name
from segdsl.api.either_form import Record, as_dict, listed_records, one_record, record_of
from segdsl.api.errors import InvalidResponseError
from segdsl.api.responses import Listed
from segdsl.rules.json_values import (
    ValueFormError,
    flag_of,
    id_of,
    ids_of,
    text_or_none,
    whole_number,
)

_ACTIVATION = frozenset(("syndication", "activation"))
_TEMPLATE = frozenset(("activation-template",))
_OF_WORKFLOWS = frozenset(("workflow-project", "workflow"))
_SEGMENT = ("segment", "segmentBatch", "funnelStage")


# --- activations -------------------------------------------------------------------------


def activations(
    body: bytes, *, is_summary: bool, segment_id: str | None = None
) -> Listed[a.Activation]:
    """A list of activations; `segment_id` is that of all, if the list is of one segment."""
    return listed_records(
        body, _ACTIVATION, lambda record: _activation(record, segment_id, is_summary)
    )


def activation(body: bytes, segment_id: str) -> a.Activation:
    """An activation of a segment, read by itself; raises InvalidResponseError."""
    return one_record(body, lambda record: _activation(record, segment_id, False))


def answered_activation(body: bytes, segment_id: str) -> a.Activation | None:
    """The activation in the response of a create or update; None if it is absent or incomplete.

    Only a JSON:API resource is complete: the legacy object has no workflow (described).
    """
    try:
        found = activation(body, segment_id)
    except InvalidResponseError:
        return None
    is_whole = found.form == "entities" and "columns" in as_dict(found.decoded().get("attributes"))
    return found if is_whole else None


def _activation(record: Record, segment_id: str | None, is_summary: bool) -> a.Activation:
    values = record.values
    segment = segment_id or record.related(*_SEGMENT) or id_of(values.get("segmentId"))
    return a.Activation(
        record.need_id(),
        record.need_name(),
        segment,
        record.document,
        record.form,
        is_summary,
        id_of(values.get("activationTemplateId")),
        id_of(values.get("connectionId")),
        _flag(values, "valid"),
        text_or_none(values.get("runStatus")),
        ids_of(values.get("emailRecipients")),
        _executions(values.get("executions")),
        text_or_none(values.get("createdAt")),
        text_or_none(values.get("updatedAt")),
    )


def _flag(values: dict[str, Any], key: str) -> bool | None:
    """A flag that is only shown; None for anything else."""
    try:
        return flag_of(values.get(key), key)
    except ValueFormError:
        return None


# --- runs --------------------------------------------------------------------------------


def execution(body: bytes) -> a.Execution | None:
    """The run in the response that starts it; None if it is absent or has no id.

    The response is described as a bare resource; it is read under `data`, too.
    """
    try:
        record = record_of(body)
    except ValueFormError:
        return None
    found = _execution({"id": record.id, **record.values})
    return found if found.attempt_id or found.session_id else None


def executions(body: bytes) -> tuple[a.Execution, ...]:
    """The runs in a list of them, described as plain objects; resources are read, too."""
    found: list[a.Execution] = []
    for item in items(body):
        try:
            record = record_of(bytes(item))
        except ValueFormError:
            continue
        found.append(_execution({"id": record.id, **record.values}))
    return tuple(found)


def _executions(value: Any) -> tuple[a.Execution, ...]:
    """The runs in a list; what is no run is skipped, since they are only shown and awaited."""
    if not isinstance(value, list):
        return ()
    return tuple(_execution(each) for each in value if isinstance(each, dict))


def _execution(values: dict[str, Any]) -> a.Execution:
    return a.Execution(
        id_of(values.get("workflowAttemptId")) or id_of(values.get("id")) or "",
        (text_or_none(values.get("status")) or "").lower(),
        id_of(values.get("workflowSessionId")) or "",
        id_of(values.get("workflowId")) or "",
        text_or_none(values.get("createdAt")),
        text_or_none(values.get("finishedAt")),
        text_or_none(values.get("message")),
    )


# --- the list of a folder ----------------------------------------------------------------


class _OverviewPage(msgspec.Struct, frozen=True):
    syndications: msgspec.Raw = msgspec.Raw(b"[]")
    pagination: Any = None


def overviews(body: bytes) -> tuple[Listed[a.ActivationOverview], str | None]:
    """A page of the activations under a folder, and the cursor of the next page, if any."""
    cursor: str | None = None
    if body.lstrip()[:1] == b"{":
        page = decoded(body, _OverviewPage)
        body = bytes(page.syndications)
        cursor = _cursor(as_dict(page.pagination))
    return listed_records(body, _ACTIVATION, _overview), cursor


def _cursor(pagination: dict[str, Any]) -> str | None:
    """The cursor of the next page, which a response has by itself or in an address (assumed)."""
    next_page = text_or_none(pagination.get("nextPage"))
    if not next_page or pagination.get("hasNext") is False:
        return None
    # Not `urlsplit`: it raises for what is no address, such as a cursor with brackets.
    inside = parse_qs(next_page.partition("?")[2]).get("page[after]")
    return inside[0] if inside else next_page


def _overview(record: Record) -> a.ActivationOverview:
    values = record.values
    last = values.get("lastExecution")
    return a.ActivationOverview(
        record.need_id(),
        record.need_name(),
        id_of(values.get("segmentId")),
        text_or_none(values.get("segmentName")),
        text_or_none(values.get("runStatus")),
        _execution(last) if isinstance(last, dict) else None,
        whole_number(values.get("lastRecordCount")),
    )


# --- templates ---------------------------------------------------------------------------


def templates(body: bytes) -> Listed[a.ActivationTemplate]:
    return listed_records(body, _TEMPLATE, lambda record: _template(record, True))


def template(body: bytes) -> a.ActivationTemplate:
    """A template read by itself; raises InvalidResponseError."""
    return one_record(body, lambda record: _template(record, False))


def answered_template(body: bytes) -> a.ActivationTemplate | None:
    """The template in the response of a create or update; None if it is absent or incomplete."""
    try:
        found = template(body)
    except InvalidResponseError:
        return None
    return found if "columns" in as_dict(found.decoded().get("attributes")) else None


def _template(record: Record, is_summary: bool) -> a.ActivationTemplate:
    values = record.values
    return a.ActivationTemplate(
        record.need_id(),
        record.need_name(),
        record.document,
        record.folder_id,
        text_or_none(values.get("state")),
        whole_number(values.get("kind")),
        id_of(values.get("connectionId")),
        whole_number(values.get("activationCount")),
        _flag(values, "available"),
        ids_of(values.get("emailRecipients")),
        is_summary,
        text_or_none(values.get("createdAt")),
        text_or_none(values.get("updatedAt")),
    )


# --- workflows ---------------------------------------------------------------------------


class _ProjectPage(msgspec.Struct, frozen=True):
    pagination: Any = None


def workflow_projects(body: bytes) -> tuple[Listed[a.WorkflowProject], bool]:
    """A page of projects, or of workflows; and whether there is a next one."""
    has_next = False
    if body.lstrip()[:1] == b"{":
        has_next = bool(as_dict(decoded(body, _ProjectPage).pagination).get("nextPage"))
    return listed_records(body, _OF_WORKFLOWS, _project), has_next


def _project(record: Record) -> a.WorkflowProject:
    return a.WorkflowProject(need_id(record.id), need_name(record.values.get("name")))
