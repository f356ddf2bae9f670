"""Handlers of what runs of journeys left: statistics, charts, and the profiles inside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from sqlglot import exp

from segdsl.server.errors import existing
from segdsl.server.http.request_models import parameter, path_id
from segdsl.server.http.responses import document
from segdsl.server.kinds.journeys import charts, statistics
from segdsl.server.kinds.journeys.bundle_handlers import find as find_bundle
from segdsl.server.kinds.journeys.collection import NAME, STAGE_NAME, Journeys
from segdsl.server.kinds.journeys.model import Journey
from segdsl.server.kinds.journeys.runner import ids_in, state_after
from segdsl.server.kinds.journeys.statistics import History
from segdsl.server.service import JSON, Call, Json, Route, Service
from segdsl.simulation.bits import union
from segdsl.sql.catalog import CUSTOMERS, PROFILE_ID
from segdsl.sql.expressions import column, identifier, ordered_text, select, text

MOST_PROFILES = 1_000
"""Profiles in one answer (assumed). `limit` and `offset` are not described; a client sends them."""
Chart = Callable[[Journey, History], list[Json]]


def of_journey(service: Service, call: Call) -> Any:
    """The statistics; null of a journey that never ran (observed).

    A strict service answers zeros then, as the description has no null.
    """
    journey = _journey(service, call)
    history = _history(service, call, journey)
    has_run = bool(service[Journeys].runs.history(journey.id))
    answer = document([])
    answer["data"] = statistics.resource(journey, history) if has_run or service.strict else None
    return answer


def of_bundle(service: Service, call: Call) -> Any:
    """The statistics of all versions that have run."""
    journeys = service[Journeys]
    versions = journeys.table.versions(find_bundle(service, call).id)
    return document(
        [
            statistics.resource(journey, _history(service, call, journey))
            for journey in versions
            if journeys.runs.history(journey.id)
        ]
    )


def conversion_charts(service: Service, call: Call) -> Any:
    return _charts(service, call, charts.conversion)


def activation_charts(service: Service, call: Call) -> Any:
    return _charts(service, call, charts.activation)


def _charts(service: Service, call: Call, chart: Chart) -> Any:
    journey = _journey(service, call)
    return {"data": chart(journey, _history(service, call, journey))}


def bundle_conversion_charts(service: Service, call: Call) -> Any:
    return _bundle_charts(service, call, charts.conversion)


def bundle_activation_charts(service: Service, call: Call) -> Any:
    return _bundle_charts(service, call, charts.activation)


def _bundle_charts(service: Service, call: Call, chart: Chart) -> Any:
    journeys = service[Journeys].table.versions(find_bundle(service, call).id)
    found = [each for of in journeys for each in chart(of, _history(service, call, of))]
    return {"data": found, "included": document([])["included"]}


def customers(service: Service, call: Call) -> Any:
    """The profiles in the journey, those on their way to another stage included."""
    answer = document([])
    answer["data"] = _profiles(service, call, _journey(service, call), None)
    return answer


def stage_customers(service: Service, call: Call) -> Any:
    journey = _journey(service, call)
    id = path_id(call.path["stage"], STAGE_NAME)
    existing(journey.stage(id), STAGE_NAME, id)
    return _profiles(service, call, journey, id)


def _profiles(service: Service, call: Call, journey: Journey, stage: int | None) -> Json:
    """Who is in a journey or a stage after the last run, with their attributes as they are now."""
    most = min(MOST_PROFILES, parameter(call.query.get("limit"), "limit", MOST_PROFILES))
    offset = parameter(call.query.get("offset"), "offset", 0, 0)
    journeys = service[Journeys]
    table = service.data.catalog.table(CUSTOMERS)
    attributes = [] if table is None else [each.name for each in table.columns]
    names = [PROFILE_ID, *(name for name in attributes if name != PROFILE_ID)]
    found = state_after(journeys.runs, journey, journeys.bundle(journey.bundle).name)
    if found is None:
        return {"names": names, "rows": []}
    population, state = found
    inside = state.inside
    if stage is not None:
        numbers = {each.id: at for at, each in enumerate(journey.stages)}
        places = state.places.items()
        inside = union(bits for place, bits in places if place.stage == numbers[stage])
    ids = ids_in(journeys.runs, population, inside, offset + most)[offset:]
    if not ids:
        return {"names": names, "rows": []}
    is_inside = exp.In(this=column(PROFILE_ID), expressions=[text(id) for id in ids])
    query = (
        select(*(column(name) for name in names))
        .from_(exp.Table(this=identifier(CUSTOMERS)))
        .where(is_inside)
        .order_by(exp.Ordered(this=ordered_text(column(PROFILE_ID)), desc=False))
    )
    rows = service.data.start(query).wait().rows
    return {"names": names, "rows": [list(map(_cell, row)) for row in rows]}


def _cell(value: Any) -> Any:
    """A cell as described: a string, a number or null; other values as their JSON text."""
    return msgspec.json.encode(value).decode() if isinstance(value, bool | list) else value


def _history(service: Service, call: Call, journey: Journey) -> History:
    """The runs of the days that the query asks for (observed: `from` and `to` are dates)."""
    history = service[Journeys].runs.history(journey.id)
    first, last = call.query.get("from"), call.query.get("to")
    return statistics.in_range(history, first, last, service.data.parent.timezone)


def _journey(service: Service, call: Call) -> Journey:
    return service[Journeys].find(path_id(call.path["id"], NAME))


_ONE = "/entities/journeys/{id}"
_BUNDLE = "/entities/journey_bundles/{id}"
ROUTES = (
    Route("GET", f"{_ONE}/statistics", of_journey),
    Route("GET", f"{_ONE}/conversion_sankey_charts", conversion_charts, JSON),
    Route("GET", f"{_ONE}/activation_sankey_charts", activation_charts, JSON),
    Route("GET", f"{_ONE}/customers", customers),
    Route("GET", f"{_ONE}/journey_stages/{{stage}}/customers", stage_customers, JSON),
    Route("GET", f"{_BUNDLE}/statistics", of_bundle, JSON),
    Route("GET", f"{_BUNDLE}/conversion_sankey_charts", bundle_conversion_charts, JSON),
    Route("GET", f"{_BUNDLE}/activation_sankey_charts", bundle_activation_charts, JSON),
)
