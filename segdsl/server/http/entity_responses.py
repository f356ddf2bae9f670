"""Answers under `/entities`: JSON:API resources, in the description's shapes."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from segdsl.server.http.responses import MAX_ACTIVATION_ROWS, USER_ID, USER_NAME, Json, iso, rule
from segdsl.server.service import Service
from segdsl.server.store.records import REALTIME, Folder, Segment

FOLDER = "folder-segment"
BATCH_SEGMENT = "segment-batch"
REALTIME_SEGMENT = "segment-realtime"


def document(data: Json | list[Json]) -> Json:
    """A resource, or several, with the user who is behind all of them."""
    who = {"tdUserId": USER_ID, "name": USER_NAME}
    return {"data": data, "included": [{"id": USER_ID, "type": "user", "attributes": who}]}


def parent_segment(service: Service) -> Json:
    """With its folder under both names: clients read either (observed)."""
    parent, root = service.data.parent, service.root
    attributes = {
        "name": parent.name,
        "description": parent.description,
        "matrixUpdatedAt": iso(service.opened),
        "population": service.data.population(),
        "scheduleType": "none",
        "timezone": parent.timezone,
        "createdAt": iso(root.created),
        "updatedAt": iso(root.updated),
        # Locally a parent segment has one id on both sides (assumed).
        "v4Id": int(parent.id),
        "allowActivationBehavior": False,
        "maxActivationBehaviorRow": MAX_ACTIVATION_ROWS,
        "customerGroup": None,
    }
    folder = _link(FOLDER, root.id)
    return {
        "id": parent.id,
        "type": "parentSegment",
        "attributes": attributes,
        "relationships": {"parentFolder": folder, "parentSegmentFolder": folder, **_users()},
    }


def folder(of: Folder, children: Iterable[Folder | Segment] = ()) -> Json:
    parent = {"data": None} if of.parent is None else _link(FOLDER, of.parent)
    return {
        "id": str(of.id),
        "type": FOLDER,
        "attributes": {
            "audienceId": of.audience,
            "name": of.name,
            "description": of.description,
            "createdAt": iso(of.created),
            "updatedAt": iso(of.updated),
            "permissions": {"view": True, "edit": True},
        },
        "relationships": {
            "children": {"data": [_link(kind_of(each), each.id) for each in children]},
            "parentFolder": parent,
            **_users(),
        },
    }


def segment(of: Segment, *, with_rule: bool = True) -> Json:
    """Without the rule its key is left out; `isEmptyRule` is there all the same (observed)."""
    attributes: Json = {
        "audienceId": of.audience,
        "name": of.name,
        "description": of.description,
        "population": of.population,
        "numSyndications": 0,
        "isVisible": of.is_visible,
        "isEmptyRule": _is_empty(of),
        "createdAt": iso(of.created),
        "updatedAt": iso(of.updated),
        "countPopulation": of.count_population,
        "segmentInsightDashboardId": None,
        "enrichments": None,
    }
    if with_rule:
        attributes["rule"] = rule(of)
    return {
        "id": str(of.id),
        "type": kind_of(of),
        "attributes": attributes,
        "relationships": {"parentFolder": _link(FOLDER, of.folder), **_users()},
    }


def kind_of(of: Folder | Segment) -> str:
    """The type of a resource."""
    match of:
        case Folder():
            return FOLDER
        case Segment(kind=kind):
            return REALTIME_SEGMENT if kind == REALTIME else BATCH_SEGMENT


class _Conditions(msgspec.Struct):
    conditions: list[msgspec.Raw] = []


def _is_empty(of: Segment) -> bool:
    return of.rule is None or not msgspec.json.decode(of.rule, type=_Conditions).conditions


def in_folder(id: int) -> Json:
    return _link(FOLDER, id)


def _link(kind: str, id: int) -> Json:
    return {"data": {"id": str(id), "type": kind}}


def _users() -> Json:
    return {"createdBy": _link("user", int(USER_ID)), "updatedBy": _link("user", int(USER_ID))}
