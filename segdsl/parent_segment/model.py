"""What a parent segment is made of: its master table, attributes, behaviors, and when it runs.

Frozen data; API names stand in the docstrings. What the API only answers, such as the population,
is no part of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal as OneOf

import msgspec

from segdsl.language.activations import Weekday
from segdsl.language.values import ColumnType

MAX_FILTERS = 2
"""Of a master table (documented)."""


class Table(msgspec.Struct, frozen=True):
    """A table of a database, written `database.table` (`parentDatabaseName`, `parentTableName`)."""

    database: str
    name: str

    def __str__(self) -> str:
        return f"{self.database}.{self.name}"


class Join(msgspec.Struct, frozen=True):
    """How rows belong to profiles: `master` is a column of the master table (`foreignKey`), and
    `column` one of the table itself (`parentKey`). The vendor's YAML has the two words swapped."""

    master: str
    column: str


class ConfiguredColumn(msgspec.Struct, frozen=True):
    """A column that profiles or events get: `name` is its label in the console, `column` what it is
    in its table (`parentColumn`). `unknown_type` is a type that segdsl does not know; `type` is
    None then."""

    name: str
    type: ColumnType | None
    column: str
    unknown_type: str | None = None


class AttributeTable(msgspec.Struct, frozen=True):
    """Attributes of one table, joined in one way, under one heading (`groupingName`).

    `key` names it in the file. Without a `join` the table is the master table itself.
    """

    key: str
    table: Table
    join: Join | None
    columns: tuple[ConfiguredColumn, ...] = ()
    heading: str | None = None


class ConfiguredBehavior(msgspec.Struct, frozen=True):
    """A behavior: `name` is its label. `all_columns` is the API's `allColumns` (observed)."""

    name: str
    table: Table
    join: Join
    columns: tuple[ConfiguredColumn, ...] = ()
    schedule: Schedule | None = None
    default_time_filter: bool = False
    realtime: bool = False
    all_columns: bool = False


class ConfiguredGroup(msgspec.Struct, frozen=True):
    """A customer group: the table with its keys, its attributes and behaviors."""

    name: str
    table: Table
    join: Join
    attributes: tuple[AttributeTable, ...] = ()
    behaviors: tuple[ConfiguredBehavior, ...] = ()


class Filter(msgspec.Struct, frozen=True):
    """Only rows of the master table whose column has one of the values (`audienceFilters`)."""

    column: str
    values: tuple[str, ...]


class Master(msgspec.Struct, frozen=True):
    """The table with a row for each profile."""

    table: Table
    filters: tuple[Filter, ...] = ()


# --- when it runs ----------------------------------------------------------------------


class Never(msgspec.Struct, frozen=True):
    """`{ every = "never" }`: only when somebody runs it (`none`)."""


class EveryMinutes(msgspec.Struct, frozen=True):
    """`{ every = "15 minutes" }` (`minutes_interval`)."""

    minutes: int


class Hourly(msgspec.Struct, frozen=True):
    """`{ every = "hour", at = 00:30:00 }`: at that minute of each hour."""

    minute: int = 0


class Daily(msgspec.Struct, frozen=True):
    """`{ every = "day", at = 03:00:00 }`; `at` is `HH:MM`."""

    at: str = "00:00"


class Weekly(msgspec.Struct, frozen=True):
    """`{ every = "week", on = ["Monday"], at = 03:00:00 }`."""

    weekdays: tuple[Weekday, ...]
    at: str = "00:00"


class Monthly(msgspec.Struct, frozen=True):
    """`{ every = "month", on = [1, 15], at = 03:00:00 }`: days of the month."""

    days: tuple[int, ...]
    at: str = "00:00"


class Cron(msgspec.Struct, frozen=True):
    """`{ cron = "0 3 * * *" }`."""

    expression: str


class OtherSchedule(msgspec.Struct, frozen=True):
    """A schedule of the server that is written in no way known here; it is kept as it is."""

    type: str
    option: str | None


Schedule = Never | EveryMinutes | Hourly | Daily | Weekly | Monthly | Cron | OtherSchedule


# --- the whole -------------------------------------------------------------------------


class Engine(msgspec.Struct, frozen=True):
    """What runs the workflow: `workflowHiveOnly`, `hiveEngineVersion`, and the pools."""

    hive_only: bool = False
    hive_version: OneOf["0.13", "cdpaudience"] | None = None
    hive_pool: str | None = None
    presto_pool: str | None = None


class Enrichment(msgspec.Struct, frozen=True):
    """Attributes that the vendor adds: `enrichmentIpEnabled` and its two relatives."""

    ip: bool = False
    word_tagging: bool = False
    td_js_sdk: bool = False


class ActivationLimits(msgspec.Struct, frozen=True):
    """Whether activations may have events (`allowActivationBehavior`), and how many of each
    profile."""

    behaviors: bool = False
    max_rows: int | None = None


class Configuration(msgspec.Struct, frozen=True):
    """The configuration of a parent segment, as a file or a server has it.

    A setting that is None is not written: an update leaves it as it is on the server.
    """

    name: str
    master: Master
    description: str | None = None
    timezone: str | None = None
    schedule: Schedule | None = None
    engine: Engine | None = None
    attributes: tuple[AttributeTable, ...] = ()
    behaviors: tuple[ConfiguredBehavior, ...] = ()
    groups: tuple[ConfiguredGroup, ...] = ()
    enrichment: Enrichment | None = None
    activation: ActivationLimits | None = None
    llm: bool | None = None

    @property
    def columns_by_table(self) -> Mapping[Table, tuple[str, ...]]:
        """The columns that are read of each table, keys included, each once and in order."""
        columns: dict[Table, dict[str, None]] = {self.master.table: {}}
        for each in self.master.filters:
            columns[self.master.table][each.column] = None
        tables: tuple[AttributeTable | ConfiguredBehavior, ...]
        tables = (*self.attributes, *self.behaviors)
        for of in tables:
            names = columns.setdefault(of.table, {})
            if of.join is not None:
                columns[self.master.table][of.join.master] = None
                names[of.join.column] = None
            names.update(dict.fromkeys(column.column for column in of.columns))
        return {table: tuple(names) for table, names in columns.items()}
