"""The local Audience API as an ASGI application: its endpoints, its key, its weather.

What the endpoints do is elsewhere; here is only which there are, and what every request
goes through on its way to one.
"""

from __future__ import annotations

import sqlite3
from contextvars import ContextVar
from hmac import compare_digest

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from segdsl.api.keys import LOCAL_KEY
from segdsl.engine import Data, EngineError
from segdsl.server.errors import ApiError, Problem, not_implemented
from segdsl.server.http import entity_handlers as entities
from segdsl.server.http import parent_handlers as parents
from segdsl.server.http import readonly_handlers as known
from segdsl.server.http import segment_handlers as segments
from segdsl.server.http.faults import FaultInjector, Faults
from segdsl.server.http.log import Log, named
from segdsl.server.http.operations import is_operation
from segdsl.server.http.requests import (
    JSON,
    JSON_API,
    Handler,
    Room,
    Side,
    endpoint,
    error_response,
    side_of,
)
from segdsl.server.service import Service
from segdsl.server.store.records import StoreError
from segdsl.server.store.store import Store

SERVER = "segdsl"

_AUDIENCE = "/audiences/{audience}"
_PLAIN: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/audiences", parents.audiences),
    ("GET", "/master_segments", parents.master_segments),
    ("GET", _AUDIENCE, parents.audience),
    ("GET", f"{_AUDIENCE}/attributes", parents.attributes),
    ("GET", f"{_AUDIENCE}/behaviors", parents.behaviors),
    ("GET", f"{_AUDIENCE}/statistics", parents.statistics),
    ("GET", f"{_AUDIENCE}/sample_values", parents.sample_values),
    ("GET", f"{_AUDIENCE}/behaviors/{{behavior}}/sample_values", parents.behavior_sample_values),
    ("GET", f"{_AUDIENCE}/folders", segments.folders),
    ("POST", f"{_AUDIENCE}/folders", segments.create_folder),
    ("GET", f"{_AUDIENCE}/folders/{{folder}}", segments.folder),
    ("PATCH", f"{_AUDIENCE}/folders/{{folder}}", segments.update_folder),
    ("DELETE", f"{_AUDIENCE}/folders/{{folder}}", segments.delete_folder),
    ("GET", f"{_AUDIENCE}/folders/{{folder}}/segments", segments.folder_segments),
    ("POST", f"{_AUDIENCE}/segments/query", segments.sql),
    ("POST", f"{_AUDIENCE}/segments/queries", segments.start_query),
    ("GET", f"{_AUDIENCE}/segments/queries/{{query}}", segments.query),
    ("POST", f"{_AUDIENCE}/segments/queries/{{query}}/kill", segments.kill_query),
    ("GET", f"{_AUDIENCE}/segments/queries/{{query}}/customers", segments.customers),
    ("GET", f"{_AUDIENCE}/segments", segments.segments),
    ("POST", f"{_AUDIENCE}/segments", segments.create_segment),
    ("GET", f"{_AUDIENCE}/segments/{{segment}}", segments.segment),
    ("PUT", f"{_AUDIENCE}/segments/{{segment}}", segments.update_segment),
    ("DELETE", f"{_AUDIENCE}/segments/{{segment}}", segments.delete_segment),
    ("GET", f"{_AUDIENCE}/segments/{{segment}}/statistics", parents.segment_statistics),
    ("GET", f"{_AUDIENCE}/funnels", known.funnels),
    ("GET", f"{_AUDIENCE}/funnels/{{funnel}}", known.funnel),
    ("GET", f"{_AUDIENCE}/predictive_segments", known.predictive_segments),
    ("GET", f"/tree{_AUDIENCE}/segment_folders", segments.folder_tree),
)
_ENTITIES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/entities/parent_segments", entities.parent_segments),
    ("GET", "/entities/parent_segments/{id}", entities.parent_segment),
    ("GET", "/entities/parent_segments/{id}/funnels", known.funnel_resources),
    ("POST", "/entities/folders", entities.create_folder),
    ("GET", "/entities/folders/{id}", entities.folder),
    ("PATCH", "/entities/folders/{id}", entities.update_folder),
    ("DELETE", "/entities/folders/{id}", entities.delete_folder),
    ("POST", "/entities/segments", entities.create_segment),
    ("GET", "/entities/segments/{id}", entities.segment),
    ("PATCH", "/entities/segments/{id}", entities.update_segment),
    ("DELETE", "/entities/segments/{id}", entities.delete_segment),
)


FAILURES: ContextVar[list[Exception] | None] = ContextVar("failures", default=None)
"""Failures of the local API itself while a request is answered, for a caller in this process."""


class LocalApi(Starlette):
    """The application; `close` ends its queries, and leaves data and store open."""

    def __init__(
        self, service: Service, key: str, faults: Faults | None, log: Log | None = None
    ) -> None:
        super().__init__(
            routes=_routes(),
            exception_handlers={
                ApiError: _api_error,
                HTTPException: _http_error,
                StoreError: _store_failed,
                sqlite3.Error: _store_failed,
                EngineError: _data_failed,
                Exception: _unexpected,
            },
        )
        # A redirect would take the key from clients that follow it (observed).
        self.router.redirect_slashes = False
        self.state.service = service
        self.state.log = log
        self.state.room = Room()
        self._service = service
        self._authorization = f"TD1 {key}".encode()
        self._weather = None if faults is None else FaultInjector(faults)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        scope = {**scope, "path": scope["path"].rstrip("/") or "/"}

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["server"] = SERVER
            await send(message)

        if self._weather is None:
            await self._admit(scope, receive, named)
        else:
            await self._weather.pass_on(self._admit, scope, receive, named, self._fault(scope))

    async def _admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets a request in that carries the key."""
        sent = Headers(scope=scope).get("authorization", "").encode("latin-1")
        if compare_digest(sent, self._authorization):
            try:
                await super().__call__(scope, receive, send)
            except ClientDisconnect:
                # The client went away in the middle of its request.
                return
            except Exception as failure:
                # It is answered by now (`_unexpected`).
                if self.state.log is not None:
                    self.state.log.add(f"{scope['method']} {scope['path']}: {named(failure)}")
            return
        how = "send `Authorization: TD1 <key>` with the key of this local API"
        wrong = "the key is missing" if not sent else "the key is wrong"
        error = ApiError(401, [Problem(f"{wrong}: {how}")])
        await error_response(error, side_of(scope["path"]))(scope, receive, send)

    def _fault(self, scope: Scope) -> Answers:
        assert self._weather is not None
        return Answers(side_of(scope["path"]), self._weather.faults.retry_after)

    def close(self) -> None:
        """Kills the queries that run, and waits until that is kept."""
        self._service.close()


class Answers:
    """The answers of faults, in the shape of a side."""

    def __init__(self, side: Side, retry_after: int) -> None:
        self.side = side
        self.retry_after = retry_after

    def __call__(self, status: int) -> ASGIApp:
        headers = {"Retry-After": str(self.retry_after)} if status == 429 else {}
        problem = Problem("a fault that --faults asked for")
        return error_response(ApiError(status, [problem], headers=headers), self.side)


def application(
    data: Data,
    store: Store,
    *,
    now: int | None = None,
    key: str = LOCAL_KEY,
    faults: Faults | None = None,
    strict: bool = False,
    log: Log | None = None,
) -> LocalApi:
    """A local Audience API over data and a store, which stay the caller's to close.

    `now`, in Unix seconds, fixes the clock of queries and of what is created; without it
    each takes the time at which it comes. `strict` refuses what the API's description does not
    allow, for people who test their clients; without it the local API takes what real servers
    take. `log` gets a line for each failure of its own. Raises DataError where the data's own id is
    none.
    """
    return LocalApi(Service(data, store, now, strict=strict), key, faults, log)


def _routes() -> list[Route]:
    routes = [
        Route(path, endpoint(handler, media=JSON), methods=[method])
        for method, path, handler in _PLAIN
    ]
    routes += [
        Route(path, endpoint(handler, media=JSON_API), methods=[method])
        for method, path, handler in _ENTITIES
    ]
    by_folder = endpoint(entities.by_folder, media=JSON)
    variants = endpoint(known.variants, media=JSON)
    return [
        *routes,
        Route("/entities/by-folder/{id}", by_folder, methods=["GET"]),
        Route("/entities/realtime_journeys/abtest_variants", variants, methods=["GET"]),
    ]


async def _api_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return error_response(error, side_of(request.url.path))


async def _http_error(request: Request, error: Exception) -> Response:
    """What routing finds: no such path, or no such method there."""
    assert isinstance(error, HTTPException)
    method, path = request.method, request.url.path
    if is_operation(method, path):
        return error_response(not_implemented(method, path), side_of(path))
    what = f"there is no {method} {path}" if error.status_code == 405 else f"no {path}"
    found = ApiError(error.status_code, [Problem(f"{what} here")], headers=error.headers)
    return error_response(found, side_of(path))


async def _store_failed(request: Request, error: Exception) -> Response:
    _note_failure(error)
    said = str(error)
    if not isinstance(error, StoreError):
        said = f"the store of this local API cannot be used: {said}"
    return _failed(request, said)


async def _data_failed(request: Request, error: Exception) -> Response:
    _note_failure(error)
    return _failed(request, f"the data of this local API cannot be read: {error}")


def _note_failure(error: Exception) -> None:
    failures = FAILURES.get()
    if failures is not None:
        failures.append(error)


def _failed(request: Request, message: str) -> Response:
    if request.app.state.log is not None:
        request.app.state.log.add(f"{request.method} {request.url.path}: {message}")
    return error_response(ApiError(500, [Problem(message)]), side_of(request.url.path))


async def _unexpected(request: Request, error: Exception) -> Response:
    _note_failure(error)
    message = f"the local API made a mistake ({type(error).__name__}): please report it"
    return error_response(ApiError(500, [Problem(message)]), side_of(request.url.path))
