"""Reads JSON:API responses of the Audience API, and folders from either of their lists.

Resources of unknown types are skipped (observed: types are mixed).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, TypeVar

import msgspec

from segdsl.api import responses as a
from segdsl.api.bodies import (
    Body,
    decoded,
    items,
    listed,
    need_id,
    need_name,
    refuse,
    unreadable_part,
)
from segdsl.rules.json_values import ValueFormError, id_of, text_or_none

_T = TypeVar("_T")


class _Resource(NamedTuple):
    id: str
    type: str
    attributes: dict[str, Any]
    relationships: dict[str, Any]

    @property
    def name(self) -> str | None:
        return text_or_none(self.attributes.get("name"))

    @property
    def parent_id(self) -> str | None:
        """The id of its folder, under either name of the relationship (observed)."""
        for key in ("parentSegmentFolder", "parentFolder"):
            id = _dict(_dict(self.relationships.get(key)).get("data")).get("id")
            if id_of(id) is not None:
                return id_of(id)
        return None

    def named(self) -> str:
        return need_name(self.name)


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _resource(document: Any) -> _Resource | None:
    """A resource, bare or under `data`; None if it has no id."""
    resource = _dict(document)
    resource = _dict(resource.get("data")) or resource
    id = id_of(resource.get("id"))
    if id is None:
        return None
    type = text_or_none(resource.get("type")) or ""
    return _Resource(
        id, type, _dict(resource.get("attributes")), _dict(resource.get("relationships"))
    )


def _resources(body: bytes) -> list[_Resource]:
    """The resources of a list in any form: `{"data": [{…}]}`, `[{"data": {…}}]`, `[{…}]`.

    Items without an id are skipped.
    """
    resources = (_resource(_decode_or_none(each)) for each in items(body))
    return [each for each in resources if each is not None]


def _decode_or_none(raw: msgspec.Raw) -> Any:
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _readable(
    resources: Iterable[_Resource], read: Callable[[_Resource], _T | None]
) -> a.Listed[_T]:
    """Reads resources; those for which `read` returns None are skipped."""
    values: list[_T] = []
    unreadable: list[a.Unreadable] = []
    for resource in resources:
        try:
            value = read(resource)
        except ValueFormError as problem:
            unreadable.append(unreadable_part(resource, str(problem)))
        else:
            if value is not None:
                values.append(value)
    return a.Listed(values, unreadable)


def root_folder(body: bytes, parent_id: str) -> str | None:
    """The id of a parent segment's root folder, from the list of parent segments.

    The list has its own ids; the other endpoints use `v4Id`.
    """
    parents = _resources(body)
    matches = [each for each in parents if id_of(each.attributes.get("v4Id")) == parent_id]
    matches = matches or [each for each in parents if each.id == parent_id]
    return next((each.parent_id for each in matches if each.parent_id is not None), None)


def solutions(body: bytes) -> a.Listed[a.Solution]:
    """The models of solutions in a list by folder."""

    def read(resource: _Resource) -> a.Solution | None:
        match resource.type, resource.attributes.get("solutionType"):
            case "mlSolution", ("rfm" | "cltv") as kind:
                return a.Solution(resource.id, resource.named(), kind)
            case _:
                return None

    return _readable(_resources(body), read)


def variants(body: bytes) -> a.Listed[a.Variant]:
    """The variants; a test is named by its step or else by its journey or location.

    Only the location is always present (described); that the console uses these names is assumed.
    """

    def read(resource: _Resource) -> a.Variant:
        keys = ("realtimeJourneyStepName", "realtimeJourneyName", "location")
        tests = (text_or_none(resource.attributes.get(key)) for key in keys)
        return a.Variant(resource.id, resource.named(), next((each for each in tests if each), ""))

    return _readable(_resources(body), read)


def folder_id(body: bytes) -> str:
    """The id of a created folder; raises InvalidResponseError if the response has none."""
    folder = _resource(decoded(body, dict[str, Any]))
    if folder is None:
        refuse("it has no `id`")
    return folder.id


# --- folders -----------------------------------------------------------------------------


class _PlainFolder(Body, frozen=True):
    """A folder of the plain list; `parent_folder_id` is null at the root (observed)."""

    id: Any = None
    name: Any = None
    parent_folder_id: Any = None


class _Node(NamedTuple):
    id: str
    name: str
    parent: str | None


def folders(body: bytes, root: str) -> a.Listed[a.Folder]:
    """The folders under a root, the root first, each after its parent.

    The body is a list by folder; resources of other types are skipped (observed).
    """

    def read(resource: _Resource) -> _Node | None:
        if resource.type != "folder-segment":
            return None
        return _Node(
            resource.id, "" if resource.id == root else resource.named(), resource.parent_id
        )

    return _tree(_readable(_resources(body), read), root)


def plain_folders(body: bytes, root: str) -> a.Listed[a.Folder]:
    """The folders as in `folders`, from the plain list with `parentFolderId`."""

    def read(folder: _PlainFolder) -> _Node:
        id = need_id(folder.id)
        return _Node(
            id, "" if id == root else need_name(folder.name), id_of(folder.parent_folder_id)
        )

    return _tree(listed(body, _PlainFolder, read), root)


def _tree(nodes: a.Listed[_Node], root: str) -> a.Listed[a.Folder]:
    children: dict[str, list[_Node]] = {}
    for node in nodes:
        if node.parent is not None and node.id != root:
            children.setdefault(node.parent, []).append(node)

    def under(folder: a.Folder) -> Iterator[a.Folder]:
        yield folder
        for child in children.get(folder.id, []):
            yield from under(a.Folder(child.id, (*folder.path, child.name)))

    return a.Listed(under(a.Folder(root, ())), nodes.unreadable)
