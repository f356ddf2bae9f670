"""The API's JSON of a configuration: bodies of POST and PUT, and what an answer says.

A PUT without `master` changes settings alone. One with `master` replaces attributes, behaviors and
filters: all of them are in it, and what an answer said of each beyond our words goes back with it,
such as its id, its visibility and its column in the matrix.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from segdsl.errors import InputError
from segdsl.parent_segment import model as m
from segdsl.parent_segment.changes import (
    attribute_pairs,
    behavior_pairs,
    changes,
    column_pairs,
)
from segdsl.parent_segment.flat import (
    FlatAttribute,
    flat_attributes,
    flat_tables,
    type_text,
)
from segdsl.parent_segment.reading import KnownBehavior, Reading, read
from segdsl.parent_segment.schedules import ScheduleError, api_schedule
from segdsl.parent_segment.settings import api_settings
from segdsl.rules.json_values import ValueFormError

Json = dict[str, Any]
NO_ID = ""
"""The id of what is new: the description wants one, also of what is created."""


class BodyError(InputError):
    """A configuration that the API cannot have; its text says what to write instead."""


def create_body(configuration: m.Configuration) -> Json:
    """The body of POST /audiences; raises BodyError."""
    return _whole(configuration, None)


def settings_body(configuration: m.Configuration, keys: Iterable[str]) -> Json:
    """The body of a PUT that changes these settings, by their keys in the file, and nothing else.

    The name is always in it (described as needed). Raises BodyError.
    """
    return _settings(configuration, {"name", *keys})


def replace_body(configuration: m.Configuration, now: Reading) -> Json:
    """The body of a PUT that replaces all, over what was read a moment ago; raises BodyError."""
    if now.unreadable:
        raise BodyError(
            "the server's attributes and behaviors are not replaced: some of them cannot be "
            f"read, and would be lost: {'; '.join(now.unreadable)}"
        )
    return _whole(configuration, now)


def is_confirmed(
    document: Mapping[str, Any], configuration: m.Configuration, keys: Collection[str] | None
) -> bool:
    """Whether an answer has what was sent: these settings, or all of it without `keys`."""
    try:
        there = read(document)
    except ValueFormError:
        return False
    left = changes(there.configuration, configuration)
    if keys is None:
        return not left and not there.unreadable
    return not any(each.is_setting and each.name in keys for each in left)


def _settings(configuration: m.Configuration, keys: Iterable[str] | None = None) -> Json:
    try:
        return api_settings(configuration, keys)
    except ScheduleError as error:
        raise BodyError(str(error)) from None


def _whole(configuration: m.Configuration, now: Reading | None) -> Json:
    if len(configuration.groups) > 1:
        names = ", ".join(f"“{each.name}”" for each in configuration.groups)
        raise BodyError(
            f"a parent segment of the server has one customer group, and the file has {names}: "
            "keep one of them"
        )
    body = _settings(configuration)
    body["master"] = {
        "parentDatabaseName": configuration.master.table.database,
        "parentTableName": configuration.master.table.name,
    }
    body["attributes"] = _attributes(configuration, now)
    known = () if now is None else now.behaviors
    body["behaviors"] = _behaviors(configuration.behaviors, known)
    body["audienceFilters"] = [
        {"columnName": each.column, "rightValues": [*each.values]}
        for each in configuration.master.filters
    ]
    for group in configuration.groups:
        body["customerGroup"] = _group(group, now)
    return body


def _attributes(configuration: m.Configuration, now: Reading | None) -> list[Json]:
    known = [] if now is None else [*now.attributes]
    before = [each.attribute for each in known]
    documents = {id(each.attribute): each.document for each in known}
    audience = NO_ID if now is None else now.id
    return [
        {**documents.get(id(old), {"audienceId": audience}), **_attribute(new)}
        for old, new in attribute_pairs(before, [*flat_attributes(configuration)])
        if new is not None
    ]


def _attribute(attribute: FlatAttribute) -> Json:
    if attribute.join is None:
        raise BodyError(
            f"the attribute “{attribute.name}” of the master table needs a key on the server: "
            'write `join = { KEY = "KEY" }` with a column that identifies a profile'
        )
    return {
        "name": attribute.name,
        "type": attribute.type,
        **_source(attribute.table, attribute.join),
        "parentColumn": attribute.column,
        "groupingName": attribute.heading,
    }


def _source(table: m.Table, join: m.Join) -> Json:
    return {
        "parentDatabaseName": table.database,
        "parentTableName": table.name,
        "parentKey": join.column,
        "foreignKey": join.master,
    }


def _behaviors(
    behaviors: Sequence[m.ConfiguredBehavior], known: Sequence[KnownBehavior]
) -> list[Json]:
    before = [each.behavior for each in known]
    documents = {id(each.behavior): each.document for each in known}
    found: list[Json] = []
    for old, new in behavior_pairs(before, behaviors):
        if new is None:
            continue
        document = documents.get(id(old), {"id": NO_ID})
        found.append({**document, **_behavior(new, old, document)})
    return found


def _behavior(new: m.ConfiguredBehavior, old: m.ConfiguredBehavior | None, document: Json) -> Json:
    schema = {
        str(each.get("parentColumn")): each
        for each in document.get("schema") or []
        if isinstance(each, dict)
    }
    columns = column_pairs(() if old is None else old.columns, new.columns)
    body: Json = {
        "name": new.name,
        **_source(new.table, new.join),
        "schema": [
            {
                **({} if was is None else schema.get(was.column, {})),
                "name": column.name,
                "type": type_text(column),
                "parentColumn": column.column,
            }
            for was, column in columns
            if column is not None
        ],
        "defaultTimeFilterEnabled": new.default_time_filter,
        "isRealtime": new.realtime,
    }
    if new.all_columns or "allColumns" in document:
        body["allColumns"] = new.all_columns
    if new.schedule is not None:
        try:
            body["scheduleType"], body["scheduleOption"] = api_schedule(new.schedule)
        except ScheduleError as error:
            raise BodyError(f"the behavior “{new.name}”: {error}") from None
    return body


def _group(group: m.ConfiguredGroup, now: Reading | None) -> Json:
    known = {} if now is None or now.group is None else now.group
    attributes = {
        str(each.get("parentColumn")): each
        for each in known.get("customerGroupAttributes") or []
        if isinstance(each, dict)
    }
    own = m.Join(group.join.column, group.join.column)
    behaviors = {
        str(each.get("name")): each
        for each in known.get("customerGroupBehaviors") or []
        if isinstance(each, dict)
    }
    wanted = []
    for each in flat_tables(group.attributes, own):
        said = _attribute(each)
        del said["groupingName"]
        wanted.append({**attributes.get(each.column, {}), **said})
    return {
        **known,
        "name": group.name,
        **_source(group.table, group.join),
        "customerGroupAttributes": wanted,
        "customerGroupBehaviors": [
            _group_behavior(each, behaviors.get(each.name, {"id": NO_ID}))
            for each in group.behaviors
        ],
    }


def _group_behavior(behavior: m.ConfiguredBehavior, document: Json) -> Json:
    said = _behavior(behavior, None, document)
    kept = ("name", "parentDatabaseName", "parentTableName", "parentKey", "foreignKey", "schema")
    return {**document, **{key: said[key] for key in kept}}
