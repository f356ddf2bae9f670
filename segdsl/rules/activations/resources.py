"""The two forms of the API's things: resources of JSON:API, and the plain objects of before."""

from __future__ import annotations

from typing import Any, NamedTuple

from segdsl.rules.activations.fields import FieldReader

Json = dict[str, Any]

READ_ONLY = frozenset({"id", "audienceId", "createdAt", "updatedAt", "createdBy", "updatedBy"})
"""Fields that only a server sets; of every thing."""


class Resource(NamedTuple):
    """The fields of a thing, whichever form it has, at `path`.

    `related` are the ids of its relationships. `is_answer` is whether a server answered it, and
    not a client sent it.
    """

    id: str | None
    attributes: Json
    related: dict[str, str]
    path: str
    is_answer: bool


def open_resource(value: Any, path: str, type: str, what: str, reader: FieldReader) -> Resource:
    """The resource of a `type`, also around `data`, or the plain object; raises UnreadableError."""
    while isinstance(value, dict) and isinstance(value.get("data"), dict):
        value, path = value["data"], f"{path}.data"
    if not isinstance(value, dict):
        reader.fail(path, f"{what} is an object")
    id = value.get("id")
    if id is not None:
        id = reader.identifier(id, f"{path}.id", "an id") or None
    related: dict[str, str] = {}
    attributes = value
    if isinstance(value.get("attributes"), dict):
        reader.choice(value.get("type"), f"{path}.type", (type,), f"the type of {what}")
        related = _related(value.get("relationships"), f"{path}.relationships", reader)
        attributes, path = value["attributes"], f"{path}.attributes"
    is_answer = any(attributes.get(key) is not None for key in ("audienceId", "createdAt"))
    return Resource(id, attributes, related, path, is_answer)


def _related(value: Any, path: str, reader: FieldReader) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        reader.fail(path, "`relationships` is an object")
    related: dict[str, str] = {}
    for name, relationship in value.items():
        data = relationship.get("data") if isinstance(relationship, dict) else None
        if isinstance(data, dict) and data.get("id") is not None:
            at = f"{path}.{name}.data.id"
            related[name] = reader.identifier(data["id"], at, "an id")
    return related


def path_of_fields(value: Any, path: str) -> str:
    """Where the fields of a thing are in its document at `path`."""
    while isinstance(value, dict) and isinstance(value.get("data"), dict):
        value, path = value["data"], f"{path}.data"
    is_resource = isinstance(value, dict) and isinstance(value.get("attributes"), dict)
    return f"{path}.attributes" if is_resource else path
