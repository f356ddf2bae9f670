"""The parent segment, its attributes and its behaviors, as both families answer them.

What the console shows is under `name`, what rules name under `matrixColumnName` and
`matrixTableName` (observed).
"""

from __future__ import annotations

from segdsl.server.http.responses import FOLDER, USER, USER_LINKS, history, iso, link
from segdsl.server.kinds.account import MAX_ACTIVATION_ROWS
from segdsl.server.kinds.folders.collection import Folders
from segdsl.server.service import Json, Service
from segdsl.sql.catalog import CUSTOMER_GROUP, CUSTOMERS, PROFILE_ID, Column, Table

ATTRIBUTE_IDS, BEHAVIOR_IDS = 1_000_000_000, 2_000_000_000
"""The first ids of attributes and behaviors, above all that a store allocates."""


def plain(service: Service) -> Json:
    """The parent segment under `/audiences`."""
    parent, root = service.data.parent, service[Folders].root
    answer: Json = {
        "id": parent.id,
        "name": parent.name,
        "description": parent.description,
        "scheduleType": "none",
        "scheduleOption": None,
        "timezone": parent.timezone,
        "matrixUpdatedAt": iso(service.opened),
        "workflowHiveOnly": False,
        "hiveEngineVersion": "cdpaudience",
        "hivePoolName": None,
        "prestoPoolName": None,
        "population": service.data.population(),
        "allowActivationBehavior": True,
        "maxActivationBehaviorRow": MAX_ACTIVATION_ROWS,
        "llmEnabled": False,
        "llmState": "disabled",
        "rootFolderId": str(root.id),
        "master": {"parentDatabaseName": service.database, "parentTableName": CUSTOMERS},
        "attributes": attributes(service),
        "behaviors": [behavior(service, id, table) for id, table in behaviors(service)],
        "audienceFilters": [],
        **history(root.created, root.updated),
    }
    groups = service.data.catalog.customer_groups
    if groups:
        # The description has one group only.
        answer["customerGroup"] = _customer_group(service, groups[0])
    return answer


def attributes(service: Service) -> list[Json]:
    """The attributes, all visible; their ids are their places in order (assumed)."""
    return [
        {
            "audienceId": service.audience,
            "id": str(ATTRIBUTE_IDS + number),
            **_column(service, column, CUSTOMERS),
            **_source(service, CUSTOMERS),
            "groupingName": service.data.parent.grouping.get(column.name),
            "usedBySegmentInsight": False,
        }
        for number, column in enumerate(service.data.catalog.attributes, 1)
    ]


def _column(service: Service, column: Column, table: str) -> Json:
    return {
        "name": service.data.parent.labels.of_column(table, column.name),
        "type": column.type,
        "parentColumn": column.name,
        "matrixColumnName": column.name,
        "matrixColumnDescription": None,
        "visibility": service.data.parent.visibility_of(table, column.name),
    }


def _source(service: Service, table: str) -> Json:
    return {
        "parentDatabaseName": service.database,
        "parentTableName": table,
        "parentKey": PROFILE_ID,
        "foreignKey": PROFILE_ID,
    }


def behaviors(service: Service) -> list[tuple[str, Table]]:
    """The table of each behavior with its id: its place in the order of names (assumed)."""
    catalog = service.data.catalog
    tables = [catalog.table(name) for name in sorted(catalog.behaviors)]
    return [
        (str(BEHAVIOR_IDS + number), table)
        for number, table in enumerate(tables, 1)
        if table is not None
    ]


def behavior(service: Service, id: str, table: Table) -> Json:
    return {
        "audienceId": service.audience,
        "id": id,
        "name": service.data.parent.labels.of_behavior(table.name),
        **_source(service, table.name),
        "matrixDatabaseName": service.database,
        "matrixTableName": table.name,
        "allColumns": False,
        "schema": [_column(service, column, table.name) for column in table.columns],
        "scheduleType": "none",
        "scheduleOption": None,
        "defaultTimeFilterEnabled": False,
        "isRealtime": False,
    }


def _customer_group(service: Service, name: str) -> Json:
    """A customer group; an attribute has one name, for the console and for rules (described)."""
    table_name = f"{CUSTOMER_GROUP}{name}"
    table = service.data.catalog.table(table_name)
    columns = () if table is None else table.columns
    return {
        "audienceId": int(service.audience),
        "name": name,
        **_source(service, table_name),
        "customerGroupAttributes": [
            {
                "name": column.name,
                "type": column.type,
                "parentColumn": column.name,
                **_source(service, table_name),
            }
            for column in columns
        ],
        "customerGroupBehaviors": [],
    }


def master_segment(service: Service) -> Json:
    """The parent segment under `/master_segments`."""
    parent = service.data.parent
    return {
        "id": parent.id,
        "name": parent.name,
        "description": parent.description,
        "population": service.data.population(),
        "updatedAt": iso(service[Folders].root.updated),
        "updatedBy": USER,
        "matrixUpdatedAt": iso(service.opened),
        "scheduleType": "none",
    }


def resource(service: Service) -> Json:
    """The parent segment under `/entities`, with its folder under both names (observed)."""
    parent, root = service.data.parent, service[Folders].root
    attributes = {
        "name": parent.name,
        "description": parent.description,
        "matrixUpdatedAt": iso(service.opened),
        "population": service.data.population(),
        "scheduleType": "none",
        "timezone": parent.timezone,
        "createdAt": iso(root.created),
        "updatedAt": iso(root.updated),
        # A local parent segment has one id in both families (assumed).
        "v4Id": int(parent.id),
        "allowActivationBehavior": True,
        "maxActivationBehaviorRow": MAX_ACTIVATION_ROWS,
        "customerGroup": None,
    }
    folder = link(FOLDER, root.id)
    return {
        "id": parent.id,
        "type": "parentSegment",
        "attributes": attributes,
        "relationships": {"parentFolder": folder, "parentSegmentFolder": folder, **USER_LINKS},
    }
