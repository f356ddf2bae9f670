"""What an activation says: whom it sends where, with which columns, when, and who hears of it.

Shared by every stage, as predicates are: the parser makes these nodes, the formatter writes them,
and the API's JSON is made from them and read into them. Names of connections, templates and
recipients are references; only a server knows their ids. API names stand in the docstrings.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal as OneOf
from typing import get_args

import msgspec

from segdsl.language.values import Boolean, Number, Reference, Text
from segdsl.source import NOWHERE, Span

# --- what a column exports -----------------------------------------------------------

ArgumentType = OneOf["number", "text"]


class Signature(msgspec.Struct, frozen=True):
    """A function: its name in the API, and its arguments by their keys there.

    The last `optional` arguments may be left out.
    """

    api: str
    arguments: tuple[tuple[str, ArgumentType], ...] = ()
    optional: int = 0


FUNCTIONS: Mapping[str, Signature] = {
    "add": Signature("+", (("arg", "number"),)),
    "subtract": Signature("-", (("arg", "number"),)),
    "multiply": Signature("*", (("arg", "number"),)),
    "divide": Signature("/", (("arg", "number"),)),
    "replace": Signature("replace", (("search", "text"), ("replacement", "text")), 1),
    "substr": Signature("substr", (("start", "number"), ("length", "number")), 1),
    "regexp_extract": Signature("regexp_extract", (("pattern", "text"), ("group", "number")), 1),
    "day_of_week": Signature("day_of_week"),
    "from_iso8601_timestamp": Signature("from_iso8601_timestamp"),
    "ln": Signature("ln"),
    "elapsed_days": Signature("elapsed_days"),
    "td_ip_to_least_specific_subdivision_name": Signature(
        "td_ip_to_least_specific_subdivision_name"
    ),
    "td_ip_to_country_name": Signature("td_ip_to_country_name"),
    "td_ip_to_city_name": Signature("td_ip_to_city_name"),
    "td_ip_to_connection_type": Signature("td_ip_to_connection_type"),
    "td_ip_to_domain": Signature("td_ip_to_domain"),
    "cast_as_quantitative": Signature("cast_as_quantitative", (("default", "number"),)),
    "cast_as_categorical": Signature("cast_as_categorical", (("default", "text"),)),
    "cast_as_categorical_array": Signature("cast_as_categorical_array"),
}
"""The functions by their names in the language (described); `if` is written `when` (`If`)."""


class Call(msgspec.Struct, frozen=True, gc=False):
    """`substr(1, 3)`: a function of `FUNCTIONS` that is applied to what is before it."""

    function: str
    arguments: tuple[Number | Text, ...] = ()
    span: Span = NOWHERE


IfOperator = OneOf[">", ">=", "<", "<=", "=", "!=", "is null", "is not null"]


class If(msgspec.Struct, frozen=True, gc=False):
    """`when > 10 then 1 else 0`: the API's `if`; `value` is None where null is asked for.

    The API takes numbers alone (described); a missing result is null.
    """

    operator: IfOperator
    value: Number | None
    then: Number | None
    otherwise: Number | None
    span: Span = NOWHERE


Function = Call | If


class ColumnSource(msgspec.Struct, frozen=True, gc=False):
    """An attribute, or of a behavior a column; the functions apply in their order.

    The API's ColumnExpression. `group` is a customer group's name.
    """

    column: str
    group: str | None = None
    functions: tuple[Function, ...] = ()


class Time(msgspec.Struct, frozen=True, gc=False):
    """`{time yyyy-MM-dd}`: the time of the run, in a format of the API."""

    format: str


PlaceholderName = OneOf[
    "segment name", "segment id", "parent segment id", "funnel name", "stage name"
]
PLACEHOLDERS: Mapping[PlaceholderName, str] = {
    "segment name": "SegmentName",
    "segment id": "SegmentId",
    "parent segment id": "AudienceId",
    "funnel name": "FunnelName",
    "stage name": "StageName",
}
"""The placeholders of a text, and their types in the API."""


class Placeholder(msgspec.Struct, frozen=True, gc=False):
    """`{segment name}`: what the API puts there when the activation runs."""

    name: PlaceholderName


class TextSource(msgspec.Struct, frozen=True, gc=False):
    """A text, the same in each row: pieces of text, times and placeholders, in order.

    The API's StringExpression. No piece of text is empty, and no two stand side by side.
    """

    parts: tuple[str | Time | Placeholder, ...] = ()


class ExportColumn(msgspec.Struct, frozen=True, gc=False):
    """A column of the export; `name` is what it is called there.

    `source_span` is where the source stands, and `name_span` where the name does.
    """

    source: ColumnSource | TextSource
    name: str
    span: Span = NOWHERE
    source_span: Span = NOWHERE
    name_span: Span = NOWHERE


class BehaviorOrder(msgspec.Struct, frozen=True, gc=False):
    """A column of a behavior that its rows are ordered by."""

    column: str
    descending: bool = False
    span: Span = NOWHERE


JoinStrategy = OneOf["all", "first", "last", "top"]
Formatting = OneOf["rows", "cols"]
MAX_BEHAVIORS = 4


class BehaviorExport(msgspec.Struct, frozen=True, gc=False):
    """`behavior purchases top 10 by timestamp desc as rows columns (…)`: events in the export.

    `behavior` is the behavior's matrix table, and `count` the N of Top-N, None for the others.
    `formatting` is None where it is not written.
    """

    behavior: str
    strategy: JoinStrategy = "all"
    count: Number | None = None
    order: tuple[BehaviorOrder, ...] = ()
    formatting: Formatting | None = None
    columns: tuple[ExportColumn, ...] = ()
    span: Span = NOWHERE
    behavior_span: Span = NOWHERE


# --- when it runs --------------------------------------------------------------------

Weekday = OneOf["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
WEEKDAYS: tuple[Weekday, ...] = (
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
)
"""The API counts them from 1, Monday (described)."""
RepeatUnit = OneOf["minute", "hour", "day", "week", "month"]


class Repeat(msgspec.Struct, frozen=True, gc=False):
    """`every 2 weeks on Monday starting T in "Asia/Tokyo" until D`.

    `start` is a local time (`2025-04-01T03:00:00`) in `timezone`, and `end` a date.
    """

    unit: RepeatUnit
    frequency: Number = Number("1")
    weekdays: tuple[Weekday, ...] = ()
    start: str | None = None
    timezone: str | None = None
    end: str | None = None
    span: Span = NOWHERE


class Once(msgspec.Struct, frozen=True, gc=False):
    """`once at 2025-04-01T03:00 in "Asia/Tokyo"`."""

    start: str
    timezone: str | None = None
    span: Span = NOWHERE


class Cron(msgspec.Struct, frozen=True, gc=False):
    """`cron "0 3 * * *" in "UTC"`: only the API's deprecated fields have one (described)."""

    expression: str
    timezone: str | None = None
    span: Span = NOWHERE


class ByHand(msgspec.Struct, frozen=True, gc=False):
    """`by hand`: only when somebody runs it."""

    span: Span = NOWHERE


class AfterJourney(msgspec.Struct, frozen=True, gc=False):
    """`after journey refresh`: each time its journey is evaluated (`runAfterJourneyRefresh`)."""

    span: Span = NOWHERE


Schedule = Repeat | Once | Cron | ByHand | AfterJourney


# --- the settings of its connector ---------------------------------------------------


class Null(msgspec.Struct, frozen=True, gc=False):
    """`null`."""


class ListSetting(msgspec.Struct, frozen=True, gc=False):
    """`["email", "id"]`."""

    items: tuple[Setting, ...] = ()


class MapSetting(msgspec.Struct, frozen=True, gc=False):
    """`(retries = 3, trace = null)`: names are kept in their order."""

    entries: tuple[Entry, ...] = ()


Setting = Text | Number | Boolean | Null | ListSetting | MapSetting


class Entry(msgspec.Struct, frozen=True, gc=False):
    """A setting with its name."""

    name: str
    value: Setting
    span: Span = NOWHERE
    value_span: Span = NOWHERE


# --- the whole -----------------------------------------------------------------------

Outcome = OneOf["success", "failure"]
OUTCOMES: Mapping[Outcome, str] = {"success": "onSuccess", "failure": "onFailure"}
"""What a message is sent on, and the API's words."""


class Recipient(msgspec.Struct, frozen=True, gc=False):
    """Who gets messages: an e-mail address, or the id of a user of the account (`#7`)."""

    user: Reference
    span: Span = NOWHERE


class Notification(msgspec.Struct, frozen=True, gc=False):
    """`notify "team@example.com" on success, failure`."""

    recipients: tuple[Recipient, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    span: Span = NOWHERE


class Workflow(msgspec.Struct, frozen=True, gc=False):
    """`then run workflow "hash" of project "actions"`: run with each export (legacy fields)."""

    name: str
    project: str
    span: Span = NOWHERE


class Connection(msgspec.Struct, frozen=True, gc=False):
    """`to connection "s3"`: a connection of the account."""

    target: Reference
    span: Span = NOWHERE


class Columns(msgspec.Struct, frozen=True, gc=False):
    """`columns all`, `columns (…)`, `columns all and (…)`: which columns the export has.

    `all` is every attribute of the parent segment (`allColumns`).
    """

    all: bool = False
    items: tuple[ExportColumn, ...] = ()
    span: Span = NOWHERE


class Delivery(msgspec.Struct, frozen=True, gc=False):
    """What an activation and a template have in common: what is sent, where to, and when.

    None, or empty, is what is not written. `in_sequence` is the API's `lockEnabled` (assumed).
    """

    connection: Connection | None = None
    columns: Columns | None = None
    behaviors: tuple[BehaviorExport, ...] = ()
    schedule: Schedule | None = None
    settings: MapSetting | None = None
    notification: Notification | None = None
    workflow: Workflow | None = None
    in_sequence: bool = False


TargetKind = OneOf["segment", "stage", "journey"]


class Target(msgspec.Struct, frozen=True, gc=False):
    """`of segment "X"`, `of stage "S" of funnel "F"`, `of journey "J"`: who is sent.

    An activation of a journey sends the profiles that are at its steps `activate`.
    """

    kind: TargetKind
    reference: Reference
    span: Span = NOWHERE


LockKind = OneOf[
    "all columns",
    "columns",
    "renaming columns",
    "changing columns",
    "removing columns",
    "connection",
    "settings",
    "behaviors",
    "adding columns",
    "adding texts",
    "adding behaviors",
    "schedule",
    "notification",
    "workflow",
    "sequence",
]
"""What a template keeps its activations from changing; see the reference for the API's fields."""

LOCKS: tuple[LockKind, ...] = get_args(LockKind)
"""In the order in which they are written."""
COLUMN_PARTS: tuple[LockKind, ...] = ("renaming columns", "changing columns", "removing columns")
"""What can be locked of a column: its name, its source, that it is there; `columns` locks all."""
LOCKS_WITH_NAMES: frozenset[LockKind] = frozenset(("columns", *COLUMN_PARTS, "settings"))
"""The locks that can name the columns or the settings that they are for."""


class Lock(msgspec.Struct, frozen=True, gc=False):
    """`columns`, `settings (de_name)`: what a template locks; without names all that there is."""

    kind: LockKind
    names: tuple[str, ...] = ()
    span: Span = NOWHERE


TemplateState = OneOf["draft", "published"]


class Activation(msgspec.Struct, frozen=True, gc=False):
    """An activation of a segment, a stage of a funnel or a journey.

    `template` is what it is made from.
    """

    name: str
    target: Target
    description: str | None = None
    template: Reference | None = None
    delivery: Delivery = Delivery()
    span: Span = NOWHERE
    name_span: Span = NOWHERE
    template_span: Span = NOWHERE
    description_span: Span = NOWHERE


class ActivationTemplate(msgspec.Struct, frozen=True, gc=False):
    """A template of activations in a folder, and what it locks."""

    name: str
    folder: str | None = None
    description: str | None = None
    state: TemplateState = "draft"
    locks: tuple[Lock, ...] = ()
    delivery: Delivery = Delivery()
    span: Span = NOWHERE
    name_span: Span = NOWHERE
    description_span: Span = NOWHERE
