"""Decodes bodies and lists of the Audience API's responses, tolerant of invalid items.

Items of a list that cannot be decoded are in `Listed.unreadable`; only a body that is not a list
raises InvalidResponseError.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NoReturn, TypeVar

import msgspec

from segdsl.api.errors import CHECK_ADDRESS, InvalidResponseError
from segdsl.api.responses import Listed, Unreadable
from segdsl.rules.json_values import ValueFormError, id_of, kind_of, text_of, text_or_none

_T = TypeVar("_T")
_T2 = TypeVar("_T2")


class Body(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """Base of response shapes: values have any type and are checked key by key."""


def decoded(body: bytes, type: type[_T]) -> _T:
    """Decodes a body as that type; raises InvalidResponseError."""
    try:
        return msgspec.json.decode(body, type=type)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        refuse(str(error))


def refuse(why: str) -> NoReturn:
    raise InvalidResponseError(
        f"unexpected response of the API: {why}",
        CHECK_ADDRESS,
    )


def one(body: bytes, type: type[_T], read: Callable[[_T], _T2]) -> _T2:
    """Decodes and reads the body of one record; raises InvalidResponseError."""
    try:
        return read(decoded(body, type))
    except ValueFormError as problem:
        refuse(str(problem))


class _Wrapped(msgspec.Struct, frozen=True):
    data: msgspec.Raw


def items(body: bytes) -> list[msgspec.Raw]:
    """The raw items of a list, either `[…]` or `{"data": […]}`."""
    if body.lstrip()[:1] == b"{":
        body = bytes(decoded(body, _Wrapped).data)
    return decoded(body, list[msgspec.Raw])


def listed(body: bytes, type: type[_T], read: Callable[[_T], _T2]) -> Listed[_T2]:
    """Decodes and reads a list, item by item."""
    values: list[_T2] = []
    unreadable: list[Unreadable] = []
    for part in _parts(body, type):
        if isinstance(part, Unreadable):
            unreadable.append(part)
            continue
        try:
            values.append(read(part))
        except ValueFormError as problem:
            unreadable.append(unreadable_part(part, str(problem)))
    return Listed(values, unreadable)


def _parts(body: bytes, type: type[_T]) -> Iterator[_T | Unreadable]:
    try:
        # Fast path: almost all lists are uniform.
        yield from msgspec.json.decode(body, type=list[type])  # type: ignore[valid-type]
        return
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    for item in items(body):
        try:
            yield msgspec.json.decode(item, type=type)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            yield _malformed(item)


def _malformed(item: msgspec.Raw) -> Unreadable:
    """Describes a list item that is not an object of the right shape."""
    try:
        value = msgspec.json.decode(item)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Unreadable("", "", "it is not valid JSON")
    if not isinstance(value, dict):
        return Unreadable("", "", f"it is {kind_of(value)} and not an object")
    name = text_or_none(value.get("name")) or ""
    return Unreadable(id_of(value.get("id")) or "", name, "it has an unexpected shape")


def unreadable_part(item: object, why: str) -> Unreadable:
    name = getattr(item, "name", None)
    return Unreadable(id_of(getattr(item, "id", None)) or "", text_or_none(name) or "", why)


def need_id(value: Any) -> str:
    id = id_of(value)
    if id is None:
        raise ValueFormError("it has no `id`" if value is None else f"its `id` is {kind_of(value)}")
    return id


def need_name(value: Any, key: str = "name") -> str:
    name = text_of(value, key)
    if name is None:
        raise ValueFormError(f"it has no `{key}`")
    return name


def list_at(value: Any, key: str) -> list[Any]:
    """The list under a key; empty if it is null or absent."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise ValueFormError(f"its `{key}` is {kind_of(value)} and not a list")
    return value
