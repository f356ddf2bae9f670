"""Reads plain JSON responses of the Audience API, in all shapes of real servers.

Unknown keys, types and kinds are tolerated; unreadable items of a list are reported with it
(`bodies`). JSON:API is in `resources`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, get_args

import msgspec
from msgspec import UNSET

from segdsl.api import responses as a
from segdsl.api.bodies import Body, decoded, list_at, listed, need_id, need_name, one
from segdsl.api.errors import InvalidResponseError
from segdsl.diagnostics.places import counted
from segdsl.language.behaviors import name_of, table_of
from segdsl.language.values import KIND_NUMBERS, ColumnType, SegmentKind
from segdsl.rules.json_values import (
    ValueFormError,
    flag_of,
    id_of,
    ids_of,
    kind_of,
    text_of,
    text_or_none,
    whole_number,
)

_TYPES: dict[str, ColumnType] = {each: each for each in get_args(ColumnType)}
_NOTHING: frozenset[str] = frozenset()
_EMPTY_RULES = (b"", b"null", b"{}")


# --- segments ----------------------------------------------------------------------------


class _Segment(Body, frozen=True):
    id: Any = None
    name: Any = None
    rule: msgspec.Raw = msgspec.Raw(b"")
    kind: Any = UNSET
    realtime: Any = UNSET
    description: Any = UNSET
    segment_folder_id: Any = None
    population: Any = None
    created_at: Any = None
    updated_at: Any = None
    is_visible: Any = UNSET
    referenced_by: Any = None
    num_syndications: Any = None


def segment(body: bytes) -> a.Segment:
    """A single segment: an empty rule counts as its rule, an absent one is None."""
    segment_ = one(body, _Segment, _segment)
    if segment_.rule is not None:
        return segment_
    rule = bytes(decoded(body, _Segment).rule)
    return msgspec.structs.replace(segment_, rule=msgspec.Raw(rule) if rule else None)


def answered_segment(body: bytes) -> a.Segment | None:
    """The segment in the response of a create or update; None if it is absent or incomplete.

    Observed: 200, 201, 202 and 204, with a body or without.
    """
    try:
        segment_ = one(body, _Segment, _segment)
    except InvalidResponseError:
        return None
    return None if segment_.rule is None else segment_


def named_segment(body: bytes) -> a.Segment | None:
    """The same, also of one whose rule the response does not tell, or has as an empty one."""
    try:
        return one(body, _Segment, _segment)
    except InvalidResponseError:
        return None


def segments(body: bytes) -> a.Listed[a.Segment]:
    return listed(body, _Segment, _segment)


def _segment(segment: _Segment) -> a.Segment:
    kind, raw_kind = _kind(segment)
    folder = id_of(segment.segment_folder_id)
    if folder is None and segment.segment_folder_id is not None:
        raise ValueFormError(f"its `segmentFolderId` is {kind_of(segment.segment_folder_id)}")
    is_visible = flag_of(_given(segment.is_visible), "isVisible")
    return a.Segment(
        need_id(segment.id),
        need_name(segment.name),
        kind,
        _rule(segment.rule),
        text_of(_given(segment.description), "description"),
        folder,
        whole_number(segment.population),
        text_or_none(segment.created_at),
        text_or_none(segment.updated_at),
        raw_kind,
        is_visible is not False,
        ids_of(segment.referenced_by),
        whole_number(segment.num_syndications),
        _left_out(segment),
    )


def _given(value: Any) -> Any:
    return None if value is UNSET else value


def _left_out(segment: _Segment) -> frozenset[str]:
    """The absent keys, and a folder that is null; any other null is a value."""
    absent = {
        "description": segment.description is UNSET,
        "isVisible": segment.is_visible is UNSET,
        "kind": segment.kind is UNSET and segment.realtime is UNSET,
        "segmentFolderId": segment.segment_folder_id is None,
    }
    return (
        frozenset(key for key, is_absent in absent.items() if is_absent)
        if any(absent.values())
        else _NOTHING
    )


def _kind(segment: _Segment) -> tuple[SegmentKind | None, int | str | None]:
    """The kind and the raw value, from `kind` or, if that is null, from `realtime`."""
    if _given(segment.kind) is None:
        return ("realtime" if flag_of(_given(segment.realtime), "realtime") else "batch"), None
    number = whole_number(segment.kind)
    if number is not None:
        kind = next((each for each, of in KIND_NUMBERS.items() if of == number), None)
        if kind is not None:
            return kind, number
        return None, number
    word = text_of(segment.kind, "kind")
    return next((each for each in KIND_NUMBERS if each == word), None), word


def _rule(raw: msgspec.Raw) -> msgspec.Raw | None:
    """The raw rule; None if it is absent, null or empty."""
    text = bytes(raw)
    if text in _EMPTY_RULES:
        return None
    try:
        text.decode()
        if len(text) < 100 and _is_empty(msgspec.json.decode(text)):
            return None
    except (ValueError, RecursionError):
        raise ValueFormError("its `rule` is not valid JSON") from None
    # A copy, so that one rule does not keep the whole list in memory.
    return msgspec.Raw(text)


def _is_empty(rule: Any) -> bool:
    """Whether a rule has no conditions, as in lists that omit rules."""
    if not isinstance(rule, dict):
        return rule in (None, "", [])
    conditions = rule.get("conditions") or []
    only = rule.keys() <= {"type", "conditions"} and rule.get("type") in (None, "And", "Or")
    return only and isinstance(conditions, list) and all(map(_is_empty, conditions))


# --- parent segments ---------------------------------------------------------------------


class _Audience(Body, frozen=True):
    id: Any = None
    name: Any = None
    timezone: Any = None
    description: Any = None
    population: Any = None
    customer_group: Any = None
    root_folder_id: Any = None


def parent_segment(body: bytes) -> a.ParentSegment:
    return one(body, _Audience, _parent)


def parent_segments(body: bytes) -> a.Listed[a.ParentSegment]:
    return listed(body, _Audience, _parent)


def _parent(audience: _Audience) -> a.ParentSegment:
    return a.ParentSegment(
        need_id(audience.id),
        need_name(audience.name),
        text_of(audience.timezone, "timezone") or "UTC",
        text_or_none(audience.description),
        whole_number(audience.population),
        _customer_group(audience.customer_group),
        id_of(audience.root_folder_id),
    )


def _customer_group(group: Any) -> a.CustomerGroup | None:
    name = group.get("name") if isinstance(group, dict) else None
    if not isinstance(name, str):
        return None
    attributes = group.get("customerGroupAttributes")
    return a.CustomerGroup(name, _columns(attributes if isinstance(attributes, list) else []))


class _Column(Body, frozen=True):
    id: Any = None
    name: Any = None
    matrix_column_name: Any = None
    type: Any = None
    visibility: Any = None
    grouping_name: Any = None


def columns(body: bytes) -> a.Listed[a.Column]:
    return listed(body, _Column, _column)


def _columns(items: Iterable[Any], owner: str = "") -> a.Listed[a.Column]:
    """Columns nested in another record; names of unreadable ones begin with `owner`."""
    part = "column" if owner else None
    columns: list[a.Column] = []
    unreadable: list[a.Unreadable] = []
    for item in items:
        try:
            columns.append(_column(msgspec.convert(item, _Column)))
        except msgspec.ValidationError:
            why = f"it is {kind_of(item)} and not an object"
            unreadable.append(a.Unreadable("", f"{owner}?", why, part))
        except ValueFormError as problem:
            name = text_or_none(item.get("name")) or text_or_none(item.get("matrixColumnName"))
            id = id_of(item.get("id")) or ""
            unreadable.append(a.Unreadable(id, f"{owner}{name or '?'}", str(problem), part))
    return a.Listed(columns, unreadable)


def _column(column_: _Column) -> a.Column:
    column = text_of(column_.matrix_column_name, "matrixColumnName")
    label = text_of(column_.name, "name")
    name = column or label
    if not name:
        raise ValueFormError("it has neither a `matrixColumnName` nor a `name`")
    raw_type = text_of(column_.type, "type") or ""
    return a.Column(
        name,
        label or name,
        _TYPES.get(raw_type),
        raw_type,
        text_or_none(column_.visibility),
        text_or_none(column_.grouping_name),
    )


class _Behavior(Body, frozen=True):
    id: Any = None
    name: Any = None
    matrix_table_name: Any = None
    schema: Any = None


def behaviors(body: bytes) -> a.Listed[a.Behavior]:
    """The behaviors; `unreadable` includes their columns, as `Online Orders.Amount`."""
    inner: list[a.Unreadable] = []

    def read(behavior: _Behavior) -> a.Behavior:
        id, table = need_id(behavior.id), _table(behavior)
        label = text_of(behavior.name, "name") or table
        schema = _columns(list_at(behavior.schema, "schema"), f"{label}.")
        inner.extend(schema.unreadable)
        return a.Behavior(id, table, label, tuple(schema))

    behaviors_ = listed(body, _Behavior, read)
    return a.Listed(behaviors_, (*behaviors_.unreadable, *inner))


def _table(behavior: _Behavior) -> str:
    """The matrix table; if it is absent, the one for the behavior's name if that is possible."""
    table = text_of(behavior.matrix_table_name, "matrixTableName")
    if table:
        return table
    name = text_of(behavior.name, "name") or ""
    if not (name.isascii() and name.isidentifier() and name == name.lower()):
        raise ValueFormError("it has no `matrixTableName`")
    return table_of(name) if name_of(name) is None else name


# --- other objects that a segment can name -----------------------------------------------


class _Named(Body, frozen=True):
    id: Any = None
    name: Any = None


def predictive_models(body: bytes) -> a.Listed[a.PredictiveModel]:
    def read(model: _Named) -> a.PredictiveModel:
        return a.PredictiveModel(need_id(model.id), need_name(model.name))

    return listed(body, _Named, read)


# --- queries -----------------------------------------------------------------------------


class _Query(Body, frozen=True):
    id: Any = None
    query_id: Any = None
    status: Any = None
    count: Any = None
    max_page: Any = None
    error: Any = None


def query_status(body: bytes) -> a.QueryStatus:
    return one(body, _Query, _query)


def _query(query: _Query) -> a.QueryStatus:
    id = id_of(query.query_id) or id_of(query.id)
    if id is None:
        raise ValueFormError("it has neither a `queryId` nor an `id`")
    return a.QueryStatus(
        id,
        (text_or_none(query.status) or "").lower(),
        whole_number(query.count),
        whole_number(query.max_page),
        text_or_none(query.error),
    )


class _Page(Body, frozen=True):
    type: Any = None
    names: Any = None
    rows: Any = None
    error: Any = None


def page(body: bytes) -> a.Page:
    return one(body, _Page, _page)


def _page(page: _Page) -> a.Page:
    names = tuple(str(each) for each in list_at(page.names, "names"))
    return a.Page(
        (text_or_none(page.type) or "").lower(),
        names,
        tuple(_row(each, len(names)) for each in list_at(page.rows, "rows") if each is not None),
        text_or_none(page.error),
    )


def _row(value: Any, width: int) -> tuple[Any, ...]:
    """A row of a page; raises ValueFormError unless it has one value for each column."""
    if not isinstance(value, list):
        raise ValueFormError(f"one of its `rows` is {kind_of(value)} and not a list")
    if len(value) != width:
        raise ValueFormError(
            f"one of its `rows` has {counted(len(value), 'value')} "
            f"for {counted(width, 'column')} in `names`"
        )
    return tuple(value)


class _Sql(msgspec.Struct, frozen=True):
    sql: str


def sql(body: bytes) -> str:
    return decoded(body, _Sql).sql
