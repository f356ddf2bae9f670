"""How bodies, ids and parameters of requests are read, for all kinds.

Ids may be numbers or strings of digits (observed: public clients send both). A value of null counts
as left out, and unknown keys are ignored: clients send back what they were answered (observed).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar, TypeVar

import msgspec
from msgspec import UNSET, Raw, UnsetType

from segdsl.server.errors import ASSOCIATION, ApiError, Problem, no_such, refuse
from segdsl.server.http.responses import FOLDER

B = TypeVar("B", bound="Body")
E = TypeVar("E", bound="EntityBody")
V = TypeVar("V")
_MAX_ID = 2**63 - 1

Id = int | str


class Body(msgspec.Struct, frozen=True, rename="camel"):
    """A body, or a part of one; `nullable` are the keys for which null is a value."""

    nullable: ClassVar[tuple[str, ...]] = ("description",)


class _Linked(Body, frozen=True):
    id: Id
    type: str


class _Link(Body, frozen=True):
    data: _Linked | UnsetType | None = UNSET


class Links(Body, frozen=True):
    """The relationships of a resource; a kind with others extends it."""

    parent_folder: _Link | UnsetType = UNSET


class EntityBody(Body, frozen=True):
    """A resource under `/entities`; a kind adds its `attributes`."""

    id: Id | UnsetType = UNSET
    type: str | UnsetType = UNSET
    relationships: Links = Links()


class _Wrapped(Body, frozen=True):
    data: Raw | UnsetType = UNSET


def given(value: V | UnsetType, default: V) -> V:
    """The value of a key, or the default where the key was left out."""
    return default if isinstance(value, UnsetType) else value


# --- bodies ------------------------------------------------------------------------------


def decode(body: bytes, type: type[B], path: str = "$", *, strict: bool = False) -> B:
    """Reads a body as that type; raises ApiError (400), which names the place.

    Strictly, null is an error where the description does not allow it.
    """
    with _reading(path):
        content = body if strict else _without_nulls(body, type.nullable)
        return msgspec.json.decode(content, type=type)


def decode_ids(body: bytes, *, strict: bool = False) -> tuple[Id, ...]:
    """Reads a body that is a list of ids, strictly of strings; raises ApiError (400)."""
    with _reading("$"):
        if strict:
            return msgspec.json.decode(body, type=tuple[str, ...])
        return msgspec.json.decode(body, type=tuple[Id, ...])


@contextmanager
def _reading(path: str) -> Iterator[None]:
    try:
        yield
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at `")
        where = path + place.removesuffix("`").removeprefix("$")
        raise ApiError(400, [Problem(message, where)]) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise refuse(f"the body is not valid JSON: {error}", path) from None


def decode_entity(body: bytes, type: type[E], *, strict: bool = False) -> tuple[E, str]:
    """Reads a JSON:API body, wrapped in `data` or bare; also returns the path of the resource.

    The description has bare bodies; JSON:API and the answers have the wrapper; clients send both
    (observed).
    """
    wrapped = decode(body, _Wrapped)
    if isinstance(wrapped.data, UnsetType):
        return decode(body, type, strict=strict), "$"
    return decode(bytes(wrapped.data), type, "$.data", strict=strict), "$.data"


_HOLDERS = ("attributes", "relationships")


def _without_nulls(body: bytes, nullable: tuple[str, ...]) -> bytes:
    """A body without the keys whose value is null, except for nullable ones."""
    try:
        keys = msgspec.json.decode(body, type=dict[str, Raw])
    except msgspec.ValidationError:
        return body  # It is not an object: reading it as its type reports that.
    kept = {
        key: Raw(_without_nulls(bytes(value), nullable)) if key in _HOLDERS else value
        for key, value in keys.items()
        if key in nullable or bytes(value) != b"null"
    }
    return msgspec.json.encode(kept)


# --- resources ---------------------------------------------------------------------------


def check_type(body: EntityBody, place: str, types: tuple[str, ...]) -> None:
    """Refuses a resource of another type; a type may be left out."""
    if not isinstance(body.type, UnsetType) and body.type not in types:
        raise refuse(f"the type is one of {', '.join(types)}", f"{place}.type")


def check_id(body: EntityBody, place: str, id: int) -> None:
    """Refuses a resource with another id than the path; an id may be left out."""
    if not isinstance(body.id, UnsetType) and whole(body.id, f"{place}.id") != id:
        raise refuse(f"the id differs from {id}, the id in the path", f"{place}.id")


def parent_folder(body: EntityBody, place: str) -> int | None:
    """The folder that a resource names as its parent; None where it names none."""
    relationship = body.relationships.parent_folder
    path = f"{place}.relationships.parentFolder"
    if isinstance(relationship, UnsetType) or isinstance(relationship.data, UnsetType):
        return None
    if relationship.data is None:
        raise refuse("only the root folder has no parent folder", path, ASSOCIATION)
    if relationship.data.type != FOLDER:
        raise refuse(f"the type of a folder is {FOLDER}", f"{path}.data.type")
    return whole(relationship.data.id, f"{path}.data.id")


def required_folder(body: EntityBody, place: str, what: str) -> int:
    """The parent folder of a new resource; `what` is its noun with an article."""
    folder = parent_folder(body, place)
    if folder is None:
        raise refuse(f"{what} needs a `parentFolder`", f"{place}.relationships", ASSOCIATION)
    return folder


# --- ids and numbers ---------------------------------------------------------------------


def whole(value: Id, path: str, least: int = 0) -> int:
    """A whole number, given as a number or a string; raises ApiError (400)."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 19:
        value = int(value)
    if isinstance(value, str) or not least <= value <= _MAX_ID:
        raise refuse(f"expected a whole number of {least} or more", path)
    return value


def parameter(text: str | None, name: str, default: int | None, least: int = 1) -> int:
    """A number in the query of a URL; required without a default. Raises ApiError (400)."""
    if text is None:
        if default is None:
            raise refuse(f"the parameter `{name}` is required")
        return default
    try:
        return whole(text, "$", least)
    except ApiError:
        message = f"`{name}` must be a whole number of {least} or more, not `{text}`"
        raise refuse(message) from None


def path_id(text: str, what: str) -> int:
    """An id in a path; raises ApiError (404) for what cannot be an id."""
    if text.isascii() and text.isdigit() and len(text) <= 18:
        return int(text)
    raise no_such(what, text)
