"""Handlers of folders under `/entities`, and of everything that lies in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import UNSET, UnsetType

from segdsl.server.errors import refuse
from segdsl.server.http.request_models import (
    Body,
    EntityBody,
    check_id,
    check_type,
    decode_entity,
    given,
    parameter,
    parent_folder,
    path_id,
    required_folder,
)
from segdsl.server.http.responses import FOLDER, document
from segdsl.server.kinds.folders import responses
from segdsl.server.kinds.folders.collection import NAME, Folders
from segdsl.server.kinds.folders.table import Folder
from segdsl.server.kinds.placement import entity_paths
from segdsl.server.service import JSON, Call, Item, Json, Route, Service

WHOLE_TREE = 2**63


class _Attributes(Body, frozen=True):
    name: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET


class FolderEntity(EntityBody, frozen=True):
    attributes: _Attributes = _Attributes()


def create(service: Service, call: Call) -> Any:
    body, place = decode_entity(call.body, FolderEntity, strict=service.strict)
    check_type(body, place, (FOLDER,))
    name = body.attributes.name
    if isinstance(name, UnsetType):
        raise refuse("a folder needs a `name`", f"{place}.attributes")
    parent = required_folder(body, place, "a folder")
    description = given(body.attributes.description, None)
    folder = service[Folders].create(parent, name, description, entity_paths(place))
    return _document(service, folder)


def read(service: Service, call: Call) -> Any:
    return _document(service, service[Folders].find(path_id(call.path["id"], NAME)))


def update(service: Service, call: Call) -> Any:
    id = path_id(call.path["id"], NAME)
    body, place = decode_entity(call.body, FolderEntity, strict=service.strict)
    check_type(body, place, (FOLDER,))
    check_id(body, place, id)
    parent = parent_folder(body, place)
    values = {
        "name": body.attributes.name,
        "description": body.attributes.description,
        "parent": UNSET if parent is None else parent,
    }
    changes = {key: value for key, value in values.items() if value is not UNSET}
    return _document(service, service[Folders].update(id, changes, entity_paths(place)))


def delete(service: Service, call: Call) -> Any:
    folder = service[Folders].delete(path_id(call.path["id"], NAME))
    return document(responses.resource(folder))


def _document(service: Service, folder: Folder) -> Json:
    folders = [child for child in service[Folders].all() if child.parent == folder.id]
    return document(_resource(folder, folders, _items(service, folder.id)))


def _items(service: Service, folder: int | None = None) -> list[Item]:
    return [item for kind in service.collections for item in kind.items(folder)]


def _resource(folder: Folder, folders: list[Folder], items: list[Item]) -> Json:
    children = [(FOLDER, child.id) for child in folders]
    return responses.resource(
        folder, [*children, *((item.type, item.id) for item in items if item.is_child)]
    )


def by_folder(service: Service, call: Call) -> Any:
    """A folder and its contents, `depth` levels down: 1 is what lies directly in it (assumed).

    Without a depth it is everything below (observed).
    """
    top = service[Folders].find(path_id(call.path["id"], NAME))
    depth = parameter(call.query.get("depth"), "depth", WHOLE_TREE, 0)
    with_rule = call.query.get("with_rule", "true") != "false"
    folders: dict[int | None, list[Folder]] = {}
    for folder in service[Folders].all():
        folders.setdefault(folder.parent, []).append(folder)
    items: dict[int, list[Item]] = {}
    for item in _items(service):
        items.setdefault(item.folder, []).append(item)

    def walk() -> Iterator[Json]:
        waiting = [(top, 0)]
        while waiting:
            folder, level = waiting.pop(0)
            below, inside = folders.get(folder.id, []), items.get(folder.id, [])
            yield _resource(folder, below, inside)
            if level < depth:
                yield from (item.resource(with_rule) for item in inside)
                waiting.extend((child, level + 1) for child in below)
        if top == service[Folders].root and depth > 0:
            for kind in service.collections:
                yield from kind.root_resources()

    return document(list(walk()))


_ONE = "/entities/folders/{id}"
ROUTES = (
    Route("POST", "/entities/folders", create),
    Route("GET", _ONE, read),
    Route("PATCH", _ONE, update),
    Route("DELETE", _ONE, delete),
    Route("GET", "/entities/by-folder/{id}", by_folder, JSON),
)
