"""Handlers under `/entities`, the JSON:API side."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import UnsetType

from segdsl.server import mutations as saving
from segdsl.server.errors import ASSOCIATION, refuse
from segdsl.server.http import entity_responses as shapes
from segdsl.server.http.readonly_handlers import funnels_in_folders, solutions_in_folders
from segdsl.server.http.request_models import (
    EntityBody,
    decode_entity,
    parameter,
    path_id,
    rule_text,
    whole,
)
from segdsl.server.http.requests import Call
from segdsl.server.mutations import Draft, Paths
from segdsl.server.service import Service
from segdsl.server.store.records import BATCH, REALTIME, Folder, Segment

WHOLE_TREE = 2**63
_KINDS = {shapes.BATCH_SEGMENT: BATCH, shapes.REALTIME_SEGMENT: REALTIME}


def parent_segments(service: Service, call: Call) -> Any:
    """`{"data": […]}` (observed), and not a list of `{"data": …}` (described)."""
    return shapes.document([shapes.parent_segment(service)])


def parent_segment(service: Service, call: Call) -> Any:
    service.check_audience(call.path["id"])
    return shapes.document(shapes.parent_segment(service))


# --- folders -----------------------------------------------------------------------------


def folder(service: Service, call: Call) -> Any:
    return _folder(service, service.folder(path_id(call.path["id"], "folder")))


def create_folder(service: Service, call: Call) -> Any:
    body, at = decode_entity(call.body, strict=service.strict)
    _check_type(body, at, (shapes.FOLDER,))
    name = body.attributes.name
    if isinstance(name, UnsetType):
        raise refuse("a folder needs a `name`", f"{at}.attributes")
    about = body.attributes.description
    description = None if isinstance(about, UnsetType) else about
    parent = _parent(body, at)
    if parent is None:
        raise refuse("a folder needs a `parentFolder`", f"{at}.relationships", ASSOCIATION)
    return _folder(service, saving.create_folder(service, parent, name, description, _paths(at)))


def update_folder(service: Service, call: Call) -> Any:
    id = path_id(call.path["id"], "folder")
    body, at = decode_entity(call.body, strict=service.strict)
    _check_type(body, at, (shapes.FOLDER,))
    _check_id(body, at, id)
    changes: dict[str, Any] = {}
    for key, value in (
        ("name", body.attributes.name),
        ("description", body.attributes.description),
    ):
        if not isinstance(value, UnsetType):
            changes[key] = value
    parent = _parent(body, at)
    if parent is not None:
        changes["parent"] = parent
    return _folder(service, saving.update_folder(service, id, changes, _paths(at)))


def delete_folder(service: Service, call: Call) -> Any:
    gone = saving.delete_folder(service, path_id(call.path["id"], "folder"))
    return shapes.document(shapes.folder(gone))


def _folder(service: Service, of: Folder) -> Any:
    children = [each for each in service.store.folders(service.audience) if each.parent == of.id]
    segments = service.store.segments(service.audience, of.id)
    return shapes.document(shapes.folder(of, [*children, *segments]))


def by_folder(service: Service, call: Call) -> Any:
    """The folder and what is in it, `depth` levels down: at 1, what is right in it (assumed).

    Without a depth it is everything below (observed).
    """
    top = service.folder(path_id(call.path["id"], "folder"))
    depth = parameter(call.query.get("depth"), "depth", WHOLE_TREE, 0)
    with_rule = call.query.get("with_rule", "true") != "false"
    folders: dict[int | None, list[Folder]] = {}
    for folder in service.store.folders(service.audience):
        folders.setdefault(folder.parent, []).append(folder)
    segments: dict[int, list[Segment]] = {}
    for segment in service.store.segments(service.audience):
        segments.setdefault(segment.folder, []).append(segment)

    def walk() -> Iterator[Any]:
        waiting = [(top, 0)]
        while waiting:
            at, level = waiting.pop(0)
            inside, below = segments.get(at.id, []), folders.get(at.id, [])
            yield shapes.folder(at, [*below, *inside])
            if level < depth:
                yield from (shapes.segment(each, with_rule=with_rule) for each in inside)
                waiting.extend((each, level + 1) for each in below)
        if top == service.root and depth > 0:
            yield from funnels_in_folders(service)
            yield from solutions_in_folders(service)

    return shapes.document(list(walk()))


# --- segments ----------------------------------------------------------------------------


def segment(service: Service, call: Call) -> Any:
    found = service.segment(path_id(call.path["id"], "segment"))
    return shapes.document(shapes.segment(found))


def create_segment(service: Service, call: Call) -> Any:
    body, at = decode_entity(call.body, strict=service.strict)
    if isinstance(body.attributes.name, UnsetType):
        raise refuse("a segment needs a `name`", f"{at}.attributes")
    if _parent(body, at) is None:
        raise refuse("a segment needs a `parentFolder`", f"{at}.relationships", ASSOCIATION)
    draft = _changed(service, Draft(body.attributes.name, service.root.id), body, at)
    return shapes.document(shapes.segment(saving.create_segment(service, draft, _paths(at))))


def update_segment(service: Service, call: Call) -> Any:
    """What the body leaves out stays as it is (assumed)."""
    id = path_id(call.path["id"], "segment")
    before = Draft.of(service.segment(id))
    body, at = decode_entity(call.body, strict=service.strict)
    _check_id(body, at, id)
    made = saving.update_segment(service, id, _changed(service, before, body, at), _paths(at))
    return shapes.document(shapes.segment(made))


def delete_segment(service: Service, call: Call) -> Any:
    gone = saving.delete_segment(service, path_id(call.path["id"], "segment"))
    return shapes.document(shapes.segment(gone))


def _changed(service: Service, draft: Draft, body: EntityBody, at: str) -> Draft:
    of = body.attributes
    if body.type == "segment-funnel-stage" or not isinstance(of.funnel_stage, UnsetType):
        raise refuse("the local API has no funnels whose stage a segment could be", f"{at}.type")
    _check_type(body, at, tuple(_KINDS))
    kind = draft.kind if isinstance(body.type, UnsetType) else _KINDS[body.type]
    count = of.count_population
    rule = draft.rule
    if not isinstance(of.rule, UnsetType):
        rule = rule_text(of.rule, f"{at}.attributes.rule", strict=service.strict)
    return Draft(
        draft.name if isinstance(of.name, UnsetType) else of.name,
        _parent(body, at) or draft.folder,
        draft.description if isinstance(of.description, UnsetType) else of.description,
        kind,
        rule,
        draft.count_population if isinstance(count, UnsetType) else count,
        draft.is_visible if isinstance(of.is_visible, UnsetType) else of.is_visible,
    )


# --- bodies ------------------------------------------------------------------------------


def _paths(at: str) -> Paths:
    return Paths(
        f"{at}.attributes.name", f"{at}.attributes.rule", f"{at}.relationships.parentFolder"
    )


def _check_type(body: EntityBody, at: str, types: tuple[str, ...]) -> None:
    if not isinstance(body.type, UnsetType) and body.type not in types:
        raise refuse(f"the type is one of {', '.join(types)}", f"{at}.type")


def _check_id(body: EntityBody, at: str, id: int) -> None:
    if not isinstance(body.id, UnsetType) and whole(body.id, f"{at}.id") != id:
        raise refuse(f"the body is about another than {id}, which the path names", f"{at}.id")


def _parent(body: EntityBody, at: str) -> int | None:
    link = body.relationships.parent_folder
    path = f"{at}.relationships.parentFolder"
    if isinstance(link, UnsetType) or isinstance(link.data, UnsetType):
        return None
    if link.data is None:
        raise refuse("only the root folder is in none", path, ASSOCIATION)
    if link.data.type != shapes.FOLDER:
        raise refuse(f"the type of a folder is {shapes.FOLDER}", f"{path}.data.type")
    return whole(link.data.id, f"{path}.data.id")
