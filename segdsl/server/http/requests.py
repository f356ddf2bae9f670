"""From an HTTP request to a handler's answer, the same way for every endpoint.

A handler is a plain function of the service and the request's parts, and makes what is encoded as
JSON, or bytes that are. It runs on a thread of its own, so that nothing it waits for holds up
another request. Bodies of both media types are taken on both sides (observed); answers have the
type that the description gives the endpoint.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import nullcontext
from typing import Any
from typing import Literal as OneOf

import anyio
import anyio.to_thread
import msgspec
from starlette.requests import Request
from starlette.responses import Response

from segdsl.server.errors import ApiError, Problem, entities_body, plain_body
from segdsl.server.service import Service

MAX_BODY = 8_000_000
MAX_BODIES = 64_000_000
"""Bytes of the bodies that are being received, together."""
MAX_VALUES = 250_000
"""Values of JSON in a body, counted by what stands between them: each costs far more than its
text."""
LARGE = 256_000
"""Bytes of a body whose request is one of a few at a time, so that small ones go on."""
_LARGE_AT_ONCE = 2
JSON = "application/json"
JSON_API = "application/vnd.treasuredata.v1+json"
_MEDIA = (JSON, JSON_API)

_CLOSING = {"Connection": "close"}
"""Whatever else is on its way need not be read."""

Side = OneOf["audiences", "entities"]


class Call(msgspec.Struct, frozen=True):
    """A request's parts: what its path names, its query, and its body."""

    path: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes


Handler = Callable[[Service, Call], Any]
Endpoint = Callable[[Request], Awaitable[Response]]


class Room:
    """What requests of one server share: the memory for their bodies, and turns of large ones."""

    def __init__(self) -> None:
        self.left = MAX_BODIES
        self.turns = anyio.Semaphore(_LARGE_AT_ONCE)


def side_of(path: str) -> Side:
    return "entities" if f"{path}/".startswith("/entities/") else "audiences"


def endpoint(handler: Handler, *, media: str) -> Endpoint:
    """The handler as an endpoint that answers in a media type.

    A strict service takes bodies of that type alone.
    """

    async def respond(request: Request) -> Response:
        service: Service = request.app.state.service
        taken = (media,) if service.strict else (media, *(each for each in _MEDIA if each != media))
        body = await _body(request, taken)
        call = Call(request.path_params, request.query_params, body)

        def handle() -> bytes:
            try:
                made = handler(service, call)
                return made if isinstance(made, bytes) else msgspec.json.encode(made)
            except RecursionError:
                raise ApiError(400, [Problem("the body is nested too deeply")]) from None

        async with request.app.state.room.turns if len(body) > LARGE else nullcontext():
            return Response(await anyio.to_thread.run_sync(handle), media_type=media)

    return respond


async def _body(request: Request, taken: tuple[str, ...]) -> bytes:
    if request.method not in ("POST", "PUT", "PATCH"):
        return b""
    body = await _received(request)
    if sum(map(body.count, (b",", b"[", b"{"))) > MAX_VALUES:
        raise _too_large(f"the body has more than {MAX_VALUES:,} values")
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and sent not in taken:
        raise ApiError(415, [Problem(f"the body's Content-Type is `{sent}`: send {taken[0]}")])
    return body


async def _received(request: Request) -> bytes:
    room: Room = request.app.state.room
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            room.left -= len(chunk)
            if len(body) > MAX_BODY:
                raise _too_large(f"the body is larger than {MAX_BODY // 1_000_000} MB")
            if room.left < 0:
                message = "the bodies of other requests take all the memory: send it again"
                raise ApiError(503, [Problem(message)], headers=_CLOSING)
    finally:
        room.left += len(body)
    return bytes(body)


def _too_large(message: str) -> ApiError:
    return ApiError(413, [Problem(message)], headers=_CLOSING)


def error_response(error: ApiError, side: Side) -> Response:
    """The answer to what went wrong, in the shape of the side that was asked."""
    body = entities_body(error) if side == "entities" else plain_body(error)
    return Response(
        msgspec.json.encode(body),
        status_code=error.status,
        headers=error.headers,
        media_type=JSON,
    )
