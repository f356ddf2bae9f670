"""From an HTTP request to a handler's answer, in the same way for every route.

A handler is a plain function of the service and the parts of the request. It runs on a thread of
its own, so that nothing it waits for delays another request. Both families accept bodies of both
media types (observed); answers have the type that the description gives the route.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from typing import Any
from typing import Literal as OneOf

import anyio
import anyio.to_thread
import msgspec
from starlette.requests import Request
from starlette.responses import Response

from segdsl.server.errors import ApiError, Problem, account_body, entities_body, plain_body
from segdsl.server.service import JSON, JSON_API, Call, Operation

MAX_BODY = 8_000_000
MAX_BODIES = 64_000_000
"""Bytes of all bodies that are being received."""
MAX_VALUES = 250_000
"""JSON values in a body, counted by their separators: a value costs far more than its text."""
LARGE = 256_000
"""Bytes above which the requests of bodies take turns, so that they do not delay small ones."""
_LARGE_AT_ONCE = 2
_MEDIA = (JSON, JSON_API)

_CLOSING = {"Connection": "close"}
"""The rest of the request need not be read."""

Side = OneOf["audiences", "entities", "account"]
Endpoint = Callable[[Request], Awaitable[Response]]


class BodyLimits:
    """What the requests of one server share: memory for bodies, and turns for large ones."""

    def __init__(self) -> None:
        self.bytes_left = MAX_BODIES
        self.turns = anyio.Semaphore(_LARGE_AT_ONCE)


def side_of(path: str) -> Side:
    if f"{path}/".startswith("/v3/"):
        return "account"
    return "entities" if f"{path}/".startswith("/entities/") else "audiences"


def endpoint(operation: Operation, *, strict: bool) -> Endpoint:
    """An operation as an endpoint that answers in its media type.

    A strict one accepts bodies of that type alone.
    """
    media = operation.media
    either = (media, *(other for other in _MEDIA if other != media))

    async def respond(request: Request) -> Response:
        body = await _body(request, (operation.accepts or media,) if strict else either)
        call = Call(request.path_params, request.query_params, body, request.headers)

        def handle() -> bytes:
            try:
                answer = operation.answer(call)
                return answer if isinstance(answer, bytes) else msgspec.json.encode(answer)
            except RecursionError:
                raise ApiError(400, [Problem("the body is nested too deeply")]) from None

        turns = request.app.state.body_limits.turns
        async with turns if len(body) > LARGE else nullcontext():
            return Response(await anyio.to_thread.run_sync(handle), media_type=media)

    return respond


async def _body(request: Request, accepted: tuple[str, ...]) -> bytes:
    if request.method not in ("POST", "PUT", "PATCH"):
        return b""
    body = await _received(request)
    if sum(map(body.count, (b",", b"[", b"{"))) > MAX_VALUES:
        raise _too_large(f"the body has more than {MAX_VALUES:,} values")
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and media not in accepted:
        raise ApiError(415, [Problem(f"the body's Content-Type is `{media}`: send {accepted[0]}")])
    return body


async def _received(request: Request) -> bytes:
    limits: BodyLimits = request.app.state.body_limits
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            limits.bytes_left -= len(chunk)
            if len(body) > MAX_BODY:
                raise _too_large(f"the body is larger than {MAX_BODY // 1_000_000} MB")
            if limits.bytes_left < 0:
                message = "the server has no memory left for this body: send the request again"
                raise ApiError(503, [Problem(message)], headers=_CLOSING)
    finally:
        limits.bytes_left += len(body)
    return bytes(body)


def _too_large(message: str) -> ApiError:
    return ApiError(413, [Problem(message)], headers=_CLOSING)


_BODIES: dict[Side, Callable[[ApiError], dict[str, Any]]] = {
    "audiences": plain_body,
    "entities": entities_body,
    "account": account_body,
}


def error_response(error: ApiError, side: Side) -> Response:
    """An error in the shape of the family of the path."""
    return Response(
        msgspec.json.encode(_BODIES[side](error)),
        status_code=error.status,
        headers=error.headers,
        media_type=JSON,
    )
