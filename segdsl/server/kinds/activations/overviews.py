"""All activations under a folder, filtered, sorted and in pages, under `/audiences` (described)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import msgspec

from segdsl.server.errors import refuse
from segdsl.server.http.request_models import parameter, path_id
from segdsl.server.http.responses import USER, USER_ID, USER_NAME, iso
from segdsl.server.kinds.account import Account
from segdsl.server.kinds.activations import responses, schedules
from segdsl.server.kinds.activations.collection import Activations
from segdsl.server.kinds.activations.request_models import Delivery, delivery, local_time
from segdsl.server.kinds.activations.responses import Details
from segdsl.server.kinds.activations.table import Activation
from segdsl.server.kinds.activations.template_table import Template
from segdsl.server.kinds.activations.templates import Templates
from segdsl.server.kinds.folders.collection import NAME as FOLDER_NAME
from segdsl.server.kinds.folders.collection import Folders
from segdsl.server.kinds.folders.table import Folder
from segdsl.server.kinds.segments.collection import Segments
from segdsl.server.kinds.segments.table import Segment
from segdsl.server.service import Call, Json, Route, Service

PAGE_SIZE = 1_000
"""Activations on a page by default (assumed)."""


class Row(msgspec.Struct, frozen=True):
    """An activation with what its overview says of its surroundings."""

    activation: Activation
    sent: Delivery
    segment: Segment
    template: Template | None
    connection_name: str | None
    connection_type: str | None
    details: Details

    @property
    def schedule_status(self) -> str:
        return schedules.schedule_status(self.sent, self.details.zone, self.details.now)


def overview(service: Service, call: Call) -> Any:
    """The activations of all segments in a folder and in those below it."""
    service.check_audience(call.path["audience"])
    top = service[Folders].find(path_id(call.path["folder"], FOLDER_NAME))
    folders = {folder.id: folder for folder in service[Folders].all()}
    inside = {id for id in folders if any(each.id == top.id for each in _path(folders, id))}
    rows = [row for row in _rows(service, inside) if _is_wanted(row, call.query)]
    rows = _sorted(rows, call.query.get("sorted_by"))
    size = parameter(call.query.get("page[size]"), "page[size]", PAGE_SIZE)
    first = parameter(call.query.get("page[after]"), "page[after]", 0, 0)
    page, following = rows[first : first + size], first + size
    pagination: Json = {"hasNext": following < len(rows), "approximateCount": len(rows)}
    if following < len(rows):
        query = {**call.query, "page[size]": size, "page[after]": following}
        path = f"/audiences/{service.audience}/folders/{top.id}/syndications"
        pagination["nextPage"] = f"{path}?{urlencode(query)}"
    return {
        "syndications": [_answer(row, _path(folders, row.segment.folder)) for row in page],
        "pagination": pagination,
    }


def _rows(service: Service, folders: set[int]) -> Iterator[Row]:
    segments, account = service[Segments], service[Account]
    listed = (*segments.all(), *segments.of_stages().values())
    by_id = {each.id: each for each in listed if each.folder in folders}
    templates = {each.id: each for each in service[Templates].all()}
    activations = service[Activations]
    wanted = [each for each in activations.all() if each.segment in by_id]
    for activation, details in activations.details(wanted):
        sent = delivery(activation.content)
        id = sent.connection_id
        connection = None if id is None else account.connection(id)
        yield Row(
            activation,
            sent,
            by_id[activation.segment],
            None if activation.template is None else templates.get(activation.template),
            None if connection is None else connection.name,
            None if connection is None else connection.type,
            details,
        )


def _path(folders: Mapping[int, Folder], id: int | None) -> list[Folder]:
    """A folder and those above it, the root first."""
    path: list[Folder] = []
    while id is not None:
        path.insert(0, folders[id])
        id = folders[id].parent
    return path


# --- filters and order -------------------------------------------------------------------


def _is_wanted(row: Row, query: Mapping[str, str]) -> bool:
    start = row.sent.start_at
    texts = (("name_include", row.activation.name), ("segment_name_include", row.segment.name))
    if not all(query.get(name, "") in value for name, value in texts):
        return False
    template = row.activation.template
    lists = (
        ("connection_type", row.connection_type or ""),
        ("schedule_status", row.schedule_status),
        ("created_by_td_user_id", USER_ID),
        ("activation_template_id", "none" if template is None else str(template)),
        ("repeat_unit", schedules.repeat_unit(row.sent) or ""),
    )
    if not all(name not in query or value in query[name].split(",") for name, value in lists):
        return False
    if "start_after" in query and not (start or "") > _time(query["start_after"], "start_after"):
        return False
    if "start_before" in query:
        limit = _time(query["start_before"], "start_before")
        return start is not None and start < limit
    return True


def _time(text: str, name: str) -> str:
    time = local_time(text.removesuffix("Z"))
    if time is None:
        raise refuse(f"`{name}` must be a time such as 2025-04-01T03:00:00, not `{text}`")
    return time.isoformat()


_SORT_KEYS: Mapping[str, Callable[[Row], Any]] = {
    "connection_type": lambda row: row.connection_type or "",
    "segment_id": lambda row: row.segment.id,
    "segment_name": lambda row: row.segment.name,
    "activation_template_id": lambda row: row.activation.template or 0,
    "activation_template_name": lambda row: "" if row.template is None else row.template.name,
    "start_at": lambda row: row.sent.start_at or "",
    "repeat_unit": lambda row: schedules.repeat_unit(row.sent) or "",
    "created_by_td_user_id": lambda row: USER_ID,
    "created_by_user_name": lambda row: USER_NAME,
    "updated_at": lambda row: row.activation.updated,
    "created_at": lambda row: row.activation.created,
}


def _sorted(rows: Sequence[Row], order: str | None) -> list[Row]:
    """By id, or as `sorted_by` says: `segment_name:desc`."""
    if order is None:
        return list(rows)
    key, _, option = order.partition(":")
    if key not in _SORT_KEYS or option not in ("", "asc", "desc"):
        keys = ", ".join(_SORT_KEYS)
        raise refuse(f"`sorted_by` is a key with `:asc` or `:desc`; the keys are {keys}")
    return sorted(rows, key=_SORT_KEYS[key], reverse=option == "desc")


# --- the answer --------------------------------------------------------------------------


def _answer(row: Row, path: Sequence[Folder]) -> Json:
    activation, sent, details = row.activation, row.sent, row.details
    last = details.executions[0] if details.executions else None
    records = (each.records for each in details.executions if each.status == "success")
    unit = schedules.repeat_unit(sent)
    return {
        "id": str(activation.id),
        "name": activation.name,
        "scheduleStatus": row.schedule_status,
        "runStatus": schedules.run_status(last, sent, details.zone, details.now),
        "segmentId": str(row.segment.id),
        "segmentName": row.segment.name,
        "folder": [{"id": str(each.id), "name": each.name} for each in path],
        "activationTemplateId": None if activation.template is None else str(activation.template),
        "activationTemplateName": None if row.template is None else row.template.name,
        **({} if sent.connection_id is None else {"connectionId": str(sent.connection_id)}),
        "connectionType": row.connection_type,
        "connectionTypeDescription": None,
        "connectionName": row.connection_name,
        "connectionValid": row.connection_name is not None,
        "startAt": sent.start_at,
        "endOn": sent.end_on,
        "workflowProjectName": sent.nested_workflow_project_name,
        "workflowName": sent.nested_workflow_name,
        "lastExecution": None if last is None else responses.execution(last),
        "lastRecordCount": next(records, None),
        **({} if unit is None else {"repeatUnit": unit}),
        "repeatFrequency": sent.repeat_frequency or 1,
        "timezone": sent.timezone or details.zone,
        "updatedAt": iso(activation.updated),
        "updatedBy": USER,
        "createdAt": iso(activation.created),
        "createdBy": USER,
    }


ROUTES = (Route("GET", "/audiences/{audience}/folders/{folder}/syndications", overview),)
