"""From an HTTP request to a handler's answer, the same way for every endpoint.

A handler is a plain function of the service and the request's parts, and makes what is encoded as
JSON, or bytes that are. It runs on a thread of its own, so that nothing it waits for holds up
another request. Bodies of both media types are taken on both sides (observed); answers have the
type that the description gives the endpoint.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from typing import Literal as OneOf

import anyio.to_thread
import msgspec
from starlette.requests import Request
from starlette.responses import Response

from segdsl.local.errors import ApiError, Problem, entities_body, plain_body
from segdsl.local.service import Service

MAX_BODY = 8_000_000
JSON = "application/json"
JSON_API = "application/vnd.treasuredata.v1+json"
_MEDIA = (JSON, JSON_API)

Side = OneOf["audiences", "entities"]


class Call(msgspec.Struct, frozen=True):
    """A request's parts: what its path names, its query, and its body."""

    path: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes


Handler = Callable[[Service, Call], Any]
Endpoint = Callable[[Request], Awaitable[Response]]


def side_of(path: str) -> Side:
    return "entities" if path.startswith("/entities/") else "audiences"


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

        return Response(await anyio.to_thread.run_sync(handle), media_type=media)

    return respond


async def _body(request: Request, taken: tuple[str, ...]) -> bytes:
    if request.method not in ("POST", "PUT", "PATCH"):
        return b""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise ApiError(413, [Problem(f"the body is larger than {MAX_BODY // 1_000_000} MB")])
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and sent not in taken:
        raise ApiError(415, [Problem(f"the body's Content-Type is `{sent}`: send {taken[0]}")])
    return bytes(body)


def error_response(error: ApiError, side: Side) -> Response:
    """The answer to what went wrong, in the shape of the side that was asked."""
    body = entities_body(error) if side == "entities" else plain_body(error)
    return Response(
        msgspec.json.encode(body),
        status_code=error.status,
        headers=error.headers,
        media_type=JSON,
    )
