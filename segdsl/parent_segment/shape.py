"""The keys of `parent_segment.toml`, all of them: those for the server and those for local data.

Two readers take the same file: `segdsl.parent_segment.file` what a parent segment is made of, and
`segdsl.engine.description` what tables cannot say about themselves. Both refuse a key that is not
here.
"""

from __future__ import annotations

from datetime import time
from typing import Literal as OneOf

import msgspec

FILE = "parent_segment.toml"
DEFAULT_ID = "1"

ColumnText = str | dict[str, str]
"""`"number"`, `"number from ltv"`, or `{ type = "number", column = "ltv", name = "Value" }`."""


class Funnel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: int
    stages: dict[str, int] = {}


TrainingMethod = OneOf["logistic", "boosting"]
"""How the models of predictive segments are trained: the vendor's way, or with trees (our own)."""


class Models(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    method: TrainingMethod = "logistic"
    predictive: dict[str, int] = {}
    rfm: dict[str, int] = {}
    cltv: dict[str, int] = {}


class Connection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: int
    type: str
    required: list[str] = []


class User(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: int
    name: str | None = None


class Schedule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`every` with `at` and `on`; or `cron`; or the server's own `type` and `option`."""

    every: str | None = None
    at: time | None = None
    on: list[str | int] | None = None
    cron: str | None = None
    type: str | None = None
    option: str | None = None


class Engine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    hive_only: bool = False
    hive_version: str | None = None
    hive_pool: str | None = None
    trino_pool: str | None = None


class Master(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    table: str
    filters: dict[str, list[str]] = {}


class Attributes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`group` is the heading, where that is not the key; "" is none."""

    table: str
    join: dict[str, str] | None = None
    columns: dict[str, ColumnText] = {}
    group: str | None = None


class Behavior(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`name` is the behavior's, where that is not the key."""

    table: str
    join: dict[str, str]
    columns: dict[str, ColumnText] = {}
    name: str | None = None
    schedule: Schedule | None = None
    default_time_filter: bool = False
    realtime: bool = False
    all_columns: bool = False


class CustomerGroup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    table: str
    join: dict[str, str]
    attributes: dict[str, Attributes] = {}
    behaviors: dict[str, Behavior] = {}


class Enrichment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    ip: bool = False
    word_tagging: bool = False
    js_sdk: bool = False


class Activation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    behaviors: bool = False
    max_rows: int | None = None


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file; no key is needed for local data, and `master` for a server."""

    id: str | int = DEFAULT_ID
    name: str | None = None
    description: str | None = None
    timezone: str | None = None
    # What a parent segment is made of.
    schedule: Schedule | None = None
    engine: Engine | None = None
    llm: bool | None = None
    master: Master | None = None
    attributes: dict[str, Attributes] = {}
    behaviors: dict[str, Behavior] = {}
    customer_groups: dict[str, CustomerGroup] = {}
    enrichment: Enrichment | None = None
    activation: Activation | None = None
    # What local tables cannot say about themselves.
    types: dict[str, dict[str, str]] = {}
    groups: dict[str, str] = {}
    labels: dict[str, dict[str, str]] = {}
    visibility: dict[str, dict[str, str]] = {}
    funnels: dict[str, Funnel] = {}
    models: Models = Models()
    tests: dict[str, dict[str, int]] = {}
    connections: dict[str, Connection] = {}
    users: dict[str, User] = {}
    workflows: dict[str, list[str]] = {}
