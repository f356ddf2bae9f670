"""Reads records that the API has in two forms: JSON:API resources, and legacy objects.

The values of a resource are under `attributes` and those of a legacy object at the top; a resource
names its folder and its segment in `relationships`. Resources of other types are skipped.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import msgspec

from segdsl.api import responses as a
from segdsl.api.activation_records import Form
from segdsl.api.bodies import items, need_id, need_name, refuse
from segdsl.rules.json_values import ValueFormError, id_of, kind_of, text_or_none

_T = TypeVar("_T")


class Record(NamedTuple):
    """A record with the JSON that it was read from; `type` is "" where none is said."""

    raw: bytes
    form: Form
    id: Any
    type: str
    values: dict[str, Any]
    relationships: dict[str, Any]

    def need_id(self) -> str:
        return need_id(self.id)

    def need_name(self) -> str:
        return need_name(self.values.get("name"))

    @property
    def document(self) -> msgspec.Raw:
        """The JSON, apart from the response that it is a part of."""
        return msgspec.Raw(bytes(self.raw))

    def related(self, *keys: str) -> str | None:
        """The id in the first of these relationships that has one."""
        for key in keys:
            id = id_of(as_dict(as_dict(self.relationships.get(key)).get("data")).get("id"))
            if id is not None:
                return id
        return None

    @property
    def folder_id(self) -> str | None:
        """Its folder, under any name that responses have for it (observed)."""
        return self.related("parentFolder", "parentSegmentFolder") or id_of(
            self.values.get("segmentFolderId")
        )


def as_dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def record_of(raw: bytes) -> Record:
    """A record, bare or under `data`; raises ValueFormError."""
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ValueFormError("it is not valid JSON") from None
    if not isinstance(value, dict):
        raise ValueFormError(f"it is {kind_of(value)} and not an object")
    if isinstance(value.get("data"), dict):
        value = value["data"]
        raw = bytes(msgspec.json.decode(raw, type=dict[str, msgspec.Raw])["data"])
    if isinstance(value.get("attributes"), dict):
        type = text_or_none(value.get("type")) or ""
        relationships = as_dict(value.get("relationships"))
        return Record(raw, "entities", value.get("id"), type, value["attributes"], relationships)
    return Record(raw, "legacy", value.get("id"), "", value, {})


def one_record(body: bytes, read: Callable[[Record], _T]) -> _T:
    """Reads the body of one record; raises InvalidResponseError."""
    try:
        return read(record_of(body))
    except ValueFormError as problem:
        refuse(str(problem))


def listed_records(
    body: bytes, types: frozenset[str], read: Callable[[Record], _T]
) -> a.Listed[_T]:
    """Reads a list in any form, item by item; resources of other types are skipped."""
    values: list[_T] = []
    unreadable: list[a.Unreadable] = []
    for item in items(body):
        try:
            record = record_of(bytes(item))
        except ValueFormError as problem:
            unreadable.append(a.Unreadable("", "", str(problem)))
            continue
        if record.type and record.type not in types:
            continue
        try:
            values.append(read(record))
        except ValueFormError as problem:
            name = text_or_none(record.values.get("name")) or ""
            unreadable.append(a.Unreadable(id_of(record.id) or "", name, str(problem)))
    return a.Listed(values, unreadable)
