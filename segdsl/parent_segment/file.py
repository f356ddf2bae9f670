"""Reads what `parent_segment.toml` says of a parent segment, each mistake at its line.

The keys are in `shape`. What local tables need beside it stands in the same file and is read by
`segdsl.engine.description`; `writing` writes a configuration into such a file.

    name = "Customer 360"
    schedule = { every = "day", at = 03:00:00 }

    [master]
    table = "cdp_db.customers"

    [attributes.Profile]
    table = "cdp_db.user_profiles"
    join = { user_id = "customer_id" }

    [attributes.Profile.columns]
    age = "number"
    tags = "string_array from favourite_tags"
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path as FilePath
from typing import NoReturn, get_args

from segdsl.diagnostics.suggest import did_you_mean, nearest
from segdsl.errors import InputError
from segdsl.language.activations import WEEKDAYS, Weekday
from segdsl.language.values import ColumnType
from segdsl.parent_segment import model as m
from segdsl.parent_segment import shape
from segdsl.parent_segment.schedules import INTERVAL, interval_of, is_cron
from segdsl.parent_segment.time_zones import is_time_zone, time_zones
from segdsl.toml import Document, parse_toml
from segdsl.toml.document import read_text
from segdsl.toml.places import Path, written

TYPES: tuple[ColumnType, ...] = get_args(ColumnType)
FROM = " from "
"""Between the type and the column of an attribute whose label is not the column's name."""
_COLUMN_KEYS = ("type", "column", "name")


class ParentFileError(InputError):
    """A `parent_segment.toml` that cannot be used; its text shows each mistake at its line."""


def read_configuration(path: FilePath, name: str, *, root: str | None) -> m.Configuration | None:
    """The configuration in a file; None where it has no `[master]`, or is not there.

    `name` is the file's for messages; links are followed within `root`. Raises ParentFileError.
    """
    what = f"{name} is not a valid TOML file"
    text = read_text(path, ParentFileError, what, root=root)
    return None if text is None else parse_configuration(text, name)


def parse_configuration(text: str, name: str = shape.FILE) -> m.Configuration | None:
    """The configuration in the text of a file; None where it has no `[master]`.

    Raises ParentFileError.
    """
    document = parse_toml(text, name, ParentFileError, f"{name} is not a valid TOML file")
    file = document.convert(shape.File, ParentFileError, f"{name} is not a valid description")
    return configuration_of(file, document)


def configuration_of(file: shape.File, document: Document) -> m.Configuration | None:
    """The configuration of a file that was read; None where it has no `[master]`.

    `document` is the text it was read from, for errors: raises ParentFileError.
    """
    return _Reader(document).configuration(file)


class _Reader:
    def __init__(self, document: Document) -> None:
        self.document = document

    def fail(self, path: Path, message: str, help: str | None = None) -> NoReturn:
        raise self.document.error(ParentFileError, path, message, help)

    def configuration(self, file: shape.File) -> m.Configuration | None:
        timezone = file.timezone
        if timezone is not None and not is_time_zone(timezone):
            help = did_you_mean(timezone, time_zones(), "use an IANA name such as “Asia/Tokyo”")
            self.fail(("timezone",), f"unknown time zone “{timezone}”", help)
        if file.master is None:
            self._needs_master(file)
            return None
        if file.name is None or not file.name.strip():
            at: Path = ("master",) if file.name is None else ("name",)
            self.fail(at, "the parent segment has no name", 'write `name = "…"` above all tables')
        return m.Configuration(
            file.name,
            self.master(file.master),
            file.description,
            timezone,
            None if file.schedule is None else self.schedule(file.schedule, ("schedule",)),
            None if file.engine is None else self.engine(file.engine),
            tuple(self.attributes(file.attributes, ("attributes",), file.master.table)),
            tuple(self.behaviors(file.behaviors, ("behaviors",))),
            tuple(self.groups(file.customer_groups, file.master.table)),
            None
            if file.enrichment is None
            else m.Enrichment(
                file.enrichment.ip, file.enrichment.word_tagging, file.enrichment.js_sdk
            ),
            None if file.activation is None else self.activation(file.activation),
            file.llm,
        )

    def _needs_master(self, file: shape.File) -> None:
        """Refuses the tables of a parent segment in a file without its master table."""
        for key in ("attributes", "behaviors", "customer_groups"):
            if getattr(file, key):
                self.fail(
                    (key,),
                    f"[{key}] needs the master table, whose rows are the profiles",
                    'write `[master]` with `table = "database.table"`',
                )

    def master(self, master: shape.Master) -> m.Master:
        at: Path = ("master", "filters")
        if len(master.filters) > m.MAX_FILTERS:
            self.fail(
                at,
                f"[master] has filters on {len(master.filters)} columns; at most {m.MAX_FILTERS} "
                "are possible",
            )
        for column, values in master.filters.items():
            if not values:
                self.fail((*at, column), f"the filter on `{column}` has no value: nobody passes it")
        return m.Master(
            self.table(master.table, ("master", "table")),
            tuple(m.Filter(column, tuple(values)) for column, values in master.filters.items()),
        )

    def table(self, text: str, path: Path) -> m.Table:
        database, dot, name = text.partition(".")
        if not (dot and database.strip() and name.strip()):
            self.fail(
                path,
                f"`{text}` names no table of a database",
                'write it as "database.table"',
            )
        return m.Table(database, name)

    def join(self, join: Mapping[str, str], path: Path) -> m.Join:
        if len(join) != 1:
            self.fail(
                path,
                f"`join` in [{written(path[:-1])}] has {len(join)} pairs of columns, not one",
                'write `join = { COLUMN_OF_THE_MASTER = "COLUMN_OF_THIS_TABLE" }`',
            )
        [(master, column)] = join.items()
        if not (master.strip() and column.strip()):
            self.fail(path, f"`join` in [{written(path[:-1])}] has a blank name")
        return m.Join(master, column)

    def attributes(
        self, tables: Mapping[str, shape.Attributes], at: Path, master: str
    ) -> Iterator[m.AttributeTable]:
        for key, each in tables.items():
            path = (*at, key)
            if each.join is None and each.table != master:
                self.fail(
                    path,
                    f"missing key `join` in [{written(path)}]",
                    "write `join = { COLUMN_OF_THE_MASTER = "
                    '"COLUMN_OF_THIS_TABLE" }`; only the master table itself needs none',
                )
            heading = key if each.group is None else each.group or None
            yield m.AttributeTable(
                key,
                self.table(each.table, (*path, "table")),
                None if each.join is None else self.join(each.join, (*path, "join")),
                tuple(self.columns(each.columns, (*path, "columns"))),
                heading,
            )

    def behaviors(
        self, tables: Mapping[str, shape.Behavior], at: Path
    ) -> Iterator[m.ConfiguredBehavior]:
        names: dict[str, str] = {}
        for key, each in tables.items():
            path = (*at, key)
            name = each.name or key
            if name in names:
                self.fail(path, f"[{written((*at, names[name]))}] has the name “{name}”, too")
            names[name] = key
            schedule = each.schedule
            yield m.ConfiguredBehavior(
                name,
                self.table(each.table, (*path, "table")),
                self.join(each.join, (*path, "join")),
                tuple(self.columns(each.columns, (*path, "columns"))),
                None if schedule is None else self.schedule(schedule, (*path, "schedule")),
                each.default_time_filter,
                each.realtime,
                each.all_columns,
            )

    def groups(
        self, groups: Mapping[str, shape.CustomerGroup], master: str
    ) -> Iterator[m.ConfiguredGroup]:
        for name, each in groups.items():
            path: Path = ("customer_groups", name)
            yield m.ConfiguredGroup(
                name,
                self.table(each.table, (*path, "table")),
                self.join(each.join, (*path, "join")),
                tuple(self.attributes(each.attributes, (*path, "attributes"), each.table)),
                tuple(self.behaviors(each.behaviors, (*path, "behaviors"))),
            )

    # --- columns -----------------------------------------------------------------------

    def columns(
        self, columns: Mapping[str, shape.ColumnText], at: Path
    ) -> Iterator[m.ConfiguredColumn]:
        for label, value in columns.items():
            path = (*at, label)
            if not label.strip():
                self.fail(path, f"a column in [{written(at)}] has a blank name")
            if isinstance(value, str):
                type, found, column = value.partition(FROM)
                type, column = (type.strip(), column.strip()) if found else (value.strip(), label)
                if not column:
                    self.fail(path, f"`{value}` names no column behind `from`")
                yield self.column(label, type, column, path)
            else:
                yield self._column_table(label, value, path)

    def _column_table(self, label: str, value: dict[str, str], path: Path) -> m.ConfiguredColumn:
        """A column written as a table, in which its type may be any."""
        for key in value:
            if key not in _COLUMN_KEYS:
                help = did_you_mean(key, _COLUMN_KEYS, f"the keys are: {', '.join(_COLUMN_KEYS)}")
                self.fail((*path, key), f"unknown key `{key}` in [{written(path)}]", help)
        if "type" not in value:
            self.fail(path, f"missing key `type` in [{written(path)}]")
        name = value.get("name", label)
        type = value["type"]
        known = next((each for each in TYPES if each == type), None)
        column = value.get("column", name)
        return m.ConfiguredColumn(name, known, column, None if known else type)

    def column(self, label: str, type: str, column: str, path: Path) -> m.ConfiguredColumn:
        known = next((each for each in TYPES if each == type), None)
        if known is not None:
            return m.ConfiguredColumn(label, known, column)
        # A type that segdsl does not know may be one of the server's, but never a misspelled one.
        close = nearest(type, TYPES)
        if close is not None or not type or any(map(str.isspace, type)):
            help = did_you_mean(type, TYPES, f"the types are {', '.join(TYPES)}")
            self.fail(path, f"unknown type “{type}” of `{label}`", help)
        return m.ConfiguredColumn(label, None, column, type)

    # --- settings ----------------------------------------------------------------------

    def engine(self, engine: shape.Engine) -> m.Engine:
        version = engine.hive_version
        match version:
            case None | "0.13" | "cdpaudience":
                return m.Engine(
                    engine.hive_only, version, engine.hive_pool or None, engine.trino_pool or None
                )
            case _:
                self.fail(
                    ("engine", "hive_version"),
                    f"unknown version “{version}” of Hive",
                    'write "cdpaudience" or "0.13"',
                )

    def activation(self, activation: shape.Activation) -> m.ActivationLimits:
        if activation.max_rows is not None and activation.max_rows < 1:
            self.fail(("activation", "max_rows"), "`max_rows` in [activation] is less than 1")
        return m.ActivationLimits(activation.behaviors, activation.max_rows)

    def schedule(self, schedule: shape.Schedule, path: Path) -> m.Schedule:
        keys = [key for key in schedule.__struct_fields__ if getattr(schedule, key) is not None]
        allowed = {"every": {"every", "at", "on"}, "cron": {"cron"}, "type": {"type", "option"}}
        kind = next((each for each in allowed if each in keys), None)
        if kind is None:
            self.fail(
                path,
                f"`{written(path)}` says neither `every` nor `cron`",
                'write `{ every = "day", at = 03:00:00 }`, or `{ every = "never" }`',
            )
        for key in keys:
            if key not in allowed[kind]:
                self.fail((*path, key), f"`{key}` cannot stand beside `{kind}`")
        if schedule.cron is not None:
            if not is_cron(schedule.cron):
                self.fail(
                    (*path, "cron"),
                    f"“{schedule.cron}” is not a cron expression",
                    "write minute, hour, day of the month, month and day of the week: `0 3 * * *` "
                    "is each day at 03:00",
                )
            return m.Cron(schedule.cron)
        if schedule.type is not None:
            return m.OtherSchedule(schedule.type, schedule.option)
        assert schedule.every is not None, "it is the kind"
        return self.every(schedule.every, schedule, path)

    def every(self, every: str, schedule: shape.Schedule, path: Path) -> m.Schedule:
        minutes = interval_of(every)
        takes = {"hour": ("at",), "day": ("at",), "week": ("at", "on"), "month": ("at", "on")}
        if minutes is None and every != "never" and every not in takes:
            choices = ("never", INTERVAL, *takes)
            help = did_you_mean(every, choices, f"write one of: {', '.join(choices)}")
            self.fail((*path, "every"), f"unknown interval “{every}”", help)
        for key in ("at", "on"):
            if getattr(schedule, key) is not None and key not in takes.get(every, ()):
                self.fail((*path, key), f'`{key}` has no meaning with every = "{every}"')
        if minutes is not None:
            return m.EveryMinutes(minutes)
        at = self.at(schedule, path)
        match every:
            case "never":
                return m.Never()
            case "hour":
                hour, minute = at.split(":")
                if hour != "00":
                    help = f"write the minute of the hour: at = 00:{minute}:00"
                    self.fail((*path, "at"), "an hourly schedule has no hour", help)
                return m.Hourly(int(minute))
            case "day":
                return m.Daily(at)
            case "week":
                return m.Weekly(self.weekdays(schedule, path), at)
            case _:
                return m.Monthly(self.days(schedule, path), at)

    def at(self, schedule: shape.Schedule, path: Path) -> str:
        at = schedule.at
        if at is None:
            return "00:00"
        if at.second or at.microsecond or at.tzinfo is not None:
            help = f"write at = {at.hour:02}:{at.minute:02}:00; the time zone is `timezone`"
            self.fail((*path, "at"), f"`at` is to the minute, not {at.isoformat()}", help)
        return f"{at.hour:02}:{at.minute:02}"

    def weekdays(self, schedule: shape.Schedule, path: Path) -> tuple[Weekday, ...]:
        if not schedule.on:
            self.fail(path, "a weekly schedule needs its days", 'write on = ["Monday"]')
        found: list[Weekday] = []
        for number, name in enumerate(schedule.on):
            day = next((each for each in WEEKDAYS if each == name), None)
            if day is None:
                help = did_you_mean(str(name), WEEKDAYS, f"the days are {', '.join(WEEKDAYS)}")
                self.fail((*path, "on", number), f"unknown day “{name}” of the week", help)
            found.append(day)
        return tuple(each for each in WEEKDAYS if each in found)

    def days(self, schedule: shape.Schedule, path: Path) -> tuple[int, ...]:
        if not schedule.on:
            self.fail(path, "a monthly schedule needs its days", "write on = [1]")
        found: set[int] = set()
        for number, day in enumerate(schedule.on):
            if isinstance(day, str) or not 1 <= day <= 31:
                help = "days of the month are 1 to 31"
                self.fail((*path, "on", number), f"unknown day “{day}” of the month", help)
            found.add(day)
        return tuple(sorted(found))
