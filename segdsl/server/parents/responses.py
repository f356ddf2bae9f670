"""Parent segments as both families answer them: what was posted, and what the last run built."""

from __future__ import annotations

from segdsl.engine import ParentSegment
from segdsl.engine.build import BuiltColumn, BuiltTable
from segdsl.language.behaviors import PREFIX
from segdsl.server.http.responses import FOLDER, USER, USER_LINKS, history, iso, link
from segdsl.server.parents.configurations import named, tables_of
from segdsl.server.parents.table import Execution, Parent
from segdsl.server.service import Json
from segdsl.sql.catalog import CUSTOMERS

MAX_PARTS = 1_000_000
"""The ids of the parts of a parent segment: the parts of the next one have higher ones."""


def database(parent: Parent) -> str:
    return f"cdp_audience_{parent.id}"


def first_part_id(parent: Parent) -> int:
    """The id below those of the parts of a parent segment."""
    return parent.id * MAX_PARTS


def part_id(parent: Parent, number: str) -> str:
    """The id of an attribute or behavior, which no other parent segment has."""
    return str(first_part_id(parent) + int(number))


def plain(parent: Parent, root: int, policy: ParentSegment) -> Json:
    """A parent segment under `/audiences`; `policy` has the visibility of columns."""
    stored = parent.configuration
    answer: Json = {
        "id": str(parent.id),
        **{key: value for key, value in stored.items() if key not in ("master", "customerGroup")},
        "population": None if parent.built is None else parent.built.population,
        "matrixUpdatedAt": _time(parent.refreshed),
        "llmState": "enabled" if stored["llmEnabled"] else "disabled",
        "rootFolderId": str(root),
        "attributes": attributes(parent, policy),
        "behaviors": behaviors(parent, policy),
        **history(parent.created, parent.updated),
    }
    if stored["master"] is not None:
        answer["master"] = stored["master"]
    if stored["customerGroup"] is not None:
        answer["customerGroup"] = _group(parent)
    return answer


def attributes(parent: Parent, policy: ParentSegment) -> list[Json]:
    """The configured attributes, with ids and the columns that they have in the matrix."""
    stored = parent.configuration["attributes"]
    return [
        {
            "audienceId": str(parent.id),
            **{key: value for key, value in each.items() if key != "usedBySegmentInsight"},
            "id": part_id(parent, each["id"]),
            **_matrix_column(policy, CUSTOMERS, name),
            "usedBySegmentInsight": bool(each["usedBySegmentInsight"]),
        }
        for each, name in zip(stored, named(parent.configuration).attributes, strict=True)
    ]


def _matrix_column(policy: ParentSegment, table: str, name: str) -> Json:
    return {
        "matrixColumnName": name,
        "matrixColumnDescription": None,
        "visibility": policy.visibility_of(table, name),
    }


def behaviors(parent: Parent, policy: ParentSegment) -> list[Json]:
    """The configured behaviors, with ids and the tables that they have in the matrix."""
    stored = parent.configuration["behaviors"]
    names = named(parent.configuration).behaviors[: len(stored)]
    return [
        {
            "audienceId": str(parent.id),
            **each,
            "id": part_id(parent, each["id"]),
            "matrixDatabaseName": database(parent),
            "matrixTableName": behavior.name,
            "schema": [
                {**column, **_matrix_column(policy, behavior.name, name)}
                for column, (name, _) in zip(each["schema"], behavior.columns, strict=True)
            ],
        }
        for each, behavior in zip(stored, names, strict=True)
    ]


def _group(parent: Parent) -> Json:
    group = parent.configuration["customerGroup"]
    kept = ("name", "type", "parentColumn")
    source = ("parentDatabaseName", "parentTableName", "parentKey", "foreignKey")
    return {
        **group,
        "audienceId": parent.id,
        "id": part_id(parent, group["id"]),
        "customerGroupAttributes": [
            {key: each[key] for key in (*kept, *source)}
            for each in group["customerGroupAttributes"]
        ],
        "customerGroupBehaviors": [
            {
                "id": part_id(parent, each["id"]),
                **{key: each[key] for key in ("name", *source, "schema")},
            }
            for each in group["customerGroupBehaviors"]
        ],
    }


# --- what segments can use ---------------------------------------------------------------


def fields(parent: Parent, policy: ParentSegment) -> list[Json]:
    """The attributes that segments can use: those of the last run (assumed).

    Before the first run they are those of the configuration. Columns of the master table that came
    along have no keys and no id.
    """
    ids = _ids_of_columns(parent, policy)
    return [
        _field(parent, policy, each, ids.get(each.name))
        for table in tables_of(parent)
        if table.name == CUSTOMERS
        for each in table.columns
    ]


def _ids_of_columns(parent: Parent, policy: ParentSegment) -> dict[str, str]:
    return {each["matrixColumnName"]: each["id"] for each in attributes(parent, policy)}


def _field(parent: Parent, policy: ParentSegment, column: BuiltColumn, id: str | None) -> Json:
    join = column.join
    return {
        "audienceId": str(parent.id),
        "id": id,
        "name": column.label,
        "type": column.type,
        "parentDatabaseName": column.table.database,
        "parentTableName": column.table.name,
        "parentColumn": column.column,
        "parentKey": None if join is None else join.column,
        "foreignKey": None if join is None else join.master,
        "groupingName": column.heading,
        "usedBySegmentInsight": False,
        **_matrix_column(policy, CUSTOMERS, column.name),
    }


def built_behaviors(parent: Parent, policy: ParentSegment) -> list[Json]:
    """The behaviors that segments can use: those of the last run (assumed).

    Before the first run they are those of the configuration.
    """
    configured = {each["matrixTableName"]: each for each in behaviors(parent, policy)}
    tables = [each for each in tables_of(parent) if each.name.startswith(PREFIX)]
    return [
        _built_behavior(parent, policy, table, configured.get(table.name), number)
        for number, table in enumerate(tables, 1)
    ]


def _built_behavior(
    parent: Parent,
    policy: ParentSegment,
    table: BuiltTable,
    configured: Json | None,
    number: int,
) -> Json:
    assert table.table is not None, "a behavior has a raw table"
    assert table.join is not None, "a behavior has a join"
    # One that is not configured any more keeps a place of its own, below the parts.
    id = part_id(parent, str(MAX_PARTS - number)) if configured is None else configured["id"]
    said = configured or {}
    return {
        "audienceId": str(parent.id),
        "id": id,
        "name": table.label,
        "parentDatabaseName": table.table.database,
        "parentTableName": table.table.name,
        "parentKey": table.join.column,
        "foreignKey": table.join.master,
        "matrixDatabaseName": database(parent),
        "matrixTableName": table.name,
        "allColumns": said.get("allColumns", False),
        "scheduleType": said.get("scheduleType", "none"),
        "scheduleOption": said.get("scheduleOption"),
        "defaultTimeFilterEnabled": said.get("defaultTimeFilterEnabled", False),
        "isRealtime": said.get("isRealtime", False),
        "schema": [
            {
                "name": column.label,
                "type": column.type,
                "parentColumn": column.column,
                **_matrix_column(policy, table.name, column.name),
            }
            for column in table.columns
        ],
    }


# --- the other answers -------------------------------------------------------------------


def _time(seconds: int | None) -> str | None:
    return None if seconds is None else iso(seconds)


def master_segment(parent: Parent) -> Json:
    """A parent segment under `/master_segments`."""
    return {
        "id": str(parent.id),
        "name": parent.name,
        "description": parent.configuration["description"],
        "population": None if parent.built is None else parent.built.population,
        "updatedAt": iso(parent.updated),
        "updatedBy": USER,
        "matrixUpdatedAt": _time(parent.refreshed),
        "scheduleType": parent.configuration["scheduleType"],
    }


def resource(parent: Parent, root: int) -> Json:
    """A parent segment under `/entities`; its folder is there before its first run (observed)."""
    stored = parent.configuration
    folder = link(FOLDER, root)
    return {
        "id": str(parent.id),
        "type": "parentSegment",
        "attributes": {
            "name": parent.name,
            "description": stored["description"],
            "matrixUpdatedAt": _time(parent.refreshed),
            "population": None if parent.built is None else parent.built.population,
            "scheduleType": stored["scheduleType"],
            "timezone": stored["timezone"],
            "createdAt": iso(parent.created),
            "updatedAt": iso(parent.updated),
            "v4Id": parent.id,
            "allowActivationBehavior": stored["allowActivationBehavior"],
            "maxActivationBehaviorRow": stored["maxActivationBehaviorRow"],
            "customerGroup": None,
        },
        "relationships": {"parentFolder": folder, "parentSegmentFolder": folder, **USER_LINKS},
    }


def execution(run: Execution) -> Json:
    """An execution (described); `message` is our own: what was left out, or why it failed."""
    return {
        "audienceId": str(run.parent),
        "workflowId": str(run.parent),
        "workflowSessionId": str(run.id),
        "workflowAttemptId": str(run.id),
        "createdAt": iso(run.created),
        "finishedAt": _time(run.finished),
        "status": run.status,
        "message": run.message,
    }
