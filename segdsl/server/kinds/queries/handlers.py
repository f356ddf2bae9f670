"""Handlers of queries and of SQL, under `/audiences/{id}/segments`."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from msgspec import UNSET, UnsetType

from segdsl.api.queries import COUNTS_HEADER
from segdsl.server.errors import ASSOCIATION, ApiError, Problem, refuse
from segdsl.server.http.request_models import Id, decode, given, parameter, whole
from segdsl.server.kinds.queries import responses
from segdsl.server.kinds.queries.collection import Queries
from segdsl.server.kinds.queries.table import QueryContent
from segdsl.server.kinds.segments.collection import Segments
from segdsl.server.kinds.segments.request_models import RuleBody, kind_of, rule_text
from segdsl.server.kinds.segments.table import REALTIME
from segdsl.server.queries.names import columns_of, suggestion
from segdsl.server.queries.sql_text import with_lower_keywords
from segdsl.server.service import Call, Route, Service
from segdsl.sql import render
from segdsl.sql.catalog import CUSTOMERS, PROFILE_ID

PAGE_SIZE = 1_000
"""The default number of profiles on a page (assumed)."""
MAX_PAGE_SIZE = 100_000
VENDOR_DIALECT = "trino"


class SqlBody(RuleBody, frozen=True):
    format: str | UnsetType = UNSET


class QueryBody(RuleBody, frozen=True):
    columns: list[str] | UnsetType = UNSET
    page_size: Id | UnsetType = UNSET
    max_page: Id | UnsetType = UNSET
    enable_mv: str | UnsetType = UNSET
    filter_string: str | UnsetType = UNSET


def sql(service: Service, call: Call) -> Any:
    """The statement for the vendor's engine, Trino; its keywords in lower case (observed)."""
    service.check_audience(call.path["audience"])
    body = decode(call.body, SqlBody, strict=service.strict)
    if given(body.format, "sql") != "sql":
        raise refuse("the only format is `sql`", "$.format")
    if kind_of(body) == REALTIME:
        raise refuse("the local API writes no SQL for realtime segments", "$.kind")
    rules, now = service[Segments].rules, service.clock()
    text = rule_text(body.rule, "$.rule", strict=service.strict)
    reading = rules.read(text, "$.rule", realtime=False, now=now)
    query = rules.selection(reading, "$.rule", now, database=service.database)
    return {"sql": with_lower_keywords(render(query, VENDOR_DIALECT))}


def start(service: Service, call: Call) -> Any:
    service.check_audience(call.path["audience"])
    body = decode(call.body, QueryBody, strict=service.strict)
    if given(body.filter_string, ""):
        raise refuse("the local API does not support `filterString`", "$.filterString")
    columns = _columns(service, given(body.columns, []))
    size, pages = _paging(body)
    rules, now = service[Segments].rules, service.clock()
    is_realtime = kind_of(body) == REALTIME
    text = rule_text(body.rule, "$.rule", strict=service.strict)
    reading = rules.read(text, "$.rule", realtime=is_realtime, now=now)
    profiles = rules.profiles(reading, columns, "$.rule", now)
    content = QueryContent(
        uuid4().hex,
        service.audience,
        render(profiles, "duckdb", pretty=False),
        columns,
        size,
        pages,
    )
    count = rules.count(reading, "$.rule", now)
    runner = service[Queries].runner
    return responses.plain(runner.start(content, count, announced=_announced(call)))


def _announced(call: Call) -> int:
    """The counts that the client requests at the same time: a header of this project's own.

    They share one query, without waiting for others. Anything but a number means no others.
    """
    number = call.headers.get(COUNTS_HEADER, "")
    return int(number) if number.isascii() and number.isdigit() and len(number) < 4 else 1


def _paging(body: QueryBody) -> tuple[int, int | None]:
    """The profiles on a page, and the highest number of pages."""
    size = PAGE_SIZE
    if not isinstance(body.page_size, UnsetType):
        size = whole(body.page_size, "$.pageSize", 1)
    if size > MAX_PAGE_SIZE:
        raise refuse(f"a page has at most {MAX_PAGE_SIZE:,} profiles", "$.pageSize")
    if isinstance(body.max_page, UnsetType):
        return size, None
    return size, whole(body.max_page, "$.maxPage", 1)


def _columns(service: Service, names: list[str]) -> tuple[str, ...]:
    """Attributes to show beside the id, which always comes first; each once."""
    customers = service.data.catalog.table(CUSTOMERS)
    assert customers is not None, "data has a table of profiles"
    known = columns_of(customers, service.data.parent.labels)
    problems = []
    for index, name in enumerate(names):
        if name != PROFILE_ID and known.get(name) != name:
            help = suggestion(name, known)
            message = f"there is no attribute `{name}`" + (f"; {help}" if help else "")
            problems.append(Problem(message, f"$.columns[{index}]", ASSOCIATION))
    if problems:
        raise ApiError(400, problems)
    return tuple(dict.fromkeys(name for name in names if name != PROFILE_ID))


def read(service: Service, call: Call) -> Any:
    service.check_audience(call.path["audience"])
    return responses.plain(service[Queries].find(call.path["query"]))


def kill(service: Service, call: Call) -> Any:
    service.check_audience(call.path["audience"])
    queries = service[Queries]
    query = queries.find(call.path["query"])
    if queries.runner.kill(query):
        return {"message": "the query was killed"}
    status = queries.find(query.content.id).status
    return {"message": f"the query had already ended: {status}"}


def customers(service: Service, call: Call) -> Any:
    service.check_audience(call.path["audience"])
    query = service[Queries].find(call.path["query"])
    number = parameter(call.query.get("page"), "page", 1)
    match query.status:
        case "running":
            return responses.no_customers(query, "pending")
        case "killed":
            return responses.no_customers(query, "killed")
        case "error":
            return responses.no_customers(query, "error", query.error)
        case "success":
            return responses.customers(query, service[Queries].runner.page(query, number))


_ALL = "/audiences/{audience}/segments/queries"
_ONE = "/audiences/{audience}/segments/queries/{query}"
ROUTES = (
    Route("POST", "/audiences/{audience}/segments/query", sql),
    Route("POST", _ALL, start),
    Route("GET", _ONE, read),
    Route("POST", f"{_ONE}/kill", kill),
    Route("GET", f"{_ONE}/customers", customers),
)
