"""Answers under `/audiences`: what is stored and known, in the description's shapes.

Ids are texts of digits, times ISO 8601 in UTC. Whoever made something is the one user
that a local API has (assumed).
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec

from segdsl.behaviors import name_of
from segdsl.local.queries import Lost, Page, Waiting, as_cells
from segdsl.local.records import REALTIME, Folder, Query, Segment
from segdsl.local.service import Service
from segdsl.sql.catalog import CUSTOMER_GROUP, CUSTOMERS, PROFILE_ID, Column, Table

Json = dict[str, Any]

USER_ID = "1"
USER_NAME = "Local user"
USER: Json = {"id": USER_ID, "td_user_id": USER_ID, "name": USER_NAME}


@functools.lru_cache(maxsize=10_000)
def iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


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
        "population": service.data.population(),
        "master": {"parentDatabaseName": database(service), "parentTableName": CUSTOMERS},
        "attributes": [_attribute(service, each) for each in service.data.catalog.attributes],
        "behaviors": [behavior(service, id, table) for id, table in behaviors(service)],
        "audienceFilters": [],
        **made(service.root),
    }
    groups = service.data.catalog.customer_groups
    if groups:
        # The description has room for one alone.
        shown["customerGroup"] = _customer_group(service, groups[0])
    return shown


def _attribute(service: Service, column: Column) -> Json:
    return {
        "audienceId": service.audience,
        **_column(service, column, CUSTOMERS),
        "groupingName": service.data.parent.grouping.get(column.name),
    }


def attribute(service: Service, column: Column) -> Json:
    """With its visibility: everything is to be seen locally."""
    return {
        **_attribute(service, column),
        "id": None,
        "matrixColumnName": column.name,
        "matrixColumnDescription": None,
        "usedBySegmentInsight": False,
        "visibility": "clear",
    }


def _column(service: Service, column: Column, table: str) -> Json:
    return {"name": column.name, "type": column.type, "parentColumn": column.name} | _from(
        service, table
    )


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
    return [(str(at), table) for at, table in enumerate(tables, 1) if table is not None]


def behavior(service: Service, id: str, table: Table) -> Json:
    return {
        "id": id,
        "name": name_of(table.name) or table.name,
        **_from(service, table.name),
        "schema": [
            {
                "name": each.name,
                "type": each.type,
                "parentColumn": each.name,
                "matrixColumnName": each.name,
                "matrixColumnDescription": None,
                "visibility": "clear",
            }
            for each in table.columns
        ],
        "scheduleType": "none",
        "scheduleOption": None,
        "defaultTimeFilterEnabled": False,
        "isRealtime": False,
    }


def _customer_group(service: Service, name: str) -> Json:
    table = service.data.catalog.table(f"{CUSTOMER_GROUP}{name}")
    columns = () if table is None else table.columns
    return {
        "audienceId": int(service.audience),
        "name": name,
        **_from(service, f"{CUSTOMER_GROUP}{name}"),
        "customerGroupAttributes": [
            _column(service, each, f"{CUSTOMER_GROUP}{name}") for each in columns
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
        **made(of),
    }


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
        "description": of.description,
        "segmentFolderId": str(of.folder),
        "population": of.population,
        "countPopulation": of.count_population,
        **made(of),
        "rule": rule(of),
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
