"""Handlers of what is asked about a parent segment and its data."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlglot import exp

from segdsl.engine import QueryFailed, QueryKilled
from segdsl.server.errors import ApiError, Problem, missing, refuse
from segdsl.server.http import responses as shapes
from segdsl.server.http.request_models import parameter, path_id
from segdsl.server.http.requests import Call
from segdsl.server.queries.names import columns_of, suggestion
from segdsl.server.service import Service
from segdsl.sql.catalog import CUSTOMERS, PROFILE_ID, Column, Table

SAMPLES = 20
"""How many values are shown where nobody says (assumed)."""


def audiences(service: Service, call: Call) -> Any:
    return [shapes.audience(service)]


def audience(service: Service, call: Call) -> Any:
    service.check_audience(call.path["audience"])
    return shapes.audience(service)


def master_segments(service: Service, call: Call) -> Any:
    return [shapes.master_segment(service)]


def attributes(service: Service, call: Call) -> Any:
    service.check_audience(call.path["audience"])
    return shapes.attributes(service)


def behaviors(service: Service, call: Call) -> Any:
    """No behavior is a realtime one here, so `realtime=true` finds none."""
    service.check_audience(call.path["audience"])
    if call.query.get("realtime") == "true":
        return []
    return [shapes.behavior(service, id, table) for id, table in shapes.behaviors(service)]


# --- statistics --------------------------------------------------------------------------


def statistics(service: Service, call: Call) -> Any:
    """The population now: the data has no past."""
    service.check_audience(call.path["audience"])
    counts = [(service.clock(), service.data.population())]
    return shapes.statistics(_days(service, call, counts))


def segment_statistics(service: Service, call: Call) -> Any:
    """The last count of each day on which the segment was counted."""
    service.check_audience(call.path["audience"])
    segment = service.segment(path_id(call.path["segment"], "segment"))
    return shapes.statistics(_days(service, call, service.store.populations(segment.id)))


def _days(service: Service, call: Call, counts: list[tuple[int, int]]) -> list[tuple[int, int]]:
    zone = ZoneInfo(service.data.parent.timezone)
    first = _date(call.query.get("from"), "from", date.min)
    last = _date(call.query.get("to"), "to", date.max)
    found = {datetime.fromtimestamp(at, zone).date(): (at, number) for at, number in counts}
    return [count for day, count in found.items() if first <= day <= last]


def _date(text: str | None, name: str, otherwise: date) -> date:
    if text is None:
        return otherwise
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise refuse(f"`{name}` is a date such as 2024-01-31, and this is `{text}`") from None


# --- sample values -----------------------------------------------------------------------


def sample_values(service: Service, call: Call) -> Any:
    service.check_audience(call.path["audience"])
    table = service.data.catalog.table(CUSTOMERS)
    assert table is not None, "data has a table of profiles"
    return _samples(service, call, table)


def behavior_sample_values(service: Service, call: Call) -> Any:
    service.check_audience(call.path["audience"])
    wanted = call.path["behavior"]
    for id, table in shapes.behaviors(service):
        if id == wanted:
            return _samples(service, call, table)
    raise missing(f"there is no behavior with the id `{wanted}`")


def _samples(service: Service, call: Call, table: Table) -> list[list[Any]]:
    """The most frequent values that are not null, each with its part of all of them.

    `samples` bounds the rows that are looked at, `limit` the values that are shown
    (assumed). Of arrays, the elements are counted.
    """
    name = call.query.get("column")
    if name is None:
        raise refuse("the parameter `column` is required")
    column = _column(service, table, name)
    limit = parameter(call.query.get("limit"), "limit", SAMPLES)
    samples = call.query.get("samples")
    looked_at = None if samples is None else parameter(samples, "samples", None)
    query = service.data.start(_frequencies(table.name, column, limit, looked_at))
    try:
        rows = query.wait().rows
    except (QueryFailed, QueryKilled) as error:
        raise ApiError(500, [Problem(str(error))]) from error
    return [[_shown(value), part] for value, part in rows]


def _column(service: Service, table: Table, name: str) -> Column:
    if name == PROFILE_ID:
        return Column(name, "string")
    found = table.column(name)
    if found is None:
        help = suggestion(name, columns_of(table, service.data.parent.labels))
        raise refuse(f"there is no column `{name}`" + (f"; {help}" if help else ""))
    return found


def _frequencies(table: str, column: Column, limit: int, samples: int | None) -> exp.Select:
    rows = exp.select(exp.column(column.name, quoted=True).as_("value"))
    rows = rows.from_(exp.table_(table, quoted=True))
    if samples is not None:
        rows = rows.limit(samples)
    if column.type in ("string_array", "number_array"):
        element = exp.Explode(this=exp.column("value")).as_("value")
        rows = exp.select(element).from_(rows.subquery("looked_at"))
    value, how_many = exp.column("value"), exp.Count(this=exp.Star())
    share = exp.Div(
        this=exp.cast(how_many.copy(), "double"),
        expression=exp.Window(this=exp.Sum(this=how_many.copy())),
    )
    return (
        exp.select(value.copy(), share.as_("share"))
        .from_(rows.subquery("looked_at"))
        .where(exp.not_(exp.Is(this=value.copy(), expression=exp.null())))
        .group_by(value.copy())
        .order_by(exp.Ordered(this=exp.column("share"), desc=True, nulls_first=False))
        .order_by(exp.Ordered(this=value.copy(), nulls_first=False))
        .limit(limit)
    )


def _shown(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value
