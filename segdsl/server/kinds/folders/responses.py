"""Folders as both families answer them."""

from __future__ import annotations

from collections.abc import Iterable

from segdsl.server.http.responses import FOLDER, USER_LINKS, history, iso, link
from segdsl.server.kinds.folders.table import Folder
from segdsl.server.service import Json


def plain(folder: Folder) -> Json:
    """A folder under `/audiences`."""
    return {
        "id": str(folder.id),
        "audienceId": folder.audience,
        "name": folder.name,
        "description": folder.description,
        "parentFolderId": _parent(folder),
        **history(folder.created, folder.updated),
    }


def in_tree(folder: Folder) -> Json:
    return {"id": str(folder.id), "name": folder.name, "parentFolderId": _parent(folder)}


def _parent(folder: Folder) -> str | None:
    return None if folder.parent is None else str(folder.parent)


def resource(folder: Folder, children: Iterable[tuple[str, int]] = ()) -> Json:
    """A folder under `/entities`, with the types and ids of its children."""
    parent = {"data": None} if folder.parent is None else link(FOLDER, folder.parent)
    return {
        "id": str(folder.id),
        "type": FOLDER,
        "attributes": {
            "audienceId": folder.audience,
            "name": folder.name,
            "description": folder.description,
            "createdAt": iso(folder.created),
            "updatedAt": iso(folder.updated),
            "permissions": {"view": True, "edit": True},
        },
        "relationships": {
            "children": {"data": [link(type, id) for type, id in children]},
            "parentFolder": parent,
            **USER_LINKS,
        },
    }
