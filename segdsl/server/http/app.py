"""The local Audience API as an ASGI application: its key, its faults, and the routes of its kinds.

Here is what every request goes through on its way to a handler. What the handlers do is part of
the kinds.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from hmac import compare_digest

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route as Endpoint
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from segdsl.engine import EngineError
from segdsl.server.errors import ApiError, Problem, not_implemented
from segdsl.server.http.faults import FaultInjector, Faults
from segdsl.server.http.log import Log, describe
from segdsl.server.http.operations import is_operation
from segdsl.server.http.requests import BodyLimits, Side, endpoint, error_response, side_of
from segdsl.server.service import Operation
from segdsl.server.store.errors import StoreError

SERVER = "segdsl"

FAILURES: ContextVar[list[Exception] | None] = ContextVar("failures", default=None)
"""Failures of the local API itself during a request, for a caller in this process."""


class LocalApi(Starlette):
    """The application; `close` ends what its operations run."""

    def __init__(
        self,
        operations: Iterable[Operation],
        key: str,
        faults: Faults | None,
        log: Log | None = None,
        *,
        close: Callable[[], None],
        strict: bool = False,
    ) -> None:
        super().__init__(
            routes=[
                Endpoint(each.path, endpoint(each, strict=strict), methods=[each.method])
                for each in operations
            ],
            exception_handlers={
                ApiError: _api_error,
                HTTPException: _http_error,
                StoreError: _store_failed,
                sqlite3.Error: _store_failed,
                EngineError: _data_failed,
                Exception: _unexpected,
            },
        )
        # Clients that follow a redirect lose the key (observed).
        self.router.redirect_slashes = False
        self.state.log = log
        self.state.body_limits = BodyLimits()
        self._close = close
        self._authorization = f"TD1 {key}".encode()
        self._faults = None if faults is None else FaultInjector(faults)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        scope = {**scope, "path": scope["path"].rstrip("/") or "/"}

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["server"] = SERVER
            await send(message)

        if self._faults is None:
            await self._admit(scope, receive, send_named)
        else:
            answers = FaultAnswers(side_of(scope["path"]), self._faults.faults.retry_after)
            await self._faults.inject(self._admit, scope, receive, send_named, answers)

    async def _admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles a request that carries the key, and refuses any other."""
        sent = Headers(scope=scope).get("authorization", "").encode("latin-1")
        if compare_digest(sent, self._authorization):
            try:
                await super().__call__(scope, receive, send)
            except ClientDisconnect:
                # The client disconnected in the middle of its request.
                return
            except Exception as failure:
                # `_unexpected` has answered it.
                if self.state.log is not None:
                    self.state.log.add(f"{scope['method']} {scope['path']}: {describe(failure)}")
            return
        how = "send `Authorization: TD1 <key>` with the key of this local API"
        wrong = "the key is missing" if not sent else "the key is wrong"
        error = ApiError(401, [Problem(f"{wrong}: {how}")])
        await error_response(error, side_of(scope["path"]))(scope, receive, send)

    def close(self) -> None:
        """Ends the queries that run, and waits until the store has that."""
        self._close()


class FaultAnswers:
    """The error answers of injected faults, in the shape of a family."""

    def __init__(self, side: Side, retry_after: int) -> None:
        self.side = side
        self.retry_after = retry_after

    def __call__(self, status: int) -> ASGIApp:
        headers = {"Retry-After": str(self.retry_after)} if status == 429 else {}
        problem = Problem("a fault injected by --faults")
        return error_response(ApiError(status, [problem], headers=headers), self.side)


async def _api_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return error_response(error, side_of(request.url.path))


async def _http_error(request: Request, error: Exception) -> Response:
    """Routing errors: no such path, or no such method at the path."""
    assert isinstance(error, HTTPException)
    method, path = request.method, request.url.path
    if is_operation(method, path):
        return error_response(not_implemented(method, path), side_of(path))
    what = f"there is no {method} {path}" if error.status_code == 405 else f"no {path}"
    wrong = ApiError(error.status_code, [Problem(f"{what} here")], headers=error.headers)
    return error_response(wrong, side_of(path))


async def _store_failed(request: Request, error: Exception) -> Response:
    _note_failure(error)
    message = str(error)
    if not isinstance(error, StoreError):
        message = f"the store of this local API cannot be used: {message}"
    return _failed(request, message)


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
    message = f"internal error of the local API ({type(error).__name__}): please report it"
    return error_response(ApiError(500, [Problem(message)]), side_of(request.url.path))
