"""Writes a configuration into the text of a `parent_segment.toml`.

What the file holds beside it stays, and so do comments and the form of what is not changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping
from datetime import time
from typing import TYPE_CHECKING, Any, assert_never, cast

from segdsl.diagnostics.suggest import nearest
from segdsl.errors import InputError
from segdsl.parent_segment import model as m
from segdsl.parent_segment.changes import changes
from segdsl.parent_segment.file import FROM, TYPES, parse_configuration
from segdsl.parent_segment.flat import type_text

if TYPE_CHECKING:
    from tomlkit.items import Item

Plain = dict[str, Any]

HEAD = """\
# A parent segment: its master table, its attributes and behaviors, and when it runs.
# `segdsl parent plan` compares it with the server.

"""
_INLINE = ("join", "schedule", "filters")
"""Tables that are written in one line."""


class KeepingError(InputError):
    """A file whose form cannot be kept."""


def write_configuration(text: str, configuration: m.Configuration, name: str) -> str:
    """The text of a file with this configuration in it; an empty text becomes a new file.

    `name` is the file's for messages. Raises ParentFileError for a text that is not valid.
    """
    import tomlkit

    before = parse_configuration(text, name) if text.strip() else None
    if before is not None and not changes(before, configuration):
        named = changes(configuration, before)
        if not named:
            return text
    document = tomlkit.parse(text)
    wanted = _plain(configuration, before, document.unwrap())
    _merge(document, wanted, keep=set(document) - set(_OWN))
    written = ("" if text.strip() else HEAD) + tomlkit.dumps(document)
    after = parse_configuration(written, name)
    if after is None or changes(after, configuration):
        raise KeepingError(
            f"cannot write into {name} and keep its form: write each table once, with its own "
            "head, or move the file away and pull again"
        )
    return written


# --- the configuration as TOML ---------------------------------------------------------

_OWN = (
    "name",
    "description",
    "timezone",
    "schedule",
    "llm",
    "engine",
    "master",
    "attributes",
    "behaviors",
    "customer_groups",
    "enrichment",
    "activation",
)
"""The keys of a configuration; others belong to local data."""


def _plain(configuration: m.Configuration, before: m.Configuration | None, there: Plain) -> Plain:
    """The configuration as plain values of TOML, with the keys of tables that the file has.

    A setting that is not said stays as it is in the file, and one that is as if it were not said
    is left out, where the file does not have it.
    """
    wanted: Plain = {"name": configuration.name}
    for key in ("description", "timezone", "llm"):
        value = getattr(configuration, key)
        if value or (value is not None and key in there):
            wanted[key] = value
        elif value is None and key in there:
            wanted[key] = there[key]
    for key, section in (
        ("schedule", None if configuration.schedule is None else _schedule(configuration.schedule)),
        ("engine", _engine(configuration.engine)),
    ):
        _put(wanted, key, section, there)
    wanted["master"] = {
        "table": str(configuration.master.table),
        **(
            {"filters": {each.column: [*each.values] for each in configuration.master.filters}}
            if configuration.master.filters
            else {}
        ),
    }
    attributes = _attributes(configuration.attributes, () if before is None else before.attributes)
    behaviors = _behaviors(configuration.behaviors, there.get("behaviors", {}))
    old_groups = there.get("customer_groups", {})
    groups = {
        each.name: _group(each, before, old_groups.get(each.name, {}))
        for each in configuration.groups
    }
    for key, tables in (
        ("attributes", attributes),
        ("behaviors", behaviors),
        ("customer_groups", groups),
    ):
        if tables:
            wanted[key] = tables
    _put(wanted, "enrichment", _enrichment(configuration.enrichment), there)
    _put(wanted, "activation", _activation(configuration.activation), there)
    return wanted


def _put(wanted: Plain, key: str, section: Plain | None, there: Plain) -> None:
    if section is None:
        if key in there:
            wanted[key] = there[key]
    elif section or key in there:
        # What the file says and is not set stays.
        unset = {name: value for name, value in there.get(key, {}).items() if not value}
        wanted[key] = {**unset, **section}


def _schedule(schedule: m.Schedule) -> Plain:
    match schedule:
        case m.Never():
            return {"every": "never"}
        case m.EveryMinutes(minutes):
            return {"every": f"{minutes} minutes"}
        case m.Hourly(minute):
            return {"every": "hour", "at": time(0, minute)}
        case m.Daily(at):
            return {"every": "day", "at": _time(at)}
        case m.Weekly(weekdays, at):
            return {"every": "week", "on": [*weekdays], "at": _time(at)}
        case m.Monthly(days, at):
            return {"every": "month", "on": [*days], "at": _time(at)}
        case m.Cron(expression):
            return {"cron": expression}
        case m.OtherSchedule(type, option):
            return {"type": type, **({} if option is None else {"option": option})}
        case _:
            assert_never(schedule)


def _time(at: str) -> time:
    hour, minute = at.split(":")
    return time(int(hour), int(minute))


def _set(values: Mapping[str, object]) -> Plain:
    """The values that are set."""
    return {key: value for key, value in values.items() if value}


def _engine(engine: m.Engine | None) -> Plain | None:
    if engine is None:
        return None
    return _set(
        {
            "hive_only": engine.hive_only,
            "hive_version": engine.hive_version,
            "hive_pool": engine.hive_pool,
            "trino_pool": engine.presto_pool,
        }
    )


def _enrichment(enrichment: m.Enrichment | None) -> Plain | None:
    if enrichment is None:
        return None
    return _set(
        {
            "ip": enrichment.ip,
            "word_tagging": enrichment.word_tagging,
            "js_sdk": enrichment.td_js_sdk,
        }
    )


def _activation(activation: m.ActivationLimits | None) -> Plain | None:
    if activation is None or not activation.behaviors:
        return None if activation is None else {}
    return _set({"behaviors": True, "max_rows": activation.max_rows})


def _attributes(tables: Iterable[m.AttributeTable], before: Iterable[m.AttributeTable]) -> Plain:
    keys: dict[tuple[m.Table, m.Join | None, str | None], str] = {}
    for each in before:
        keys.setdefault((each.table, each.join, each.heading), each.key)
    wanted: Plain = {}
    kept = set(keys.values())
    for each in tables:
        known = keys.get((each.table, each.join, each.heading))
        key = known if known is not None and known not in wanted else None
        if key is None:
            key = _free(each.key, {*wanted, *kept})
        table: Plain = {"table": str(each.table)}
        if each.join is not None:
            table["join"] = {each.join.master: each.join.column}
        if each.heading != key:
            table["group"] = each.heading or ""
        table["columns"] = _columns(each.columns)
        wanted[key] = table
    return wanted


def _free(name: str, taken: Iterable[str]) -> str:
    names, key, number = set(taken), name, 1
    while key in names:
        number += 1
        key = f"{name} {number}"
    return key


def _behaviors(behaviors: Iterable[m.ConfiguredBehavior], there: Plain) -> Plain:
    """The behaviors; `there` are those of the file, some of which may have a name beside a key."""
    keys = {table.get("name", key): key for key, table in there.items()}
    wanted: Plain = {}
    for each in behaviors:
        key = keys.get(each.name) or _free(each.name, {*wanted, *keys.values()})
        named = {} if key == each.name else {"name": each.name}
        wanted[key] = {
            **named,
            "table": str(each.table),
            "join": {each.join.master: each.join.column},
            **({} if each.schedule in (None, m.Never()) else {"schedule": _of(each.schedule)}),
            **_set(
                {
                    "default_time_filter": each.default_time_filter,
                    "realtime": each.realtime,
                    "all_columns": each.all_columns,
                }
            ),
            "columns": _columns(each.columns),
        }
    return wanted


def _of(schedule: m.Schedule | None) -> Plain:
    assert schedule is not None, "it is written where there is one"
    return _schedule(schedule)


def _group(group: m.ConfiguredGroup, before: m.Configuration | None, there: Plain) -> Plain:
    old = () if before is None else before.groups
    known = next((each.attributes for each in old if each.name == group.name), ())
    attributes = _attributes(group.attributes, known)
    behaviors = _behaviors(group.behaviors, there.get("behaviors", {}))
    return {
        "table": str(group.table),
        "join": {group.join.master: group.join.column},
        **_set({"attributes": attributes, "behaviors": behaviors}),
    }


def _columns(columns: Iterable[m.ConfiguredColumn]) -> Plain:
    wanted: Plain = {}
    for each in columns:
        key = _free(each.name if each.name.strip() else each.column, wanted)
        wanted[key] = _column(each, key)
    return wanted


def _column(column: m.ConfiguredColumn, key: str) -> str | dict[str, str]:
    """A column in its short form, `number from ltv`, where that is read as the same."""
    type = type_text(column)
    is_plain = column.type is not None or (
        type and not any(map(str.isspace, type)) and nearest(type, TYPES) is None
    )
    if key == column.name and is_plain:
        if column.column == key:
            return type
        if column.column == column.column.strip() and column.column:
            return f"{type}{FROM}{column.column}"
    named = {} if key == column.name else {"name": column.name}
    return {"type": type, "column": column.column, **named}


# --- into a document -------------------------------------------------------------------


def _merge(there: MutableMapping[str, Any], wanted: Plain, keep: set[str] | None = None) -> None:
    """Makes a table of a document say what is wanted, and touches nothing else in it."""
    for key in [*there]:
        if key not in wanted and key not in (keep or ()):
            del there[key]
    for key, value in wanted.items():
        old = there.get(key)
        if old is None:
            there[key] = _item(key, value)
        elif isinstance(value, dict) and isinstance(old, MutableMapping):
            if _unwrapped(old) != value:
                _merge(old, value)
        elif _unwrapped(old) != value:
            there[key] = _item(key, value)


def _unwrapped(value: Any) -> Any:
    return value.unwrap() if hasattr(value, "unwrap") else value


def _item(key: str, value: Any) -> Item:
    """A new value; tables have heads of their own, but for short ones."""
    import tomlkit

    if not isinstance(value, dict):
        made: Item = tomlkit.item(value)
        return made
    if key in _INLINE or (value.keys() <= {"type", "column", "name"} and "type" in value):
        return _inline(value)
    is_super = bool(value) and all(isinstance(each, dict) for each in value.values())
    table = tomlkit.table(is_super_table=is_super and key in _GROUPS)
    for name, each in value.items():
        table.append(name, _item(name, each))
    return table


def _inline(value: Plain) -> Item:
    """A table in one line, with blanks inside its braces, which tomlkit does not write."""
    import tomlkit

    pairs = (
        f"{tomlkit.key(name).as_string()} = {tomlkit.item(each).as_string()}"
        for name, each in value.items()
    )
    document = tomlkit.parse(f"x = {{ {', '.join(pairs)} }}\n")
    return cast("Item", document.item("x"))


_GROUPS = ("attributes", "behaviors", "customer_groups")
"""Tables that only hold others, so that they need no head."""
