"""Handlers of folders under `/audiences` and `/tree`."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from msgspec import UNSET, UnsetType

from segdsl.server.errors import refuse
from segdsl.server.http.request_models import Body, decode, given, parameter, path_id
from segdsl.server.kinds.folders import responses
from segdsl.server.kinds.folders.collection import NAME, Folders
from segdsl.server.kinds.placement import Paths
from segdsl.server.service import Call, Route, Service

_PATHS = Paths("$.name", "$.rule", "$.segmentFolderId")


class FolderBody(Body, frozen=True):
    """A new folder; the description requires `description`, real servers do not."""

    name: str
    description: str | UnsetType | None = UNSET


class FolderChanges(Body, frozen=True):
    name: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET


def list_folders(service: Service, call: Call) -> Any:
    service.check_audience(call.path["audience"])
    return [responses.plain(folder) for folder in service[Folders].all()]


def create(service: Service, call: Call) -> Any:
    """The description has no parent folder: the folder goes into the root folder (assumed)."""
    service.check_audience(call.path["audience"])
    body = decode(call.body, FolderBody, strict=service.strict)
    if service.strict and not isinstance(body.description, str):
        raise refuse("a folder needs a `description`", "$")
    folders = service[Folders]
    description = given(body.description, None)
    return responses.plain(folders.create(folders.root.id, body.name, description, _PATHS))


def read(service: Service, call: Call) -> Any:
    service.check_audience(call.path["audience"])
    return responses.plain(service[Folders].find(path_id(call.path["folder"], NAME)))


def update(service: Service, call: Call) -> Any:
    service.check_audience(call.path["audience"])
    body = decode(call.body, FolderChanges, strict=service.strict)
    if service.strict and body.description is None:
        raise refuse("`description` is null: leave it out instead", "$.description")
    values = {"name": body.name, "description": body.description}
    changes = {key: value for key, value in values.items() if value is not UNSET}
    id = path_id(call.path["folder"], NAME)
    return responses.plain(service[Folders].update(id, changes, _PATHS))


def delete(service: Service, call: Call) -> Any:
    service.check_audience(call.path["audience"])
    return responses.plain(service[Folders].delete(path_id(call.path["folder"], NAME)))


def tree(service: Service, call: Call) -> Any:
    """All folders in one list, parents before children and each depth by name.

    The description has this answer without the operation that gives it; two public clients
    read `data[].id` and `data[].name` (observed).
    """
    service.check_audience(call.path["audience"])
    folders = service[Folders].all()
    parents = {folder.id: folder.parent for folder in folders}

    def depth(id: int | None) -> int:
        return 0 if id is None else 1 + depth(parents[id])

    folders.sort(key=lambda folder: (depth(folder.id), folder.name, folder.id))
    size = parameter(call.query.get("page[size]"), "page[size]", max(1, len(folders)))
    first = parameter(call.query.get("page[after]"), "page[after]", 0, 0)
    following = first + size
    page = None
    if following < len(folders):
        path = f"/tree/audiences/{service.audience}/segment_folders"
        page = f"{path}?{urlencode({'page[size]': size, 'page[after]': following})}"
    data = [responses.in_tree(folder) for folder in folders[first:following]]
    return {"data": data, "pagination": {"nextPage": page}}


_ALL = "/audiences/{audience}/folders"
_ONE = "/audiences/{audience}/folders/{folder}"
ROUTES = (
    Route("GET", _ALL, list_folders),
    Route("POST", _ALL, create),
    Route("GET", _ONE, read),
    Route("PATCH", _ONE, update),
    Route("DELETE", _ONE, delete),
    Route("GET", "/tree/audiences/{audience}/segment_folders", tree),
)
