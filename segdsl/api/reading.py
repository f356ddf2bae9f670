"""Reads the plain JSON answers of the Audience API, in every shape that real servers answer.

Keys, types and kinds that are not known are passed over, and what cannot be read of a list is
returned beside the rest (`bodies`). JSON:API is in `resources`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, get_args

import msgspec
from msgspec import UNSET

from segdsl.api import answers as a
from segdsl.api.bodies import Body, decoded, list_at, listed, need_id, need_name, one
from segdsl.api.errors import BadAnswerError
from segdsl.diagnostics.places import counted
from segdsl.language.behaviors import name_of, table_of
from segdsl.language.values import SEGMENT_KINDS, ColumnType, SegmentKind
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
    """A segment that was read by itself: an empty rule is its rule, one that is left out is not."""
    found = one(body, _Segment, _segment)
    if found.rule is not None:
        return found
    rule = bytes(decoded(body, _Segment).rule)
    return msgspec.structs.replace(found, rule=msgspec.Raw(rule) if rule else None)


def answered_segment(body: bytes) -> a.Segment | None:
    """The segment that a create or an update answers; None where it answers none, or only a part.

    Observed: 200, 201, 202 and 204, with a body or without.
    """
    try:
        found = one(body, _Segment, _segment)
    except BadAnswerError:
        return None
    return None if found.rule is None else found


def segments(body: bytes) -> a.Listed[a.Segment]:
    return listed(body, _Segment, _segment)


def _segment(of: _Segment) -> a.Segment:
    kind, raw_kind = _kind(of)
    folder = id_of(of.segment_folder_id)
    if folder is None and of.segment_folder_id is not None:
        raise ValueFormError(f"its `segmentFolderId` is {kind_of(of.segment_folder_id)}")
    is_visible = flag_of(_told(of.is_visible), "isVisible")
    return a.Segment(
        need_id(of.id),
        need_name(of.name),
        kind,
        _rule(of.rule),
        text_of(_told(of.description), "description"),
        folder,
        whole_number(of.population),
        text_or_none(of.created_at),
        text_or_none(of.updated_at),
        raw_kind,
        is_visible is not False,
        ids_of(of.referenced_by),
        whole_number(of.num_syndications),
        _left_out(of),
    )


def _told(value: Any) -> Any:
    return None if value is UNSET else value


def _left_out(of: _Segment) -> frozenset[str]:
    """The keys that are absent, and a folder that is not told; any other null is an answer."""
    absent = {
        "description": of.description is UNSET,
        "isVisible": of.is_visible is UNSET,
        "kind": of.kind is UNSET and of.realtime is UNSET,
        "segmentFolderId": of.segment_folder_id is None,
    }
    return (
        frozenset(key for key, is_absent in absent.items() if is_absent)
        if any(absent.values())
        else _NOTHING
    )


def _kind(of: _Segment) -> tuple[SegmentKind | None, int | str | None]:
    """The kind, or the value that is none: by `kind` or, where that is null, by `realtime`."""
    if _told(of.kind) is None:
        return ("realtime" if flag_of(_told(of.realtime), "realtime") else "batch"), None
    number = whole_number(of.kind)
    if number is not None:
        if 0 <= number < len(SEGMENT_KINDS):
            return SEGMENT_KINDS[number], number
        return None, number
    word = text_of(of.kind, "kind")
    return next((each for each in SEGMENT_KINDS if each == word), None), word


def _rule(raw: msgspec.Raw) -> msgspec.Raw | None:
    """A rule as it came; None where nothing can be told from it."""
    text = bytes(raw)
    if text in _EMPTY_RULES:
        return None
    try:
        text.decode()
        if len(text) < 100 and _is_empty(msgspec.json.decode(text)):
            return None
    except (ValueError, RecursionError):
        raise ValueFormError("its `rule` is not valid JSON") from None
    # A copy, so that a whole list is not kept for one of it.
    return msgspec.Raw(text)


def _is_empty(rule: Any) -> bool:
    """Whether a rule has no conditions, as lists may show one that they leave out."""
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


def _parent(of: _Audience) -> a.ParentSegment:
    return a.ParentSegment(
        need_id(of.id),
        need_name(of.name),
        text_of(of.timezone, "timezone") or "UTC",
        text_or_none(of.description),
        whole_number(of.population),
        _customer_group(of.customer_group),
        id_of(of.root_folder_id),
    )


def _customer_group(of: Any) -> a.CustomerGroup | None:
    name = of.get("name") if isinstance(of, dict) else None
    if not isinstance(name, str):
        return None
    attributes = of.get("customerGroupAttributes")
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


def _columns(of: Iterable[Any], owner: str = "") -> a.Listed[a.Column]:
    """Columns inside another answer; the unreadable ones are named after their `owner`."""
    part = "column" if owner else None
    found: list[a.Column] = []
    unreadable: list[a.Unreadable] = []
    for each in of:
        try:
            found.append(_column(msgspec.convert(each, _Column)))
        except msgspec.ValidationError:
            why = f"it is {kind_of(each)} and not an object"
            unreadable.append(a.Unreadable("", f"{owner}?", why, part))
        except ValueFormError as problem:
            name = text_or_none(each.get("name")) or text_or_none(each.get("matrixColumnName"))
            id = id_of(each.get("id")) or ""
            unreadable.append(a.Unreadable(id, f"{owner}{name or '?'}", str(problem), part))
    return a.Listed(found, unreadable)


def _column(of: _Column) -> a.Column:
    column = text_of(of.matrix_column_name, "matrixColumnName")
    label = text_of(of.name, "name")
    name = column or label
    if not name:
        raise ValueFormError("it has neither a `matrixColumnName` nor a `name`")
    raw_type = text_of(of.type, "type") or ""
    return a.Column(
        name,
        label or name,
        _TYPES.get(raw_type),
        raw_type,
        text_or_none(of.visibility),
        text_or_none(of.grouping_name),
    )


class _Behavior(Body, frozen=True):
    id: Any = None
    name: Any = None
    matrix_table_name: Any = None
    schema: Any = None


def behaviors(body: bytes) -> a.Listed[a.Behavior]:
    """The behaviors; `unreadable` has also columns of theirs, as `Online Orders.Amount`."""
    inner: list[a.Unreadable] = []

    def read(of: _Behavior) -> a.Behavior:
        id, table = need_id(of.id), _table(of)
        label = text_of(of.name, "name") or table
        schema = _columns(list_at(of.schema, "schema"), f"{label}.")
        inner.extend(schema.unreadable)
        return a.Behavior(id, table, label, tuple(schema))

    found = listed(body, _Behavior, read)
    return a.Listed(found, (*found.unreadable, *inner))


def _table(of: _Behavior) -> str:
    """The matrix table; where it is not told, that of a behavior whose name could be one's."""
    table = text_of(of.matrix_table_name, "matrixTableName")
    if table:
        return table
    name = text_of(of.name, "name") or ""
    if not (name.isascii() and name.isidentifier() and name == name.lower()):
        raise ValueFormError("it has no `matrixTableName`")
    return table_of(name) if name_of(name) is None else name


# --- what else a segment can name --------------------------------------------------------


class _Named(Body, frozen=True):
    id: Any = None
    name: Any = None


class _Funnel(Body, frozen=True):
    id: Any = None
    name: Any = None
    stages: Any = None


def funnels(body: bytes) -> a.Listed[a.Funnel]:
    """The funnels; `unreadable` has also stages of theirs."""
    inner: list[a.Unreadable] = []

    def read(of: _Funnel) -> a.Funnel:
        id, name = need_id(of.id), need_name(of.name)
        stages = []
        for each in list_at(of.stages, "stages"):
            known = each if isinstance(each, dict) else {}
            try:
                stages.append(a.Stage(need_id(known.get("id")), need_name(known.get("name"))))
            except ValueFormError as problem:
                stage = f"{name}.{text_or_none(known.get('name')) or '?'}"
                stage_id = id_of(known.get("id")) or ""
                inner.append(a.Unreadable(stage_id, stage, str(problem), "stage"))
        return a.Funnel(id, name, tuple(stages))

    found = listed(body, _Funnel, read)
    return a.Listed(found, (*found.unreadable, *inner))


def predictive_models(body: bytes) -> a.Listed[a.PredictiveModel]:
    def read(of: _Named) -> a.PredictiveModel:
        return a.PredictiveModel(need_id(of.id), need_name(of.name))

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


def _query(of: _Query) -> a.QueryStatus:
    id = id_of(of.query_id) or id_of(of.id)
    if id is None:
        raise ValueFormError("it has neither a `queryId` nor an `id`")
    return a.QueryStatus(
        id,
        (text_or_none(of.status) or "").lower(),
        whole_number(of.count),
        whole_number(of.max_page),
        text_or_none(of.error),
    )


class _Page(Body, frozen=True):
    type: Any = None
    names: Any = None
    rows: Any = None
    error: Any = None


def page(body: bytes) -> a.Page:
    return one(body, _Page, _page)


def _page(of: _Page) -> a.Page:
    names = tuple(str(each) for each in list_at(of.names, "names"))
    return a.Page(
        (text_or_none(of.type) or "").lower(),
        names,
        tuple(_row(each, len(names)) for each in list_at(of.rows, "rows") if each is not None),
        text_or_none(of.error),
    )


def _row(value: Any, width: int) -> tuple[Any, ...]:
    """A row of a page; a value without a column, or a column without one, would be misread."""
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
