"""Handlers of folders, segments and queries under `/audiences`."""

from __future__ import annotations

from typing import Any, TypeVar
from urllib.parse import urlencode
from uuid import uuid4

from msgspec import UNSET, Raw, UnsetType

from segdsl.server import mutations as saving
from segdsl.server.errors import ASSOCIATION, ApiError, Problem, refuse
from segdsl.server.http import responses as shapes
from segdsl.server.http.request_models import (
    FolderBody,
    FolderChanges,
    QueryBody,
    SegmentBody,
    SqlBody,
    decode,
    kind_of,
    parameter,
    path_id,
    rule_text,
    whole,
)
from segdsl.server.http.requests import Call
from segdsl.server.mutations import Draft, Paths
from segdsl.server.queries.names import columns_of, suggestion
from segdsl.server.queries.sql_text import with_lower_keywords
from segdsl.server.service import Service
from segdsl.server.store.records import BATCH, QueryContent
from segdsl.sql import render
from segdsl.sql.catalog import CUSTOMERS, PROFILE_ID

PAGE_SIZE = 1_000
"""Profiles on a page where nobody says (assumed)."""
MAX_PAGE_SIZE = 100_000
VENDOR_DIALECT = "trino"

_PATHS = Paths("$.name", "$.rule", "$.segmentFolderId")
_T = TypeVar("_T")


def _given(value: _T | UnsetType, otherwise: _T) -> _T:
    return otherwise if isinstance(value, UnsetType) else value


# --- folders -----------------------------------------------------------------------------


def folders(service: Service, call: Call) -> Any:
    service.check_audience(call.path["audience"])
    return [shapes.folder(each) for each in service.store.folders(service.audience)]


def create_folder(service: Service, call: Call) -> Any:
    """Described without a parent: it goes into the root folder (assumed)."""
    service.check_audience(call.path["audience"])
    body = decode(call.body, FolderBody, strict=service.strict)
    if service.strict and not isinstance(body.description, str):
        raise refuse("a folder needs a `description`", "$")
    root, about = service.root.id, _given(body.description, None)
    return shapes.folder(saving.create_folder(service, root, body.name, about, _PATHS))


def folder(service: Service, call: Call) -> Any:
    service.check_audience(call.path["audience"])
    return shapes.folder(service.folder(path_id(call.path["folder"], "folder")))


def update_folder(service: Service, call: Call) -> Any:
    service.check_audience(call.path["audience"])
    body = decode(call.body, FolderChanges, strict=service.strict)
    _check_described(service, body.description)
    given = {"name": body.name, "description": body.description}
    changes = {key: value for key, value in given.items() if value is not UNSET}
    id = path_id(call.path["folder"], "folder")
    return shapes.folder(saving.update_folder(service, id, changes, _PATHS))


def delete_folder(service: Service, call: Call) -> Any:
    service.check_audience(call.path["audience"])
    return shapes.folder(saving.delete_folder(service, path_id(call.path["folder"], "folder")))


def folder_tree(service: Service, call: Call) -> Any:
    """All folders in one list, those above before those below and each depth by name.

    The description has this answer without the operation that gives it; two public clients
    read `data[].id` and `data[].name` (observed).
    """
    service.check_audience(call.path["audience"])
    found = service.store.folders(service.audience)
    parents = {each.id: each.parent for each in found}

    def depth(id: int | None) -> int:
        return 0 if id is None else 1 + depth(parents[id])

    found.sort(key=lambda each: (depth(each.id), each.name, each.id))
    size = parameter(call.query.get("page[size]"), "page[size]", max(1, len(found)))
    first = parameter(call.query.get("page[after]"), "page[after]", 0, 0)
    following = first + size
    page = None
    if following < len(found):
        path = f"/tree/audiences/{service.audience}/segment_folders"
        page = f"{path}?{urlencode({'page[size]': size, 'page[after]': following})}"
    data = [shapes.tree_folder(each) for each in found[first:following]]
    return {"data": data, "pagination": {"nextPage": page}}


def folder_segments(service: Service, call: Call) -> Any:
    service.check_audience(call.path["audience"])
    folder = service.folder(path_id(call.path["folder"], "folder"))
    return [shapes.segment(each) for each in service.store.segments(service.audience, folder.id)]


# --- segments ----------------------------------------------------------------------------


def segments(service: Service, call: Call) -> bytes:
    service.check_audience(call.path["audience"])
    return service.listed.answer(
        lambda: [shapes.segment(each) for each in service.store.segments(service.audience)]
    )


def segment(service: Service, call: Call) -> Any:
    service.check_audience(call.path["audience"])
    return shapes.segment(service.segment(path_id(call.path["segment"], "segment")))


def create_segment(service: Service, call: Call) -> Any:
    """Without a folder it goes into the root folder (assumed)."""
    service.check_audience(call.path["audience"])
    body = _segment_body(service, call)
    if isinstance(body.name, UnsetType):
        raise refuse("a segment needs a `name`", "$")
    draft = _changed(service, Draft(body.name, service.root.id), body)
    return shapes.segment(saving.create_segment(service, draft, _PATHS))


def update_segment(service: Service, call: Call) -> Any:
    """Without a rule in the body the segment has none any more (observed).

    What else the body leaves out stays as it is: `isVisible` observed, the others assumed.
    """
    service.check_audience(call.path["audience"])
    id = path_id(call.path["segment"], "segment")
    draft = _changed(service, Draft.of(service.segment(id)), _segment_body(service, call))
    return shapes.segment(saving.update_segment(service, id, draft, _PATHS))


def delete_segment(service: Service, call: Call) -> Any:
    service.check_audience(call.path["audience"])
    return shapes.segment(saving.delete_segment(service, path_id(call.path["segment"], "segment")))


def _segment_body(service: Service, call: Call) -> SegmentBody:
    body = decode(call.body, SegmentBody, strict=service.strict)
    _check_described(service, body.description)
    return body


def _check_described(service: Service, description: str | UnsetType | None) -> None:
    if service.strict and description is None:
        raise refuse("`description` is null: leave it out instead", "$.description")


def _rule(service: Service, rule: Raw | UnsetType) -> str | None:
    return rule_text(rule, "$.rule", strict=service.strict)


def _changed(service: Service, draft: Draft, body: SegmentBody) -> Draft:
    folder = draft.folder
    if not isinstance(body.segment_folder_id, UnsetType):
        folder = whole(body.segment_folder_id, "$.segmentFolderId")
    return Draft(
        _given(body.name, draft.name),
        folder,
        _given(body.description, draft.description),
        kind_of(body, draft.kind),
        _rule(service, body.rule),
        _given(body.count_population, draft.count_population),
        _given(body.is_visible, draft.is_visible),
    )


# --- queries -----------------------------------------------------------------------------


def sql(service: Service, call: Call) -> Any:
    """What the vendor's engine, Trino, would be given; its keywords in lower case (observed)."""
    service.check_audience(call.path["audience"])
    body = decode(call.body, SqlBody, strict=service.strict)
    if _given(body.format, "sql") != "sql":
        raise refuse("the only format is `sql`", "$.format")
    if kind_of(body) != BATCH:
        raise refuse("the local API writes no statements of realtime segments", "$.kind")
    now = service.clock()
    reading = service.rules.read(_rule(service, body.rule), "$.rule", kind=BATCH, now=now)
    query = service.rules.selection(reading, "$.rule", now, database=shapes.database(service))
    return {"sql": with_lower_keywords(render(query, VENDOR_DIALECT))}


def start_query(service: Service, call: Call) -> Any:
    service.check_audience(call.path["audience"])
    body = decode(call.body, QueryBody, strict=service.strict)
    if _given(body.filter_string, ""):
        raise refuse("the local API has no `filterString`", "$.filterString")
    columns = _columns(service, _given(body.columns, []))
    size = PAGE_SIZE
    if not isinstance(body.page_size, UnsetType):
        size = whole(body.page_size, "$.pageSize", 1)
    if size > MAX_PAGE_SIZE:
        raise refuse(f"a page has at most {MAX_PAGE_SIZE:,} profiles", "$.pageSize")
    pages = None
    if not isinstance(body.max_page, UnsetType):
        pages = whole(body.max_page, "$.maxPage", 1)
    now, kind = service.clock(), kind_of(body)
    reading = service.rules.read(_rule(service, body.rule), "$.rule", kind=kind, now=now)
    profiles = service.rules.profiles(reading, columns, "$.rule", now)
    content = QueryContent(
        uuid4().hex,
        service.audience,
        render(profiles, "duckdb", pretty=False),
        columns,
        size,
        pages,
    )
    count = service.rules.count(reading, "$.rule", now)
    return shapes.query(service.queries.start(content, count))


def _columns(service: Service, names: list[str]) -> tuple[str, ...]:
    """Attributes to show beside the id, which is always shown first; each once."""
    customers = service.data.catalog.table(CUSTOMERS)
    assert customers is not None, "data has a table of profiles"
    known = columns_of(customers, service.data.parent.labels)
    problems = []
    for at, name in enumerate(names):
        if name != PROFILE_ID and known.get(name) != name:
            help = suggestion(name, known)
            message = f"there is no attribute `{name}`" + (f"; {help}" if help else "")
            problems.append(Problem(message, f"$.columns[{at}]", ASSOCIATION))
    if problems:
        raise ApiError(400, problems)
    return tuple(dict.fromkeys(name for name in names if name != PROFILE_ID))


def query(service: Service, call: Call) -> Any:
    service.check_audience(call.path["audience"])
    return shapes.query(service.query(call.path["query"]))


def kill_query(service: Service, call: Call) -> Any:
    service.check_audience(call.path["audience"])
    found = service.query(call.path["query"])
    if service.queries.kill(found):
        return {"message": "the query was killed"}
    return {"message": f"the query had ended already: {service.query(found.content.id).status}"}


def customers(service: Service, call: Call) -> Any:
    service.check_audience(call.path["audience"])
    found = service.query(call.path["query"])
    number = parameter(call.query.get("page"), "page", 1)
    match found.status:
        case "running":
            return shapes.no_customers(found, "pending")
        case "killed":
            return shapes.no_customers(found, "killed")
        case "error":
            return shapes.no_customers(found, "error", found.error)
        case "success":
            return shapes.customers(found, service.queries.page(found, number))
