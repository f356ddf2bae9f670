"""Activations and templates as clients send them.

What a body gives is kept in the text that came. A key that is null is cleared: it has its default
again. `Delivery` is what all have in common, read to be checked; the two families differ in the
keys that they read (described): `/entities` has `endOn`, but neither workflow nor lock,
`/audiences` has workflow and lock, but no `endOn`, and templates have both.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, ClassVar
from typing import Literal as OneOf

import msgspec
from msgspec import UNSET, Raw, UnsetType

from segdsl.server.errors import refuse
from segdsl.server.http.request_models import Body, EntityBody, Id, decode, decode_entity, whole
from segdsl.server.kinds.activations.table import Content

RepeatUnit = OneOf["none", "minute", "hour", "day", "week", "month", "once"]
ScheduleType = OneOf["cron", "daily", "hourly", "minutes_interval", "monthly", "none", "weekly"]
UNIT_OF_TYPE: Mapping[ScheduleType, RepeatUnit] = {
    "none": "none",
    "minutes_interval": "minute",
    "hourly": "hour",
    "daily": "day",
    "weekly": "week",
    "monthly": "month",
}
"""The repeat units that say what schedule types said; cron has none (described as deprecated)."""
TYPE_OF_UNIT: Mapping[RepeatUnit, ScheduleType] = {
    **{unit: type for type, unit in UNIT_OF_TYPE.items()},
    # Nothing says what an answer has for `once`.
    "once": "none",
}
_OPERATORS = OneOf[">", "<", "<=", ">=", "=", "!=", "is", "is not", "is\\", "not"]


class Function(Body, frozen=True):
    """The description's FunctionExpression; which keys a function has is read when it runs."""

    function: OneOf[
        "+", "-", "*", "/", "replace", "substr", "regexp_extract", "day_of_week",
        "from_iso8601_timestamp", "ln", "elapsed_days", "td_ip_to_least_specific_subdivision_name",
        "td_ip_to_country_name", "td_ip_to_city_name", "td_ip_to_connection_type",
        "td_ip_to_domain",
        "cast_as_quantitative", "cast_as_categorical", "cast_as_categorical_array", "if",
    ]  # fmt: skip
    arg: float | None = None
    search: str | None = None
    replacement: str | None = None
    start: float | None = None
    length: float | None = None
    pattern: str | None = None
    group: float | None = None
    default: float | str | None = None
    op: _OPERATORS | None = None


class Parameter(Body, frozen=True):
    """A value of a placeholder in a StringExpression."""

    type: OneOf[
        "String", "Timestamp", "SegmentName", "SegmentId", "AudienceId", "FunnelName", "StageName"
    ]
    string: str | None = None
    format: str | None = None


class Source(Body, frozen=True):
    """A ColumnExpression, or a StringExpression: one of `column` and `string` is there."""

    column: str | None = None
    customer_group: str | None = None
    functions: list[Function] | None = None
    string: str | None = None
    parameters: list[Parameter] | None = None


class Column(Body, frozen=True):
    column: str
    source: Source
    id: str | None = None


class Order(Body, frozen=True):
    key: str
    order: OneOf["ascending", "descending"] | None = None


class Behavior(Body, frozen=True):
    """The description's SyndicationBehavior."""

    behavior_table_name: str
    columns: list[Column] | None = None
    join_row: int | None = None
    join_strategy: OneOf["All", "First", "Last", "Top-N"] | None = None
    formatting: OneOf["rows", "cols"] | None = None
    order_by: list[Order] | None = None


class Delivery(Body, frozen=True):
    """What an activation or a template sends; None is what is not there."""

    all_columns: bool | None = None
    columns: list[Column] | None = None
    schedule_type: ScheduleType | None = None
    schedule_option: str | None = None
    run_at: str | None = None
    cron: str | None = None
    timezone: str | None = None
    start_at: str | None = None
    end_on: str | None = None
    repeat_unit: RepeatUnit | None = None
    repeat_frequency: int | None = None
    repeat_sub_frequency: list[int] | None = None
    connection_id: Id | None = None
    connector_config: dict[str, Any] | None = None
    notify_on: list[OneOf["onSuccess", "onFailure"]] | None = None
    email_recipients: list[Id] | None = None
    nested_workflow_project_name: str | None = None
    nested_workflow_name: str | None = None
    lock_enabled: bool | None = None
    syndication_behavior: Behavior | None = None
    syndication_behaviors: list[Behavior] | None = None
    state: OneOf["draft", "published"] | None = None
    kind: int | None = None
    run_after_journey_refresh: bool | None = None
    field_properties: dict[str, Any] | None = None


class Keys(msgspec.Struct, frozen=True):
    """The keys that a kind of body reads, and those that the description lets be null."""

    read: frozenset[str]
    nullable: frozenset[str]


_COMMON = frozenset(
    (
        "allColumns", "columns", "scheduleType", "scheduleOption", "timezone", "startAt",
        "repeatUnit", "repeatFrequency", "repeatSubFrequency", "connectionId", "connectorConfig",
        "notifyOn", "emailRecipients",
    )
)  # fmt: skip
_OLD = frozenset(("runAt", "cron"))
_BEHAVIORS = frozenset(("syndicationBehavior", "syndicationBehaviors"))
_WORKFLOW = frozenset(("nestedWorkflowProjectName", "nestedWorkflowName", "lockEnabled"))
_END = frozenset(("endOn",))
_NULLABLE = frozenset(("description", "startAt", "endOn", *_BEHAVIORS))
ENTITY_KEYS = Keys(_COMMON | _OLD | _BEHAVIORS | _END, _NULLABLE)
PLAIN_KEYS = Keys(
    _COMMON | _OLD | _BEHAVIORS | _WORKFLOW,
    (_NULLABLE - {"description"}) | {"connectionId", "connectorConfig", "activationTemplateId"},
)
TEMPLATE_KEYS = Keys(
    _COMMON
    | _WORKFLOW
    | _END
    | {"syndicationBehavior", "state", "kind", "runAfterJourneyRefresh", "fieldProperties"},
    _NULLABLE | {"connectorConfig", "nestedWorkflowProjectName", "nestedWorkflowName"},
)


class Sent(msgspec.Struct, frozen=True):
    """A body: its keys as JSON, and the path of the object that has them."""

    path: str
    keys: Content

    def text(self, key: str) -> str | UnsetType | None:
        """A key whose value is a string or null; raises ApiError (400)."""
        value = self._value(key)
        if value is None or isinstance(value, str | UnsetType):
            return value
        raise refuse("expected a string", f"{self.path}.{key}")

    def id(self, key: str) -> int | UnsetType | None:
        """A key whose value is an id or null; raises ApiError (400)."""
        value = self._value(key)
        if value is None or isinstance(value, UnsetType):
            return value
        path = f"{self.path}.{key}"
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise refuse("expected an id", path)
        return whole(value, path, 1)

    def has(self, key: str) -> bool:
        """Whether a key is there, and not null."""
        return key in self.keys and bytes(self.keys[key]) != b"null"

    def _value(self, key: str) -> Any:
        return msgspec.json.decode(self.keys[key]) if key in self.keys else UNSET

    def name(self, what: str, default: str | None) -> str:
        """The name, which a new thing must have; `what` is its noun with an article."""
        name = self.text("name")
        if isinstance(name, UnsetType) or name is None:
            if default is None:
                raise refuse(f"{what} needs a `name`", self.path)
            return default
        return name


class _Entity(EntityBody, frozen=True):
    nullable: ClassVar[tuple[str, ...]] = ()

    attributes: Raw = Raw(b"{}")


def entity_sent(body: bytes, *, strict: bool) -> tuple[_Entity, str, Sent]:
    """A resource, the path of it, and what its attributes give. Raises ApiError (400)."""
    # Attributes keep their nulls: they clear a value.
    entity, place = decode_entity(body, _Entity, strict=True)
    path = f"{place}.attributes"
    return entity, place, Sent(path, decode_keys(bytes(entity.attributes), path))


def plain_sent(body: bytes) -> Sent:
    """What a body under `/audiences` gives. Raises ApiError (400)."""
    return Sent("$", decode_keys(body, "$"))


class _Keys(Body, frozen=True):
    pass


def decode_keys(body: bytes, path: str) -> Content:
    decode(body, _Keys, path, strict=True)
    return msgspec.json.decode(body, type=Content)


def changed(before: Content, sent: Sent, keys: Keys, *, strict: bool) -> Content:
    """The content with the keys that a body gives; null clears one. Raises ApiError (400).

    Of two ways to say one thing the one that is sent counts: a schedule of today or of the
    deprecated fields, behaviors in the singular or in the plural.
    """
    given = {key: value for key, value in sent.keys.items() if key in keys.read}
    if strict:
        for key, value in sent.keys.items():
            if bytes(value) == b"null" and key in keys.read - keys.nullable:
                raise refuse(f"`{key}` is null: leave it out instead", f"{sent.path}.{key}")
    after = dict(before)
    names = {key for key, value in given.items() if bytes(value) != b"null"}
    if "repeatUnit" in names:
        _drop(after, "scheduleType", "scheduleOption", "runAt", "cron")
    elif "scheduleType" in names:
        _drop(after, "repeatUnit", "scheduleOption", "runAt", "cron")
    if given.keys() & _BEHAVIORS:
        _drop(after, *_BEHAVIORS)
    for key, value in given.items():
        if bytes(value) == b"null":
            after.pop(key, None)
        else:
            after[key] = value
    return after


def _drop(content: Content, *keys: str) -> None:
    for key in keys:
        content.pop(key, None)


def delivery(content: Content, path: str = "$") -> Delivery:
    """The content as it is checked and answered; raises ApiError (400)."""
    return decode(msgspec.json.encode(content), Delivery, path, strict=True)


def local_time(text: str) -> datetime | None:
    """A time without an offset, such as `2025-04-01T03:00:00`; None for anything else."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo is None and "T" in text else None


def day(text: str) -> date | None:
    """A date; None for anything else."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
