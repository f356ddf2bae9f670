"""Translates a parent segment of the vendor's own tool to a configuration.

The tool's words for keys are the reverse of the API's: its `parent_key` is a column of the master
table (the API's `foreignKey`), and `child_key` one of the other table (documented).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple, TypeVar, cast, get_args

from segdsl.diagnostics import Code, Report
from segdsl.language.activations import WEEKDAYS, Weekday
from segdsl.language.values import ColumnType, Number
from segdsl.parent_segment import model as pm
from segdsl.parent_segment.schedules import ScheduleError, api_schedule, is_cron
from segdsl.parent_segment.time_zones import is_time_zone
from segdsl.source import Span
from segdsl.workspace.tdx.checks import Checks, Keys
from segdsl.workspace.tdx.document import UnreadableError, Value
from segdsl.workspace.tdx.heads import description_in, name_in

_KEYS = (
    "type",
    "name",
    "description",
    "master",
    "schedule",
    "engine",
    "attributes",
    "behaviors",
)
_TABLE_KEYS = ("name", "source", "join", "columns", "all_columns")
_SCHEDULES = ("none", "hourly", "daily", "weekly", "monthly", "cron")
_SCHEDULE_KEYS = {
    "none": (),
    "hourly": (),
    "daily": ("time",),
    "weekly": ("time", "repeat_sub_frequency"),
    "monthly": ("time", "repeat_sub_frequency"),
    "cron": ("cron",),
}
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::00)?", re.ASCII)
_TYPES: tuple[ColumnType, ...] = get_args(ColumnType)

_Part = TypeVar("_Part")


class ImportedParent(NamedTuple):
    """A parent segment; `at` is the place of its name."""

    configuration: pm.Configuration
    at: Span


class _Tables(NamedTuple):
    """The table of attributes or of a behavior with its columns."""

    name: str
    table: pm.Table
    join: pm.Join
    columns: tuple[pm.ConfiguredColumn, ...]
    all_columns: bool


def read_parent(document: Value, report: Report) -> ImportedParent | None:
    """The parent segment of a document; None after a report, or UnreadableError.

    Each part is read alone: an error in one does not hide those in another.
    """
    return _Parent(report).read(document)


class _Parent(Checks):
    def read(self, document: Value) -> ImportedParent | None:
        keys = self.map(document, _KEYS, "a parent segment")
        name = ""
        description: str | None = None
        master: pm.Master | None = None
        schedule: pm.Schedule | None = None
        timezone: str | None = None
        engine: pm.Engine | None = None
        attributes: tuple[pm.AttributeTable, ...] = ()
        behaviors: tuple[pm.ConfiguredBehavior, ...] = ()
        with suppress(UnreadableError):
            name = name_in(keys, self, "a parent segment")
        with suppress(UnreadableError):
            description = description_in(keys, self)
        with suppress(UnreadableError):
            master = self._master(self.need(keys, "master", "a parent segment"))
        with suppress(UnreadableError):
            if "schedule" in keys:
                schedule, timezone = self._schedule(keys["schedule"])
        with suppress(UnreadableError):
            if "engine" in keys:
                engine = self._engine(keys["engine"])
        with suppress(UnreadableError):
            attributes = self._named(keys, "attributes", self._attributes)
        with suppress(UnreadableError):
            behaviors = self._named(keys, "behaviors", self._behavior)
        if self.report.has_errors or master is None:
            return None
        configuration = pm.Configuration(
            name,
            master,
            description,
            timezone,
            schedule,
            engine,
            attributes,
            behaviors,
        )
        return ImportedParent(configuration, keys["name"].place)

    def _named(self, keys: Keys, key: str, read: Callable[[Value], _Part]) -> tuple[_Part, ...]:
        """The parts of a list, whose names differ."""
        if key not in keys:
            return ()
        items = self.items(keys[key], f"`{key}`")
        names = set[str]()
        for item in items:
            at = item.data.get("name") if isinstance(item.data, dict) else None
            if at is not None and isinstance(at.data, str):
                if at.data in names:
                    self.fail(at, f"two of `{key}` are named `{at.data}`", "rename one of them")
                names.add(at.data)
        return tuple(self.each(items, read))

    # --- tables ----------------------------------------------------------------------------

    def _master(self, value: Value) -> pm.Master:
        what = "a master table"
        keys = self.map(value, ("database", "table", "filters"), what)
        table = self._table(keys, what)
        if "filters" not in keys:
            return pm.Master(table)
        items = self.items(keys["filters"], "`filters`")
        if len(items) > pm.MAX_FILTERS:
            self.fail(items[pm.MAX_FILTERS], f"a master table has at most {pm.MAX_FILTERS} filters")
        filters = tuple(self.each(items, self._filter))
        if len({each.column for each in filters}) < len(filters):
            self.fail(keys["filters"], "two filters are of the same column", "keep one of them")
        return pm.Master(table, filters)

    def _table(self, keys: Keys, what: str) -> pm.Table:
        parts: list[str] = []
        for key in ("database", "table"):
            at = self.need(keys, key, what)
            text = self.text(at, f"the {key} of {what}")
            if not text.strip() or "." in text:
                self.fail(at, f"`{text}` is not the name of a {key}")
            parts.append(text)
        return pm.Table(*parts)

    def _filter(self, value: Value) -> pm.Filter:
        what = "a filter"
        keys = self.map(value, ("column", "values"), what)
        column = self.text(self.need(keys, "column", what), "a column")
        values = self.items(self.need(keys, "values", what), "`values`")
        if not values:
            self.fail(keys["values"], "a filter needs a value", "list those that it lets pass")
        return pm.Filter(column, tuple(self.each(values, self._filter_value)))

    def _filter_value(self, value: Value) -> str:
        """A value as text, which the API has alone."""
        if isinstance(value.data, Number):
            return value.data.text
        return self.text(value, "the value of a filter")

    def _join(self, value: Value) -> pm.Join:
        what = "a join"
        keys = self.map(value, ("parent_key", "child_key"), what)
        master, column = (
            self.text(self.need(keys, key, what), f"`{key}`") for key in ("parent_key", "child_key")
        )
        return pm.Join(master, column)

    def _columns(self, value: Value) -> tuple[pm.ConfiguredColumn, ...]:
        items = self.items(value, "`columns`")
        if not items:
            self.fail(value, "`columns` is empty", "list the columns")
        columns = tuple(self.each(items, self._column))
        names = set[str]()
        for item, column in zip(items, columns, strict=True):
            if column.name in names:
                self.fail(
                    item, f"two columns are named `{column.name}`", "give one another `label`"
                )
            names.add(column.name)
        return columns

    def _column(self, value: Value) -> pm.ConfiguredColumn:
        what = "a column"
        keys = self.map(value, ("column", "label", "type"), what)
        column = self.text(self.need(keys, "column", what), "the name of a column")
        label = self.text(keys["label"], "a label") if "label" in keys else column
        at = self.need(keys, "type", what, f"there are {', '.join(_TYPES)}")
        type = self.choice(at, _TYPES, "the type of a column")
        return pm.ConfiguredColumn(label, cast(ColumnType, type), column)

    def _part(self, value: Value, what: str) -> tuple[Keys, _Tables]:
        keys = self.map(value, _TABLE_KEYS, what)
        name = name_in(keys, self, what)
        source = self.map(self.need(keys, "source", what), ("database", "table"), "a source")
        table = self._table(source, "a source")
        join = self._join(self.need(keys, "join", what))
        all_columns = self.flag(keys.get("all_columns"), "`all_columns`")
        columns = self._columns(keys["columns"]) if "columns" in keys else ()
        return keys, _Tables(name, table, join, columns, all_columns)

    def _attributes(self, value: Value) -> pm.AttributeTable:
        keys, read = self._part(value, "a group of attributes")
        if read.all_columns:
            self.fail(
                keys["all_columns"],
                "attributes are listed one by one",
                "list them in `columns`, each with its type",
            )
        self.need(keys, "columns", "a group of attributes")
        return pm.AttributeTable(read.name, read.table, read.join, read.columns, read.name)

    def _behavior(self, value: Value) -> pm.ConfiguredBehavior:
        keys, read = self._part(value, "a behavior")
        if not read.all_columns:
            self.need(keys, "columns", "a behavior", "or write `all_columns: true`")
        return pm.ConfiguredBehavior(
            read.name, read.table, read.join, read.columns, all_columns=read.all_columns
        )

    # --- when it runs, and by what -----------------------------------------------------------

    def _schedule(self, value: Value) -> tuple[pm.Schedule, str | None]:
        what = "a schedule"
        known = ("type", "time", "timezone", "repeat_sub_frequency", "cron")
        keys = self.map(value, known, what)
        kind = self.choice(self.need(keys, "type", what), _SCHEDULES, "the type of a schedule")
        for key, inner in keys.items():
            if key not in ("type", "timezone", *_SCHEDULE_KEYS[kind]):
                self.fail(
                    inner, f"a {kind} schedule has no `{key}`", "remove it, or change the type"
                )
        timezone = None
        if "timezone" in keys:
            timezone = self.text(keys["timezone"], "a time zone")
            if not is_time_zone(timezone):
                self.fail(
                    keys["timezone"],
                    f"`{timezone}` is not a time zone",
                    "time zones are named as in `Asia/Tokyo` and `UTC`",
                )
        return self._when(kind, keys), timezone

    def _when(self, kind: str, keys: Keys) -> pm.Schedule:
        schedule: pm.Schedule
        match kind:
            case "none":
                return pm.Never()
            case "hourly":
                return pm.Hourly()
            case "cron":
                at = self.need(keys, "cron", "a cron schedule")
                expression = self.text(at, "`cron`")
                if not is_cron(expression):
                    self.fail(at, f"“{expression}” is not a cron expression")
                return pm.Cron(expression)
            case "daily":
                return pm.Daily(self._time(keys, kind))
            case "weekly":
                at = self.need(keys, "repeat_sub_frequency", "a weekly schedule")
                days = set(self.each(self.items(at, "`repeat_sub_frequency`"), self._weekday))
                weekdays = tuple(day for day in WEEKDAYS if day in days)
                schedule = pm.Weekly(weekdays, self._time(keys, kind))
                single = bool(weekdays)
            case _:
                at = self.need(keys, "repeat_sub_frequency", "a monthly schedule")
                numbers = self.each(self.items(at, "`repeat_sub_frequency`"), self._day)
                dates = tuple(sorted(set(numbers)))
                schedule = pm.Monthly(dates, self._time(keys, kind))
                single = bool(dates)
        if not single:
            self.fail(at, "`repeat_sub_frequency` is empty", "name a day")
        return self._possible(schedule, at)

    def _possible(self, schedule: pm.Schedule, at: Value) -> pm.Schedule:
        """The schedule, or the same one as a cron expression: the API has one day alone."""
        try:
            api_schedule(schedule)
        except ScheduleError as problem:
            match = re.search(r'cron = "([^"]+)"', str(problem))
            assert match is not None, "it says what to write instead"
            self.report_at(
                at,
                f"several days are read as the cron expression `{match[1]}`",
                "a schedule of the API has one day of the week or month",
                Code.SEG704,
            )
            return pm.Cron(match[1])
        return schedule

    def _time(self, keys: Keys, kind: str) -> str:
        at = self.need(keys, "time", f"a {kind} schedule")
        text = self.text(at, "`time`")
        match = _TIME.fullmatch(text)
        if match is None or int(match[1]) > 23 or int(match[2]) > 59:
            self.fail(at, f"`{text}` is not a time of day", "write it as 03:00")
        return f"{int(match[1]):02}:{match[2]}"

    def _weekday(self, value: Value) -> Weekday:
        return cast(Weekday, self.choice(value, WEEKDAYS, "a weekday"))

    def _day(self, value: Value) -> int:
        number = self.number(value, "a day of the month")
        if not number.is_whole or not 1 <= int(number.text) <= 31:
            self.fail(value, "a day of the month is from 1 to 31")
        return int(number.text)

    def _engine(self, value: Value) -> pm.Engine:
        keys = self.map(value, ("hive_only", "trino_pool", "hive_pool"), "`engine`")
        pools = {
            key: self.text(keys[key], f"`{key}`") if key in keys else None
            for key in ("hive_pool", "trino_pool")
        }
        return pm.Engine(
            self.flag(keys.get("hive_only"), "`hive_only`"),
            hive_pool=pools["hive_pool"] or None,
            presto_pool=pools["trino_pool"] or None,
        )
