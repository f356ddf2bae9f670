"""Bodies and lists of the Audience API's answers, whatever is in them.

Of a list, what cannot be read is returned beside the rest (`Listed.unreadable`); only a body that
is no such list at all raises BadAnswerError.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NoReturn, TypeVar

import msgspec

from segdsl.api.answers import Listed, Unreadable
from segdsl.api.errors import BadAnswerError
from segdsl.rules.json_values import ValueFormError, id_of, kind_of, text_of, text_or_none

_T = TypeVar("_T")
_T2 = TypeVar("_T2")


class Body(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """Values are of any type: what they may be is decided for each key (`values`)."""


def decoded(body: bytes, type: type[_T]) -> _T:
    """A body of that type; raises BadAnswerError."""
    try:
        return msgspec.json.decode(body, type=type)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        refuse(str(error))


def refuse(why: str) -> NoReturn:
    raise BadAnswerError(
        f"the API's answer is not as it is described: {why}",
        "is something else answering at this address?",
    )


def one(body: bytes, type: type[_T], read: Callable[[_T], _T2]) -> _T2:
    """What a body is; raises BadAnswerError."""
    try:
        return read(decoded(body, type))
    except ValueFormError as problem:
        refuse(str(problem))


class _Wrapped(msgspec.Struct, frozen=True):
    data: msgspec.Raw


def items(body: bytes) -> list[msgspec.Raw]:
    """The parts of a list, either `[…]` or `{"data": […]}`."""
    if body.lstrip()[:1] == b"{":
        body = bytes(decoded(body, _Wrapped).data)
    return decoded(body, list[msgspec.Raw])


def listed(body: bytes, type: type[_T], read: Callable[[_T], _T2]) -> Listed[_T2]:
    """What can be read of a list, and what cannot."""
    found: list[_T2] = []
    unreadable: list[Unreadable] = []
    for each in _parts(body, type):
        if isinstance(each, Unreadable):
            unreadable.append(each)
            continue
        try:
            found.append(read(each))
        except ValueFormError as problem:
            unreadable.append(unreadable_part(each, str(problem)))
    return Listed(found, unreadable)


def _parts(body: bytes, type: type[_T]) -> Iterator[_T | Unreadable]:
    try:
        # By far the most lists are of one kind.
        yield from msgspec.json.decode(body, type=list[type])  # type: ignore[valid-type]
        return
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    for item in items(body):
        try:
            yield msgspec.json.decode(item, type=type)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            yield _unlike(item)


def _unlike(item: msgspec.Raw) -> Unreadable:
    """A part of a list that is not even an object of the right shape."""
    try:
        value = msgspec.json.decode(item)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Unreadable("", "", "it is not valid JSON")
    if not isinstance(value, dict):
        return Unreadable("", "", f"it is {kind_of(value)} and not an object")
    name = text_or_none(value.get("name")) or ""
    return Unreadable(id_of(value.get("id")) or "", name, "it is not of the shape of the others")


def unreadable_part(of: object, why: str) -> Unreadable:
    name = getattr(of, "name", None)
    return Unreadable(id_of(getattr(of, "id", None)) or "", text_or_none(name) or "", why)


def need_id(value: Any) -> str:
    found = id_of(value)
    if found is None:
        raise ValueFormError("it has no `id`" if value is None else f"its `id` is {kind_of(value)}")
    return found


def need_name(value: Any, key: str = "name") -> str:
    found = text_of(value, key)
    if found is None:
        raise ValueFormError(f"it has no `{key}`")
    return found


def list_at(value: Any, key: str) -> list[Any]:
    """A list that may be null or absent."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise ValueFormError(f"its `{key}` is {kind_of(value)} and not a list")
    return value
