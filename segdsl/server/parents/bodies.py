"""The bodies of POST and PUT /audiences: what is checked, and what is kept of them.

A PUT without `master` changes settings alone; one with it replaces attributes, behaviors and
filters, and clears those that it leaves out (described). A customer group that is left out stays
(assumed). What a server only answers is ignored, as clients send whole answers back (observed);
so are names in the matrix, which follow from the tables (assumed). An empty string is no value
where null is one (observed).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any, ClassVar, get_args
from typing import Literal as OneOf
from zoneinfo import available_timezones

import msgspec
from msgspec import UNSET, UnsetType

from segdsl.language.values import ColumnType
from segdsl.parent_segment.model import MAX_FILTERS
from segdsl.server.errors import refuse
from segdsl.server.http.request_models import Body, Id, decode, whole
from segdsl.server.kinds.placement import check_name
from segdsl.server.parents.configurations import check_readable
from segdsl.server.service import Json

ScheduleType = OneOf["cron", "daily", "hourly", "minutes_interval", "monthly", "none", "weekly"]
HiveVersion = OneOf["0.13", "cdpaudience"]
TYPES: tuple[str, ...] = get_args(ColumnType)
_GROUP_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_ ]*")


class Master(Body, frozen=True):
    parent_database_name: str
    parent_table_name: str


class Source(Body, frozen=True):
    """A table, and how its rows are joined: `parentKey` there to `foreignKey`."""

    name: str
    parent_database_name: str
    parent_table_name: str
    parent_key: str
    foreign_key: str


class AttributeBody(Source, frozen=True, kw_only=True):
    type: str
    parent_column: str
    id: Id | UnsetType | None = UNSET
    grouping_name: str | None = None
    used_by_segment_insight: bool | None = False


class ColumnBody(Body, frozen=True):
    name: str
    type: str
    parent_column: str


class BehaviorBody(Source, frozen=True, kw_only=True):
    """A behavior. Without a schema it has all columns (observed)."""

    id: Id | UnsetType | None = UNSET
    schema: list[ColumnBody] | None = None
    all_columns: bool | None = None
    schedule_type: ScheduleType | None = "none"
    schedule_option: str | None = None
    default_time_filter_enabled: bool | None = False
    is_realtime: bool | None = False


class GroupBody(Source, frozen=True, kw_only=True):
    id: Id | UnsetType | None = UNSET
    customer_group_attributes: list[AttributeBody] | None = None
    customer_group_behaviors: list[BehaviorBody] | None = None


class FilterBody(Body, frozen=True):
    column_name: str
    right_values: list[str]


class ParentBody(Body, frozen=True):
    """The settings of a parent segment, and its parts."""

    nullable: ClassVar[tuple[str, ...]] = (
        "description",
        "scheduleOption",
        "hivePoolName",
        "prestoPoolName",
        "maxActivationBehaviorRow",
    )

    name: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    schedule_type: ScheduleType | UnsetType = UNSET
    schedule_option: str | UnsetType | None = UNSET
    timezone: str | UnsetType = UNSET
    workflow_hive_only: bool | UnsetType = UNSET
    hive_engine_version: HiveVersion | UnsetType = UNSET
    hive_pool_name: str | UnsetType | None = UNSET
    presto_pool_name: str | UnsetType | None = UNSET
    allow_activation_behavior: bool | UnsetType = UNSET
    max_activation_behavior_row: int | UnsetType | None = UNSET
    llm_enabled: bool | UnsetType = UNSET
    enrichment_word_tagging_enabled: bool | UnsetType = UNSET
    enrichment_ip_enabled: bool | UnsetType = UNSET
    enrichment_td_js_sdk_enabled: bool | UnsetType = UNSET
    master: Master | UnsetType = UNSET
    attributes: list[AttributeBody] | UnsetType = UNSET
    behaviors: list[BehaviorBody] | UnsetType = UNSET
    customer_group: GroupBody | UnsetType = UNSET
    audience_filters: list[FilterBody] | UnsetType = UNSET


_PARTS = ("master", "attributes", "behaviors", "customerGroup", "audienceFilters")
_EMPTY_IS_NULL = ("scheduleOption", "hivePoolName", "prestoPoolName")
DEFAULTS: Json = {
    "description": "",
    "scheduleType": "none",
    "scheduleOption": None,
    "timezone": "UTC",
    "workflowHiveOnly": False,
    "hiveEngineVersion": "cdpaudience",
    "hivePoolName": None,
    "prestoPoolName": None,
    "allowActivationBehavior": True,
    "maxActivationBehaviorRow": 7,
    "llmEnabled": False,
    "enrichmentWordTaggingEnabled": False,
    "enrichmentIpEnabled": False,
    "enrichmentTdJsSdkEnabled": False,
}
"""The settings of a parent segment whose body says nothing of them (described, or assumed)."""


def created(body: bytes, *, strict: bool) -> tuple[Json, int]:
    """A new configuration, with the number of ids that its parts have; raises ApiError (400)."""
    wanted = _read(body, strict=strict)
    if isinstance(wanted.name, UnsetType):
        raise refuse("a parent segment needs a `name`", "$")
    given = _settings(wanted)
    numbers = _Numbers(0, {})
    stored = {**DEFAULTS, **given, **_parts(wanted, numbers)}
    check_readable(stored)
    return stored, numbers.last


def updated(
    body: bytes, before: Json, last_part: int, first_id: int, *, strict: bool
) -> tuple[Json, int]:
    """A configuration after a PUT, as `created`; raises ApiError (400).

    The answered ids of parts are those that are stored, and `first_id` more.
    """
    wanted = _read(body, strict=strict)
    after = {**before, **_settings(wanted)}
    if isinstance(wanted.master, UnsetType):
        return after, last_part
    numbers = _Numbers(last_part, {str(first_id + int(id)): id for id in _ids(before)})
    parts = _parts(wanted, numbers)
    if isinstance(wanted.customer_group, UnsetType):
        parts["customerGroup"] = before["customerGroup"]
    stored = {**after, **parts}
    check_readable(stored)
    return stored, numbers.last


def _read(body: bytes, *, strict: bool) -> ParentBody:
    """Reads and checks a body."""
    wanted = decode(_with_nulls(body), ParentBody, strict=strict)
    if not isinstance(wanted.name, UnsetType):
        check_name(wanted.name, "$.name")
    if not isinstance(wanted.timezone, UnsetType) and wanted.timezone not in _zones():
        raise refuse(f"unknown time zone `{wanted.timezone}`", "$.timezone")
    filters = wanted.audience_filters
    if not isinstance(filters, UnsetType) and len(filters) > MAX_FILTERS:
        raise refuse(f"a parent segment has at most {MAX_FILTERS} filters", "$.audienceFilters")
    for type, path in _types(wanted):
        if type not in TYPES:
            raise refuse(f"unknown type `{type}`: types are {', '.join(TYPES)}", path)
    group = wanted.customer_group
    if not isinstance(group, UnsetType) and _GROUP_NAME.fullmatch(group.name) is None:
        message = "the name of a customer group has letters, digits, blanks and _ only"
        raise refuse(message, "$.customerGroup.name")
    return wanted


def _with_nulls(body: bytes) -> bytes:
    """A body with null for each setting that is an empty string where null is a value."""
    try:
        content = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return body  # Reading it as its type reports that.
    if not isinstance(content, dict):
        return body
    for key in _EMPTY_IS_NULL:
        if content.get(key) == "":
            content[key] = None
    return msgspec.json.encode(content)


def _types(body: ParentBody) -> Iterator[tuple[str, str]]:
    """The types of all columns, with their places."""
    if not isinstance(body.attributes, UnsetType):
        yield from _column_types(body.attributes, "$.attributes")
    behaviors = [] if isinstance(body.behaviors, UnsetType) else body.behaviors
    for number, each in enumerate(behaviors):
        yield from _column_types(each.schema or [], f"$.behaviors[{number}].schema")
    if not isinstance(body.customer_group, UnsetType):
        place = "$.customerGroup"
        group = body.customer_group
        attributes = group.customer_group_attributes or []
        yield from _column_types(attributes, f"{place}.customerGroupAttributes")
        for number, each in enumerate(group.customer_group_behaviors or []):
            path = f"{place}.customerGroupBehaviors[{number}].schema"
            yield from _column_types(each.schema or [], path)


def _column_types(
    columns: Sequence[AttributeBody | ColumnBody], place: str
) -> Iterator[tuple[str, str]]:
    for number, column in enumerate(columns):
        yield column.type, f"{place}[{number}].type"


def _settings(body: ParentBody) -> Json:
    """The settings that a body gives."""
    return {key: value for key, value in _plain(body).items() if key not in _PARTS}


def _plain(value: msgspec.Struct) -> Json:
    """A struct as JSON, without what was left out."""
    plain: Json = msgspec.to_builtins(value)
    return plain


class _Numbers:
    """The ids of parts of one parent segment: one that a body names again stays."""

    def __init__(self, last: int, known: dict[str, str]) -> None:
        self.last = last
        self._known = known

    def take(self, wanted: Id | UnsetType | None) -> str:
        stored = None if isinstance(wanted, UnsetType) else self._known.pop(str(wanted), None)
        if stored is not None:
            return stored
        self.last += 1
        return str(self.last)


def _ids(configuration: Json) -> tuple[str, ...]:
    group = configuration["customerGroup"] or {}
    parts = [
        *configuration["attributes"],
        *configuration["behaviors"],
        *([group] if group else []),
        *group.get("customerGroupBehaviors", []),
    ]
    return tuple(each["id"] for each in parts)


def _parts(body: ParentBody, numbers: _Numbers) -> Json:
    """The parts of a body with their ids; those that it leaves out are empty."""

    def numbered(part: AttributeBody | BehaviorBody | GroupBody) -> Json:
        if not isinstance(part.id, UnsetType) and part.id not in (None, ""):
            whole(part.id, "$.id")
        return {**_plain(part), "id": numbers.take(part.id)}

    def behavior(part: BehaviorBody) -> Json:
        all_columns = part.schema is None if part.all_columns is None else part.all_columns
        return {**numbered(part), "schema": _plains(part.schema), "allColumns": all_columns}

    def group(part: GroupBody) -> Json:
        return {
            **numbered(part),
            "customerGroupAttributes": _plains(part.customer_group_attributes),
            "customerGroupBehaviors": _each(behavior, part.customer_group_behaviors),
        }

    is_set = not isinstance(body.customer_group, UnsetType)
    return {
        "master": None if isinstance(body.master, UnsetType) else _plain(body.master),
        "attributes": _each(numbered, body.attributes),
        "behaviors": _each(behavior, body.behaviors),
        "customerGroup": group(body.customer_group) if is_set else None,  # type: ignore[arg-type]
        "audienceFilters": _plains(body.audience_filters),
    }


def _each(convert: Callable[[Any], Json], parts: list[Any] | UnsetType | None) -> list[Json]:
    return [] if parts is None or isinstance(parts, UnsetType) else list(map(convert, parts))


def _plains(parts: Any) -> list[Json]:
    return _each(_plain, parts)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
