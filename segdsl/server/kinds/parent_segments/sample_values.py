"""Handlers of sample values: the most frequent values of a column."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from segdsl.engine import QueryFailed, QueryKilled
from segdsl.server.errors import ApiError, Problem, existing, refuse
from segdsl.server.http.request_models import parameter
from segdsl.server.kinds.parent_segments import responses
from segdsl.server.queries.names import columns_of, suggestion
from segdsl.server.service import Call, Service
from segdsl.sql.catalog import CUSTOMERS, PROFILE_ID, Column, Table

SAMPLES = 20
"""The default number of values in an answer (assumed)."""


def sample_values(service: Service, call: Call) -> Any:
    service.check_audience(call.path["audience"])
    table = service.data.catalog.table(CUSTOMERS)
    assert table is not None, "data has a table of profiles"
    return _samples(service, call, table)


def behavior_sample_values(service: Service, call: Call) -> Any:
    service.check_audience(call.path["audience"])
    wanted = call.path["behavior"]
    tables = dict(responses.behaviors(service))
    return _samples(service, call, existing(tables.get(wanted), "behavior", wanted))


def _samples(service: Service, call: Call, table: Table) -> list[list[Any]]:
    """The most frequent values that are not null, each with its share of all values.

    `samples` limits the rows that are read, `limit` the values in the answer (assumed). Of arrays,
    the elements are counted.
    """
    name = call.query.get("column")
    if name is None:
        raise refuse("the parameter `column` is required")
    column = _column(service, table, name)
    limit = parameter(call.query.get("limit"), "limit", SAMPLES)
    samples = call.query.get("samples")
    row_limit = None if samples is None else parameter(samples, "samples", None)
    query = service.data.start(_frequencies(table.name, column, limit, row_limit))
    try:
        rows = query.wait().rows
    except (QueryFailed, QueryKilled) as error:
        raise ApiError(500, [Problem(str(error))]) from error
    return [[_shown(value), share] for value, share in rows]


def _column(service: Service, table: Table, name: str) -> Column:
    if name == PROFILE_ID:
        return Column(name, "string")
    column = table.column(name)
    if column is None:
        help = suggestion(name, columns_of(table, service.data.parent.labels))
        raise refuse(f"there is no column `{name}`" + (f"; {help}" if help else ""))
    return column


def _frequencies(table: str, column: Column, limit: int, samples: int | None) -> exp.Select:
    rows = exp.select(exp.column(column.name, quoted=True).as_("value"))
    rows = rows.from_(exp.table_(table, quoted=True))
    if samples is not None:
        rows = rows.limit(samples)
    if column.type in ("string_array", "number_array"):
        element = exp.Explode(this=exp.column("value")).as_("value")
        rows = exp.select(element).from_(rows.subquery("sampled"))
    value, number = exp.column("value"), exp.Count(this=exp.Star())
    share = exp.Div(
        this=exp.cast(number.copy(), "double"),
        expression=exp.Window(this=exp.Sum(this=number.copy())),
    )
    return (
        exp.select(value.copy(), share.as_("share"))
        .from_(rows.subquery("sampled"))
        .where(exp.not_(exp.Is(this=value.copy(), expression=exp.null())))
        .group_by(value.copy())
        .order_by(exp.Ordered(this=exp.column("share"), desc=True, nulls_first=False))
        .order_by(exp.Ordered(this=value.copy(), nulls_first=False))
        .limit(limit)
    )


def _shown(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value
