"""What clients send: bodies read as the description has them, and ids and numbers in paths.

Ids may be numbers or texts of digits (observed: public clients send both). What is null
is taken as left out, and so are keys that are not known: clients send back what they were
answered (observed). A rule stays the bytes that came, so that its numbers keep their text.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, Raw, UnsetType

from segdsl.server.errors import ApiError, Problem, missing, refuse
from segdsl.server.rule_texts import with_text_ids
from segdsl.server.store.records import BATCH, REALTIME

_T = TypeVar("_T")
_MAX_ID = 2**63 - 1

Id = int | str


class _Body(msgspec.Struct, frozen=True, rename="camel"):
    pass


class RuleBody(_Body, frozen=True):
    """What the bodies that carry a rule have in common."""

    rule: Raw | UnsetType = UNSET
    kind: Id | UnsetType = UNSET
    realtime: bool | UnsetType = UNSET
    funnel_stage: dict[str, Any] | UnsetType = msgspec.field(name="funnel_stage", default=UNSET)


class SegmentBody(RuleBody, frozen=True):
    """The description's SegmentParameters, and `isVisible` (observed).

    Its `audienceId` is passed over: the parent segment of the path counts (observed).
    """

    name: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    segment_folder_id: Id | UnsetType = UNSET
    count_population: bool | UnsetType = UNSET
    is_visible: bool | UnsetType = UNSET


class SqlBody(RuleBody, frozen=True):
    format: str | UnsetType = UNSET


class QueryBody(RuleBody, frozen=True):
    columns: list[str] | UnsetType = UNSET
    page_size: Id | UnsetType = UNSET
    max_page: Id | UnsetType = UNSET
    enable_mv: str | UnsetType = UNSET
    filter_string: str | UnsetType = UNSET


class FolderBody(_Body, frozen=True):
    """A new folder; `description` is required by the description alone."""

    name: str
    description: str | UnsetType | None = UNSET


class FolderChanges(_Body, frozen=True):
    name: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET


class _Linked(_Body, frozen=True):
    id: Id
    type: str


class _Link(_Body, frozen=True):
    data: _Linked | UnsetType | None = UNSET


class _Links(_Body, frozen=True):
    parent_folder: _Link | UnsetType = UNSET


class _Attributes(_Body, frozen=True):
    name: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    rule: Raw | UnsetType = UNSET
    count_population: bool | UnsetType = UNSET
    is_visible: bool | UnsetType = UNSET
    funnel_stage: dict[str, Any] | UnsetType = msgspec.field(name="funnel_stage", default=UNSET)


class EntityBody(_Body, frozen=True):
    """A segment or a folder under `/entities`."""

    id: Id | UnsetType = UNSET
    type: str | UnsetType = UNSET
    attributes: _Attributes = _Attributes()
    relationships: _Links = _Links()


class _Wrapped(msgspec.Struct, frozen=True):
    data: Raw | UnsetType = UNSET


def decode(body: bytes, type: type[_T], path: str = "$", *, strict: bool = False) -> _T:
    """The body as that type; raises ApiError (400) that names the place.

    Strictly, null is no value of what the description does not let be null.
    """
    try:
        return msgspec.json.decode(body if strict else _without_nulls(body), type=type)
    except msgspec.ValidationError as error:
        message, _, at = str(error).partition(" - at `")
        where = path + at.removesuffix("`").removeprefix("$")
        raise ApiError(400, [Problem(message, where)]) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise refuse(f"the body is no JSON: {error}", path) from None


def decode_entity(body: bytes, *, strict: bool = False) -> tuple[EntityBody, str]:
    """The body of a JSON:API request, and its path; it may be wrapped in `data`, or bare.

    Described: bare. JSON:API itself, and the answers, have the wrapper; clients send both
    (observed).
    """
    wrapped = decode(body, _Wrapped)
    if isinstance(wrapped.data, UnsetType):
        return decode(body, EntityBody, strict=strict), "$"
    return decode(bytes(wrapped.data), EntityBody, "$.data", strict=strict), "$.data"


_MAY_BE_NULL = ("rule", "description")
_HOLDERS = ("attributes", "relationships")


def _without_nulls(body: bytes) -> bytes:
    """A body without the keys whose value is null, but for those to which null says something."""
    try:
        keys = msgspec.json.decode(body, type=dict[str, Raw])
    except msgspec.ValidationError:
        return body  # It is no object, which is said where it is read.
    kept = {
        key: Raw(_without_nulls(bytes(value))) if key in _HOLDERS else value
        for key, value in keys.items()
        if key in _MAY_BE_NULL or bytes(value) != b"null"
    }
    return msgspec.json.encode(kept)


def rule_text(rule: Raw | UnsetType, path: str, *, strict: bool = False) -> str | None:
    """A rule as the text that came; None where it is null or left out: everyone.

    But for a strict service, ids of references become texts.
    """
    if isinstance(rule, UnsetType):
        return None
    try:
        text = bytes(rule).decode()
    except UnicodeDecodeError:
        raise refuse("the rule is not UTF-8", path) from None
    if text == "null":
        return None
    return text if strict else with_text_ids(text)


def kind_of(body: RuleBody, otherwise: int = BATCH) -> int:
    """0 (batch) or 1 (realtime). Stages of funnels, which have no data here, are refused."""
    if isinstance(body.kind, UnsetType):
        if isinstance(body.realtime, UnsetType):
            return otherwise
        return REALTIME if body.realtime else BATCH
    kind = whole(body.kind, "$.kind")
    if kind == 2:
        raise refuse("the local API has no funnels whose stage a segment could be", "$.kind")
    if kind not in (BATCH, REALTIME):
        raise refuse(
            "the kind of a segment is 0 (batch), 1 (realtime) or 2 (funnel stage)", "$.kind"
        )
    return kind


def whole(value: Id, path: str, least: int = 0) -> int:
    """A whole number that may have come as text; raises ApiError (400)."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 19:
        value = int(value)
    if isinstance(value, str) or not least <= value <= _MAX_ID:
        raise refuse(f"this is a whole number of {least} or more", path)
    return value


def parameter(text: str | None, name: str, otherwise: int | None, least: int = 1) -> int:
    """A number in the query of a URL; raises ApiError (400), also where it must be there."""
    if text is None:
        if otherwise is None:
            raise refuse(f"the parameter `{name}` is required")
        return otherwise
    try:
        return whole(text, "$", least)
    except ApiError:
        raise refuse(
            f"`{name}` is a whole number of {least} or more, and this is `{text}`"
        ) from None


def path_id(text: str, what: str) -> int:
    """An id in a path; one that cannot be is not there: raises ApiError (404)."""
    if text.isascii() and text.isdigit() and len(text) <= 18:
        return int(text)
    raise missing(f"there is no {what} with the id `{text}`")
