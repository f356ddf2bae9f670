"""Reads the JSON:API answers of the Audience API, and folders from either of their lists.

Resources of types that are not known are passed over (observed: types are mixed).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, TypeVar

import msgspec

from segdsl.api import answers as a
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
        """The folder that it is in, by either name of the relationship (observed)."""
        for key in ("parentSegmentFolder", "parentFolder"):
            found = _dict(_dict(self.relationships.get(key)).get("data")).get("id")
            if id_of(found) is not None:
                return id_of(found)
        return None

    def named(self) -> str:
        return need_name(self.name)


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _resource(document: Any) -> _Resource | None:
    """A resource, bare or under `data`; None where it has no id."""
    of = _dict(document)
    of = _dict(of.get("data")) or of
    id = id_of(of.get("id"))
    if id is None:
        return None
    type = text_or_none(of.get("type")) or ""
    return _Resource(id, type, _dict(of.get("attributes")), _dict(of.get("relationships")))


def _resources(body: bytes) -> list[_Resource]:
    """The resources of a list, in any of its forms: `{"data": [{…}]}`, `[{"data": {…}}]`, `[{…}]`.

    What has no id is none.
    """
    found = (_resource(_decode_or_none(each)) for each in items(body))
    return [each for each in found if each is not None]


def _decode_or_none(raw: msgspec.Raw) -> Any:
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _readable(of: Iterable[_Resource], read: Callable[[_Resource], _T | None]) -> a.Listed[_T]:
    """What is read of resources; None is what is of no interest."""
    found: list[_T] = []
    unreadable: list[a.Unreadable] = []
    for each in of:
        try:
            value = read(each)
        except ValueFormError as problem:
            unreadable.append(unreadable_part(each, str(problem)))
        else:
            if value is not None:
                found.append(value)
    return a.Listed(found, unreadable)


def root_folder(body: bytes, parent_id: str) -> str | None:
    """The id of the folder that holds everything of a parent segment, from the list of them.

    The list has ids of its own; `v4Id` is the one that the other endpoints know.
    """
    listed = _resources(body)
    found = [each for each in listed if id_of(each.attributes.get("v4Id")) == parent_id]
    found = found or [each for each in listed if each.id == parent_id]
    return next((each.parent_id for each in found if each.parent_id is not None), None)


def solutions(body: bytes) -> a.Listed[a.Solution]:
    """The models among what lies in folders."""

    def read(of: _Resource) -> a.Solution | None:
        match of.type, of.attributes.get("solutionType"):
            case "mlSolution", ("rfm" | "cltv") as kind:
                return a.Solution(of.id, of.named(), kind)
            case _:
                return None

    return _readable(_resources(body), read)


def variants(body: bytes) -> a.Listed[a.Variant]:
    """The step of a journey is the test; one without a name is named as the journey or its place.

    Only the place is always there (described); that the console names tests so is assumed.
    """

    def read(of: _Resource) -> a.Variant:
        keys = ("realtimeJourneyStepName", "realtimeJourneyName", "location")
        tests = (text_or_none(of.attributes.get(key)) for key in keys)
        return a.Variant(of.id, of.named(), next((each for each in tests if each), ""))

    return _readable(_resources(body), read)


def folder_id(body: bytes) -> str:
    """The id of the folder that a create answers; raises BadAnswerError where it answers none."""
    found = _resource(decoded(body, dict[str, Any]))
    if found is None:
        refuse("it has no `id`")
    return found.id


# --- folders -----------------------------------------------------------------------------


class _Listing(Body, frozen=True):
    """A folder of the plain list; `parent_folder_id` is null at the root (observed)."""

    id: Any = None
    name: Any = None
    parent_folder_id: Any = None


class _Place(NamedTuple):
    id: str
    name: str
    parent: str | None


def folders(body: bytes, root: str) -> a.Listed[a.Folder]:
    """The tree of folders under a root, the root first, each after the one it is in.

    From everything that lies in folders; what is of another type is passed over (observed).
    """

    def read(of: _Resource) -> _Place | None:
        if of.type != "folder-segment":
            return None
        return _Place(of.id, "" if of.id == root else of.named(), of.parent_id)

    return _tree(_readable(_resources(body), read), root)


def plain_folders(body: bytes, root: str) -> a.Listed[a.Folder]:
    """The same from the list of folders with `parentFolderId`."""

    def read(of: _Listing) -> _Place:
        id = need_id(of.id)
        return _Place(id, "" if id == root else need_name(of.name), id_of(of.parent_folder_id))

    return _tree(listed(body, _Listing, read), root)


def _tree(places: a.Listed[_Place], root: str) -> a.Listed[a.Folder]:
    children: dict[str, list[_Place]] = {}
    for each in places:
        if each.parent is not None and each.id != root:
            children.setdefault(each.parent, []).append(each)

    def under(folder: a.Folder) -> Iterator[a.Folder]:
        yield folder
        for child in children.get(folder.id, []):
            yield from under(a.Folder(child.id, (*folder.path, child.name)))

    return a.Listed(under(a.Folder(root, ())), places.unreadable)
