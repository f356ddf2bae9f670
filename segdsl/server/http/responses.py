"""Answers under `/audiences`: what is stored and known, in the description's shapes.

Ids are texts of digits, times ISO 8601 in UTC with milliseconds (observed). What the console
shows is under `name`, what rules name under `matrixColumnName` and `matrixTableName` (observed).
Whoever made something is the one user that a local API has (assumed).
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec

from segdsl.server.queries.queries import Lost, Page, Waiting, as_cells
from segdsl.server.service import Service
from segdsl.server.store.records import REALTIME, Folder, Query, Segment
from segdsl.sql.catalog import CUSTOMER_GROUP, CUSTOMERS, PROFILE_ID, Column, Table

Json = dict[str, Any]

USER_ID = "1"
USER_NAME = "Local user"
USER: Json = {"id": USER_ID, "td_user_id": USER_ID, "name": USER_NAME}


ATTRIBUTE_IDS, BEHAVIOR_IDS = 1_000_000_000, 2_000_000_000
"""Where the ids of attributes and behaviors begin: above all that folders and segments get."""
MAX_ACTIVATION_ROWS = 20


@functools.lru_cache(maxsize=10_000)
def iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


# --- the parent segment ------------------------------------------------------------------


def database(service: Service) -> str:
    """The name that the vendor's layout gives the tables' database (observed)."""
    return f"cdp_audience_{service.audience}"


def audience(service: Service) -> Json:
    parent = service.data.parent
    shown: Json = {
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
        "allowActivationBehavior": False,
        "maxActivationBehaviorRow": MAX_ACTIVATION_ROWS,
        "llmEnabled": False,
        "llmState": "disabled",
        "rootFolderId": str(service.root.id),
        "master": {"parentDatabaseName": database(service), "parentTableName": CUSTOMERS},
        "attributes": attributes(service),
        "behaviors": [behavior(service, id, table) for id, table in behaviors(service)],
        "audienceFilters": [],
        **made(service.root),
    }
    groups = service.data.catalog.customer_groups
    if groups:
        # The description has room for one alone.
        shown["customerGroup"] = _customer_group(service, groups[0])
    return shown


def attributes(service: Service) -> list[Json]:
    """The attributes; everything is to be seen locally. Ids are places in their order (assumed)."""
    return [
        {
            "audienceId": service.audience,
            "id": str(ATTRIBUTE_IDS + at),
            **_column(service, column, CUSTOMERS),
            **_from(service, CUSTOMERS),
            "groupingName": service.data.parent.grouping.get(column.name),
            "usedBySegmentInsight": False,
        }
        for at, column in enumerate(service.data.catalog.attributes, 1)
    ]


def _column(service: Service, column: Column, table: str) -> Json:
    return {
        "name": service.data.parent.labels.of_column(table, column.name),
        "type": column.type,
        "parentColumn": column.name,
        "matrixColumnName": column.name,
        "matrixColumnDescription": None,
        "visibility": "clear",
    }


def _from(service: Service, table: str) -> Json:
    return {
        "parentDatabaseName": database(service),
        "parentTableName": table,
        "parentKey": PROFILE_ID,
        "foreignKey": PROFILE_ID,
    }


def behaviors(service: Service) -> list[tuple[str, Table]]:
    """Each behavior's table with its id: its place among their names in order (assumed)."""
    catalog = service.data.catalog
    tables = [catalog.table(name) for name in sorted(catalog.behaviors)]
    return [
        (str(BEHAVIOR_IDS + at), table) for at, table in enumerate(tables, 1) if table is not None
    ]


def behavior(service: Service, id: str, table: Table) -> Json:
    return {
        "audienceId": service.audience,
        "id": id,
        "name": service.data.parent.labels.of_behavior(table.name),
        **_from(service, table.name),
        "matrixDatabaseName": database(service),
        "matrixTableName": table.name,
        "allColumns": False,
        "schema": [_column(service, each, table.name) for each in table.columns],
        "scheduleType": "none",
        "scheduleOption": None,
        "defaultTimeFilterEnabled": False,
        "isRealtime": False,
    }


def _customer_group(service: Service, name: str) -> Json:
    """Its attributes have one name, by which the console and rules know them (described)."""
    full = f"{CUSTOMER_GROUP}{name}"
    table = service.data.catalog.table(full)
    columns = () if table is None else table.columns
    return {
        "audienceId": int(service.audience),
        "name": name,
        **_from(service, full),
        "customerGroupAttributes": [
            {
                "name": each.name,
                "type": each.type,
                "parentColumn": each.name,
                **_from(service, full),
            }
            for each in columns
        ],
        "customerGroupBehaviors": [],
    }


def master_segment(service: Service) -> Json:
    parent = service.data.parent
    return {
        "id": parent.id,
        "name": parent.name,
        "description": parent.description,
        "population": service.data.population(),
        "updatedAt": iso(service.root.updated),
        "updatedBy": USER,
        "matrixUpdatedAt": iso(service.opened),
        "scheduleType": "none",
    }


# --- folders and segments ----------------------------------------------------------------


def made(of: Folder | Segment) -> Json:
    times = {"createdAt": iso(of.created), "updatedAt": iso(of.updated)}
    return {**times, "createdBy": USER, "updatedBy": USER}


def folder(of: Folder) -> Json:
    return {
        "id": str(of.id),
        "audienceId": of.audience,
        "name": of.name,
        "description": of.description,
        "parentFolderId": _parent(of),
        **made(of),
    }


def tree_folder(of: Folder) -> Json:
    return {"id": str(of.id), "name": of.name, "parentFolderId": _parent(of)}


def _parent(of: Folder) -> str | None:
    return None if of.parent is None else str(of.parent)


def rule(of: Segment) -> msgspec.Raw | None:
    """The rule as it was sent."""
    return None if of.rule is None else msgspec.Raw(of.rule.encode())


def segment(of: Segment) -> Json:
    return {
        "audienceId": of.audience,
        "id": str(of.id),
        "name": of.name,
        "realtime": of.kind == REALTIME,
        "kind": of.kind,
        "isVisible": of.is_visible,
        "numSyndications": 0,
        "description": of.description,
        "segmentFolderId": str(of.folder),
        "population": of.population,
        "countPopulation": of.count_population,
        **made(of),
        "rule": rule(of),
        "referencedBy": [str(id) for id in of.referenced_by],
    }


# --- queries -----------------------------------------------------------------------------


def query(of: Query) -> Json:
    return {
        "id": of.content.id,
        "queryId": of.content.id,
        "status": of.status,
        "count": of.count,
        "maxPage": of.pages,
        "error": of.error,
        "jobid": str(of.number),
        "countJobid": str(of.number),
        "customerGroupCount": None,
    }


def customers(of: Query, page: Page | Waiting | Lost) -> Json:
    """Profiles of a query that ended well; `end` after the last page."""
    match page:
        case Waiting():
            return no_customers(of, "pending")
        case Lost(killed=True):
            return no_customers(of, "killed")
        case Lost(message):
            return no_customers(of, "error", message)
        case Page(_, ()):
            return no_customers(of, "end")
        case Page(names, rows):
            shown = no_customers(of, "rows")
            return {**shown, "names": names, "rows": [as_cells(row) for row in rows]}


def no_customers(of: Query, kind: str, error: str | None = None) -> Json:
    found = {"type": kind, "queryId": of.content.id, "error": error}
    return {**found, "names": None, "rows": None}


def statistics(counts: Iterable[tuple[int, int]]) -> list[list[int | bool]]:
    """When, how many, and that it was counted then: nothing here is imputed."""
    return [[at, population, True] for at, population in counts]
