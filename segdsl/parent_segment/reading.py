"""Reads what the API answers about a parent segment's configuration.

Observed: `attributes` and `behaviors` may be left out of the record and are then lists of their
own; the heading may be null; types may be unknown; attributes that enrichments add have neither a
table nor keys. What cannot be read is named and not passed over: a replacement would lose it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_args

import msgspec

from segdsl.language.behaviors import name_of
from segdsl.language.values import ColumnType
from segdsl.parent_segment import model as m
from segdsl.parent_segment.flat import FlatAttribute, assumed_table, master_key
from segdsl.parent_segment.schedules import read_schedule
from segdsl.rules.json_values import (
    ValueFormError,
    flag_of,
    id_of,
    kind_of,
    text_of,
    text_or_none,
    whole_number,
)

Json = Mapping[str, Any]
_TYPES: dict[str, ColumnType] = {each: each for each in get_args(ColumnType)}
_SOURCE = ("parentTableName", "parentKey", "foreignKey")
"""What no attribute has that an enrichment adds."""


class KnownAttribute(msgspec.Struct, frozen=True):
    """An attribute of an answer: `column` is what rules name it by; `document` is its JSON."""

    attribute: FlatAttribute
    column: str
    document: dict[str, Any]


class KnownBehavior(msgspec.Struct, frozen=True):
    """A behavior of an answer: `table` is what rules name it by, and `columns` are its columns'
    names for rules by their raw ones."""

    behavior: m.ConfiguredBehavior
    table: str
    columns: Mapping[str, str]
    document: dict[str, Any]


class Reading(msgspec.Struct, frozen=True):
    """What an answer says. `enriched` are the names for rules of attributes that the server adds
    by itself; `unreadable` says of what cannot be read what is wrong with it, in words."""

    id: str
    configuration: m.Configuration
    attributes: tuple[KnownAttribute, ...] = ()
    behaviors: tuple[KnownBehavior, ...] = ()
    group: dict[str, Any] | None = None
    enriched: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()


def read(document: Json) -> Reading:
    """The configuration of a record with its attributes and behaviors.

    Raises ValueFormError where it is no parent segment that segdsl can write.
    """
    if document.get("kind") == "composable" or document.get("isComposable") is True:
        raise ValueFormError(
            "it is a composable audience, whose tables are in another warehouse; segdsl reads "
            "parent segments of this account alone"
        )
    unreadable: list[str] = []
    master = _master(document)
    attributes, enriched = _attributes(document.get("attributes"), master.table, unreadable)
    behaviors = _behaviors(document.get("behaviors"), unreadable)
    group = document.get("customerGroup")
    groups: tuple[m.ConfiguredGroup, ...] = ()
    if isinstance(group, dict) and group:
        try:
            groups = (_group(group, unreadable),)
        except ValueFormError as problem:
            unreadable.append(f"the customer group: {problem}")
    configuration = _settings(
        document,
        m.Configuration(
            _need(document, "name"),
            master,
            attributes=_tables([each.attribute for each in attributes]),
            behaviors=tuple(each.behavior for each in behaviors),
            groups=groups,
        ),
    )
    return Reading(
        id_of(document.get("id")) or "",
        configuration,
        _resolved(attributes, configuration),
        behaviors,
        group if isinstance(group, dict) and group else None,
        enriched,
        tuple(unreadable),
    )


def _resolved(
    attributes: Sequence[KnownAttribute], configuration: m.Configuration
) -> tuple[KnownAttribute, ...]:
    """The attributes with joins for those that say none, as comparisons see them."""
    key = master_key(configuration)
    if key is None:
        return tuple(attributes)
    own = m.Join(key, key)
    return tuple(
        each
        if each.attribute.join is not None
        else msgspec.structs.replace(
            each, attribute=msgspec.structs.replace(each.attribute, join=own)
        )
        for each in attributes
    )


# --- the record itself -----------------------------------------------------------------


def _settings(document: Json, configuration: m.Configuration) -> m.Configuration:
    type = text_of(document.get("scheduleType"), "scheduleType")
    option = text_of(document.get("scheduleOption"), "scheduleOption")
    version = text_or_none(document.get("hiveEngineVersion"))
    return msgspec.structs.replace(
        configuration,
        description=text_of(document.get("description"), "description"),
        timezone=text_of(document.get("timezone"), "timezone"),
        schedule=read_schedule(type, option),
        engine=m.Engine(
            _flag(document, "workflowHiveOnly"),
            "0.13" if version == "0.13" else "cdpaudience" if version == "cdpaudience" else None,
            text_or_none(document.get("hivePoolName")) or None,
            text_or_none(document.get("prestoPoolName")) or None,
        ),
        enrichment=m.Enrichment(
            _flag(document, "enrichmentIpEnabled"),
            _flag(document, "enrichmentWordTaggingEnabled"),
            _flag(document, "enrichmentTdJsSdkEnabled"),
        ),
        activation=m.ActivationLimits(
            _flag(document, "allowActivationBehavior"),
            whole_number(document.get("maxActivationBehaviorRow")),
        ),
        llm=_flag(document, "llmEnabled"),
    )


def _flag(document: Json, key: str) -> bool:
    return flag_of(document.get(key), key) or False


def _need(document: Json, key: str) -> str:
    text = text_of(document.get(key), key)
    if not text:
        raise ValueFormError(f"it has no `{key}`")
    return text


def _master(document: Json) -> m.Master:
    master = document.get("master")
    if not isinstance(master, dict):
        raise ValueFormError("it has no `master`, the table of its profiles")
    filters = document.get("audienceFilters") or []
    if not isinstance(filters, list):
        raise ValueFormError(f"its `audienceFilters` is {kind_of(filters)} and not a list")
    return m.Master(_table(master), tuple(_filter(each) for each in filters))


def _filter(value: Any) -> m.Filter:
    if not isinstance(value, dict) or not isinstance(value.get("rightValues"), list):
        raise ValueFormError("one of its `audienceFilters` has no `rightValues`")
    values = value["rightValues"]
    if not all(isinstance(each, str) for each in values):
        raise ValueFormError("one of its `audienceFilters` has a value that is not a string")
    return m.Filter(_need(value, "columnName"), tuple(values))


def _table(value: Json) -> m.Table:
    return m.Table(_need(value, "parentDatabaseName"), _need(value, "parentTableName"))


# --- attributes and behaviors ----------------------------------------------------------


def _items(value: Any, what: str, unreadable: list[str]) -> list[dict[str, Any]]:
    if value is None:
        return []
    if not isinstance(value, list):
        unreadable.append(f"the {what}s: {kind_of(value)} and not a list")
        return []
    found: list[dict[str, Any]] = []
    for each in value:
        if isinstance(each, dict):
            found.append(each)
        else:
            unreadable.append(f"a {what}: it is {kind_of(each)} and not an object")
    return found


def _title(item: Json) -> str:
    name = text_or_none(item.get("name")) or text_or_none(item.get("matrixColumnName")) or "?"
    id = id_of(item.get("id"))
    return f"“{name}”" if id is None else f"“{name}” (#{id})"


def _attributes(
    value: Any, master: m.Table, unreadable: list[str]
) -> tuple[tuple[KnownAttribute, ...], tuple[str, ...]]:
    found: list[KnownAttribute] = []
    enriched: list[str] = []
    for item in _items(value, "attribute", unreadable):
        try:
            if all(item.get(key) in (None, "") for key in _SOURCE):
                enriched.append(text_of(item.get("matrixColumnName"), "") or _need(item, "name"))
                continue
            attribute = _attribute(item, master)
            column = text_of(item.get("matrixColumnName"), "matrixColumnName")
            found.append(KnownAttribute(attribute, column or attribute.column, item))
        except ValueFormError as problem:
            unreadable.append(f"the attribute {_title(item)}: {problem}")
    return tuple(found), tuple(enriched)


def _attribute(item: Json, master: m.Table) -> FlatAttribute:
    """An attribute; one of the master table itself may have no keys."""
    column, table = _need(item, "parentColumn"), _table(item)
    is_keyless = table == master and not item.get("foreignKey") and not item.get("parentKey")
    return FlatAttribute(
        table,
        None if is_keyless else m.Join(_need(item, "foreignKey"), _need(item, "parentKey")),
        column,
        text_of(item.get("name"), "name") or column,
        text_of(item.get("type"), "type") or "",
        text_of(item.get("groupingName"), "groupingName") or None,
    )


def _tables(attributes: Sequence[FlatAttribute]) -> tuple[m.AttributeTable, ...]:
    """The attributes in tables, in the order of the first of each, with keys for a file."""
    tables: dict[tuple[m.Table, m.Join | None, str | None], list[m.ConfiguredColumn]] = {}
    for each in attributes:
        columns = tables.setdefault((each.table, each.join, each.heading), [])
        columns.append(_column(each.name, each.type, each.column))
    keys: set[str] = set()
    found: list[m.AttributeTable] = []
    for (table, join, heading), columns in tables.items():
        key = _free(heading or table.name, keys)
        found.append(m.AttributeTable(key, table, join, tuple(columns), heading))
    return tuple(found)


def _free(name: str, taken: set[str]) -> str:
    """The name, or the first free one with a number behind it, which is taken then."""
    key, number = name, 1
    while key in taken:
        number += 1
        key = f"{name} {number}"
    taken.add(key)
    return key


def _column(name: str, type: str, column: str) -> m.ConfiguredColumn:
    known = _TYPES.get(type)
    return m.ConfiguredColumn(name, known, column, None if known else type)


def _behaviors(value: Any, unreadable: list[str]) -> tuple[KnownBehavior, ...]:
    found: list[KnownBehavior] = []
    for item in _items(value, "behavior", unreadable):
        try:
            behavior = _behavior(item)
            if any(each.behavior.name == behavior.name for each in found):
                raise ValueFormError("another one has the same name")
            table = text_of(item.get("matrixTableName"), "matrixTableName")
            found.append(
                KnownBehavior(behavior, table or assumed_table(behavior), _matrix(item), item)
            )
        except ValueFormError as problem:
            unreadable.append(f"the behavior {_title(item)}: {problem}")
    return tuple(found)


def _behavior(item: Json) -> m.ConfiguredBehavior:
    schema = item.get("schema") or []
    if not isinstance(schema, list) or not all(isinstance(each, dict) for each in schema):
        raise ValueFormError("its `schema` is not a list of columns")
    table = _table(item)
    type = text_of(item.get("scheduleType"), "scheduleType")
    return m.ConfiguredBehavior(
        text_of(item.get("name"), "name") or name_of(table.name) or table.name,
        table,
        m.Join(_need(item, "foreignKey"), _need(item, "parentKey")),
        tuple(_schema_column(each) for each in schema),
        read_schedule(type, text_of(item.get("scheduleOption"), "scheduleOption")),
        _flag(item, "defaultTimeFilterEnabled"),
        _flag(item, "isRealtime"),
        _flag(item, "allColumns"),
    )


def _schema_column(item: Json) -> m.ConfiguredColumn:
    column = _need(item, "parentColumn")
    name = text_of(item.get("name"), "name") or column
    return _column(name, text_of(item.get("type"), "type") or "", column)


def _matrix(item: Json) -> dict[str, str]:
    return {
        str(each["parentColumn"]): text_or_none(each.get("matrixColumnName"))
        or str(each["parentColumn"])
        for each in item.get("schema") or []
    }


def _group(item: Json, unreadable: list[str]) -> m.ConfiguredGroup:
    attributes: list[FlatAttribute] = []
    name = _need(item, "name")
    for each in _items(item.get("customerGroupAttributes"), "attribute of the group", unreadable):
        try:
            attributes.append(_attribute(each, _table(item)))
        except ValueFormError as problem:
            unreadable.append(f"the attribute {_title(each)} of “{name}”: {problem}")
    return m.ConfiguredGroup(
        name,
        _table(item),
        m.Join(_need(item, "foreignKey"), _need(item, "parentKey")),
        _tables(attributes),
        tuple(each.behavior for each in _behaviors(item.get("customerGroupBehaviors"), unreadable)),
    )
